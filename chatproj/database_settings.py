"""
The Django settings of the databases, made from the settings of the environment. This module opens no connection.

PostgreSQL shows operators the kind of each process that has a connection (`application_name`). The kind also decides
which time limits the statements of a process have: see docs/postgresql.md.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dj_database_url

ENGINES = {
    "django.db.backends.postgresql": "chatproj.db.postgresql",
    "django.db.backends.postgresql_psycopg2": "chatproj.db.postgresql",
    "django.db.backends.sqlite3": "chatproj.db.sqlite3",
}
POSTGRESQL = "chatproj.db.postgresql"
# With 0, Django would close the connection after every message. That costs more than the rest of the work.
MAX_AGE_SECONDS = 600
# A replica that is down must not delay a worker that can ask the primary server.
REPLICA_CONNECT_SECONDS = 2
TASKS_CHANNEL = "chat.tasks"
_ONLY = "--only-channels"
_KINDS = {
    "interface": "interface",
    "runserver": "runserver",
    "runworker": "worker",
    "monitor": "monitor",
    "rundelay": "delay",
}
# Clients wait for these processes. The tasks and the monitor have longer statements, and commands have no limits.
_ANSWERING = ("interface", "runserver", "worker", "delay")
_WORKING = ("tasks", "monitor")


def find_kind(arguments: Sequence[str]) -> str:
    """Return the kind of the process with these arguments: that of a long-running process, or the command's name."""
    command = arguments[1] if len(arguments) > 1 else "shell"
    only = [argument.partition("=")[2] for argument in arguments if argument.startswith("--only-channels=")]
    only += [following for argument, following in zip(arguments, arguments[1:], strict=False) if argument == _ONLY]
    if command == "runworker" and only and all(channel == TASKS_CHANNEL for channel in only):
        return "tasks"
    return _KINDS.get(command, command)


def make_time_limits(kind: str, statement: float, task: float, lock: float, idle: float) -> dict[str, float]:
    """Return the option `time_limits` of the PostgreSQL backend for a kind of process; {} means no limits."""
    if kind in _ANSWERING:
        return {"statement": statement, "lock": lock, "idle": idle}
    if kind in _WORKING:
        return {"statement": task, "lock": lock, "idle": idle}
    return {}


def make_database(url: str, kind: str, time_limits: dict[str, float]) -> dict[str, Any]:
    """Return the settings of one database."""
    database = dj_database_url.parse(url, conn_max_age=MAX_AGE_SECONDS)
    database["ENGINE"] = ENGINES.get(database["ENGINE"], database["ENGINE"])
    if database["ENGINE"] == POSTGRESQL:
        options = database.setdefault("OPTIONS", {})
        # PostgreSQL keeps 63 bytes of this name.
        options.setdefault("application_name", f"chat {kind}"[:63])
        options["time_limits"] = time_limits
    return database


def make_databases(url: str, replica_url: str | None, kind: str, time_limits: dict[str, float]) -> dict[str, Any]:
    """Return the setting DATABASES: `default`, and `replica` if it is set."""
    databases = {"default": make_database(url, kind, time_limits)}
    if replica_url:
        databases["replica"] = make_database(replica_url, kind, time_limits)
        options = databases["replica"].setdefault("OPTIONS", {})
        options.setdefault("connect_timeout", REPLICA_CONNECT_SECONDS)
        databases["replica"]["TEST"] = {"MIRROR": "default"}
    return databases


def find_files(databases: dict[str, Any], var: Path) -> str:
    """
    Return where files are stored without the setting CHAT_FILES: in `var`, or in the database.

    All processes of a site with SQLite are on one machine, so they share `var`. The processes of other sites may be on
    several machines: a result in a directory of one of them would be missing on the others.
    """
    return "database:" if databases["default"]["ENGINE"] == POSTGRESQL else str(var / "files")
