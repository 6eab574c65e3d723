"""The log throttle logs a repeated problem once per interval."""

import logging

import pytest

from channels_transport import LogThrottle, log_throttle
from tests.stand_ins import Clock

logger = logging.getLogger("test")


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(log_throttle, "time", clock)
    return clock


def logged(caplog):
    return [record.getMessage() for record in caplog.records]


def test_a_problem_is_logged_once_per_interval(clock, caplog):
    throttle = LogThrottle(logger, seconds=10)
    for number in range(5):
        throttle.warning("It is away: %s", f"try\n {number}")
    clock.pass_by(10)
    throttle.warning("It is away: %s", "still")
    assert logged(caplog) == ["It is away: try 0", "It is away: still"]


def test_each_key_has_its_own_throttle(clock, caplog):
    throttle = LogThrottle(logger)
    for key in ("red", "blue", "red"):
        throttle.warning("Full: %s", key, key=key)
    assert logged(caplog) == ["Full: red", "Full: blue"]


def test_an_outage_is_logged_once_until_it_is_over(clock, caplog):
    throttle = LogThrottle(logger, LogThrottle.ONCE)
    assert not throttle.reset()
    for _ in range(3):
        clock.pass_by(3600)
        throttle.warning("Away: %s", "first")
    assert throttle.reset()
    throttle.warning("Away: %s", "second")
    assert logged(caplog) == ["Away: first", "Away: second"]


def test_an_exception_is_logged_with_its_traceback(clock, caplog):
    throttle = LogThrottle(logger)
    for number in range(2):
        try:
            raise ZeroDivisionError(f"failure {number}")
        except ZeroDivisionError:
            throttle.exception("It failed in %s", "a test")
    assert logged(caplog) == ["It failed in a test"]
    assert "failure 0" in caplog.text and "Traceback" in caplog.text


def test_the_number_of_remembered_keys_is_limited(clock, monkeypatch):
    monkeypatch.setattr(log_throttle, "MAX_KEYS", 10)
    throttle = LogThrottle(logger)
    for number in range(100):
        throttle.warning("%s", number, key=number)
    assert len(throttle._logged_at) <= 10
