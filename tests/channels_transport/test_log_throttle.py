"""What many meet is said once in a while."""

import logging

from channels_transport import LogThrottle, log_throttle
from tests.conftest import Clock


def test_it_is_said_once_and_again_when_the_time_is_over(monkeypatch, caplog):
    clock = Clock()
    monkeypatch.setattr(log_throttle, "time", clock)
    saying = LogThrottle(logging.getLogger("test"), seconds=10)
    for number in range(5):
        saying.warning("It is away: %s", f"try\n {number}")
    clock.pass_by(10)
    saying.warning("It is away: %s", "still")
    assert [record.getMessage() for record in caplog.records] == ["It is away: try 0", "It is away: still"]
