"""The Python library for bots: calls of the API, webhooks, and daily jobs. tests/live/test_faults.py kills a bot."""

import datetime
import email
import importlib.util
import json
import runpy
import sys
import time
from pathlib import Path

import pytest

from tests.hook_receiver import Receiver

pytestmark = pytest.mark.no_database

PATH = Path(__file__).resolve().parent.parent.parent / "clients" / "python" / "chat_client.py"
STANDUP_BOT = PATH.parent / "examples" / "standup_bot.py"


@pytest.fixture
def library(monkeypatch):
    """Return the library, which does not pause between tries."""
    spec = importlib.util.spec_from_file_location("chat_client", PATH)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "chat_client", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    return module


@pytest.fixture
def receiver():
    with Receiver() as found:
        yield found


@pytest.fixture
def standup(library, monkeypatch):
    """Return the example of a bot for standups, in a place that is two hours ahead of UTC."""
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    monkeypatch.setenv("CHAT_URL", "http://127.0.0.1")
    monkeypatch.setenv("CHAT_TOKEN", "key")
    monkeypatch.setattr(sys, "argv", ["standup_bot.py", "garden"])
    yield runpy.run_path(str(STANDUP_BOT))
    monkeypatch.undo()
    time.tzset()


def test_a_hook_is_called_again_with_the_same_id_until_it_answers(library, receiver):
    receiver.answers = [(503, b"unavailable"), (429, b"rate_limited"), (502, b"<html>"), (200, b"ok")]
    library.send_to_hook(receiver.url, "Hello", username="CI")
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.requests}) == 1
    assert receiver.bodies == [{"text": "Hello", "username": "CI"}] * 4


def test_a_refusal_is_not_repeated(library, receiver):
    receiver.answers = [(404, b"no_service")]
    with pytest.raises(library.ChatError, match="no_service"):
        library.send_to_hook(receiver.url, "Hello")
    assert len(receiver.requests) == 1


def test_a_call_of_the_api_has_the_token_and_the_code_of_a_refusal(library, receiver):
    bot = library.Bot(receiver.url, "key")
    receiver.answers = [(200, b'{"a": 1}'), (403, b'{"code": "forbidden", "detail": "No."}')]
    assert bot.api("POST", "/api/rooms/", {"slug": "x"}) == {"a": 1}
    with pytest.raises(library.ChatError) as refused:
        bot.api("POST", "/api/rooms/", {})
    assert (refused.value.code, refused.value.detail) == ("forbidden", "No.")
    assert [headers["Authorization"] for headers, _ in receiver.requests] == ["Bearer key"] * 2


def test_a_file_is_uploaded_as_a_form(library, receiver, tmp_path):
    (tmp_path / "a b.txt").write_bytes(b"one\r\ntwo")
    receiver.answers = [(201, b'{"id": "f1"}')]
    assert library.Bot(receiver.url, "key").upload("garden", str(tmp_path / "a b.txt")) == {"id": "f1"}
    [(headers, body)] = receiver.requests
    form = email.message_from_bytes(b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body)
    [part] = form.get_payload()
    assert part.get_filename() == "a b.txt" and part.get_payload(decode=True) == b"one\r\ntwo"


def test_a_daily_job_runs_once_a_day_over_restarts(library, tmp_path):
    called, state = [], tmp_path / "bot.json"
    for _ in range(2):
        bot = library.Bot("http://127.0.0.1", "key", state=str(state))
        bot.every_day("00:00")(lambda: called.append(1))
        bot.every_day("23:59:59.999999")(lambda: called.append(2))
        bot._run_daily()
        bot._run_daily()
    assert called == [1]
    assert list(json.loads(state.read_text())["days"].values()) == [datetime.date.today().isoformat()]


def test_unanswered_changes_and_handled_messages_survive_a_restart(library, tmp_path):
    state = str(tmp_path / "bot.json")
    bot = library.Bot("http://127.0.0.1", "key", rooms=["garden"], state=state)
    room = bot.room("garden")
    room.cursor, room._is_first, room._gap_at = 10, False, 0.0
    assert bot.post("garden", "Hello", wait=0) is None
    author = {"handle": "Alice"}
    for number in (11, 12, 13):
        room._take_message({"id": number, "offset": number, "author": author, "body": "Hi", "removed": False})
    room.finish(library.Message(room, {"id": 12}))
    again = library.Bot("http://127.0.0.1", "key", rooms=["garden"], state=state).room("garden")
    # The messages 11 and 13 were not handled.
    assert again.cursor == 10 and again._handled == {12}
    assert [waiting.event["body"] for waiting in again._waiting.values()] == ["Hello"]


def test_a_summary_lists_the_answers_of_its_own_day(library, standup, monkeypatch):
    def said(at, body="!today Tests"):
        return {"at": f"2026-11-{at}Z", "author": {"handle": at}, "body": body}

    days = [said("27T09:40:00.100"), said("29T21:59:59.900"), said("29T22:00:00.100"), said("30T07:40:00.100")]
    monkeypatch.setattr(standup["bot"], "history", lambda room, limit: [*days, said("30T07:41:00.100", "Good morning")])
    replies = []
    monkeypatch.setattr(library.Message, "reply", lambda message, body: replies.append(body))
    standup["summarise"](library.Message(None, said("30T08:00:00.100", "!summary")), "")
    standup["summarise"](library.Message(None, said("25T08:00:00.100", "!summary")), "")
    # In this place, 22:00 UTC is midnight.
    assert replies == ["- @29T22:00:00.100: Tests\n- @30T07:40:00.100: Tests", "Nobody has said anything yet."]
