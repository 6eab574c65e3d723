"""Requests that wait for their answer: what answers them, when, and who is told that they are over."""

import json

import pytest
from channels.message import Message
from django.http import HttpResponse
from django.test import RequestFactory
from twisted.internet import error, task
from twisted.python.failure import Failure

from channels_transport import LaterResponse, interface, later
from channels_transport.interface import requests as interface_requests
from channels_transport.memory import MemoryChannelLayer
from channels_transport.writing import data_frame
from tests.channels_transport.test_interface import Line

pytestmark = pytest.mark.no_database

PATH = "/poll/"


class WaitingLine(Line):
    """A connection whose request has come to a view."""

    def __init__(self, clock, **kwargs):
        super().__init__(**kwargs)
        self.clock = clock

    def ask(self, path=b"/poll/?cursor=3"):
        self.request(path=path)
        self.answer = self.passed_on("http.request")
        return self

    def wait(self, **changed):
        """The view's word how to answer."""
        response = LaterResponse(
            RequestFactory().get(PATH), "nothing", 20, (b"[", b"]"), (b"<", b">"), {"room": 7}, status=203
        )
        response["X-Any"] = "thing"
        (message,) = later.AsgiHandler.encode_response(response)
        message["later"].update(changed)
        self.reply(message)
        return self

    def reply(self, message):
        super().reply(message)
        self.clock.advance(0.01)

    def leave(self):
        self.transport.protocol.connectionLost(Failure(error.ConnectionDone()))

    @property
    def content(self):
        return self.received.partition(b"\r\n\r\n")[2]

    @property
    def is_waiting(self):
        return self.answer["reply_channel"] in self.factory.reply_protocols and self.received == b""


