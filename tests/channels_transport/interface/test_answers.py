"""Requests that the interface answers itself: at once, from a thread, or if no worker answers in time."""

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from channels_transport import Answer, InThread, PassOn
from channels_transport.interface import answers
from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database


@pytest.fixture
def clock(monkeypatch):
    """Return a clock in place of the reactor's. Threads run when the test calls `run_threads()`."""
    clock = Clock()
    waiting = []

    def defer_to_thread(function, *arguments):
        done = Deferred()
        waiting.append(lambda: done.callback(function(*arguments)))
        return done

    monkeypatch.setattr(answers, "reactor", clock)
    monkeypatch.setattr(answers.threads, "deferToThread", defer_to_thread)
    clock.run_threads = lambda: [waiting.pop(0)() for _ in list(waiting)]
    return clock


def connect(instruction, **options):
    """
    Return a connection. Its server answers the path /alive with `instruction`.

    If `instruction` is a function, the server calls it and uses its result.
    """
    function = instruction if callable(instruction) else lambda asked: instruction
    return FakeConnection(answers=answers.Answers({"/alive": function}), **options)


def test_an_answer_needs_no_worker():
    connection = connect(Answer(200, b"alive", "text/plain", {"X-Any": "thing"}))
    connection.request(path=b"/alive?a=1")
    assert connection.status == 200 and connection.received.endswith(b"alive")
    assert b"X-Any: thing" in connection.received and b"Content-Length: 5" in connection.received
    assert b"Cache-Control: no-store" in connection.received and b"Date: " in connection.received
    assert connection.passed_on("http.request") is None and connection.passed_on("http.disconnect") is None
    assert not connection.factory.reply_protocols


def test_the_answer_function_receives_the_method_the_connection_count_and_the_redis_state():
    seen = []

    def answer(asked):
        seen.append((asked.method, asked.open_connections, asked.is_redis_answering()))
        return Answer(405, b"")

    connect(answer, is_redis_answering=lambda: False).request(b"POST", b"/alive", body=b"x" * 1000)
    assert seen == [("POST", 1, False)]


def test_head_gets_the_headers_only():
    connection = connect(Answer(200, b"alive"))
    connection.request(b"HEAD", b"/alive")
    assert b"Content-Length: 5" in connection.received and not connection.received.endswith(b"alive")


@pytest.mark.parametrize("path", [b"/", b"/alive/", b"/ALIVE", b"/x/alive"])
def test_other_paths_are_passed_on_to_the_workers(path):
    connection = connect(Answer(200, b"alive"))
    connection.request(path=path)
    assert connection.passed_on("http.request")["path"] == path.decode()


def test_a_handshake_is_passed_on_to_the_workers():
    connection = connect(Answer(200, b"alive"))
    connection.handshake(b"/alive")
    assert connection.passed_on("websocket.connect")["path"] == "/alive"


def test_the_requests_of_one_connection_are_answered_in_order():
    connection = connect(Answer(200, b"alive"))
    for path in (b"/alive", b"/other", b"/alive"):
        connection.request(path=path)
    reply = connection.passed_on("http.request")["reply_channel"]
    assert connection.received.count(b"alive") == 1
    connection.factory.dispatch_reply(reply, {"status": 200, "content": b"other"})
    assert connection.received.count(b"alive") == 2


def test_a_failure_is_logged_and_answered(caplog):
    connection = connect(lambda asked: 1 / 0)
    connection.request(path=b"/alive")
    assert connection.status == 503 and "ZeroDivisionError" in caplog.text


# The next tests are about PassOn.


def test_the_answer_of_a_worker_in_time_is_sent(clock):
    connection = connect(PassOn(1, lambda: Answer(503, b"timeout")))
    connection.request(path=b"/alive")
    reply = connection.passed_on("http.request")["reply_channel"]
    connection.factory.dispatch_reply(reply, {"status": 200, "content": b"in time"})
    clock.advance(1)
    assert connection.status == 200 and b"timeout" not in connection.received


def test_without_a_worker_the_interface_answers(clock):
    connection = connect(PassOn(1, lambda: Answer(503, b"timeout")))
    connection.request(path=b"/alive")
    clock.advance(0.9)
    assert connection.received == b""
    clock.advance(0.2)
    assert connection.status == 503 and connection.received.endswith(b"timeout")
    # The worker's answer arrives after the interface's answer.
    before = connection.received
    reply = connection.passed_on("http.request")["reply_channel"]
    connection.factory.dispatch_reply(reply, {"status": 200, "content": b"in time"})
    assert connection.received == before


def test_a_client_that_left_gets_no_timeout_answer(clock):
    connection = connect(PassOn(1, lambda: Answer(503, b"timeout")))
    connection.request(path=b"/alive")
    connection.factory.reply_protocols.clear()
    clock.advance(2)
    assert connection.received == b""


# The next tests are about InThread.


def test_a_thread_answers_in_time(clock):
    calls = []

    def make_answer():
        calls.append("called")
        return Answer(200, b"from the thread")

    connection = connect(InThread(make_answer, 1, lambda: Answer(503, b"timeout")))
    connection.request(path=b"/alive")
    assert not calls and connection.received == b""
    clock.run_threads()
    clock.advance(2)
    assert calls and connection.received.endswith(b"from the thread")


def test_the_timeout_answer_is_sent_if_the_thread_is_slow(clock, caplog):
    connection = connect(InThread(lambda: Answer(200, b"from the thread"), 1, lambda: Answer(503, b"timeout")))
    connection.request(path=b"/alive")
    clock.advance(2)
    clock.run_threads()
    assert connection.received.endswith(b"timeout") and caplog.text == ""


def test_a_failure_in_a_thread_is_logged_and_answered(clock, caplog):
    connection = connect(InThread(lambda: 1 / 0, 1, lambda: Answer(503, b"timeout")))
    connection.request(path=b"/alive")
    clock.run_threads()
    assert connection.status == 503 and "ZeroDivisionError" in caplog.text
