"""Changes of the list of rooms are published to the lobby, at a cost that does not grow with the list."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Room
from chat.services import presence, rooms
from chat.services.lobby import LobbyWatch
from chat.store import RedisStore
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lobby(db):
    """Return a connection to the lobby."""
    return wire.Socket("/lobby/").connect()


@pytest.fixture
def watch():
    """Return a watch that has checked the list once."""
    watch = LobbyWatch()
    watch.check()
    return watch


def count_updates(watch, lobby):
    """Check twice, and return how often the lobby received `updated`."""
    lobby.read()
    changes = [watch.check(), watch.check()]
    events = lobby.read()
    assert events == [{"type": "updated"}] * changes.count(True)
    return len(events)


def test_the_first_check_publishes(room, lobby):
    assert count_updates(LobbyWatch(), lobby) == 1


def test_nothing_is_published_while_nothing_changes(room, watch, lobby):
    assert count_updates(watch, lobby) == 0


def test_a_room_that_was_created_without_the_service_is_published(room, watch, lobby):
    Room.objects.create(slug="attic", name="Attic")
    assert count_updates(watch, lobby) == 1


def test_a_deleted_room_is_published(room, watch, lobby):
    Room.objects.all().delete()
    assert count_updates(watch, lobby) == 1


def test_a_new_topic_is_published(room, watch, lobby):
    room.topic = "Frost"
    rooms.save_room(room, ["topic"])
    assert count_updates(watch, lobby) == 1


def test_a_new_message_is_published(alice, enter, lobby):
    socket = enter(alice)
    watch = LobbyWatch()
    watch.check()
    socket.post("r1")
    assert count_updates(watch, lobby) == 1


def test_a_message_stored_after_the_clock_was_set_back_is_published(alice, enter, lobby, room):
    socket = enter(alice)
    Room.objects.filter(id=room.id).update(last_at=timezone.now() + timedelta(days=1))
    watch = LobbyWatch()
    watch.check()
    socket.post("r1")
    assert count_updates(watch, lobby) == 1


def test_people_who_arrive_or_leave_are_published(alice, bob, enter, watch, lobby):
    enter(alice)
    assert count_updates(watch, lobby) == 1
    tab, other = enter(bob), enter(bob)
    assert count_updates(watch, lobby) == 1
    other.disconnect()
    assert count_updates(watch, lobby) == 0
    tab.disconnect()
    assert count_updates(watch, lobby) == 1


def test_many_changes_are_published_once(alice, bob, enter, watch, lobby):
    socket = enter(alice)
    enter(bob)
    Room.objects.create(slug="attic", name="Attic")
    socket.post("r1")
    assert count_updates(watch, lobby) == 1


def test_people_who_vanish_are_published_to_the_lobby_and_the_room(alice, bob, enter, clock, lobby, settings):
    watcher, _ = enter(alice), enter(bob)
    watch = LobbyWatch()
    clock.pass_by(settings.CHAT_PRESENCE_LEASE_SECONDS - 5)
    watcher.say("sync", cursor=0)
    watch.check()
    clock.pass_by(10)
    assert count_updates(watch, lobby) == 1
    assert watcher.seen("presence")[-1] == {"type": "presence", "came": [], "went": ["Bob"], "count": 1}


def test_presence_changes_of_a_dead_worker_are_published(alice, bob, charlie, enter, room, later, clock):
    watcher = enter(alice)
    clock.pass_by(2)
    enter(charlie)
    watch, before = LobbyWatch(), len(watcher.seen("presence"))
    enter(bob)
    # The worker that would have published the change a second later has died.
    later.calls.clear()
    watch.check()
    assert len(watcher.seen("presence")) == before
    clock.pass_by(2)
    watch.check()
    assert watcher.seen("presence")[-1]["came"] == ["Bob"]


def test_a_change_that_could_not_be_published_is_published_by_the_next_check(room, lobby, watch, monkeypatch):
    Room.objects.create(slug="attic", name="Attic")
    with monkeypatch.context() as patch:
        patch.setattr("chat.broadcast.publish", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            watch.check()
    assert count_updates(watch, lobby) == 1


@pytest.mark.parametrize("number", [3, 300])
def test_a_check_costs_the_same_for_3_and_for_300_rooms(number, valkey_url, monkeypatch):
    shared, trips = RedisStore(valkey_url), []
    monkeypatch.setattr(presence, "store", shared)
    Room.objects.bulk_create(Room(slug=f"room-{index}", name="A room", offset=index) for index in range(number))
    for room in Room.objects.all():
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
