"""The real `bin/serve`, from its first line of output to the end of its last process."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.processes import wait_until
from tests.shell_settings import SHELL_SETTINGS
from tests.valkey import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = re.compile(r"manage\.py (serve|interface|runworker|monitor|rundelay)|chatproj\.serve\.supervise|valkey-server")
PARTS_AND_NUMBERS = {
    "runworker --exclude-channels=chat.tasks": 2,
    "runworker --only-channels=chat.tasks": 1,
    "manage.py interface": 1,
    "manage.py monitor": 1,
    "manage.py rundelay": 1,
    "valkey-server": 1,
}
# Variables that this shell or pytest has set for other runs.
UNSET = ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", *SHELL_SETTINGS)

# How long these tests wait for an event that must happen, and for a first start. `bin/serve` promises neither time.
PATIENCE_SECONDS, READY_SECONDS = 60, 150

pytestmark = [pytest.mark.live, pytest.mark.no_database]


class Serve:
    """One folder of a chat, and the runs of `bin/serve` in it."""

    def __init__(self, var):
        self.var = var
        self.port = free_port()
        self.output = var.with_name("output")
        self.process = None
        self.mark = f"CHAT_VAR={var}".encode()

    def environment(self, **changed):
        kept = {name: value for name, value in os.environ.items() if name not in UNSET}
        return {**kept, "PORT": str(self.port), "CHAT_VAR": str(self.var), **changed}

    def start(self, **changed):
        with open(self.output, "w") as output:
            self.process = subprocess.Popen(
                [ROOT / "bin" / "serve"],
                env=self.environment(**changed),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )
        return self

    def wait_for(self, is_true, seconds=PATIENCE_SECONDS, what="it"):
        """Poll until `is_true()`. The failure contains what this run and its supervisor have written."""
        try:
            wait_until(is_true, seconds, what)
        except AssertionError as failure:
            log = self.var / "log" / "supervisord.log"
            texts = [self.read_output(), log.read_text() if log.exists() else ""]
            raise AssertionError("\n".join([f"{failure}:", *texts])) from None

    def has_ended(self):
        return self.process.poll() is not None

    def wait_until_ready(self):
        self.wait_for(lambda: "is ready" in self.read_output() or self.has_ended(), READY_SECONDS, "the start")
        assert f"Chat is ready at http://127.0.0.1:{self.port}/\n" in self.read_output(), self.read_output()

    def read_output(self):
        return self.output.read_text()

    def status(self, path, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def processes(self, word=""):
        """
        Return the commands of this folder's running processes that contain `word`, by pid.

        Each of these processes has the folder's name in its environment, except for Valkey.
        """
        # Valkey writes its title over its environment, and the title contains the path of its socket.
        link = self.var / "valkey-folder"
        title = f"valkey-server unixsocket:{os.readlink(link)}/" if link.is_symlink() else "no Valkey yet"
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    ours = title in command or self.mark in (entry / "environ").read_bytes().split(b"\0")
                    # A process between fork and exec still has the command line of its parent.
                    if ours and PARTS.search(command) and word in command:
                        found[int(entry.name)] = command
        return found

    def rows(self, model):
        """Return the rows of a model as another `manage.py` reads them."""
        return self.run_python("manage.py", "dumpdata", model)

    def run_python(self, *arguments, **changed):
        command = [sys.executable, *arguments]
        env = self.environment(**changed)
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout

    def end(self):
        """End all processes."""
        if self.process:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process:
            self.process.wait()


def serve_in(path):
    # The name is long and has spaces, like the names of some home folders.
    folder = path / ("a long folder name " * 8).strip()
    folder.mkdir()
    return Serve(folder / "var")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Return a folder with the data of an earlier run: a migrated database and the static files."""
    run = serve_in(tmp_path_factory.mktemp("prepared"))
    run.var.mkdir(mode=0o700)
    for command in ("migrate", "collectstatic --no-input"):
        run.run_python("manage.py", *command.split(), "--verbosity=0", SECRET_KEY="only for the preparation")
    return run.var


@pytest.fixture
def serve(tmp_path, prepared):
    """Yield a `serve` that has run before. Only `lasting_serve` starts in a new folder."""
    run = serve_in(tmp_path)
    shutil.copytree(prepared, run.var)
    yield run
    run.end()


@pytest.fixture(scope="module")
def lasting_serve(tmp_path_factory):
    run = serve_in(tmp_path_factory.mktemp("serve"))
    try:
        run.start().wait_until_ready()
        yield run
    finally:
        run.end()


@pytest.fixture
def running_serve(lasting_serve):
    """Yield a running `serve`, for tests that do not stop it. Wait at the end until it answers."""
    yield lasting_serve
    lasting_serve.wait_for(lambda: is_healthy(lasting_serve))


def test_serve_answers_with_all_processes_running_and_prints_its_address(running_serve):
    serve = running_serve
    assert serve.status("/healthz") == 200
    assert serve.status("/") == 200
    counts = {word: len(serve.processes(word)) for word in PARTS_AND_NUMBERS}
    assert counts == PARTS_AND_NUMBERS
    serve.wait_for(lambda: str(serve.var / "log") in serve.read_output())


