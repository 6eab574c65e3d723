"""Read the commands that a page prints, and run them in a copy of the repository with its own virtual environment."""

import contextlib
import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import requests

from tests.live.processes import die_with_the_tests, wait_until
from tests.names_in_code import ROOT

START_SECONDS = 120
# A runner that stops all processes when one of them ends does so within this time, in seconds.
STEADY_SECONDS = 6
LEFT_OUT = (".*", "var", "tests", "benchmarks", "node_modules", "__pycache__")
KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TMPDIR")
# A block is indented by four spaces, or by eight within a list.
BLOCK = re.compile(r"(?:^(?: {4}| {8})\S.*\n(?:(?: {4}.*)?\n(?= {4}))*)+", re.MULTILINE)


def read_section(page, title):
    """Return the text below a heading of a page."""
    text = (ROOT / page).read_text()
    parts = re.split(r"^#+ (.+)\n", text, flags=re.MULTILINE)
    return parts[parts.index(title) + 1]


def read_blocks(page, title):
    """Return the indented blocks below a heading, without their indentation."""
    blocks = (match[0] for match in BLOCK.finditer(read_section(page, title)))
    return ["\n".join(line.strip() for line in block.splitlines()) for block in blocks]


def find_block(page, title, word):
    """Return the one block below a heading that contains a word."""
    (block,) = [block for block in read_blocks(page, title) if word in block]
    return block


class Copy:
    """
    A copy of the repository.

    Its virtual environment has the installed packages, and the scripts of the locked packages.
    """

    def __init__(self, folder):
        self.folder = folder / "chat"
        ignore = shutil.ignore_patterns(*LEFT_OUT)
        shutil.copytree(ROOT, self.folder, ignore=ignore)
        venv = self.folder / ".venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
        self._share_packages(venv)
        self.environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        self.environment |= {"PYTHONUNBUFFERED": "1"}

    def _share_packages(self, venv):
        packages = sysconfig.get_path("purelib")
        (own_packages,) = venv.glob("lib/python*/site-packages")
        (own_packages / "shared.pth").write_text(f"import site; site.addsitedir({packages!r})\n")
        lock = self.folder / "requirements.txt"
        locked = set(re.findall(r"^([A-Za-z0-9-]+)==", lock.read_text(), re.MULTILINE))
        for entry in importlib.metadata.entry_points(group="console_scripts"):
            if entry.dist.name.lower().replace("_", "-") in locked:
                script = venv / "bin" / entry.name
                name = entry.attr.partition(".")[0]
                script.write_text(
                    f"#!{venv}/bin/python\nimport sys\nfrom {entry.module} import {name}\nsys.exit({entry.attr}())\n"
                )
                script.chmod(0o755)
        # This file tells `bin/setup` that everything is installed.
        shutil.copy(lock, venv / "requirements.txt.installed")

    def run(self, text, **environment):
        """Run a block of commands in a shell until the block ends. Return its output."""
        command = ["bash", "-ec", text]
        env = {**self.environment, **environment}
        done = subprocess.run(
            command, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextlib.contextmanager
    def running(self, text, **environment):
        """Run commands until the `with` block ends. Then send SIGTERM, and kill the processes that remain."""
        output = self.folder.parent / f"output-{time.monotonic_ns()}"
        mark = {"CHAT_TEST_RUN": output.name}
        with open(output, "w") as file:
            process = subprocess.Popen(
                ["bash", "-ec", text],
                cwd=self.folder,
                env={**self.environment, **mark, **environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                process_group=0,
                preexec_fn=die_with_the_tests,
            )
        try:
            yield Running(process, output)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(30)
            wait_until(lambda: not find_processes(mark), 15, "the end of every process")
        finally:
            for pid in find_processes(mark):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(30)


def find_processes(mark):
    """Return the pids of the processes that have these variables in their environment."""
    wanted = {f"{name}={value}".encode() for name, value in mark.items()}
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if wanted <= set((entry / "environ").read_bytes().split(b"\0")):
                    found.append(int(entry.name))
    return found


class Running:
    """Commands that run, and the file with their output."""

    def __init__(self, process, output):
        self.process, self.output = process, output

    def read_output(self):
        return self.output.read_text(errors="replace")

    def has_ended(self):
        return self.process.poll() is not None


def wait_until_ready(url, *runs, host=None):
    """
    Wait until /readyz returns 200 for STEADY_SECONDS.

    Raise AssertionError with the output if a run ends, or if the site is not ready within START_SECONDS.
    """
    headers = {"Host": host} if host else {}

    def is_ready():
        ended = [run.read_output() for run in runs if run.has_ended()]
        assert not ended, "\n".join(ended)
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{url}/readyz", headers=headers, timeout=20).status_code == 200

    try:
        wait_until(is_ready, START_SECONDS, f"{url}/readyz")
        deadline = time.monotonic() + STEADY_SECONDS
        while time.monotonic() < deadline:
            assert is_ready()
            time.sleep(0.2)
    except AssertionError as error:
        raise AssertionError("\n".join([str(error), *(run.read_output() for run in runs)])) from None
    assert requests.get(url, headers=headers, timeout=20).status_code == 200
