"""
A database for one measurement: a file of SQLite, or a PostgreSQL server of its own. This module uses no other part of
the benchmarks.
"""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def scratch_database(folder: Path, kind: str) -> Iterator[str]:
    """
    Yield the URL of the database in a folder. A PostgreSQL database is created if the folder has none.

    `kind` is "sqlite" or "postgresql". The server of PostgreSQL ends with the block; its data stays in the folder.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        yield f"sqlite:///{folder}/search.sqlite3"
    else:
        with _server(folder / "postgresql") as url:
            yield url


@contextlib.contextmanager
def _server(folder):
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    newest = programs[-1] if programs else Path(shutil.which("initdb") or "/usr/bin/initdb").parent
    prefix = _prepare_folder(folder)
    port, data = _free_port(), folder / "data"

    def run(program, *arguments):
        subprocess.run([*prefix, str(newest / program), *arguments], check=True, cwd=folder, stdout=subprocess.DEVNULL)

    is_new = not data.exists()
    if is_new:
        run("initdb", "-D", str(data), "-U", "chat", "-A", "trust", "-E", "UTF8", "--locale=C")
    # With the default `max_wal_size`, the server would write checkpoints all the time while the database is filled.
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_wal_size=4GB"
    run("pg_ctl", "start", "-s", "-w", "-D", str(data), "-l", str(folder / "log"), "-o", settings)
    try:
        if is_new:
            run("createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "chat", "chat")
        yield f"postgres://chat@127.0.0.1:{port}/chat"
    finally:
        run("pg_ctl", "stop", "-s", "-D", str(data), "-m", "fast")


def _prepare_folder(folder):
    """
    Create the folder of the server. Return the words to write before each command of the server.

    PostgreSQL refuses to run as root. So root gives the folder to another user, and runs the commands as this user.
    """
    folder.mkdir(exist_ok=True)
    if os.getuid() != 0:
        return []
    try:
        name = pwd.getpwnam("postgres").pw_name
    except KeyError:
        name = "nobody"
    shutil.chown(folder, name)
    return ["runuser", "-u", name, "--"]


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
