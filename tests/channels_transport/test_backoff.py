"""The pauses between retries double up to a limit, and end when the process must stop."""

import pytest

from channels_transport import backoff
from channels_transport.backoff import Backoff
from tests.stand_ins import Clock


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(backoff, "time", clock)
    return clock


def test_each_pause_doubles_up_to_the_longest(monkeypatch):
    monkeypatch.setattr(backoff.random, "uniform", lambda low, high: high)
    pauses = Backoff(0.2, 5)
    assert [pauses.next_pause() for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]
    pauses.reset()
    assert pauses.next_pause() == 0.2


def test_jitter_shortens_a_pause_by_up_to_a_half():
    pauses = [Backoff(1, 1).next_pause() for _ in range(300)]
    assert 0.5 <= min(pauses) < 0.6 and 0.9 < max(pauses) <= 1


def test_thousands_of_failures_do_not_overflow():
    pauses = Backoff()
    assert all(pauses.next_pause() <= backoff.LONGEST_SECONDS for _ in range(5000))


def test_a_wait_lasts_for_the_pause(clock, monkeypatch):
    monkeypatch.setattr(backoff.random, "uniform", lambda low, high: high)
    started = clock.now
    Backoff(2, 5).wait(lambda: False)
    assert 2 <= clock.now - started < 2.1


def test_a_wait_ends_when_the_process_must_stop(clock):
    started = clock.now
    Backoff(5, 5).wait(lambda: clock.now > started + 1)
    assert clock.now - started < 1.1
