"""`manage.py settings` lists every setting with its value, its source and its effect, and tells no secret."""

import io
import json
from pathlib import Path

import pytest
from django.core.checks import registry
from django.core.management import CommandError, call_command

from chatproj import checks, environment, listed_settings
from chatproj.file_settings import FILE_SETTINGS

pytestmark = pytest.mark.no_database


def find(name, variables):
    listed = listed_settings.list_settings(variables)
    return next(setting for setting in listed if setting.name == name)


def run(*arguments):
    output, errors = io.StringIO(), io.StringIO()
    call_command("settings", *arguments, stdout=output, stderr=errors)
    return output.getvalue(), errors.getvalue()


def test_every_setting_has_a_sentence_about_its_effect():
    effects = [setting.effect for setting in [*environment.SETTINGS.values(), *FILE_SETTINGS.values()]]
    assert len(effects) > 60 and [text for text in effects if not text.endswith(".")] == []


def test_the_settings_in_the_file_are_those_of_the_documentation():
    table = (
        (Path(__file__).parents[2] / "docs" / "operations.md")
        .read_text()
        .partition("### Settings in the file")[2]
        .partition("\n## ")[0]
    )
    names = [name for row in table.splitlines() if row.startswith("| `") for name in row.split("|")[1].split("`")[1::2]]
    assert sorted(names) == sorted(FILE_SETTINGS)


def test_a_setting_of_the_file_is_listed_with_its_default(settings):
    assert find("CHAT_POLL_SECONDS", {})[1:3] == ("20", listed_settings.DEFAULT)
    settings.CHAT_POLL_SECONDS, settings.DOCTOR_CHECKS = 10, ["a.check_cache"]
    poll, doctor = find("CHAT_POLL_SECONDS", {}), find("DOCTOR_CHECKS", {})
    assert (poll.value, poll.source, poll.default) == ("10", listed_settings.FILE, "20")
    assert doctor.value == "a.check_cache" and "chat.management.doctor.check_monitor" in doctor.default
    changed = run("--changed")[0]
    assert "CHAT_POLL_SECONDS = 10" in changed and "Source: chatproj/settings.py (default: 20)" in changed
    assert "CHAT_FEED_SECONDS" not in changed


@pytest.mark.parametrize("is_on", [True, False])
def test_a_default_that_follows_from_other_settings_is_no_change(settings, is_on):
    settings.CHAT_LIMITS_ON = is_on
    for name, setting in FILE_SETTINGS.items():
        setattr(settings, name, setting.find_default(settings))
        assert find(name, {}).source == listed_settings.DEFAULT


def test_a_setting_says_which_processes_must_start_again():
    assert find("PORT", {}).restart == "the interfaces" and find("CHAT_WORKERS", {}).restart == "bin/serve"
    assert "After a change, restart every process." in run("SECRET_KEY")[0]


@pytest.mark.parametrize("name", environment.SETTINGS)
def test_each_example_is_listed_with_its_source(name):
    setting = environment.SETTINGS[name]
    example = (
        setting.example if " prints one" not in setting.example else "k" * (43 if name == "CHAT_VAPID_KEY" else 64)
    )
    shown = find(name, {name: example})
    assert shown.source == listed_settings.ENVIRONMENT and shown.effect == setting.effect
    assert (shown.value == "***") if setting.is_secret else (shown.value not in ("", "None"))
    assert find(name, {}).source != listed_settings.ENVIRONMENT


def test_no_secret_is_printed(monkeypatch):
    secrets = {
        "SECRET_KEY": "the-secret-key-of-the-site",
        "DATABASE_URL": "postgres://chat:hunter2@db/chat",
        "DATABASE_REPLICA_URL": "postgres://chat:hunter2@replica/chat",
        "REDIS_URL": "redis://:hunter2@redis",
        "REDIS_ENCRYPTION_KEYS": "hunter2" * 8,
        "OIDC_CLIENT_SECRET": "hunter2",
        "EMAIL_URL": "smtp://chat:hunter2@mail.example.com:587",
        "METRICS_TOKEN": "hunter2hunter2hunter2",
        "CHAT_VAPID_KEY": "hunter2" * 6 + "h",
    }
    assert set(secrets) == {setting.name for setting in environment.SETTINGS.values() if setting.is_secret}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    for arguments in ([], ["--json"], ["--changed"], ["DATABASE_URL"]):
        output, errors = run(*arguments)
        assert "***" in output and "hunter2" not in output + errors and "the-secret-key" not in output


def test_the_list_can_be_restricted_and_printed_as_json(monkeypatch):
    monkeypatch.setenv("CHAT_WORKERS", "5")
    [row] = json.loads(run("CHAT_WORKERS", "--json")[0])
    assert row["value"] == "5" and row["source"] == "the environment" and row["default"] == "2"
    changed = {row["name"] for row in json.loads(run("--changed", "--json")[0])}
    assert "CHAT_WORKERS" in changed and "CHAT_ECHO" not in changed and "INTERFACE_PATHS" not in changed
    assert "CHAT_WORKERS = 5\n    How many workers" in run("CHAT_WORKERS")[0]
    with pytest.raises(CommandError, match="no setting CHAT_WORKER:"):
        run("CHAT_WORKER")


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("CHAT_WORKER", "CHAT_WORKERS"),
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
        ("REDIS_ENCRYPTION_KEY", "REDIS_ENCRYPTION_KEYS"),
        ("chat_guests", "CHAT_GUESTS"),
        ("CHAT_SIGNUP", "CHAT_SIGN_UP"),
        ("CHAT_PORT_8000_TCP", None),
        ("CHAT_SERVICE_HOST", None),
        ("DATABASE_URL_", "DATABASE_URL"),
        ("PATH", None),
        ("WORKERS", None),
    ],
)
def test_a_misspelt_name_is_found_and_other_names_are_not_reported(variable, meant):
    assert listed_settings.find_misspelt({variable: "1"}) == ({variable: meant} if meant else {})


def test_the_system_checks_report_a_misspelt_setting(monkeypatch):
    monkeypatch.setenv("CHAT_WORKER", "3")
    [warning] = checks.check_names()
    assert warning.id == "chatproj.W001" and "CHAT_WORKERS" in warning.hint
    assert warning in registry.run_checks()
    monkeypatch.delenv("CHAT_WORKER")
    assert checks.check_names() == []


def test_the_list_names_the_platform_as_a_source():
    on_heroku = {"DYNO": "web.1", "PORT": "9000", "CHAT_ECHO": "1"}
    assert find("PORT", on_heroku).source == listed_settings.PLATFORM
    assert find("CHAT_ECHO", on_heroku).source == listed_settings.ENVIRONMENT
    assert find("DATABASE_URL", on_heroku).source == listed_settings.DEFAULT
