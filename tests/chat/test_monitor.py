"""The monitor: tells the lobby what changed, at a cost that does not grow; one works, others stand by; it sweeps."""

from datetime import timedelta

import pytest
import redis
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import InterfaceError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import monitor as monitor_module
from chat.models import Member, Message, Person, Room
from chat.monitor import LEASE_SECONDS, Monitor
from chat.services import people, presence, rooms
from chat.services.lobby import LobbyWatch
from chat.services.sweeps import SWEEPS
from chat.store import RedisStore, store
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lobby(db):
    """Somebody in the lobby."""
    return wire.Socket("/lobby/").connect()


@pytest.fixture
def watch():
    """One that has looked already."""
    watch = LobbyWatch()
    watch.check()
    return watch


def tells(watch, lobby):
    """Looks twice, and returns how often the lobby was told."""
    lobby.read()
    changes = [watch.check(), watch.check()]
    told = lobby.read()
    assert told == [{"type": "updated"}] * changes.count(True)
    return len(told)


# What a look tells.


def test_the_first_look_tells_since_nobody_knows_what_changed_before(room, lobby):
    assert tells(LobbyWatch(), lobby) == 1


def test_nothing_is_told_while_nothing_changes(room, watch, lobby):
    assert tells(watch, lobby) == 0


def test_a_room_that_came_by_any_way_is_told(room, watch, lobby):
    Room.objects.create(slug="attic", name="Attic")
    assert tells(watch, lobby) == 1


def test_a_room_that_is_gone_is_told(room, watch, lobby):
    Room.objects.all().delete()
    assert tells(watch, lobby) == 1


def test_a_new_topic_is_told(room, watch, lobby):
    room.topic = "Frost"
    rooms.save_room(room, ["topic"])
    assert tells(watch, lobby) == 1


def test_a_message_is_told(alice, enter, lobby):
    socket = enter(alice)
    watch = LobbyWatch()
    watch.check()
    socket.post("r1")
    assert tells(watch, lobby) == 1


def test_a_message_is_told_whatever_its_clock_said(alice, enter, lobby, room):
    socket = enter(alice)
    Room.objects.filter(id=room.id).update(last_at=timezone.now() + timedelta(days=1))
    watch = LobbyWatch()
    watch.check()
    socket.post("r1")
    assert tells(watch, lobby) == 1


def test_people_who_come_and_go_are_told(alice, bob, enter, watch, lobby):
    enter(alice)
    assert tells(watch, lobby) == 1
    tab, other = enter(bob), enter(bob)
    assert tells(watch, lobby) == 1
    other.disconnect()
    assert tells(watch, lobby) == 0
    tab.disconnect()
    assert tells(watch, lobby) == 1


def test_much_at_once_is_told_once(alice, bob, enter, watch, lobby):
    socket = enter(alice)
    enter(bob)
    Room.objects.create(slug="attic", name="Attic")
    socket.post("r1")
    assert tells(watch, lobby) == 1


def test_people_who_vanished_are_told_to_lobby_and_room(alice, bob, enter, clock, lobby, settings):
    watcher, _ = enter(alice), enter(bob)
    watch = LobbyWatch()
    clock.pass_by(settings.CHAT_PRESENCE_LEASE_SECONDS - 5)
    watcher.say("sync", cursor=0)
    watch.check()
    clock.pass_by(10)
    assert tells(watch, lobby) == 1
    assert watcher.seen("presence")[-1] == {"type": "presence", "came": [], "went": ["Bob"], "count": 1}


def test_news_that_a_dead_worker_has_not_told_are_told(alice, bob, enter, room, later, clock):
    watcher = enter(alice)
    clock.pass_by(2)
    presence.schedule_presence_update(room.id)
    watch, before = LobbyWatch(), len(watcher.seen("presence"))
    enter(bob)
    # The worker that was to tell it a second later is gone.
    assert later.calls.clear() is None
    watch.check()
    assert len(watcher.seen("presence")) == before
    clock.pass_by(2)
    watch.check()
    assert watcher.seen("presence")[-1]["came"] == ["Bob"]