@pytest.fixture
def clock(monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(interface_requests, "reactor", clock)
    monkeypatch.setattr(interface.server, "reactor", clock)
    return clock


@pytest.fixture
def line(clock):
    return WaitingLine(clock).ask()


def disconnect(line, answered):
    return {"reply_channel": line.answer["reply_channel"], "path": PATH, "context": {"room": 7}, "answered": answered}


def test_nothing_is_answered_until_something_is_said(line, clock):
    line.wait()
    clock.advance(19)
    assert line.is_waiting and line.passed_on("http.disconnect") is None


def test_what_is_said_to_it_is_its_answer(line):
    line.wait().reply({"text": '"grüß"'})
    assert line.status == 203 and line.content == b'["gr\xc3\xbc\xc3\x9f"]'
    assert b"X-Any: thing" in line.received
    assert line.received.count(b"Content-Length: 10\r\n") == 1 == line.received.lower().count(b"content-length")


def test_what_is_said_to_many_is_its_answer(line, clock):
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    server.factory = line.factory
    line.wait()
    server.broadcast([line.answer["reply_channel"]], "1", data_frame(b"1"))
    clock.advance(0.01)
    assert line.content == b"[1]"


def test_a_close_is_its_answer(line):
    line.wait().reply({"close": 4403})
    assert line.status == 203 and line.content == b"<4403>"


def test_a_close_without_a_code_is_an_ordinary_one(line):
    line.wait().reply({"close": True})
    assert line.content == b"<1000>"


def test_after_a_while_without_a_word_it_says_so(line, clock):
    line.wait()
    clock.advance(20)
    assert line.status == 203 and line.content == b"nothing"


def test_what_a_group_says_before_the_view_is_kept_for_it(line):
    line.reply({"text": "1"})
    line.reply({"text": "2"})
    assert line.is_waiting
    line.wait()
    assert line.content == b"[1,2]"


def test_a_crowd_is_answered_in_turn_and_with_all_that_was_said_meanwhile(line, clock, monkeypatch):
    monkeypatch.setattr(interface_requests.random, "uniform", lambda least, most: most)
    line.wait()
    line.factory.waiting = 10**6
    for text in ("1", "2"):
        line.reply({"text": text})
    clock.advance(interface_requests.LONGEST_SPREAD_SECONDS - 0.05)
    line.reply({"text": "3"})
    assert line.is_waiting
    clock.advance(0.05)
    assert line.content == b"[1,2,3]"


def test_a_server_that_ends_in_between_answers_with_what_was_said(line):
    line.wait()
    line.factory.waiting = 10**6
    Line.reply(line, {"text": "1"})
    line.factory.reply_protocols[line.answer["reply_channel"]].serverClose(1001)
    assert line.content == b"[1]"


def test_it_is_counted_who_waits(line):
    assert line.factory.waiting == 0
    line.wait()
    assert line.factory.waiting == 1
    line.reply({"text": "1"})
    assert line.factory.waiting == 0
    line.ask().wait().leave()
    assert line.factory.waiting == 0


def test_a_close_comes_before_what_was_said(line):
    line.reply({"text": "1"})
    line.reply({"close": 4401})
    assert line.wait().content == b"<4401>"


def test_a_view_that_answers_at_once_has_the_last_word(line, clock):
    line.reply({"text": "1"})
    line.reply({"status": 200, "content": b"mine"})
    assert line.status == 200 and b"mine" in line.received and b"[1]" not in line.received


def test_a_request_that_many_speak_to_in_vain_is_not_filled(line):
    for _ in range(3 * interface_requests.MOST_SAID):
        line.reply({"text": "1"})
    assert len(line.factory.reply_protocols[line.answer["reply_channel"]].said) == interface_requests.MOST_SAID


@pytest.mark.parametrize("say", [{"text": "1"}, {"close": 4403}, None], ids=["text", "close", "nothing"])
def test_that_it_is_over_is_told_once(line, clock, say):
    line.wait()
    line.reply(say) if say else clock.advance(20)
    line.reply({"text": "late"})
    clock.advance(100)
    line.leave()
    assert line.passed_on("http.disconnect") == disconnect(line, answered=True)
    assert line.passed_on("http.disconnect") is None
    assert not clock.getDelayedCalls()


def test_who_leaves_is_told_of_and_no_timer_is_left(line, clock):
    line.wait().leave()
    assert line.passed_on("http.disconnect") == disconnect(line, answered=False)
    assert line.passed_on("http.disconnect") is None
    assert not line.factory.reply_protocols and not clock.getDelayedCalls()


def test_who_left_before_the_view_had_a_word_is_told_of_with_it(line):
    line.leave()
    assert "context" not in line.passed_on("http.disconnect")
    line.wait()
    assert line.passed_on("http.disconnect") == disconnect(line, answered=False)


def test_an_answer_to_one_who_has_left_is_nothing(line):
    line.leave()
    line.passed_on("http.disconnect")
    line.reply({"status": 200, "content": b"late"})
    assert line.passed_on("http.disconnect") is None


def test_with_the_layer_away_it_is_answered_all_the_same(line, monkeypatch, caplog):
    line.wait()
    monkeypatch.setattr(line.layer, "send", lambda *arguments: 1 / 0)
    line.reply({"text": "1"})
    assert line.content == b"[1]" and "could not be told" in caplog.text


def test_the_line_can_be_used_again(line):
    line.wait().reply({"text": "1"})
    line.transport.clear()
    line.ask().wait().reply({"text": "2"})
    assert line.content == b"[2]"


def test_a_shorter_limit_of_the_interface_ends_it_with_its_own_answer(clock):
    line = WaitingLine(clock, timeout=5).ask().wait()
    line.factory.reply_protocols[line.answer["reply_channel"]].request_start -= 6
    line.factory.check_timeouts()
    assert line.status == 203 and line.content == b"nothing"


def test_a_server_that_ends_or_was_taken_for_dead_lets_all_ask_again(line, clock):
    other = Line()
    other.request()
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    server.factory = line.factory
    line.factory.reply_protocols.update(other.factory.reply_protocols)
    line.wait()
    server.close_lost()
    assert line.status == 203 and line.content == b"nothing"
    assert other.received == b"", "a worker has this one in hand"


def test_a_view_consumer_passes_on_what_a_view_returns(db, monkeypatch):
    layer = MemoryChannelLayer()
    request = Message({"path": PATH, "method": "GET", "reply_channel": "answers"}, "http.request", layer)
    request.reply_channel = type("Channel", (), {"send": lambda self, content, immediately: sent.append(content)})()
    response = LaterResponse(
        request=RequestFactory().get(PATH),
        content="no",
        seconds=3,
        text=(b"a", b"b"),
        close=(b"c", b"d"),
        context={"e": 1},
        content_type="text/x",
    )
    for answer, expected in [
        (HttpResponse("now"), {"status": 200, "content": b"now"}),
        (
            response,
            {
                "later": {
                    "path": PATH,
                    "seconds": 3,
                    "text": [b"a", b"b"],
                    "close": [b"c", b"d"],
                    "context": {"e": 1},
                    "status": 200,
                    "content": b"no",
                }
            },
        ),
    ]:
        sent = []
        consumer = later.ViewConsumer()
        monkeypatch.setattr(consumer.handler, "get_response", lambda request, answer=answer: answer)
        consumer(request)
        (message,) = sent
        told = message.get("later", message)
        assert (b"Content-Type", b"text/x") in told["headers"] or "later" not in message
        assert {name: told[name] for name in expected.get("later", expected)} == expected.get("later", expected)
    json.dumps(response.waiting["context"])
