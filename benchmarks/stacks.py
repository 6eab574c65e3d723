"""
Define each stack by the programs that it consists of. This module starts nothing.

Each stack is configured as its own experts would configure it. Each stack has its own Valkey and its own SQLite file,
with the write-ahead log and synchronous=NORMAL, and stores one row for each message.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "var" / "bench" / "env"
PRODUCT_PYTHON = ROOT / ".venv-3.11" / "bin" / "python"  # bin/bench makes it
CENTRIFUGE_SOURCE = Path("/usr/share/gocode/src/github.com/centrifugal/centrifuge")  # Debian's package
SECRET_KEY = "for measuring only"
# Prefixes of variables that this shell may set for another chat; the measured processes must not see them.
FOREIGN = (
    "PYTHON",
    "DJANGO_",
    "VIRTUAL_ENV",
    "REDIS_URL",
    "DATABASE_URL",
    "CHAT_",
    "PORT",
    "HOST",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "DEBUG",
    "TRUSTED_PROXIES",
    "LOG_LEVEL",
    "SECRET_KEY",
    "LAYER",
    "TUNED",
    "BATCHING",
    "NODE_",
)


class Site(NamedTuple):
    """The folder, ports and Redis of one running stack. Processes that hold sockets have a port each, or share one."""

    folder: Path
    ports: tuple[int, ...]
    redis_url: str

    @property
    def port(self) -> int:
        """Return the first port, or 0 if nothing listens."""
        return self.ports[0] if self.ports else 0

    @property
    def database(self) -> Path:
        return self.folder / "db.sqlite3"


class Program(NamedTuple):
    """One process. The report names its CPU time by its role."""

    role: str
    command: list


class Stack(NamedTuple):
    """
    One stack to measure. `holder` is the role of the processes that hold the sockets, and `holders` their number. With
    `shares_port`, all of them listen at the same port. `workers` is the number of the processes that only run
    consumers.

    If a stack `is_ours`, it must not lose or reorder a message, or close a socket. The commands of `prepare`
    run before the programs start. `packages` names the environment that must be installed.
    """

    name: str
    title: str
    packages: str
    programs: Callable[["Stack", Site], list[Program]]
    variables: dict
    prepare: Callable[[Site], list[list]]
    table: str
    dialect: str = "plain"
    holder: str = "interface"
    holders: int = 1
    workers: int = 0
    shares_port: bool = False
    is_ours: bool = False

    @property
    def port_count(self) -> int:
        """Return the number of ports at which the stack listens."""
        return 1 if self.shares_port else self.holders


def python(packages: str) -> Path:
    """Return the interpreter of an environment."""
    return PRODUCT_PYTHON if packages == "product" else ENVIRONMENTS / packages / "bin" / "python"


def environment(stack: Stack, site: Site) -> dict[str, str]:
    """Return the environment variables of a stack's processes: its own variables, and the shell's, except FOREIGN."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "SECRET_KEY": SECRET_KEY,
        "REDIS_URL": site.redis_url,
        "DATABASE_URL": f"sqlite:///{site.database}",
        "DATABASE": str(site.database),
        "CHAT_VAR": str(site.folder),
        # An empty value counts as not set: nothing listens while the people are created.
        "PORT": str(site.port or ""),
        **stack.variables,
    }


def _ours(stack, site):
    """Return the interfaces and the workers, with the commands of the Procfile."""
    manage = [PRODUCT_PYTHON, "manage.py"]
    interfaces = [[*manage, "interface", "--bind", "127.0.0.1", "--port", port] for port in site.ports]
    workers = [Program("worker", [*manage, "runworker"])] * stack.workers
    return [Program("interface", command) for command in interfaces] + workers