def test_what_could_not_be_told_is_told_at_the_next_look(room, lobby, watch, monkeypatch):
    Room.objects.create(slug="attic", name="Attic")
    with monkeypatch.context() as patch:
        patch.setattr("chat.broadcast.publish", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            watch.check()
    assert tells(watch, lobby) == 1


@pytest.mark.parametrize("number", [3, 300])
def test_a_look_costs_the_same_however_many_rooms_there_are(number, valkey_url, monkeypatch):
    shared, trips = RedisStore(valkey_url), []
    monkeypatch.setattr(presence, "store", shared)
    made = [Room(slug=f"room-{index}", name="A room", offset=index) for index in range(number)]
    for room in Room.objects.bulk_create(made) and Room.objects.all():
        shared.add_entry(f"room:{room.id}", "Alice", "tab", 60)
        shared.take_changes(f"room:{room.id}")
    watch = LobbyWatch()
    ask = shared._shard.ask
    monkeypatch.setattr(shared._shard, "ask", lambda *commands: trips.append(commands) or ask(*commands))
    for _ in range(2):
        trips.clear()
        with CaptureQueriesContext(connection) as queries:
            watch.check()
        assert (len(queries), len(trips)) == (1, 2)


# Who works.


@pytest.fixture
def passing(clock, monkeypatch):
    """Time passes only when the test says so, for monitors too."""
    monkeypatch.setattr(monitor_module, "time", clock)
    return clock


def turn(monitor):
    """Lets a monitor take a turn, and returns whether it works."""
    monitor.take_turn()
    return monitor._is_working


def test_one_works_and_the_others_stand_by(room, lobby, passing, caplog):
    caplog.set_level("INFO")
    first, second, third = Monitor(3, 30), Monitor(3, 30), Monitor(3, 30)
    for _ in range(20):
        assert [turn(first), turn(second), turn(third)] == [True, False, False]
        passing.pass_by(1)
    assert caplog.text.count("Working:") == 1 and caplog.text.count("Standing by") == 2
    assert lobby.read() == [{"type": "updated"}]


def test_another_takes_over_when_the_one_that_worked_is_dead(passing):
    first, second = Monitor(3, 30), Monitor(3, 30)
    assert turn(first) and not turn(second)
    passing.pass_by(LEASE_SECONDS + 0.1)
    assert turn(second)
    assert LEASE_SECONDS + monitor_module.TURN_SECONDS < 15


def test_another_takes_over_at_once_when_the_one_that_worked_ends(passing, monkeypatch):
    first, second = Monitor(3, 30), Monitor(3, 30)
    assert turn(first) and not turn(second)
    monkeypatch.setattr(first, "_thread", Silent())
    first.stop()
    # Even if it was slow to end.
    first.take_turn()
    assert turn(second)


class Silent:
    def join(self, seconds):
        """It has ended already."""


def test_one_that_was_paused_notices_that_another_works(passing, caplog):
    caplog.set_level("INFO")
    paused, second = Monitor(3, 30), Monitor(3, 30)
    assert turn(paused)
    passing.pass_by(60)
    assert turn(second) and not turn(paused)
    assert caplog.messages[-1] == "Standing by: another monitor works"
    passing.pass_by(LEASE_SECONDS + 0.1)
    assert turn(paused)


def test_who_takes_over_tells_the_lobby(room, lobby, passing):
    first, second = Monitor(3, 30), Monitor(3, 30)
    turn(first), turn(second)
    lobby.read()
    passing.pass_by(LEASE_SECONDS + 0.1)
    turn(second)
    assert lobby.read() == [{"type": "updated"}]


def test_one_that_works_again_forgets_what_it_had_seen(room, lobby, passing):
    first, second = Monitor(3, 30), Monitor(3, 30)
    turn(first)
    for monitor in (second, first):
        passing.pass_by(LEASE_SECONDS + 0.1)
        lobby.read()
        turn(monitor)
        # What the other one told may be over: nobody knows, though all looks as it did at the last look of this one.
        assert lobby.read() == [{"type": "updated"}]


def test_it_looks_and_sweeps_at_its_intervals(passing, monkeypatch):
    looks, sweeps = [], []
    monkeypatch.setattr(LobbyWatch, "check", lambda self: looks.append(passing.now))

    def sweep_something():
        sweeps.append(passing.now)

    monitor = Monitor(3, 30, sweeps=[sweep_something])
    for _ in range(61):
        turn(monitor)
        passing.pass_by(1)
    assert [at - looks[0] for at in looks] == list(range(0, 61, 3))
    assert [at - sweeps[0] for at in sweeps] == [0, 30, 60]


# What goes wrong.


def failing(error):
    def sweep_badly():
        raise error

    return sweep_badly


def test_a_sweep_that_fails_keeps_no_other_from_running_and_is_said_once(passing, caplog):
    ran = []
    bad = failing(KeyError("a bug"))

    def sweep_well():
        ran.append(True)

    monitor = Monitor(3, 1, sweeps=[bad, sweep_well])
    for _ in range(5):
        turn(monitor)
        passing.pass_by(1)
    assert len(ran) == 5
    assert [record.message for record in caplog.records if record.exc_info] == [
        "sweep_badly fails; it is tried again, and this is not logged again until it succeeds"
    ]


def test_a_failure_after_it_has_worked_again_is_said_again(passing, caplog):
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
@pytest.mark.parametrize("where", ["lease", "look", "sweep"])
def test_an_outage_is_one_line_and_it_goes_on(room, lobby, passing, monkeypatch, caplog, error, where):
    monitor = Monitor(1, 1, sweeps=[failing(error)] if where == "sweep" else [])
    with monkeypatch.context() as patch:
        if where == "lease":
            patch.setattr(store, "acquire_lease", lambda *arguments, **fields: failing(error)())
        if where == "look":
            patch.setattr("chat.services.presence.sweep_rosters", failing(error))
        for _ in range(5):
            turn(monitor)
            passing.pass_by(1)
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.message for record in warnings] == [f"The monitor waits: {' '.join(str(error).split())}"]
    assert not [record for record in caplog.records if record.exc_info]
    turn(monitor)
    assert monitor._is_working and lobby.read() == [{"type": "updated"}]


