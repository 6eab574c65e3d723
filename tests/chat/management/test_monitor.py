"""The monitor: one monitor works and the others stand by. No failure or outage ends a monitor."""

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError

from chat.management import monitor as monitor_module
from chat.management.monitor import LEASE_SECONDS, Monitor
from chat.services.lobby import LobbyWatch
from chat.store import store
from tests import wire
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lobby(db):
    """Return a connection to the lobby."""
    return wire.Socket("/lobby/").connect()


# In the next tests several monitors run, and one of them works.


@pytest.fixture
def passing(clock, monkeypatch):
    """Return the clock of the store and of the monitors, which only the test moves."""
    monkeypatch.setattr(monitor_module, "time", clock)
    return clock


def turn(monitor):
    """Let a monitor take a turn, and return whether it works."""
    monitor.take_turn()
    return monitor._is_working


def test_one_monitor_works_and_the_others_stand_by(room, lobby, passing, caplog):
    caplog.set_level("INFO")
    first, second, third = Monitor(3, 30), Monitor(3, 30), Monitor(3, 30)
    for _ in range(20):
        assert [turn(first), turn(second), turn(third)] == [True, False, False]
        passing.pass_by(1)
    assert caplog.text.count("Working:") == 1 and caplog.text.count("Standing by") == 2
    assert lobby.read() == [{"type": "updated"}]


def test_another_monitor_takes_over_from_a_dead_monitor(passing):
    first, second = Monitor(3, 30), Monitor(3, 30)
    assert turn(first) and not turn(second)
    passing.pass_by(LEASE_SECONDS + 0.1)
    assert turn(second)
    assert LEASE_SECONDS + monitor_module.TURN_SECONDS < 15


def test_another_monitor_takes_over_at_once_from_a_monitor_that_stops(passing, monkeypatch):
    first, second = Monitor(3, 30), Monitor(3, 30)
    assert turn(first) and not turn(second)
    monkeypatch.setattr(first, "_thread", EndedThread())
    first.stop()
    # The stopped monitor must not take the lease, even if its thread runs once more.
    first.take_turn()
    assert turn(second)


class EndedThread:
    def join(self, seconds):
        """Return at once, because the thread has already ended."""


def test_a_paused_monitor_detects_that_another_is_working(passing, caplog):
    caplog.set_level("INFO")
    paused, second = Monitor(3, 30), Monitor(3, 30)
    assert turn(paused)
    passing.pass_by(60)
    assert turn(second) and not turn(paused)
    assert caplog.messages[-1] == "Standing by: another monitor works"
    passing.pass_by(LEASE_SECONDS + 0.1)
    assert turn(paused)


def test_a_monitor_that_takes_over_publishes_to_the_lobby(room, lobby, passing):
    first, second = Monitor(3, 30), Monitor(3, 30)
    turn(first), turn(second)
    lobby.read()
    passing.pass_by(LEASE_SECONDS + 0.1)
    turn(second)
    assert lobby.read() == [{"type": "updated"}]


def test_a_monitor_that_works_again_forgets_its_last_check(room, lobby, passing):
    first, second = Monitor(3, 30), Monitor(3, 30)
    turn(first)
    for monitor in (second, first):
        passing.pass_by(LEASE_SECONDS + 0.1)
        lobby.read()
        turn(monitor)
        # The other monitor may have published a list that is outdated now, although this monitor saw no change.
        assert lobby.read() == [{"type": "updated"}]


def test_a_monitor_checks_and_sweeps_at_its_intervals(passing, monkeypatch):
    checks, sweeps = [], []
    monkeypatch.setattr(LobbyWatch, "check", lambda self: checks.append(passing.now))

    def sweep_something():
        sweeps.append(passing.now)

    monitor = Monitor(3, 30, sweeps=[sweep_something])
    for _ in range(61):
        turn(monitor)
        passing.pass_by(1)
    assert [at - checks[0] for at in checks] == list(range(0, 61, 3))
    assert [at - sweeps[0] for at in sweeps] == [0, 30, 60]


