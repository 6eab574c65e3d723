"""The reader of all settings accepts valid values, and reports each wrong value in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatproj import environment

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = {"SECRET_KEY": "for tests only"}
DAPHNE = "import sys; from daphne.cli import CommandLineInterface; CommandLineInterface().run(sys.argv[1:])"


def read(name, text):
    return environment.read(name, {name: text})


def test_the_tests_use_no_setting_of_the_shell():
    lines = (ROOT / "bin" / "test").read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("settings="))
    script = "\n".join(["set -euo pipefail", f"python={sys.executable}", *lines[first : first + 2], "env"])
    set_in_shell = {name: setting.example for name, setting in environment.SETTINGS.items()}
    variables = {**os.environ, **set_in_shell, "OTHER": "kept"}
    command = subprocess.run(["bash", "-c", script], cwd=ROOT, env=variables, stdout=subprocess.PIPE, check=True)
    names = {line.partition(b"=")[0].decode() for line in command.stdout.splitlines()}
    assert "OTHER" in names and not names & set(environment.SETTINGS)


@pytest.mark.parametrize("name", environment.SETTINGS)
@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_value_counts_as_not_set(name, text):
    assert read(name, text) == environment.read(name, {}) == environment.SETTINGS[name].default


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("PORT", " 9000 ", 9000),
        ("TRUSTED_PROXIES", "+2", 2),
        ("TRUSTED_PROXIES", "0", 0),
        ("CHAT_TASK_LOCK_SECONDS", "2.5", 2.5),
        ("CHAT_MAX_RESULTS_BYTES", "5e9", 5e9),
        ("CHAT_MAX_RESULTS_BYTES", "inf", float("inf")),
        ("CHAT_FILES", " /srv/chat/files ", "/srv/chat/files"),
        ("CHAT_FILES", "database:", "database:"),
        ("CHAT_LIMITS", "Off", False),
        ("CHAT_LIMITS", "1", True),
        ("CHAT_ECHO", "YES", True),
        ("DEBUG", "false", False),
        ("LOG_LEVEL", "warn", "WARN"),
        ("SECRET_KEY", " spaces count ", " spaces count "),
        ("HOST", "::1", "::1"),
        ("HOST", "[::1]", "::1"),
        ("HOST", "chat.example.com", "chat.example.com"),
        ("ALLOWED_HOSTS", "*", ["*"]),
        ("ALLOWED_HOSTS", ".example.com, 10.0.0.1 ,[::1],", [".example.com", "10.0.0.1", "[::1]"]),
        ("PUBLIC_URL", "HTTPS://Chat.Example:443/", "https://chat.example"),
        ("PUBLIC_URL", "http://[::1]:8000", "http://[::1]:8000"),
        ("CHAT_SIGN_UP", " Invitation ", "invitation"),
        ("CHAT_RESERVED_HANDLES", "admin, The Team,", ("admin", "The Team")),
        ("CHAT_RESERVED_HANDLES", "None", ()),
        ("OIDC_ISSUER", "https://login.example.com/realms/a/", None),
        ("OIDC_ISSUER", "http://127.0.0.1:8080", None),
        ("OIDC_SCOPES", "openid   profile", "openid profile"),
        ("DATABASE_URL", "postgres://a:p%40ss@host:5432/name?sslmode=require", None),
        ("DATABASE_URL", "POSTGRES:///name?currentSchema=chat", None),
        ("DATABASE_URL", "postgres://%2Frun%2Fpostgresql/name", None),
        ("DATABASE_URL", "mysql://a:b@host/name", None),
        ("DATABASE_URL", "sqlite:////tmp/a b.sqlite3?synchronous=full", None),
        ("DATABASE_URL", "sqlite://:memory:", None),
    ],
)
def test_a_value_with_a_clear_meaning_is_accepted(name, text, value):
    assert read(name, text) == (text if value is None else value)


@pytest.mark.parametrize(
    "name, texts",
    [
        ("PORT", ["0", "65536", "-1", "eight", "8000.5", "٣", "1e3", "9" * 5000]),
        ("CHAT_WORKERS", ["0", "65", "two", "2,5"]),
        ("TRUSTED_PROXIES", ["-1", "101", "yes", "10.0.0.1", "1_0"]),
        ("CHAT_BOARD_DAYS", ["0", "-3", "1.5", "month", "999999999"]),
        ("CHAT_TASK_LOCK_SECONDS", ["0", "-1", "nan", "inf", "1m", "٣"]),
        ("CHAT_TASK_RESULT_SECONDS", ["0", "nan", "inf", "1e300", "day"]),
        ("CHAT_MAX_RESULTS_BYTES", ["-1", "nan", "5 GB"]),
        ("CHAT_FILES", ["files", "./files", "/", "database", "s3://", "file:///srv", "/a\0b"]),
        ("DEBUG", ["2", "maybe", "ture", "debug"]),
        ("CHAT_ECHO", ["2", "enabled?"]),
        ("CHAT_LIMITS", ["2", "none at all"]),
        ("LOG_LEVEL", ["verbose", "10", "INFO,DEBUG"]),
        ("HOST", ["http://0.0.0.0", "a b", "0.0.0.0,::"]),
        ("ALLOWED_HOSTS", ["https://a.example", "a.example:8000", "a.example/x", "*.example.com", "a b", "::1"]),
        (
            "PUBLIC_URL",
            ["chat.example", "ftp://a", "https://", "https://a:x", "https://a:0", "https://a b", "https://[a"],
        ),
        ("CHAT_SIGN_UP", ["yes", "invite"]),
        ("CHAT_RESERVED_HANDLES", ["x" * 33, "a\u202eb"]),
        (
            "OIDC_ISSUER",
            [
                "http://login.example",
                "https://a?b=c",
                "https://a#b",
                "https://",
                "https://a b",
                "https://a:x",
                "https://[a",
            ],
        ),
        ("OIDC_SCOPES", ["profile", 'openid "x"']),
        ("OIDC_CLIENT_ID", ["two words", "é"]),
        ("OIDC_NAME", ["x" * 41, "a\nb"]),
        ("CHAT_VAR", ["/dev/null", "/dev/null/var"]),
        ("METRICS_PORT", ["0", "65536", "metrics", "chat.example:9191", "127.0.0.1:", "::1", "٣"]),
        ("HSTS_SECONDS", ["-1", "1 year", "1e9"]),
        ("HSTS_SCOPE", ["domain", "host,preload"]),
    ],
)
def test_a_wrong_value_is_reported_with_its_variable_and_what_is_expected(name, texts):
    for text in texts:
        with pytest.raises(ImproperlyConfigured) as error:
            read(name, text)
        expected = environment.SETTINGS[name].expected
        assert str(error.value) == f"{name} must be {expected}, not {text!r}."


@pytest.mark.parametrize(
    "url, reason",
    [
        ("nonsense", "another scheme"),
        ("oracle+x://a", "another scheme"),
        ("postgres:/host/name", "another scheme"),
        ("postgres://a:hunter2@host:port/name", "its port is not a number"),
        ("postgres://a:hunter2@host:99999/name", "its port is not a number"),
        ("postgres://a:hunter2#x@host/name", "percent-encode"),
        ("postgres://a:hunter2/x@host/name", "percent-encode"),
        ("postgres://a:hunter2[x@host/name", "percent-encode"),
        ("postgres://a:hunter2@host", "it names no database"),
        ("postgres://a:hunter2@one,two/name", "several servers"),
        ("postgres://a:hunter2@host/name?nonsense=1", "an option that PostgreSQL does not know"),
        ("sqlite://relative.sqlite3", "three slashes"),
        ("sqlite:////tmp/a#b", "%23"),
        ("sqlite:////tmp/a?synchronous=OFF", "not NORMAL, FULL or EXTRA"),
        ("sqlite:////tmp/a?timeout=5", "its query may contain synchronous only"),
    ],
)
def test_a_wrong_database_url_is_explained_without_its_password(url, reason):
    with pytest.raises(ImproperlyConfigured) as error:
        read("DATABASE_URL", url)
    assert str(error.value).startswith("DATABASE_URL must be like postgres://") and reason in str(error.value)
    assert "hunter2" not in str(error.value)


def test_a_password_in_a_public_url_is_not_printed():
    with pytest.raises(ImproperlyConfigured, match="PUBLIC_URL must be like https://chat.example.com") as error:
        read("PUBLIC_URL", "https://me:hunter2@chat.example")
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("https://a", None, False), "Set both OIDC_ISSUER and OIDC_CLIENT_ID, or neither."),
        ((None, "chat", False), "Set both OIDC_ISSUER and OIDC_CLIENT_ID, or neither."),
        ((None, None, True), "OIDC_ONLY needs OIDC_ISSUER"),
    ],
)
def test_settings_of_openid_that_need_each_other_are_checked(arguments, sentence):
    with pytest.raises(ImproperlyConfigured, match=sentence):
        environment.check_openid(*arguments)
    environment.check_openid(None, None, False)
    environment.check_openid("https://a", "chat", True)


COMMANDS = ["serve", "interface", "runworker", "rundelay", "monitor", "doctor", "check", "migrate", "runserver"]


@pytest.mark.process
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_reports_a_wrong_value_in_one_sentence(run, command):
    done = run("manage.py", command, **KEY, TRUSTED_PROXIES="many")
    assert done.returncode == 1
    assert (done.stdout, done.stderr) == ("", "TRUSTED_PROXIES must be a number from 0 to 100, not 'many'.\n")


@pytest.mark.process
@pytest.mark.parametrize(
    "name, text", [("LOG_LEVEL", "loud"), ("PORT", "http"), ("REDIS_URL", "http://x"), ("DATABASE_URL", "x")]
)
def test_daphne_reports_a_wrong_value_in_one_sentence(run, name, text):
    done = run("-c", DAPHNE, "chatproj.asgi:channel_layer", **KEY, **{name: text})
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"{name} must be")
