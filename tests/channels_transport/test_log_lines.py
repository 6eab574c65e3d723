"""Log lines: one record is one line, without control characters and without secrets."""

import logging
import sys
import time

import pytest

from channels_transport import log_lines
from channels_transport.log_lines import LineFormatter, clean, redact

pytestmark = pytest.mark.no_database


def format_record(text, *arguments, error=None, level=logging.WARNING):
    record = logging.LogRecord("django.request", level, __file__, 1, text, arguments, error)
    return LineFormatter().format(record)


def raise_and_format(exception):
    try:
        raise exception
    except Exception:
        return format_record("It failed", error=sys.exc_info(), level=logging.ERROR)


# The next tests are about control characters.

FORGED = "2026-11-29 12:00:00,000 ERROR chat.forged: the database is gone"


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_line_break_cannot_forge_a_record(end):
    line = format_record("Not Found: %s", f"/rooms/{end}{FORGED}")
    assert len(line.splitlines()) == 1 and line.endswith(FORGED)


@pytest.mark.parametrize(
    "character, escaped",
    [
        ("\0", "\\x00"),
        ("\t", "\\t"),
        ("\x1b", "\\x1b"),
        ("\x7f", "\\x7f"),
        ("\x9b", "\\x9b"),
        ("\u200b", "\\u200b"),
        ("\u200e", "\\u200e"),
        ("\u202e", "\\u202e"),
        ("\u2066", "\\u2066"),
        ("\ufeff", "\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_characters_that_are_not_printable_are_escaped(character, escaped):
    assert clean(f"a{character}b") == f"a{escaped}b"
    format_record("%s", character).encode()


@pytest.mark.parametrize("text", ["plain", "Zoë 見て 🙂 שלום", "C:\\new", ""])
def test_printable_text_is_not_changed(text):
    assert clean(text) == text


def test_the_text_of_an_exception_cannot_forge_a_record():
    lines = raise_and_format(ValueError(f"a\n{FORGED}\r{FORGED}\x1b[2J")).split("\n")
    assert "It failed" in lines[0] and lines[1] == "    Traceback (most recent call last):"
    assert all(line.startswith("    ") for line in lines[1:])
    assert len("\n".join(lines).splitlines()) == len(lines)


def test_a_traceback_that_another_handler_has_formatted_is_escaped():
    record = logging.LogRecord("a", logging.ERROR, __file__, 1, "It failed", (), None)
    record.exc_text = f"Traceback\x1b\n{FORGED}"
    assert LineFormatter().format(record).split("\n")[1:] == ["    Traceback\\x1b", f"    {FORGED}"]


# The next tests are about secrets.


@pytest.fixture
def paths(settings):
    settings.SECRET_PATHS = ["/invite/*", "/write/*/*"]


@pytest.mark.parametrize(
    "text",
    [
        "Not Found: /invite/SECRET",
        "Not Found: /invite/SECRET/",
        "Not Found: //invite/SECRET/",
        "Not Found: /%69nvite/SECRET/",
        "Not Found: /INVITE/SECRET/",
        "GET /sign-in/?next=/invite/SECRET/",
        "GET /sign-in/?next=%2Finvite%2fSECRET%2F",
        "next=https%3A%2F%2Fchat.example.com%2Finvite%2FSECRET",
        "Forbidden (Referer checking failed - https://chat.example.com:8000/invite/SECRET/ does not match): /rooms/",
        "Bad Request: '/invite/SECRET\n/'",
        "Not Found: /invite//SECRET/",
        "Not Found: /invite/ SECRET/",
        "GET /invite/%20SECRET/",
        "GET /sign-in/?next=%2Fsign-up%2F%3Fnext%3D%252Finvite%252FSECRET%252F",
        "GET /sign-in/?next=%2Fsign-up%2F%3Fnext%3D%25252Finvite%25252FSECRET",
        "GET /sign-in/?next=%2Fsign-up%2F%3Fnext%3D%252F%253Ftoken%253DSECRET",
        "next=https%253A%252F%252Fchat.example.com%252Finvite%252FSECRET",
        "/write/SECRET//SECRET/",
        "/write/SECRET",
        "/write/SECRET/SECRET/?cursor=1",
        "{'path': '/write/SECRET/SECRET/'}",
        "GET /?token=SECRET&a=1",
        "GET /?a=1&session_key=SECRET",
        "GET /?%74oken=SECRET",
        "GET /?TOKEN=SECRET#a",
        "GET /?next=%2F%3Ftoken%3DSECRET",
        "Cookie: sessionid=SECRET; theme=dark",
        "Not Found: /x/invite/SECRET/",
        "Not Found: /en-us/x/invite/SECRET",
        "GET /sign-in/?next=%2Fx%2Finvite%2FSECRET",
        'Not Found: /invite/"SECRET/',
        "Not Found: /invite/a'SECRET",
        "Not Found: /invite/)]},;&SECRET",
        "GET /?access-token=SECRET",
        "GET /?accessToken=SECRET",
        "GET /?token[]=SECRET",
        "GET /?token%5B0%5D=SECRET",
        "GET /?user[token]=SECRET",
        "GET /?Token=SECRET",
        "GET /?%61pi%5Fkey=SECRET",
        "GET /?api-key=SECRET",
        "GET /?my_session_key=SECRET",
        'GET /?token="SECRET"',
        "GET /?token=a;SECRET",
        "GET /#access_token=SECRET",
        "GET /?next=%2F%23access_token%3DSECRET",
        "Authorization: Bearer SECRETSECRETSECRET",
        "redis://user:SECRET@redis:6379/0",
    ],
)
def test_a_secret_is_hidden(paths, text):
    for line in (redact(text), format_record("%s", text), raise_and_format(ValueError(text))):
        assert "SECRET" not in line and "***" in line


@pytest.mark.parametrize(
    "text",
    [
        "/invite/",
        "/rooms/garden/?cursor=5",
        'File "/srv/invite.d/pages.py", line 5',
        'File "/srv/chat/static/write/a.py", line 5',
        "Basic knowledge of the Bearer",
        "redis://redis:6379/0",
        "key=5 token=7",
    ],
)
def test_text_without_secrets_is_not_changed(paths, text):
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    ["/", "/invite/", "/invite//", "/write/a/", "%25", "?", "?%25", "://", "%252f", "/ ", "?a_", "?token[", "?["],
)
def test_a_long_path_is_cleaned_in_linear_time(paths, text):
    began = time.process_time()
    redact(text * (16_000 // len(text)))
    assert time.process_time() - began < 1


def test_a_process_without_settings_hides_secrets(monkeypatch):
    class NoSettings:
        def __getattr__(self, name):
            raise log_lines.ImproperlyConfigured

    monkeypatch.setattr(log_lines, "settings", NoSettings())
    assert clean("GET /?token=SECRET\n") == "GET /?token=***\\n"


def test_the_console_lines_of_runserver_are_cleaned(paths, capsys):
    from channels_transport.management.commands.runserver import Command

    details = {"method": "GET", "path": "/%69nvite/SECRET/%0a%1b", "status": 404, "time_taken": 0, "client": "a:1"}
    Command().log_action("http", "complete", details)
    Command().log_action("websocket", "connected", {"path": "/write/SECRET/SECRET/%E2%80%AE", "client": "a:1"})
    printed = capsys.readouterr().err
    assert "SECRET" not in printed and "\u202e" not in printed and printed.count("\n") == 2
    assert "/invite/***/\\n\\x1b" in printed
