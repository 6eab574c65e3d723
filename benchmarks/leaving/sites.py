"""
The two sites of `examples/leaving` as real processes, alone or side by side on one database and one Redis.

Linux kills each process when its parent ends. This module measures nothing.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from benchmarks.running import die_with_parent, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "leaving"
AFTER_PYTHON = ROOT / "var" / "bench" / "env" / "channels4" / "bin" / "python"
HOW_TO_INSTALL = "bin/bench --install channels4"
START_SECONDS = 60
STOP_SECONDS = 15
RESTART_SECONDS = 1.0  # a supervisor waits this long before it starts a process again
KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL")


class Process:
    """One process with its log. It counts as started when it listens at `port`, if it has one."""

    def __init__(self, name, command, environment, folder, port=None):
        self.name, self.command, self.environment, self.port = name, list(map(str, command)), environment, port
        self.log = Path(folder) / f"{name}.log"
        self.popen = None

    def start(self):
        with open(self.log, "ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                cwd=EXAMPLE,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        return self

    def wait_until_started(self):
        deadline = time.monotonic() + START_SECONDS
        while not self._is_listening():
            assert self.popen.poll() is None, f"{self.name} ended:\n{self.read_log()}"
            assert time.monotonic() < deadline, f"{self.name} does not listen:\n{self.read_log()}"
            time.sleep(0.02)
        return self

    def _is_listening(self):
        if self.port is None:
            return True
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def pid(self):
        return self.popen.pid

    @property
    def is_running(self):
        return self.popen is not None and self.popen.poll() is None

    def kill(self):
        self.end(signal.SIGKILL)

    def end(self, number=signal.SIGTERM):
        """Send a signal, and wait for the end. A process that does not end is killed."""
        if not self.is_running:
            return
        self.popen.send_signal(number)
        try:
            self.popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()

    def count_tracebacks(self):
        return self.log.read_text(errors="replace").count("Traceback (most recent") if self.log.exists() else 0

    def read_log(self):
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""


class Redis(Process):
    """A Valkey without files: it is empty after a restart."""

    def __init__(self, binary, folder):
        port = free_port()
        options = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder]
        super().__init__("redis", [binary, *options], dict(os.environ), folder, port)
        self.url = f"redis://127.0.0.1:{port}/0"


class Site:
    """
    One half: its front processes, which hold the sockets, and its other processes.

    `fronts` and `workers` are numbers. `variables` are further environment variables.
    """

    name = python = None

    def __init__(self, python, folder, redis_url, *, fronts=1, workers=1, **variables):
        self.python, self.folder = str(python), Path(folder)
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        self.environment = {
            **kept,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{EXAMPLE}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore",
            "DJANGO_SETTINGS_MODULE": f"{self.name}.settings",
            "DATABASE": str(self.folder / "talk.sqlite3"),
            "REDIS_URL": redis_url,
            **variables,
        }
        self.fronts = [self._front(number, free_port()) for number in range(fronts)]
        self.workers = [self._worker(number) for number in range(workers)]
        self.others = []

    def make(self, name, *command, port=None):
        """Return a process of this site, which is not started."""
        process = Process(f"{self.name}-{name}", [self.python, *command], self.environment, self.folder, port)
        return process

    def manage(self, *arguments, code=None):
        """Run a management command to its end, and return its output."""
        command = [self.python, "manage.py", *arguments]
        done = subprocess.run(
            list(map(str, command)), cwd=EXAMPLE, env=self.environment, input=code, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self):
        for process in self.processes:
            process.start()
        for process in self.processes:
            process.wait_until_started()
        return self

    def add(self, *command):
        """Start one more process with a management command, for example `bridge`."""
        process = self.make("-".join(command), "manage.py", *command).start()
        self.others.append(process)
        return process

    def stop(self):
        for process in reversed(self.processes):
            process.end()

    @property
    def processes(self):
        return [*self.fronts, *self.workers, *self.others]

    def url(self, number=0):
        return f"ws://127.0.0.1:{self.fronts[number % len(self.fronts)].port}"


class Before(Site):
    """Channels 1.1.8 with channels_transport: interfaces and workers."""

    name = "before"

    def _front(self, number, port):
        return self.make(f"interface-{number}", "manage.py", "interface", "--port", port, port=port)

    def _worker(self, number):
        return self.make(f"worker-{number}", "manage.py", "runworker")


class After(Site):
    """Channels 4: Daphne processes, which run the consumers too, and workers for background messages only."""

    name = "after"

    def _front(self, number, port):
        command = ["-m", "after.serve", "--port", port, "after.asgi:application"]
        return self.make(f"daphne-{number}", *command, port=port)

    def _worker(self, number):
        return self.make(f"worker-{number}", "manage.py", "runworker", "talk.reminders")


MAKE_PEOPLE = """
import sys
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
connection.cursor().execute("PRAGMA journal_mode = WAL")
with transaction.atomic():
    for number in range({count}):
        user = User(username="p%d" % number)
        user.set_unusable_password()
        user.save()
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        print("key", session.session_key)
"""


def make_tables(before, after):
    """Migrate with the old site first, and then with the new one."""
    before.manage("migrate", "--verbosity", "0")
    after.manage("migrate", "--verbosity", "0")


def make_people(before, count):
    """Make users with the old site, and return the keys of their login sessions."""
    output = before.manage("shell", code=MAKE_PEOPLE.replace("{count}", str(count)).strip() + "\n\n")
    return [line.split()[-1] for line in output.splitlines() if "key " in line]


@contextlib.contextmanager
def running(*things):
    """Start processes and sites in this order, and stop them at the end."""
    started = []
    try:
        for thing in things:
            started.append(thing)
            thing.start()
            if isinstance(thing, Process):
                thing.wait_until_started()
        yield
    finally:
        for thing in reversed(started):
            thing.end() if isinstance(thing, Process) else thing.stop()
