"""`manage.py release`: a platform runs it once, and a runner of the Procfile starts it with the other processes."""

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler

from channels_transport import RedisConfigurationError
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


def test_release_with_wait_ends_when_another_process_has_migrated(steps, monkeypatch, capsys):
    reasons = iter(["no server", "no server", "Migrations that are not applied: 3.", None])
    monkeypatch.setattr(release, "find_reason_to_wait", lambda: next(reasons))
    monkeypatch.setattr(release, "CHECK_SECONDS", 0)
    call_command("release", "--wait")
    assert steps == []
    assert capsys.readouterr().out.splitlines() == [
        "Waiting for `manage.py release`: no server",
        "Waiting for `manage.py release`: Migrations that are not applied: 3.",
        "The database and Redis are ready.",
    ]


def test_release_with_wait_notices_what_is_missing(tmp_path, monkeypatch, django_db_blocker):
    engine = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "missing" / "db.sqlite3")}
    connection = ConnectionHandler({"default": engine})["default"]
    # Django asks for the applied migrations by the alias.
    monkeypatch.setattr(connections._connections, "default", connection, raising=False)
    with django_db_blocker.unblock():
        assert release.find_reason_to_wait() == "unable to open database file"
        (tmp_path / "missing").mkdir()
        graph = MigrationExecutor(connection).loader.graph
        assert release.find_reason_to_wait() == f"Migrations that are not applied: {len(graph.nodes)}."
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        for app, name in graph.nodes:
            recorder.record_applied(app, name)
        # During a rollback, the database also has migrations of a newer version.
        recorder.record_applied("chat", "9999_of_a_newer_version")
        assert release.find_reason_to_wait() is None
        for failure in (redis.ConnectionError("Connection refused."), RedisConfigurationError("REDIS_URL is wrong.")):
            monkeypatch.setattr(release.store, "ping", fail_with(failure))
            assert release.find_reason_to_wait() == str(failure)