def _make_tables(packages):
    return lambda site: [[python(packages), "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]]


def _channels1(packages):
    def programs(stack, site):
        application = "benchmarks.peers.channels1.asgi:channel_layer"
        daphne = [python(packages).parent / "daphne", "--bind", "127.0.0.1", "--port", site.port, application]
        return [Program("interface", daphne), Program("worker", [python(packages), "-m", "django", "runworker"])]

    return programs


APPLICATION4 = "benchmarks.peers.channels4.asgi:application"


def _daphne4(stack, site):
    command = [python("channels4"), "-m", "daphne", "--bind", "127.0.0.1", "--port", site.port, APPLICATION4]
    return [Program("server", command)]


def _uvicorn4(stack, site):
    return [Program("server", [python("channels4"), "-m", "uvicorn", "--port", site.port, APPLICATION4])]


def _tuned4(stack, site):
    return [Program("server", [python("channels4"), "-m", "benchmarks.peers.channels4.serve"])] * stack.holders


NODE_PROGRAMS = {"node": "server.cjs", "socketio": "socketio.cjs"}


def _node(stack, site):
    server = ROOT / "benchmarks" / "peers" / "node" / NODE_PROGRAMS[stack.name]
    return [Program("server", ["node", server, port]) for port in site.ports]


def _peer1(name, title, **variables):
    return Stack(
        name,
        title,
        name,
        _channels1(name),
        {"DJANGO_SETTINGS_MODULE": "benchmarks.peers.channels1.settings", "LAYER": "stock", **variables},
        _make_tables(name),
        "tutorial_message",
    )


def _peer4(name, title, programs, holders=1, **variables):
    return Stack(
        name,
        title,
        "channels4",
        programs,
        {"DJANGO_SETTINGS_MODULE": "benchmarks.peers.channels4.settings", **variables},
        _make_tables("channels4"),
        "channels4_message",
        holder="server",
        holders=holders,
        shares_port=True,
    )


def _centrifuge(stack, site):
    return [Program("server", [ENVIRONMENTS / "centrifuge" / "server", port]) for port in site.ports]


def _node_peer(name, title, dialect="plain"):
    return Stack(
        name,
        title,
        "node",
        _node,
        {"NODE_PATH": str(ENVIRONMENTS / "node" / "node_modules"), "NODE_ENV": "production"},
        # The server makes its table when it starts.
        lambda site: [],
        "message",
        dialect=dialect,
        holder="server",
    )


ALL = [
    Stack(
        "product",
        "**the product**, 1 interface, 2 workers",
        "product",
        _ours,
        {"DJANGO_SETTINGS_MODULE": "chatproj.settings", "CHAT_LIMITS": "off", "CHAT_ECHO": "1"},
        # Its database file already contains the people.
        lambda site: [],
        "chat_message",
        dialect="chat",
        workers=2,
        is_ours=True,
    ),
    Stack(
        "transport",
        "**our transport**, tutorial consumers, 1 interface, 2 workers",
        "product",
        _ours,
        {"DJANGO_SETTINGS_MODULE": "benchmarks.tutorial.settings"},
        _make_tables("product"),
        "tutorial_message",
        workers=2,
        is_ours=True,
    ),
    _peer1("channels1", "Channels 1.1.8, tutorial, as shipped, 1 Daphne, 1 worker"),
    _peer1("channels1-tuned", "the same, hiredis, CONN_MAX_AGE, capacity 10000", TUNED="1"),
    _peer4("channels4-daphne", "Channels 4, tutorial, Daphne, Redis layer", _daphne4, LAYER="redis"),
    _peer4("channels4-uvicorn", "Channels 4, tutorial, uvicorn, Redis layer", _uvicorn4, LAYER="redis"),
    _peer4("channels4-uvicorn-pubsub", "Channels 4, tutorial, uvicorn, PubSub layer", _uvicorn4, LAYER="pubsub"),
    _peer4("channels4-tuned", "Channels 4, expert-tuned, 1 process", _tuned4, LAYER="pubsub", TUNED="1"),
    _peer4("channels4-tuned-2", "Channels 4, expert-tuned, 2 processes", _tuned4, 2, LAYER="pubsub", TUNED="1"),
    _peer4(
        "channels4-batching-2",
        "the same, rows in batches of plain SQL, 2 processes",
        _tuned4,
        2,
        LAYER="pubsub",
        TUNED="1",
        BATCHING="1",
    ),
    _node_peer("node", "Node: ws, ioredis, better-sqlite3, 1 process"),
    _node_peer("socketio", "Socket.IO 4, Redis adapter, better-sqlite3, 1 process", dialect="socketio"),
    Stack(
        "centrifuge",
        "Centrifuge 0.15 of 2021 (the library of Centrifugo), Redis broker, SQLite, 1 process",
        "centrifuge",
        _centrifuge,
        {},
        lambda site: [],
        "message",
        dialect="centrifuge",
        holder="server",
    ),
]
BY_NAME = {stack.name: stack for stack in ALL}

# `--quick` measures these stacks, because they install within a minute.
QUICK_NAMES = ["product", "transport", "channels1", "channels4-uvicorn"]
# The report compares the other stacks with these.
BASELINES = ["channels4-tuned-2", "channels4-tuned"]
