"""The files of `bin/serve` are for its user alone: another user can neither read them nor reach the embedded Valkey."""

import contextlib
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from chatproj import local
from chatproj.serve import valkey

pytestmark = pytest.mark.no_database

NOBODY = 65534


def look_around(folder, paths):
    """Yield what this user can list, read or reach."""
    for path, _, names in os.walk(folder):
        yield f"listed {path}"
        for name in names:
            with contextlib.suppress(OSError):
                Path(path, name).read_bytes()
                yield f"read {name}"
    for path in paths:
        with contextlib.suppress(OSError):
            Path(path).read_bytes()
            yield f"opened {path}"
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            yield f"reached {path}"


def look_around_as_nobody(folder, paths):
    """Return what the user `nobody` can list, read or reach."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        # Python may be in a folder that `nobody` cannot enter. A forked process does not have to start Python again.
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        os.write(writer, "\n".join([*look_around(folder, paths), "done"]).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as output:
        lines = output.read().splitlines()
    os.waitpid(child, 0)
    assert lines[-1] == "done"
    return lines[:-1]


@pytest.fixture
def var(monkeypatch):
    """Yield the path of a folder `var`, which may be made below a folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setattr(local, "VAR", folder / "var")
    umask = os.umask(0o022)
    yield folder / "var"
    os.umask(umask)
    shutil.rmtree(folder)


def fill(var):
    """Write the files of an installation that an earlier version has left readable."""
    for name in ("log", "static/chat", "bundles"):
        (var / name).mkdir(parents=True)
    names = ("secret-key", "db.sqlite3", "db.sqlite3-wal", "redis-url", "valkey.conf", "valkey-port", "serve.lock")
    for name in (*names, "log/web.log", "static/chat/page.js", "supervisord.conf", "processes"):
        (var / name).write_text("secret")
    for path in (var, *var.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def find_open(var):
    """Return the names of all files and folders on which other users have a right."""
    paths = (var, *var.rglob("*"))
    return sorted(path.name for path in paths if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077)


def test_an_installation_of_an_earlier_version_is_corrected_at_the_next_start(var):
    fill(var)
    assert len(find_open(var)) == 16
    local.make_private()
    assert find_open(var) == []
    (var / "log" / "new.log").write_text("secret")
    assert find_open(var) == [], "new files are private too"


def test_a_folder_with_other_files_stays_as_it_is_but_its_secrets_are_private(var):
    fill(var)
    (var / "notes of another program.txt").write_text("hello")
    (var / "log" / "link").symlink_to(var / "notes of another program.txt")
    local.make_private()
    assert find_open(var) == ["notes of another program.txt", "var"]


@pytest.mark.process
@pytest.mark.skipif(os.getuid() != 0, reason="only root can run a program as another user")
def test_another_user_can_read_nothing_and_cannot_reach_valkey(var):
    fill(var)
    paths = [var / "valkey.sock", var / "secret-key"]
    # Without the correction, the other user reads everything. This shows that `look_around_as_nobody` works.
    assert "read secret-key" in look_around_as_nobody(var, paths)
    local.make_private()
    server = valkey.configure()
    process = subprocess.Popen(server.command, cwd=var, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not (var / "valkey.sock").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert look_around_as_nobody(var, paths) == []
        # Other users cannot connect even if somebody makes the folder readable, because the socket has its own mode.
        var.chmod(0o755)
        assert "reached" not in "".join(look_around_as_nobody(var, paths))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(paths[0]))
            client.sendall(b"PING\r\n")
            assert client.recv(100).startswith(b"-NOAUTH")
        assert find_tcp_listeners(process.pid) == []
    finally:
        process.kill()
        process.wait()


def find_tcp_listeners(pid):
    """Return the lines of /proc/net about TCP sockets on which this process listens."""
    mine = {os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
    found = []
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in mine:
                found.append(line)
    return found
