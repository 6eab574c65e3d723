"""A PostgreSQL server for one test, on a free port and in its own folder. The test may stop and kill it."""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg2

from tests.live.processes import Database, die_with_the_tests, migrate, wait_until
from tests.valkey import free_port

BINARIES = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:]
START_SECONDS = 30


def is_here():
    return bool(BINARIES) or shutil.which("initdb") is not None


def _find_server_user():
    """Return the user that runs the server if the tests run as root: initdb refuses root."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


class Postgres(Database):
    """The server, with the database of one site. `end` kills the server if it runs, and deletes its folder."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="chat-faults-postgres-"))
        self.port, self.name = free_port(), "chat"
        self.server = f"postgres://chat@127.0.0.1:{self.port}/postgres"
        self.url = self._url_of(self.name)
        self._bin = Path(BINARIES[0] if BINARIES else shutil.which("initdb")).resolve()
        if self._bin.is_file():
            self._bin = self._bin.parent
        self._as_owner = {}
        if os.getuid() == 0:
            owner = _find_server_user()
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        self.process = None
        subprocess.run(
            [
                self._bin / "initdb",
                "-D",
                self.folder / "data",
                "-U",
                "chat",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
            cwd=self.folder,
            check=True,
            capture_output=True,
            **self._as_owner,
        )
        self.start()
        self._execute("CREATE DATABASE chat")
        migrate(self.url)

    def start(self):
        """Start the server if it does not run, and wait until it answers."""
        if self.process is None or self.process.poll() is not None:
            with open(self.folder / "log", "ab") as log:
                self.process = subprocess.Popen(
                    [
                        self._bin / "postgres",
                        "-D",
                        self.folder / "data",
                        "-p",
                        str(self.port),
                        "-c",
                        "listen_addresses=127.0.0.1",
                        "-c",
                        f"unix_socket_directories={self.folder}",
                    ],
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    process_group=0,
                    preexec_fn=die_with_the_tests,
                    **self._as_owner,
                )
        wait_until(self._answers, START_SECONDS, "PostgreSQL")
        return self

    def _answers(self):
        assert self.process.poll() is None, (self.folder / "log").read_text(errors="replace")[-2000:]
        with contextlib.suppress(psycopg2.OperationalError):
            psycopg2.connect(self.server, connect_timeout=5).close()
            return True
        return False

    def stop(self):
        """Stop the server without waiting for its clients: PostgreSQL calls this a fast shutdown."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(START_SECONDS)

    def kill(self):
        """Kill all processes of the server at once."""
        pids = [self.process.pid, *self._children()]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _children(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as file:
            return [int(pid) for pid in file.read().split()]

    def drop(self):
        """Do nothing: the fixture ends the server."""

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
