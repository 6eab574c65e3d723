"""`manage.py release`: a platform runs it once, and a runner of the Procfile starts it with the other processes."""

import pytest
from django.core.management import CommandError, call_command

from chatproj.management.commands import release
from tests.helpers import fail_with

pytestmark = pytest.mark.no_database


@pytest.fixture
def steps(monkeypatch):
    """Replace the steps, and return the names of the steps that ran."""
    ran = []
    monkeypatch.setattr(release, "call_command", lambda name, **options: ran.append(name))
    monkeypatch.setattr(release, "wait_for_signal", lambda: ran.append("wait"))
    for name in release.NAMES_OF_PROCESS:
        monkeypatch.delenv(name, raising=False)
    return ran


def test_release_migrates_and_ends_in_the_release_phase_of_a_platform(steps, monkeypatch):
    monkeypatch.setenv("DYNO", "release.1234")
    call_command("release")
    assert steps == ["migrate"]


@pytest.mark.parametrize("variable", ["HONCHO_PROCESS_NAME", "PS"])
def test_release_waits_if_its_end_would_stop_the_other_processes_of_a_runner(steps, monkeypatch, variable):
    monkeypatch.setenv(variable, "release.1")
    call_command("release")
    assert steps == ["migrate", "wait"]


def test_release_does_not_wait_if_its_shell_has_the_name_of_another_process(steps, monkeypatch):
    monkeypatch.setenv("PS", "web.1")
    call_command("release")
    assert steps == ["migrate"]


def test_release_ends_after_a_failed_migration(steps, monkeypatch):
    monkeypatch.setattr(release, "call_command", fail_with(CommandError("no")))
    monkeypatch.setenv("PS", "release.1")
    with pytest.raises(CommandError):
        call_command("release")
    assert steps == []
