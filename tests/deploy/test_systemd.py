"""The systemd units fit the product, and systemd accepts them."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from chatproj import environment
from tests.deploy.processes import STOP_SECONDS, commands_of_the_procfile

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "deploy" / "systemd"
UNITS = {path.name: path for path in sorted(FOLDER.iterdir())}
SERVICES = [name for name in UNITS if name.endswith(".service")]
# Lower is better; 10 is a service without any restriction.
MOST_EXPOSURE = 3


def values(name, key):
    lines = [line for line in UNITS[name].read_text().splitlines() if line.startswith(f"{key}=")]
    return [line.partition("=")[2] for line in lines]


def command_of(name):
    """Return the arguments of manage.py in the first command of a service."""
    program, manage, *arguments = shlex.split(values(name, "ExecStart")[0])
    assert program == "/srv/chat/.venv/bin/python" and manage == "manage.py"
    return arguments


def test_each_process_of_the_procfile_has_a_unit_that_the_target_starts():
    wanted = {kind: arguments for kind, arguments in commands_of_the_procfile().items() if kind != "web"}
    found = {name.removeprefix("chat-").removesuffix(".service").rstrip("@"): command_of(name) for name in SERVICES}
    interface = found.pop("interface")
    # A timer starts the backups.
    assert found.pop("backup")[0] == "backup"
    assert found == wanted and interface == ["interface", "--bind", "127.0.0.1", "--port", "%i"]
    started = " ".join(values("chat.target", "Wants"))
    assert all(f"chat-{kind}" in started for kind in [*found, "interface"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_process_has_time_to_stop_and_restarts_without_limit(name):
    seconds = STOP_SECONDS.get(command_of(name)[0])
    if seconds is not None:
        assert int(values(name, "TimeoutStopSec")[0]) > seconds
        assert values(name, "Restart") == ["always"] and values(name, "StartLimitIntervalSec") == ["0"]
        assert values(name, "LimitNOFILE") == ["65536"]


@pytest.mark.parametrize("name", SERVICES)
def test_the_variables_of_a_unit_are_settings(name):
    given = {pair.partition("=")[0] for line in values(name, "Environment") for pair in line.split()}
    assert given - {"PYTHONUNBUFFERED"} <= set(environment.SETTINGS)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_units_and_finds_them_restricted(tmp_path):
    python = tmp_path / "srv" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    for name, path in UNITS.items():
        # The only change: the program is where this machine has one.
        (tmp_path / name).write_text(path.read_text().replace("/srv/chat/.venv/bin/python", str(python)))
    verify = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)]
    verified = subprocess.run(verify, capture_output=True, text=True)
    assert (verified.stdout + verified.stderr, verified.returncode) == ("", 0)
    for name in SERVICES:
        check = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE * 10}", tmp_path / name]
        checked = subprocess.run(check, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout[-200:]