def test_one_whose_lease_is_anothers_by_now_sweeps_no_further(passing):
    ran = []
    other = Monitor(3, 30, sweeps=[])

    def sweep_slowly():
        passing.pass_by(LEASE_SECONDS + 1)
        assert turn(other)

    def sweep_after():
        ran.append(True)

    assert not turn(Monitor(3, 30, sweeps=[sweep_slowly, sweep_after])) and not ran


def test_a_store_that_lost_its_memory_is_no_reason_to_end(room, lobby, passing):
    first, second = Monitor(1, 30), Monitor(1, 30)
    turn(first), turn(second)
    store.clear()
    passing.pass_by(1)
    assert turn(second) and not turn(first)
    assert lobby.read()


# The command.


@pytest.mark.parametrize("arguments", [[], ["--interval", "1"]])
def test_without_redis_there_is_nothing_to_monitor(arguments):
    with pytest.raises(CommandError, match="REDIS_URL"):
        call_command("monitor", *arguments)


@pytest.mark.parametrize(
    "arguments", [["--interval", "0"], ["--interval", "-1"], ["--interval", "nan"], ["--sweep-interval", "0"]]
)
def test_an_interval_is_above_nothing(arguments, monkeypatch):
    monkeypatch.setattr(store, "is_shared", True)
    with pytest.raises(CommandError, match="above 0"):
        call_command("monitor", *arguments)


# Sweeps.


def test_every_sweep_runs_on_an_empty_site_and_finds_nothing(db):
    assert [sweep() for sweep in SWEEPS] == [0] * len(SWEEPS)
    assert len({sweep.__name__ for sweep in SWEEPS}) == len(SWEEPS)


def test_expired_login_sessions_are_deleted_some_at_a_time(alice, monkeypatch):
    kept = wire.browser_of(alice)
    for _ in range(3):
        wire.browser_of(alice)
    past = timezone.now() - timedelta(seconds=1)
    Session.objects.exclude(session_key=kept.session.session_key).update(expire_date=past)
    monkeypatch.setattr(people.logins, "MAX_SESSIONS_PER_SWEEP", 2)
    assert [people.sweep_sessions() for _ in range(3)] == [2, 1, 0]
    assert [session.session_key for session in Session.objects.all()] == [kept.session.session_key]


def test_guests_who_have_not_been_seen_are_gone_and_their_handles_free(alice, charlie, enter, settings, monkeypatch):
    enter(charlie).post("r1")
    others = [people.sign_up_guest(f"Guest {number}") for number in range(2)]
    long_ago = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)
    Person.objects.exclude(id=others[1].id).update(seen_at=long_ago)
    monkeypatch.setattr(people.accounts, "MAX_GUESTS_PER_SWEEP", 1)
    assert [people.sweep_guests() for _ in range(3)] == [1, 1, 0]
    charlie.refresh_from_db(), alice.refresh_from_db(), others[1].refresh_from_db()
    assert (charlie.handle, charlie.handle_key, charlie.is_active) == ("Charlie", None, False)
    assert alice.is_active and others[1].is_active
    assert people.sign_up_guest("CHARLIE").id != charlie.id
    assert Message.objects.get().author.handle == "Charlie" and Member.objects.filter(person=charlie).exists()
