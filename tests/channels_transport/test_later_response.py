"""Requests that wait for their response. A message, a timeout or a disconnect ends the wait. Each end is reported."""

from types import SimpleNamespace

import pytest
from channels.message import Message
from django.http import HttpResponse
from django.test import RequestFactory
from twisted.internet import error, task
from twisted.python.failure import Failure

from channels_transport import LaterResponse, interface, later_response
from channels_transport.interface import requests as interface_requests
from channels_transport.memory import MemoryChannelLayer
from channels_transport.writing import data_frame
from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database

PATH = "/poll/"


class WaitingConnection(FakeConnection):
    """A connection with a request for a view."""

    def __init__(self, clock, **kwargs):
        super().__init__(**kwargs)
        self.clock = clock

    def ask(self, path=b"/poll/?cursor=3"):
        self.request(path=path)
        self.asgi_message = self.passed_on("http.request")
        return self

    def wait(self, **changed):
        """Let the view answer with a LaterResponse."""
        response = LaterResponse(
            RequestFactory().get(PATH), "nothing", 20, (b"[", b"]"), (b"<", b">"), {"room": 7}, status=203
        )
        response["X-Any"] = "thing"
        (message,) = later_response.AsgiHandler.encode_response(response)
        message["later"].update(changed)
        self.reply(message)
        return self

    def reply(self, message):
        super().reply(message)
        self.clock.advance(0.01)

    def leave(self):
        self.transport.protocol.connectionLost(Failure(error.ConnectionDone()))

    @property
    def waiting_request(self):
        """Return the interface's object for the request."""
        return self.factory.reply_protocols[self.asgi_message["reply_channel"]]

    @property
    def content(self):
        return self.received.partition(b"\r\n\r\n")[2]

    @property
    def is_waiting(self):
        return self.asgi_message["reply_channel"] in self.factory.reply_protocols and self.received == b""


