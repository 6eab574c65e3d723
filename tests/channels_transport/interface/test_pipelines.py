"""Pipelined requests: each is answered, in order, and other clients do not wait for all of them."""

import pytest

from channels_transport import Answer
from channels_transport.interface import turns as turns_module
from channels_transport.interface.answers import Answers
from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database

FAST = b"GET /fast HTTP/1.1\r\nHost: testserver\r\n\r\n"
SLOW = FAST.replace(b"fast", b"slow")


class FakeReactor:
    """A reactor whose calls run only when the test says so."""

    def __init__(self):
        self.calls = []

    def callLater(self, seconds, function):
        self.calls.append(function)

    def run(self):
        """Run one turn, and return whether there was something to do."""
        calls, self.calls = self.calls, []
        for function in calls:
            function()
        return bool(calls)


@pytest.fixture
def reactor(monkeypatch):
    stand_in = FakeReactor()
    monkeypatch.setattr(turns_module, "reactor", stand_in)
    return stand_in


@pytest.fixture
def connection():
    return FakeConnection(answers=Answers({"/fast": lambda asked: Answer(200, b"fast")}))


def count(connection):
    return connection.received.count(b"HTTP/1.1 200 ")


def test_a_thousand_requests_are_answered_in_turns(reactor, connection, monkeypatch):
    monkeypatch.setattr(turns_module, "TURN_SECONDS", 1e-9)
    connection.write(FAST * 1000)
    assert count(connection) == 1
    turns = 0
    while reactor.run():
        turns += 1
    assert count(connection) == 1000 and turns > 100


def test_requests_that_arrive_during_the_wait_are_answered_in_their_order(reactor, connection):
    connection.write(FAST + FAST[:20])
    connection.write(FAST[20:] + SLOW + FAST)
    while reactor.run():
        pass
    assert count(connection) == 2
    message = connection.passed_on("http.request")
    assert message["path"] == "/slow" and connection.passed_on("http.request") is None
    connection.factory.dispatch_reply(message["reply_channel"], {"status": 200, "content": b"slow"})
    assert count(connection) == 4 and connection.received.endswith(b"fast")


def test_a_request_after_the_response_does_not_wait(reactor, connection):
    for number in range(3):
        connection.write(FAST)
        assert count(connection) == number + 1
    assert not reactor.calls


def test_a_connection_that_ends_during_the_wait_is_forgotten(reactor, connection):
    connection.write(FAST * 3)
    connection.channel.connectionLost(None)
    while reactor.run():
        pass
    assert count(connection) == 1
