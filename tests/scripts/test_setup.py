"""`bin/setup` with stand-ins for the Pythons and for uv: the Python that it chooses, and its error without one."""

import os
import shutil
import subprocess

import pytest

from tests.names_in_code import ROOT

pytestmark = pytest.mark.no_database

TOOLS = ["awk", "bash", "cat", "chmod", "cmp", "cp", "df", "dirname", "env", "grep", "ls", "mkdir", "rm"]
TOOLS += ["touch"]
# A stand-in for a Python that runs. It makes virtual environments that contain a copy of itself.
PYTHON = """#!/bin/bash
case "$1 $2" in
    "-c "*) echo {version} ;;
    "-m venv") mkdir -p "${{@: -1}}/bin" && cp "$0" "${{@: -1}}/bin/python" ;;
    "-m pip") exit 0 ;;
esac
"""
# The command that pyenv puts on PATH for a version that is not installed.
SHIM = """#!/bin/bash
echo "pyenv: python{version}: command not found" >&2
exit 127
"""
UV = """#!/bin/bash
[ "$1" = venv ] || exit 1
echo "$*" >>"$UV_CALLS"
mkdir -p "${@: -1}/bin" && cp "$UV_PYTHON" "${@: -1}/bin/python"
"""


class Machine:
    """A machine with a copy of the scripts, and with chosen programs on PATH and in pyenv's folder."""

    def __init__(self, path):
        self.folder, self.path, self.home = path / "chat", path / "bin", path / "home"
        for folder in (self.folder / "bin", self.path, self.home):
            folder.mkdir(parents=True)
        for name in ("setup", "shared.sh"):
            shutil.copy(ROOT / "bin" / name, self.folder / "bin")
        for name in ("requirements.txt", "requirements-test.txt"):
            shutil.copy(ROOT / name, self.folder)
        for name in TOOLS:
            (self.path / name).symlink_to(shutil.which(name))

    def add(self, path, text, **values):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**values) if values else text)
        path.chmod(0o755)
        return path

    def add_python(self, version, name=None):
        return self.add(self.path / (name or f"python{version}"), PYTHON, version=version)

    def add_shim(self, version):
        return self.add(self.path / f"python{version}", SHIM, version=version)

    def add_pyenv(self, version):
        minor = version.rpartition(".")[0]
        return self.add(self.home / ".pyenv" / "versions" / version / "bin" / "python", PYTHON, version=minor)

    def setup(self, *arguments, **environment):
        environment = {"PATH": str(self.path), "HOME": str(self.home), **environment}
        command = [self.folder / "bin" / "setup", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    def version(self, venv=".venv"):
        return subprocess.check_output([self.folder / venv / "bin" / "python", "-c", ""], text=True).strip()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [(["3.11"], "3.11"), (["3.12"], "3.12"), (["3.13"], "3.13"), (["3.11", "3.12", "3.13"], "3.13")],
)
def test_the_newest_supported_python_is_chosen(machine, installed, chosen):
    for version in installed:
        machine.add_python(version)
    assert machine.setup().returncode == 0
    assert machine.version() == chosen


def test_a_python_under_a_plain_name_is_found(machine):
    machine.add_python("3.12", name="python3")
    assert "Making .venv with Python 3.12 ..." in machine.setup().stdout


def test_versions_that_are_too_old_or_untested_are_ignored(machine):
    for version in ("3.10", "3.14"):
        machine.add_python(version)
    machine.add_python("3.10", name="python3")
    machine.add_python("3.11")
    assert machine.setup().returncode == 0
    assert machine.version() == "3.11"


def test_a_command_of_pyenv_without_its_python_is_ignored(machine):
    machine.add_shim("3.13")
    machine.add_python("3.11")
    assert machine.setup().returncode == 0
    assert machine.version() == "3.11"


def test_the_pythons_of_pyenv_are_found(machine):
    machine.add_shim("3.13")
    machine.add_python("3.11")
    for version in ("3.12.1", "3.13.0", "3.14.0"):
        machine.add_pyenv(version)
    assert machine.setup().returncode == 0
    assert machine.version() == "3.13"


def test_an_environment_keeps_its_python_when_a_newer_one_is_installed(machine):
    machine.add_python("3.11")
    machine.setup()
    machine.add_python("3.13")
    (machine.folder / "requirements.txt").write_text("# a new lock\nsix==1.17.0\n")
    assert machine.setup().returncode == 0
    assert machine.version() == "3.11"