@pytest.fixture
def clock(monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(interface_requests, "reactor", clock)
    monkeypatch.setattr(interface.server, "reactor", clock)
    return clock


@pytest.fixture
def connection(clock):
    return WaitingConnection(clock).ask()


def disconnect(connection, answered):
    """Return the message that reports the end of a waiting request."""
    return {
        "reply_channel": connection.asgi_message["reply_channel"],
        "path": PATH,
        "context": {"room": 7},
        "answered": answered,
    }


def test_a_waiting_request_gets_no_response_until_a_message_arrives(connection, clock):
    connection.wait()
    clock.advance(19)
    assert connection.is_waiting and connection.passed_on("http.disconnect") is None


def test_a_text_for_the_channel_of_a_request_is_its_response(connection):
    connection.wait().reply({"text": '"grüß"'})
    assert connection.status == 203 and connection.content == b'["gr\xc3\xbc\xc3\x9f"]'
    assert b"X-Any: thing" in connection.received
    assert connection.received.count(b"Content-Length: 10\r\n") == 1
    assert connection.received.lower().count(b"content-length") == 1


def test_a_broadcast_is_the_response(connection, clock):
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    server.factory = connection.factory
    connection.wait()
    server.broadcast([connection.asgi_message["reply_channel"]], "1", data_frame(b"1"))
    clock.advance(0.01)
    assert connection.content == b"[1]"


def test_a_close_code_is_the_response(connection):
    connection.wait().reply({"close": 4403})
    assert connection.status == 203 and connection.content == b"<4403>"


def test_a_close_without_a_code_has_the_code_1000(connection):
    connection.wait().reply({"close": True})
    assert connection.content == b"<1000>"


def test_after_the_timeout_the_response_is_the_default_content(connection, clock):
    connection.wait()
    clock.advance(20)
    assert connection.status == 203 and connection.content == b"nothing"


def test_texts_that_arrive_before_the_view_answers_are_kept(connection):
    connection.reply({"text": "1"})
    connection.reply({"text": "2"})
    assert connection.is_waiting
    connection.wait()
    assert connection.content == b"[1,2]"


def test_many_waiting_requests_are_answered_over_a_period_with_all_texts_of_that_period(connection, clock, monkeypatch):
    monkeypatch.setattr(interface_requests.random, "uniform", lambda least, most: most)
    connection.wait()
    connection.factory.waiting = 10**6
    for text in ("1", "2"):
        connection.reply({"text": text})
    clock.advance(interface_requests.LONGEST_SPREAD_SECONDS - 0.05)
    connection.reply({"text": "3"})
    assert connection.is_waiting
    clock.advance(0.05)
    assert connection.content == b"[1,2,3]"


def test_a_server_that_shuts_down_answers_delayed_requests_with_their_texts(connection):
    connection.wait()
    connection.factory.waiting = 10**6
    FakeConnection.reply(connection, {"text": "1"})
    connection.waiting_request.serverClose(1001)
    assert connection.content == b"[1]"


def test_waiting_requests_are_counted(connection):
    assert connection.factory.waiting == 0
    connection.wait()
    assert connection.factory.waiting == 1
    connection.reply({"text": "1"})
    assert connection.factory.waiting == 0
    connection.ask().wait().leave()
    assert connection.factory.waiting == 0


def test_a_close_code_takes_precedence_over_texts(connection):
    connection.reply({"text": "1"})
    connection.reply({"close": 4401})
    assert connection.wait().content == b"<4401>"


def test_an_ordinary_response_of_the_view_takes_precedence_over_texts(connection, clock):
    connection.reply({"text": "1"})
    connection.reply({"status": 200, "content": b"mine"})
    assert connection.status == 200 and b"mine" in connection.received and b"[1]" not in connection.received


def test_the_number_of_kept_messages_is_bounded(connection):
    for _ in range(3 * interface_requests.MAX_WAITING_MESSAGES):
        connection.reply({"text": "1"})
    assert len(connection.waiting_request.arrived) == interface_requests.MAX_WAITING_MESSAGES


@pytest.mark.parametrize("message", [{"text": "1"}, {"close": 4403}, None], ids=["text", "close", "nothing"])
def test_the_end_of_a_waiting_request_is_reported_once(connection, clock, message):
    connection.wait()
    connection.reply(message) if message else clock.advance(20)
    connection.reply({"text": "late"})
    clock.advance(100)
    connection.leave()
    assert connection.passed_on("http.disconnect") == disconnect(connection, answered=True)
    assert connection.passed_on("http.disconnect") is None
    assert not clock.getDelayedCalls()


def test_a_client_that_disconnects_is_reported_and_leaves_no_timer(connection, clock):
    connection.wait().leave()
    assert connection.passed_on("http.disconnect") == disconnect(connection, answered=False)
    assert connection.passed_on("http.disconnect") is None
    assert not connection.factory.reply_protocols and not clock.getDelayedCalls()


def test_a_client_that_disconnects_before_the_view_answers_is_reported_with_the_context(connection):
    connection.leave()
    assert "context" not in connection.passed_on("http.disconnect")
    connection.wait()
    assert connection.passed_on("http.disconnect") == disconnect(connection, answered=False)


@pytest.mark.parametrize("is_early", [False, True], ids=["while it waits", "before the view answers"])
def test_a_client_that_closes_its_side_gets_a_response_and_counts_as_disconnected(connection, clock, is_early):
    steps = [connection.channel.readConnectionLost, connection.wait]
    for step in steps if is_early else reversed(steps):
        step()
    assert connection.content == b"nothing"
    assert connection.passed_on("http.disconnect") == disconnect(connection, answered=False)
    assert connection.passed_on("http.disconnect") is None and not clock.getDelayedCalls()


def test_a_response_for_a_disconnected_client_is_ignored(connection):
    connection.leave()
    connection.passed_on("http.disconnect")
    connection.reply({"status": 200, "content": b"late"})
    assert connection.passed_on("http.disconnect") is None


def test_a_waiting_request_is_answered_although_the_channel_layer_fails(connection, monkeypatch, caplog):
    connection.wait()
    monkeypatch.setattr(connection.layer, "send", lambda *arguments: 1 / 0)
    connection.reply({"text": "1"})
    assert connection.content == b"[1]" and "http.disconnect could not be sent" in caplog.text


def test_the_connection_can_be_used_for_another_request(connection):
    connection.wait().reply({"text": "1"})
    connection.transport.clear()
    connection.ask().wait().reply({"text": "2"})
    assert connection.content == b"[2]"


def test_a_shorter_timeout_of_the_interface_sends_the_default_content(clock):
    connection = WaitingConnection(clock, timeout=5).ask().wait()
    connection.waiting_request.request_start -= 6
    connection.factory.check_timeouts()
    assert connection.status == 203 and connection.content == b"nothing"


def test_close_all_after_loss_answers_all_waiting_requests(connection, clock):
    other = FakeConnection()
    other.request()
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    server.factory = connection.factory
    connection.factory.reply_protocols.update(other.factory.reply_protocols)
    connection.wait()
    server.close_all_after_loss()
    assert connection.status == 203 and connection.content == b"nothing"
    assert other.received == b"", "this request does not wait"


def run_view(response, monkeypatch):
    """Let a ViewConsumer run a view that returns `response`. Return the message that it sends."""
    sent = []
    request = Message({"path": PATH, "method": "GET", "reply_channel": "answers"}, "http.request", MemoryChannelLayer())
    request.reply_channel = SimpleNamespace(send=lambda content, immediately: sent.append(content))
    consumer = later_response.ViewConsumer()
    monkeypatch.setattr(consumer.handler, "get_response", lambda request: response)
    consumer(request)
    (message,) = sent
    return message


def test_a_view_consumer_passes_on_an_ordinary_response(db, monkeypatch):
    message = run_view(HttpResponse("now"), monkeypatch)
    assert (message["status"], message["content"]) == (200, b"now")


def test_a_view_consumer_passes_on_a_response_that_waits(db, monkeypatch):
    response = LaterResponse(
        request=RequestFactory().get(PATH),
        content="no",
        seconds=3,
        text=(b"a", b"b"),
        close=(b"c", b"d"),
        context={"e": 1},
        content_type="text/x",
    )
    fields = run_view(response, monkeypatch)["later"]
    assert (b"Content-Type", b"text/x") in fields["headers"]
    expected = {"path": PATH, "seconds": 3, "text": [b"a", b"b"], "close": [b"c", b"d"]}
    expected.update(context={"e": 1}, status=200, content=b"no")
    assert {name: fields[name] for name in expected} == expected
