"""
Servers of PostgreSQL for one module of tests: a primary server, its replicas, and a PgBouncer in front of it.

Each server is on a free port and in its own folder. The tests may stop and kill it.
"""

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
import pytest

from tests.live.processes import Database, die_with_the_tests, migrate, wait_until
from tests.valkey import free_port

BINARIES = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1:]
START_SECONDS = 30
CONFIGURATION = Path(__file__).resolve().parent.parent / "deploy" / "pgbouncer" / "pgbouncer.ini"


def is_here():
    return bool(BINARIES) or shutil.which("initdb") is not None


def require(*programs):
    """Skip the test if PostgreSQL or one of these programs is not installed. In CI, fail instead."""
    missing = [] if is_here() else ["postgresql"]
    missing += [program for program in programs if shutil.which(program, path=_path()) is None]
    if missing and not os.environ.get("CI"):
        pytest.skip(f"not installed (Debian: apt-get install {' '.join(missing)})")
    assert not missing, f"not installed: {missing}"


def _path():
    return f"{os.environ['PATH']}:/usr/sbin"


def _find_server_user():
    """Return the user that runs the server if the tests run as root: initdb refuses root."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def find_program(name):
    """Return the path of a program of PostgreSQL, such as `initdb`."""
    if BINARIES:
        return Path(BINARIES[0]) / name
    return Path(shutil.which("initdb")).resolve().parent / name


class Server:
    """
    One process of a server, in a folder of its own. If the tests run as root, it runs as `postgres` or `nobody`.

    A subclass has `command`, and `ask()`, which raises OperationalError until the server answers.
    """

    command = ()

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="chat-postgres-"))
        self.port = free_port()
        self._as_owner = {}
        if os.getuid() == 0:
            owner = _find_server_user()
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._as_owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        self.process = None

    def run(self, *command):
        """Run a program to its end, as the server's user."""
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, **self._as_owner)
        assert done.returncode == 0, done.stderr

    def start(self):
        """Start the server if it does not run, and wait until it answers."""
        if self.process is None or self.process.poll() is not None:
            with open(self.folder / "log", "ab") as log:
                self.process = subprocess.Popen(
                    [str(part) for part in self.command],
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    process_group=0,
                    preexec_fn=die_with_the_tests,
                    **self._as_owner,
                )
        wait_until(self._answers, START_SECONDS, "the server")
        return self

    def _answers(self):
        assert self.process.poll() is None, self.read_log()[-2000:]
        with contextlib.suppress(psycopg2.OperationalError):
            self.ask()
            return True
        return False

    def read_log(self):
        return (self.folder / "log").read_text(errors="replace")

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
        """Kill the server if it runs, and delete its folder."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server, Database):
    """A server with the migrated database of one site. `options` are options of the server: `max_connections=20`."""

    def __init__(self, *options):
        super().__init__()
        self.name = "chat"
        self.server = f"postgres://chat@127.0.0.1:{self.port}/postgres"
        self.url = self._url_of(self.name)
        self._bin = find_program("initdb").parent
        options = ("listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}", *options)
        self.command = [self._bin / "postgres", "-D", self.folder / "data", "-p", self.port]
        self.command += [part for option in options for part in ("-c", option)]
        self._make_data()
        self.start()
        self._prepare()

    def _make_data(self):
        options = ["-U", "chat", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        self.run(self._bin / "initdb", "-D", self.folder / "data", *options)

    def _prepare(self):
        self._execute("CREATE DATABASE chat")
        migrate(self.url)

    def ask(self):
        psycopg2.connect(self.server, connect_timeout=5).close()


class EmptyPostgres(Postgres):
    """A server with a database that has no tables."""

    def _prepare(self):
        self._execute("CREATE DATABASE chat")


class Replica(Postgres):
    """A hot standby of a server, which follows it with streaming replication."""

    def __init__(self, primary, *options):
        self.primary = primary
        super().__init__(*options)

    def _make_data(self):
        source = ["-d", f"postgres://chat@127.0.0.1:{self.primary.port}/postgres"]
        self.run(self._bin / "pg_basebackup", *source, "-D", self.folder / "data", "-R", "-c", "fast", "-N")

    def _prepare(self):
        wait_until(self.is_level, START_SECONDS, "the replica is level with its primary server")

    def is_level(self):
        """Return whether the replica has replayed everything that the primary server has written."""
        ((written,),) = self.primary.query("SELECT pg_current_wal_lsn()")
        return self.query("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", written) == [(True,)]

    def pause(self):
        """Pause the replay, so that the replica falls behind. Return when it is paused."""
        self.query("SELECT pg_wal_replay_pause()")
        wait_until(lambda: self.query("SELECT pg_get_wal_replay_pause_state()") == [("paused",)], 10, "paused")

    def resume(self):
        self.query("SELECT pg_wal_replay_resume()")
        wait_until(self.is_level, START_SECONDS, "the replica is level with its primary server")

    def promote(self):
        self.query("SELECT pg_promote()")


class Bouncer(Server, Database):
    """A PgBouncer in transaction mode in front of a server, with the configuration in deploy/pgbouncer/."""

    def __init__(self, postgres, pool_size):
        super().__init__()
        self.name, self.server = "chat", f"postgres://chat@127.0.0.1:{self.port}/chat"
        self.url = self.server
        self._write_configuration(postgres, pool_size)
        self.command = [shutil.which("pgbouncer", path=_path()), self.folder / "pgbouncer.ini"]
        self.start()

    def _write_configuration(self, postgres, pool_size):
        changes = {
            "chat": f"host=127.0.0.1 port={postgres.port} dbname=chat",
            "listen_port": self.port,
            "default_pool_size": pool_size,
            "auth_type": "trust",
            "auth_file": self.folder / "users.txt",
            "unix_socket_dir": self.folder,
        }
        lines = []
        for line in CONFIGURATION.read_text().splitlines():
            name = line.partition("=")[0].strip()
            lines.append(f"{name} = {changes.pop(name)}" if name in changes else line)
        assert not changes, f"{CONFIGURATION} does not set {list(changes)}"
        (self.folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        (self.folder / "users.txt").write_text('"chat" ""\n')

    def ask(self):
        with contextlib.closing(psycopg2.connect(self.server, connect_timeout=5)) as connection:
            connection.cursor().execute("SELECT 1")