def test_an_environment_whose_python_was_removed_is_made_again(machine):
    machine.add_python("3.11")
    machine.setup()
    (machine.folder / ".venv" / "bin" / "python").unlink()
    (machine.path / "python3.11").unlink()
    machine.add_python("3.13")
    assert machine.setup().returncode == 0
    assert machine.version() == "3.13"


def test_a_chosen_version_has_its_own_environment(machine):
    for version in ("3.12", "3.13"):
        machine.add_python(version)
    machine.setup()
    assert machine.setup("--test", CHAT_PYTHON="3.12").returncode == 0
    assert machine.version() == "3.13"
    assert machine.version(".venv-3.12") == "3.12"


@pytest.mark.parametrize("version", ["3.10", "3", "3.1", "python3.12", "3.12 3.13", "../x"])
def test_a_version_that_is_not_supported_is_refused_in_one_sentence(machine, version):
    machine.add_python("3.12")
    done = machine.setup(CHAT_PYTHON=version)
    assert done.returncode == 1
    assert done.stderr == f"bin/setup: CHAT_PYTHON must be 3.13 or 3.12 or 3.11, not '{version}'.\n"


def test_without_any_python_the_error_says_what_to_install(machine):
    done = machine.setup()
    assert done.returncode == 1
    assert done.stderr.startswith("bin/setup: Python 3.13 or 3.12 or 3.11 is not installed; install it")
    assert done.stderr.count("\n") == 1


def test_uv_downloads_the_newest_python_if_there_is_none(machine, tmp_path):
    machine.add(machine.path / "uv", UV)
    python = machine.add(tmp_path / "downloaded", PYTHON, version="3.13")
    calls = tmp_path / "calls"
    done = machine.setup(UV_CALLS=str(calls), UV_PYTHON=str(python))
    assert done.returncode == 0, done.stderr
    assert "uv downloads Python 3.13 ..." in done.stdout
    assert calls.read_text() == f"venv -q --seed --python 3.13 {machine.folder}/.venv\n"
    assert machine.version() == "3.13"


FAILURES = [
    ("OSError: [Errno 28] No space left on device", "there is no space left on the disk that holds {folder}."),
    ("error: Permission denied (os error 13)", "cannot write to {folder}."),
    (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES",
        "the hash of a package differs from the lock; nothing was installed.",
    ),
    ("error: error sending request for url", "the package index does not answer."),
    ("npm error code EINTEGRITY", "the hash of a package differs from the lock; nothing was installed."),
    ("npm error code ENOTFOUND", "the package index does not answer."),
]


@pytest.mark.parametrize(("output", "reason"), FAILURES)
def test_a_failed_installation_gives_its_reason_in_one_sentence(machine, output, reason):
    machine.add(machine.path / "uv", '#!/bin/bash\n[ "$1" = venv ] || exit 1\necho "' + output + '" >&2\nexit 1\n')
    done = machine.setup()
    assert done.returncode == 1
    assert done.stderr == f"bin/setup: downloading Python failed: {reason.format(folder=machine.folder)}\n"


def test_an_installation_that_fails_for_an_unknown_reason_shows_its_output(machine):
    machine.add(machine.path / "uv", '#!/bin/bash\n[ "$1" = venv ] || exit 1\necho "Something else" >&2\nexit 1\n')
    assert machine.setup().stderr == "Something else\nbin/setup: downloading Python failed; the output is above.\n"


@pytest.mark.parametrize("name", ["setup", "bench", "test", "audit", "autobahn"])
def test_no_script_has_its_own_copy_of_a_shared_function(name):
    text = (ROOT / "bin" / name).read_text()
    assert ". bin/shared.sh\n" in text
    assert not [function for function in ("fail", "quietly", "explain") if f"\n{function}()" in text]


def test_the_supported_versions_of_this_machine_are_listed(machine):
    machine.add_shim("3.12")
    for version in ("3.10", "3.11", "3.13"):
        machine.add_python(version)
    assert machine.setup("--list").stdout == "3.13\n3.11\n"
    assert not (machine.folder / ".venv").exists()


def test_the_scripts_use_the_environment_of_the_chosen_version():
    for name in ("serve", "test", "lock"):
        assert ".venv${CHAT_PYTHON:+-$CHAT_PYTHON}/bin/python" in (ROOT / "bin" / name).read_text()


def test_every_file_in_bin_can_be_executed_except_the_sourced_ones():
    for path in (ROOT / "bin").iterdir():
        # Scripts source a file with this ending.
        assert os.access(path, os.X_OK) == (path.suffix != ".sh"), path