def test_no_secret_is_on_a_command_line_or_in_a_readable_file(running_serve):
    serve = running_serve
    key = (serve.var / "secret-key").read_text().strip()
    password = (serve.var / "redis-url").read_text().split(":")[2].split("@")[0]
    for command in serve.processes().values():
        assert key not in command and password not in command
    private = [serve.var, *serve.var.rglob("*"), Path(os.readlink(serve.var / "valkey-folder"))]
    assert {"secret-key", "redis-url", "valkey.conf", "db.sqlite3", "web.log"} <= {path.name for path in private}
    assert [path for path in private if not path.is_symlink() and path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("word", PARTS_AND_NUMBERS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def test_a_process_that_ends_is_restarted_at_once(running_serve, word, number):
    serve = running_serve
    before = serve.processes(word)
    victim = min(before)
    os.kill(victim, number)
    # After SIGTERM the process finishes its work. The promised restart within two seconds begins after its end.
    serve.wait_for(lambda: victim not in serve.processes(word))
    serve.wait_for(lambda: len(serve.processes(word)) == len(before), 6, "the restart")
    serve.wait_for(lambda: is_healthy(serve))


def is_healthy(serve):
    try:
        return serve.status("/readyz") == 200
    except (OSError, http.client.HTTPException):
        return False


def stop(serve, number):
    """Send a signal to the process group, and check that all processes end."""
    os.killpg(serve.process.pid, number)
    # The supervisor waits less than nine seconds for its processes: tests/chatproj/test_serve.py checks this.
    assert serve.process.wait(20) == 0
    assert serve.processes() == {}
    assert "Stopped." in serve.read_output()


def test_a_signal_during_the_start_stops_all_processes(serve):
    serve.start()
    serve.wait_for(lambda: serve.processes("runworker") or serve.has_ended(), READY_SECONDS)
    os.killpg(serve.process.pid, signal.SIGINT)
    assert serve.process.wait(20) == 0
    assert serve.processes() == {}


def test_no_process_outlives_a_killed_serve_and_the_next_one_starts_at_once(serve):
    serve.start().wait_until_ready()
    serve.process.kill()
    serve.process.wait()
    serve.start().wait_until_ready()
    assert len(serve.processes("manage.py serve")) == 1
    assert len(serve.processes("runworker")) == 3


def test_a_killed_supervisor_is_restarted_with_all_its_processes(serve):
    serve.start().wait_until_ready()
    before = serve.processes("runworker")
    os.kill(*serve.processes("chatproj.serve.supervise"), signal.SIGKILL)
    serve.wait_for(lambda: len(serve.processes("runworker").keys() - before.keys()) == 3)
    serve.wait_for(lambda: not before.keys() & serve.processes("runworker").keys())
    serve.wait_for(lambda: is_healthy(serve))


def test_a_server_on_all_addresses_answers_to_those_that_it_prints(serve):
    serve.start(HOST="::")
    serve.wait_for(lambda: "no TLS" in serve.read_output(), READY_SECONDS)
    assert f"Chat is ready at http://[::1]:{serve.port}/\n" in serve.read_output()
    hosts = re.findall(rf"http://(\S+):{serve.port}/", serve.read_output().split("Other machines can open")[1])
    assert socket.gethostname().lower() in hosts
    for host in hosts:
        assert serve.status("/", host=f"{host}:{serve.port}") == 200, host
    assert serve.status("/", host="evil.example") == 400


def test_a_signal_stops_all_processes_and_a_second_start_keeps_the_data(serve):
    serve.start().wait_until_ready()
    rooms = serve.rows("chat.room")
    key = (serve.var / "secret-key").read_text()
    assert '"slug"' in rooms
    # Other commands of manage.py use the Redis of `serve` while it runs.
    print_redis_url = "-c", "from chatproj import local; print(local.redis_url())"
    assert serve.run_python(*print_redis_url).startswith("unix://:")
    stop(serve, signal.SIGINT)
    assert serve.run_python(*print_redis_url) == "None\n"
    serve.start().wait_until_ready()
    assert serve.rows("chat.room") == rooms
    assert (serve.var / "secret-key").read_text() == key
    stop(serve, signal.SIGTERM)


def fail_to_start(serve, **environment):
    """Return the output of a `bin/serve` that cannot start: one sentence, with exit code 1."""
    result = subprocess.run(
        [ROOT / "bin" / "serve"], env=serve.environment(**environment), capture_output=True, text=True, timeout=150
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.strip().count("\n") == 0
    return result.stderr


def test_a_second_serve_in_the_folder_prints_the_address_of_the_first(running_serve):
    serve = running_serve
    assert f"already running in this folder at http://127.0.0.1:{serve.port}/." in fail_to_start(serve, PORT="1")
    assert is_healthy(serve)


def test_a_port_in_use_is_reported_in_one_sentence(serve):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", serve.port))
        taken.listen()
        assert f"Port {serve.port} is in use" in fail_to_start(serve)


def test_a_missing_redis_is_reported_in_one_sentence(serve):
    assert "REDIS_URL does not answer" in fail_to_start(serve, REDIS_URL="redis://127.0.0.1:1/0")
    assert serve.processes() == {}


def test_a_folder_that_cannot_be_made_is_reported_in_one_sentence(serve):
    shutil.rmtree(serve.var)
    serve.var.write_text("a file stands where the folder should be")
    assert "Cannot" in fail_to_start(serve)