def test_a_monitor_shows_that_it_works_before_each_sweep(passing, monkeypatch):
    events = []
    monkeypatch.setattr(monitor_module, "touch_alive_file", lambda: events.append("touch"))
    monitor = Monitor(3, 30, sweeps=[lambda: events.append("first"), lambda: events.append("second")])
    for sweep in monitor._sweeps:
        sweep.__name__ = "sweep"
    turn(monitor)
    assert events[events.index("first") - 1] == events[events.index("second") - 1] == "touch"
    events.clear()
    turn(monitor)
    assert set(events) == {"touch"}


# The next tests are about failures and outages.


def failing(error):
    """Return a sweep that raises an error. The log names the sweep `sweep_badly`."""

    def sweep_badly():
        raise error

    return sweep_badly


def test_a_failing_sweep_stops_no_other_sweep_and_is_logged_once(passing, caplog):
    ran = []

    def sweep_well():
        ran.append(True)

    monitor = Monitor(3, 1, sweeps=[failing(KeyError("a bug")), sweep_well])
    for _ in range(5):
        turn(monitor)
        passing.pass_by(1)
    assert len(ran) == 5
    assert [record.message for record in caplog.records if record.exc_info] == [
        "sweep_badly fails. A later turn tries it again. Its failures are not logged again until it succeeds"
    ]


def test_a_failure_after_a_success_is_logged_again(passing, caplog):
    works = [False, True, False, False]

    def sweep_sometimes():
        assert works.pop(0)

    monitor = Monitor(3, 1, sweeps=[sweep_sometimes])
    for _ in range(4):
        turn(monitor)
        passing.pass_by(1)
    assert len([record for record in caplog.records if record.exc_info]) == 2


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("locked"),
        InterfaceError("closed"),
        redis.ConnectionError("away\nfor now"),
        redis.TimeoutError("slow"),
    ],
)
@pytest.mark.parametrize("where", ["lease", "check", "sweep"])
def test_an_outage_is_logged_in_one_line_and_the_monitor_continues(
    room, lobby, passing, monkeypatch, caplog, error, where
):
    monitor = Monitor(1, 1, sweeps=[failing(error)] if where == "sweep" else [])
    with monkeypatch.context() as patch:
        if where == "lease":
            patch.setattr(store, "acquire_lease", fail_with(error))
        if where == "check":
            patch.setattr("chat.services.presence.sweep_rosters", failing(error))
        for _ in range(5):
            turn(monitor)
            passing.pass_by(1)
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.message for record in warnings] == [f"The monitor waits: {' '.join(str(error).split())}"]
    assert not [record for record in caplog.records if record.exc_info]
    turn(monitor)
    assert monitor._is_working and lobby.read() == [{"type": "updated"}]


def test_a_monitor_that_loses_its_lease_stops_sweeping(passing):
    ran = []
    other = Monitor(3, 30, sweeps=[])

    def sweep_slowly():
        passing.pass_by(LEASE_SECONDS + 1)
        assert turn(other)

    def sweep_after():
        ran.append(True)

    assert not turn(Monitor(3, 30, sweeps=[sweep_slowly, sweep_after])) and not ran


def test_a_monitor_continues_when_the_store_is_emptied(room, lobby, passing):
    first, second = Monitor(1, 30), Monitor(1, 30)
    turn(first), turn(second)
    store.clear()
    passing.pass_by(1)
    assert turn(second) and not turn(first)
    assert lobby.read()


# The next tests call the command.


@pytest.mark.parametrize("arguments", [[], ["--interval", "1"]])
def test_the_command_needs_redis(arguments):
    with pytest.raises(CommandError, match="REDIS_URL"):
        call_command("monitor", *arguments)


@pytest.mark.parametrize(
    "arguments", [["--interval", "0"], ["--interval", "-1"], ["--interval", "nan"], ["--sweep-interval", "0"]]
)
def test_an_interval_must_be_above_zero(arguments, monkeypatch):
    monkeypatch.setattr(store, "is_shared", True)
    with pytest.raises(CommandError, match="above 0"):
        call_command("monitor", *arguments)
