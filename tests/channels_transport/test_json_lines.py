"""JSON log lines: one record is one JSON object on one line, without secrets."""

import json
import logging
import sys

import pytest

from channels_transport import log_context
from channels_transport.interface.access_log import AccessLog
from channels_transport.json_lines import MAX_MESSAGE, JsonFormatter, make_access_line

pytestmark = pytest.mark.no_database


def format_record(text, *arguments, error=None):
    record = logging.LogRecord("chat.rooms", logging.WARNING, __file__, 1, text, arguments, error)
    line = JsonFormatter().format(record)
    assert len(line.splitlines()) == 1
    return json.loads(line.encode())


def test_a_record_has_stable_fields():
    fields = format_record("Hello %s", "Alice")
    assert list(fields) == ["time", "level", "logger", "message", "process", "pid"]
    assert (fields["level"], fields["logger"], fields["message"]) == ("WARNING", "chat.rooms", "Hello Alice")
    assert fields["time"].endswith("Z") and len(fields["time"]) == 24


@pytest.mark.parametrize("text", ["a\nb", "\0", "\ud800", "\u2028", '"}{', "見て", "\x1b[31m"])
def test_every_text_gives_one_valid_line(text):
    assert format_record("%s", text)["message"] == text.encode("utf-8", "backslashreplace").decode()


def test_a_huge_text_is_cut():
    assert len(format_record("%s", "x" * 1_000_000)["message"]) < MAX_MESSAGE + 10


def test_secrets_are_hidden_in_messages_exceptions_and_access_lines():
    try:
        raise ValueError("/?token=abcdef")
    except ValueError:
        fields = format_record("GET /?token=abcdef", error=sys.exc_info())
    assert "abcdef" not in json.dumps(fields) and "ValueError" in fields["exception"]
    assert "abcdef" not in make_access_line({"message": "GET /?token=abcdef"})


def test_wrong_arguments_do_not_lose_the_record():
    assert "%d" in format_record("%d messages", "many")["message"]


def test_a_line_names_the_message_that_the_worker_handles():
    log_context.set_message("websocket.receive", {"reply_channel": "daphne.response.x!y", "order": 3})
    try:
        fields = format_record("It failed")
    finally:
        log_context.clear()
    assert (fields["channel"], fields["id"]) == ("websocket.receive", "y#3")
    assert "id" not in format_record("Idle")


def test_the_access_log_is_json_too(settings, tmp_path):
    settings.LOG_FORMAT = "json"
    AccessLog(str(tmp_path / "log")).write_entry("192.0.2.1:5", None, 'GET /"\n?key=abcdef', status=200)
    (line,) = (tmp_path / "log").read_text().splitlines()
    fields = json.loads(line)
    assert (fields["client"], fields["status"]) == ("192.0.2.1:5", 200)
    assert "abcdef" not in line
