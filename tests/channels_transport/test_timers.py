"""Timers: each call runs once, one call is scheduled per key, and no failure ends the thread."""

import threading
import time

import pytest
import redis

from channels_transport.timers import Timers
from tests.stand_ins import Clock

pytestmark = pytest.mark.no_database


@pytest.fixture
def timers():
    return Timers()


class Calls:
    """Records calls, and waits for them."""

    def __init__(self):
        self.made = []
        self.condition = threading.Condition()

    def __call__(self, what=None):
        with self.condition:
            self.made.append(what)
            self.condition.notify_all()

    def wait_for(self, number):
        with self.condition:
            assert self.condition.wait_for(lambda: len(self.made) >= number, timeout=60)


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture
def clock(monkeypatch):
    """Return a clock that only the test advances, even if setting the timers takes long."""
    stand_in = Clock()
    monkeypatch.setattr("channels_transport.timers.time", stand_in)
    return stand_in


def test_a_call_is_made_when_it_is_due(timers, calls):
    started = time.monotonic()
    assert timers.call_later(0.05, "key", calls, "a")
    calls.wait_for(1)
    assert calls.made == ["a"] and time.monotonic() - started >= 0.05


def test_calls_are_made_in_due_order(timers, calls, clock):
    timers.call_later(0.08, "late", calls, "late")
    timers.call_later(0.02, "soon", calls, "soon")
    clock.pass_by(1)
    calls.wait_for(2)
    assert calls.made == ["soon", "late"]


def test_only_one_call_is_scheduled_under_a_key(timers, calls, clock):
    assert timers.call_later(0.03, "key", calls, "first")
    assert not timers.call_later(0.01, "key", calls, "second")
    clock.pass_by(1)
    calls.wait_for(1)
    time.sleep(0.03)
    assert calls.made == ["first"]
    assert timers.call_later(0, "key", calls, "third")
    calls.wait_for(2)


def test_a_call_may_schedule_itself_again(timers, calls):
    def again():
        calls()
        if len(calls.made) < 3:
            timers.call_later(0.01, "key", again)

    timers.call_later(0, "key", again)
    calls.wait_for(3)


def test_a_cancelled_call_is_not_made_and_its_key_is_free(timers, calls, clock):
    timers.call_later(0.03, "key", calls, "cancelled")
    timers.cancel("key")
    timers.cancel("nothing")
    assert timers.call_later(0.06, "key", calls, "other")
    clock.pass_by(1)
    calls.wait_for(1)
    assert calls.made == ["other"]


def test_a_failing_call_is_logged_and_the_next_one_is_made(timers, calls, caplog):
    def fail():
        raise ZeroDivisionError("on purpose")

    timers.call_later(0, "bad", fail)
    timers.call_later(0.01, "good", calls)
    calls.wait_for(1)
    assert "on purpose" in caplog.text


def test_one_thread_serves_thousands_of_calls(timers, calls):
    before = set(threading.enumerate())
    for number in range(3000):
        timers.call_later(3600, number, calls)
    timers.call_later(0, "now", calls)
    calls.wait_for(1)
    # Threads of other tests may have ended meanwhile.
    assert len(set(threading.enumerate()) - before) == 1


def test_an_outage_of_redis_is_logged_once_for_all_calls_and_without_a_traceback(timers, calls, caplog):
    def fail():
        raise redis.ConnectionError("nobody listens")

    for number in range(5):
        timers.call_later(0, number, fail)
    timers.call_later(0.01, "good", calls)
    calls.wait_for(1)
    assert caplog.text.count("nobody listens") == 1 and "Traceback" not in caplog.text
