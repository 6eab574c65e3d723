"""
Runs the foreign site in `tests/foreign_site/` with an interpreter that has the installed package.

The site is copied, so no process can import this repository. The module imports neither the chat nor its libraries.
"""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from websockets.sync.client import connect, unix_connect

from tests.valkey import free_port

SOURCE = Path(__file__).resolve().parent.parent.parent / "foreign_site"
PATIENCE_SECONDS = 60
# Since version 15, the client of the library `websockets` uses the proxy of the environment. Older versions have no
# argument that prevents this.
os.environ["no_proxy"] = "127.0.0.1,localhost"


def wait_until(is_true, what, seconds=PATIENCE_SECONDS):
    """Poll until `is_true()`, and return its answer."""
    deadline = time.monotonic() + seconds
    while not (answer := is_true()):
        assert time.monotonic() < deadline, f"{what} was not true within {seconds} s"
        time.sleep(0.05)
    return answer


class ForeignSite:
    """A copy of the site in a folder, its processes, and clients of its interface."""

    def __init__(self, python, folder, config, backend="channels_transport.layer.RedisChannelLayer"):
        self.python, self.folder = str(python), Path(folder)
        shutil.copytree(SOURCE, self.folder)
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
        self.environment = {
            **kept,
            "PYTHONWARNINGS": "ignore",
            "PYTHONUNBUFFERED": "1",
            "SITE_BACKEND": backend,
            "SITE_CONFIG": json.dumps(config),
        }
        self.port = free_port()
        self.processes = {}

    def run(self, *command, **environment):
        """Run a command to its end, and return it with its output."""
        return subprocess.run(
            [self.python, *command],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def manage(self, *arguments, **environment):
        """Run a command of `manage.py`, and return its output. Fail if the command fails."""
        done = self.run("manage.py", *arguments, **environment)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def start(self, name, *command, **options):
        """Start a process; its output is in a file."""
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [self.python, *command],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **options,
            )
        return self.processes[name]

    def start_interface(self, *options, name="interface"):
        """Start the interface, and wait until it answers at the site's port."""
        self.start(name, "manage.py", "interface", "--port", str(self.port), *options)
        self.wait_until_listening(name)

    def start_worker(self, *options, name="worker"):
        """Start a worker."""
        return self.start(name, "manage.py", "runworker", *options)

    def wait_until_listening(self, name):
        """Wait until a process listens at the site's port."""
        wait_until(lambda: self.is_listening(name), f"{name} listens")

    def is_listening(self, name):
        assert self.processes[name].poll() is None, self.log(name)
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
            connection.connect()
            connection.close()
            return True
        return False

    def log(self, name):
        """Return the output of a process."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self, name, number=signal.SIGTERM):
        """End a process with a signal, and return its exit code."""
        process = self.processes.pop(name)
        if process.poll() is None:
            process.send_signal(number)
        return process.wait(PATIENCE_SECONDS)

    def stop_all(self):
        """Kill all processes that still run."""
        for name in list(self.processes):
            self.stop(name, signal.SIGKILL)

    def request(self, path, method="GET", body=None, **headers):
        """Make a request, and return its status and its body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def where(self, path="/where/", **headers):
        """Return what the site knows about a request."""
        status, body = self.request(path, **headers)
        assert status == 200, body
        return json.loads(body)

    def socket(self, path, **options):
        """Open a websocket. It is a context manager."""
        return connect(f"ws://127.0.0.1:{self.port}{path}", open_timeout=PATIENCE_SECONDS, max_size=None, **options)

    def unix_socket(self, path, socket_path):
        """Open a websocket through a Unix socket, once the interface listens there. It is a context manager."""

        def is_listening():
            with socket.socket(socket.AF_UNIX) as client:
                return client.connect_ex(str(socket_path)) == 0

        wait_until(is_listening, "the interface listens")
        return unix_connect(str(socket_path), f"ws://localhost{path}", open_timeout=PATIENCE_SECONDS)


def receive(socket):
    """Return the next message of a websocket, which is JSON."""
    return json.loads(socket.recv(timeout=PATIENCE_SECONDS))


def say(socket, text):
    """Send a text to a room."""
    socket.send(json.dumps({"text": text}))
