"""The lock files: they match the files that they lock, hold for every supported Python, and depend on no machine."""

import re

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.names_in_code import ROOT

pytestmark = pytest.mark.no_database

PYTHONS = ("3.11", "3.12", "3.13")
LOCKS = ("requirements", "requirements-tracing", "requirements-s3", "requirements-test", "requirements-audit")
ALL_LOCKS = sorted(path for path in ROOT.glob("*/**/requirements*.txt") if path.with_suffix(".in").exists())
ALL_LOCKS = [path for path in [*ROOT.glob("requirements*.txt"), *ALL_LOCKS] if ".venv" not in str(path)]


class Locked:
    """One entry of a lock: the requirement, its hashes, and the files or packages that require it."""

    def __init__(self, block):
        lines = [line.rstrip(" \\") for line in block.splitlines()]
        self.requirement = Requirement(lines[0])
        self.name = canonicalize_name(self.requirement.name)
        self.hashes = [line.split("=", 1)[1] for line in lines[1:] if line.startswith("    --hash=")]
        comments = [line.strip().lstrip("#").strip() for line in lines[1:] if line.startswith("    #")]
        self.via = [comment.removeprefix("via").strip() for comment in comments if comment != "via"]

    @property
    def version(self):
        (specifier,) = self.requirement.specifier
        assert specifier.operator == "=="
        return specifier.version

    def applies_to(self, python):
        return self.requirement.marker is None or self.requirement.marker.evaluate(environment_of(python))


def environment_of(python):
    return {**default_environment(), "python_version": python, "python_full_version": f"{python}.9"}


def read_lock(path):
    blocks = re.split(r"^(?=[A-Za-z0-9])", path.read_text(), flags=re.MULTILINE)[1:]
    return {entry.name: entry for entry in map(Locked, blocks)}


def read_wanted(path):
    lines = [line.partition(" #")[0].strip() for line in path.read_text().splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


@pytest.mark.parametrize("path", ALL_LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_lock_contains_no_option_and_no_path_of_the_machine_that_made_it(path):
    for line in path.read_text().splitlines():
        assert not line.startswith("-"), line
        if not line.startswith(("#", "    #")):
            assert "/" not in line and "@" not in line, line


@pytest.mark.parametrize("path", ALL_LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_locked_package_has_one_version_and_hashes(path):
    entries = read_lock(path)
    assert len(entries) > 2
    for entry in entries.values():
        assert entry.version
        assert entry.hashes and all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in entry.hashes), entry.name


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_contains_what_its_file_asks_for(name):
    entries = read_lock(ROOT / f"{name}.txt")
    for wanted in read_wanted(ROOT / f"{name}.in"):
        entry = entries.get(canonicalize_name(wanted.name))
        assert entry, f"{wanted.name} is not locked: run bin/lock"
        assert wanted.specifier.contains(entry.version), f"{wanted} is locked as {entry.version}: run bin/lock"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_contains_nothing_that_its_file_no_longer_asks_for(name):
    asked = {canonicalize_name(wanted.name) for wanted in read_wanted(ROOT / f"{name}.in")}
    entries = read_lock(ROOT / f"{name}.txt").values()
    assert {entry.name for entry in entries if f"-r {name}.in" in entry.via} == asked


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_for_every_supported_python(name, python):
    entries = read_lock(ROOT / f"{name}.txt")
    for wanted in read_wanted(ROOT / f"{name}.in"):
        is_wanted = wanted.marker is None or wanted.marker.evaluate(environment_of(python))
        assert entries[canonicalize_name(wanted.name)].applies_to(python) == bool(is_wanted), wanted


def test_a_package_in_both_locks_has_the_same_version():
    server, tests = (read_lock(ROOT / f"{name}.txt") for name in ("requirements", "requirements-test"))
    for name in server.keys() & tests.keys():
        assert server[name].version == tests[name].version, name


def test_bin_setup_names_the_supported_pythons_and_bin_lock_the_oldest():
    assert f"pythons=({' '.join(reversed(PYTHONS))})" in (ROOT / "bin" / "setup").read_text()
    assert f"--python-version {PYTHONS[0]} " in (ROOT / "bin" / "lock").read_text()
