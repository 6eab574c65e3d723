"""
The site of `tests/moving_site/` with old and new processes, and clients that send while the site moves.

The stock packages and this package are in the same environment. Only the settings of a process decide which of them it
uses. `Client` follows the rules for clients in `channels_transport/docs/moving.md`.
"""

import collections
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import redis
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.channels_transport.package.foreign import wait_until
from tests.valkey import free_port

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "tests" / "moving_site"
PATIENCE_SECONDS = 30
PAUSE_SECONDS = 0.04
# If a number is not confirmed within this time, the client connects again.
CONFIRMATION_SECONDS = 10
WINDOW = 8  # numbers that wait for their confirmation
CLOSED = "closed"


class MovingSite:
    """A copy of the site, and its processes. `old` and `new` are the environments of the two halves."""

    def __init__(self, folder, redis_url):
        self.folder, self.redis_url, self.processes = Path(folder) / "site", redis_url, {}
        shutil.copytree(SOURCE, self.folder)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
        self.old = {**kept, "SITE_REDIS": redis_url, "PYTHONWARNINGS": "ignore", "PYTHONUNBUFFERED": "1"}
        # The copy must not import the settings of this repository, so only the package is on the path.
        self.new = {**self.old, "SITE_TRANSPORT": "1", "PYTHONPATH": str(self._link_package())}
        self.run(self.old, "manage.py", "migrate", "--run-syncdb")

    def _link_package(self):
        packages = self.folder.parent / "packages"
        packages.mkdir()
        (packages / "channels_transport").symlink_to(ROOT / "channels_transport")
        return packages

    def run(self, environment, *command):
        """Run a command to its end, and return its output. Fail if the command fails."""
        code, output = self.try_to_run(environment, *command)
        assert code == 0, output
        return output

    def try_to_run(self, environment, *command):
        """Run a command to its end, and return its exit code and its output."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        return done.returncode, done.stdout

    def start(self, name, environment, *command):
        """Start a process; its output is in a file."""
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command], cwd=self.folder, env=environment, stdout=log, stderr=log
            )

    def start_worker(self, name, environment):
        self.start(name, environment, "manage.py", "runworker")

    def start_daphne(self, name, environment):
        """Start Daphne, and return its port."""
        port = free_port()
        program = "from daphne.cli import CommandLineInterface; CommandLineInterface.entrypoint()"
        self.start(name, environment, "-c", program, "--port", str(port), "moving.asgi:channel_layer")
        return port

    def start_interface(self, name):
        """Start an interface of this package, and return its port."""
        port = free_port()
        self.start(name, self.new, "manage.py", "interface", "--port", str(port))
        return port

    def wait_for_echo(self, port):
        """Wait until a trial client gets a confirmation at a port."""

        def is_confirmed():
            try:
                with connect(f"ws://127.0.0.1:{port}/trial/", open_timeout=2, proxy=None) as trial:
                    trial.send(json.dumps({"number": random.randrange(10**9)}))
                    return "confirmed" in json.loads(trial.recv(timeout=2))
            except (OSError, WebSocketException):
                return False

        wait_until(is_confirmed, f"the site answers at {port}: {self.logs()}", PATIENCE_SECONDS)

    def stop(self, name):
        """End a process with SIGTERM, and wait for its end."""
        process = self.processes.pop(name)
        process.terminate()
        process.wait(PATIENCE_SECONDS)

    def delete_old_keys(self):
        """Delete the keys of asgi_redis, as the guide says."""
        client = redis.StrictRedis.from_url(self.redis_url)
        keys = list(client.scan_iter("asgi*"))
        assert keys
        client.delete(*keys)

    def stop_all(self):
        for process in self.processes.values():
            process.kill()
            process.wait()

    def logs(self):
        return "".join(path.read_text(errors="replace")[-1500:] for path in self.folder.glob("*.log"))

    def delay(self, port, number):
        """Let a consumer delay a message."""
        with connect(f"ws://127.0.0.1:{port}/trial/", open_timeout=PATIENCE_SECONDS, proxy=None) as trial:
            trial.send(json.dumps({"later": number}))
            assert json.loads(trial.recv(timeout=PATIENCE_SECONDS)) == {"delayed": number}

    def rows(self, condition="client LIKE 'client%'"):
        """Return [(client, number, times, half), ...] in the order in which the rows were stored."""
        database = sqlite3.connect(str(self.folder / "database.sqlite3"), timeout=30)
        try:
            query = f"SELECT client, number, times, half FROM echoes_received WHERE {condition} ORDER BY id"
            return database.execute(query).fetchall()
        finally:
            database.close()


class Client(threading.Thread):
    """
    Sends the numbers 1, 2, 3, ... through the current port of `proxy`, until `stop`.

    After a close it connects again, and sends again what was not confirmed. `confirmed` are the confirmed numbers with
    the half of the site that confirmed each, and `disordered` counts confirmations in a wrong order.
    """

    def __init__(self, name, proxy):
        super().__init__(name=name, daemon=True)
        self.proxy, self.stopping = proxy, threading.Event()
        self.sent, self.confirmed, self.disordered = 0, {}, 0
        self.unconfirmed = collections.deque()
        self.closes, self.resent, self.timeouts, self.failures = 0, 0, 0, 0

    def run(self):
        pause = 0.05
        while not (self.stopping.is_set() and not self.unconfirmed):
            began = time.monotonic()
            try:
                with connect(self.proxy.url(self.name), open_timeout=5, close_timeout=1, proxy=None) as socket:
                    self._talk(socket)
            except (OSError, WebSocketException):
                self.failures += 1
            self.closes += 1
            # The rule: a random pause, which doubles after each failure.
            pause = 0.05 if time.monotonic() - began > 1 else min(1, pause * 2)
            time.sleep(random.uniform(0, pause))

    def _talk(self, socket):
        self.resent += len(self.unconfirmed)
        for number in self.unconfirmed:
            self._send(socket, number)
        progress, last = time.monotonic(), 0
        while not (self.stopping.is_set() and not self.unconfirmed):
            if not self.stopping.is_set() and len(self.unconfirmed) < WINDOW:
                self.sent += 1
                self.unconfirmed.append(self.sent)
                self._send(socket, self.sent)
            try:
                event = json.loads(socket.recv(timeout=PAUSE_SECONDS))
            except TimeoutError:
                if self.unconfirmed and time.monotonic() - progress > CONFIRMATION_SECONDS:
                    self.timeouts += 1
                    return
                continue
            if "confirmed" in event:
                progress = time.monotonic()
                self.disordered += event["confirmed"] <= last
                last = event["confirmed"]
                self._note(event)

    def _send(self, socket, number):
        socket.send(json.dumps({"number": number}))

    def _note(self, event):
        number = event["confirmed"]
        self.confirmed[number] = event["half"]
        while self.unconfirmed and self.unconfirmed[0] in self.confirmed:
            self.unconfirmed.popleft()

    def stop(self):
        """Send no new number, and wait until all are confirmed."""
        self.stopping.set()
        self.join(PATIENCE_SECONDS)
        assert not self.is_alive(), f"{self.name} waits for {list(self.unconfirmed)}"


class Proxy:
    """The port to which new connections go. A test changes it, as an operator changes a proxy."""

    def __init__(self, port):
        self.port = port

    def url(self, name):
        return f"ws://127.0.0.1:{self.port}/{name}/"
