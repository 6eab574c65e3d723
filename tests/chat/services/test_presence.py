"""
Presence: a person arrives with the first tab and leaves with the last.

Updates are published at most once a second.
"""

import threading

import pytest

from chat import protocol
from chat.services import people, presence, rooms
from chat.store import store
from tests import wire
from tests.chat.helpers import find_step

pytestmark = pytest.mark.django_db(transaction=True)


def updates(socket):
    """Return the updates of presence that a socket has received, as (came, went, count)."""
    return [(event["came"], event["went"], event["count"]) for event in socket.seen("presence")]


def test_a_new_person_is_published_to_the_room_and_named_in_joined(alice, bob, charlie, enter, second):
    first = enter(alice)
    second()
    enter(charlie)
    second()
    last = enter(bob)
    assert updates(first) == [(["Alice"], [], 1), (["Charlie"], [], 2), (["Bob"], [], 3)]
    joined = last.seen("joined")[0]
    present = {person["handle"]: person["role"] for person in joined["present"]}
    assert present == {"Alice": "owner", "Bob": "member", "Charlie": "guest"}
    assert joined["count"] == 3


def test_only_the_first_and_the_last_tab_of_a_person_are_published(alice, bob, enter, second):
    watcher = enter(alice)
    second()
    tab1, tab2 = enter(bob), enter(bob)
    second()
    tab1.disconnect()
    second()
    assert updates(watcher)[1:] == [(["Bob"], [], 2)]
    tab2.disconnect()
    assert updates(watcher)[2:] == [([], ["Bob"], 1)]


def test_presence_is_published_at_most_once_a_second(alice, bob, charlie, enter, later, second):
    watcher = enter(alice)
    enter(bob)
    guest = enter(charlie)
    assert len(updates(watcher)) == 1
    assert len(later.calls) == 1
    guest.disconnect()
    second()
    later.run()
    assert updates(watcher)[1:] == [(["Bob"], [], 2)]


def test_a_timer_that_runs_before_its_time_is_started_again(alice, bob, enter, later, second):
    watcher = enter(alice)
    enter(bob)
    later.run()
    assert len(updates(watcher)) == 1 and len(later.calls) == 1
    second()
    later.run()
    assert updates(watcher)[1:] == [(["Bob"], [], 2)]


def test_a_reload_is_not_published(alice, bob, enter, later, second):
    watcher = enter(alice)
    second()
    tab = enter(bob)
    tab.disconnect()
    enter(bob)
    second()
    later.run()
    assert updates(watcher)[1:] == [(["Bob"], [], 2)]


def test_a_person_without_heartbeats_leaves_when_the_lease_ends(alice, bob, enter, clock, settings):
    watcher = enter(alice)
    clock.pass_by(2)
    enter(bob)
    for _ in range(4):
        clock.pass_by(settings.CHAT_PRESENCE_LEASE_SECONDS / 3)
        watcher.say("sync", cursor=0)
    assert updates(watcher)[1:] == [(["Bob"], [], 2), ([], ["Bob"], 1)]


def test_a_heartbeat_brings_a_swept_person_back(alice, bob, enter, clock, settings):
    watcher = enter(alice)
    sleeper = enter(bob)
    clock.pass_by(settings.CHAT_PRESENCE_LEASE_SECONDS + 1)
    watcher.say("sync", cursor=0)
    clock.pass_by(2)
    sleeper.say("sync", cursor=0)
    assert updates(watcher)[-1] == (["Bob"], [], 2)


def test_a_late_heartbeat_of_a_closed_connection_does_not_restore_presence(alice, bob, enter, room, later, second):
    watcher = enter(alice)
    second()
    tab = enter(bob)
    second()
    tab.disconnect()
    second()
    tab.say("sync", cursor=0)
    later.run()
    assert updates(watcher)[-1] == ([], ["Bob"], 1)
    assert presence.get_present(room.id)[1] == 1


def test_a_person_is_not_present_if_the_disconnect_overtakes_the_connect(alice, bob, enter, room):
    watcher = enter(alice)
    socket = wire.Socket("/chat/garden/", wire.browser_of(bob))
    socket.put("websocket.connect", **socket.handshake)
    channel, content = wire.layer().receive(["websocket.connect"])
    socket.disconnect()
    wire.run(channel, content)
    wire.work()
    assert presence.count_present([room.id]) == [1]
    assert updates(watcher) == [(["Alice"], [], 1)]
    assert socket.channel not in wire.layer().group_channels(f"room-{room.id}")


@pytest.mark.parametrize(
    "step",
    [
        "rooms.join_room",
        "presence.arrive",
        "broadcast.accept",
        "rooms.catch_up",
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_person_is_not_present_after_a_disconnect_during_the_connect(
    alice, bob, enter, room, monkeypatch, settings, later, second, step, when
):
    watcher = enter(alice)
    second()
    socket = wire.Socket("/chat/garden/", wire.browser_of(bob))
    socket.put("websocket.connect", **socket.handshake)
    channel, content = wire.layer().receive(["websocket.connect"])
    module, name = find_step(step)
    real = getattr(module, name)

    def disconnect_meanwhile(*arguments, **kwargs):
        monkeypatch.setattr(module, name, real)
        # On a site, another worker handles the disconnect. In this test, another thread handles it.
        thread = threading.Thread(target=socket.disconnect)
        if when == "before":
            thread.start(), thread.join()
        result = real(*arguments, **kwargs)
        if when == "after":
            thread.start(), thread.join()
        return result

    monkeypatch.setattr(module, name, disconnect_meanwhile)
    wire.run(channel, content)
    wire.work()
    second()
    later.run()
    assert presence.count_present([room.id]) == [1]
    assert not [group for group, channels in wire.layer().channel_layer._groups.items() if socket.channel in channels]
    settings.CHAT_MAX_SOCKETS_PER_PERSON = 1
    assert enter(bob).code is None
    assert watcher.code is None


def test_above_100_people_only_the_count_is_published(alice, bob, enter, room, second):
    watcher = enter(alice)
    for number in range(100):
        store.add_entry(f"room:{room.id}", f"Guest {number}", f"tab{number}", 60)
    second()
    late = enter(bob)
    assert updates(watcher)[1:] == [([], [], 102)]
    joined = late.seen("joined")[0]
    assert joined["count"] == 102 and len(joined["present"]) <= protocol.MAX_PRESENT


def test_at_most_100_people_are_named_when_a_person_joins(alice, bob, enter, room):
    for number in range(120):
        guest = people.sign_up_guest(f"Guest {number}")
        rooms.join_room(guest, "garden")
        store.add_entry(f"room:{room.id}", guest.handle, f"tab{number}", 60)
    joined = enter(bob).seen("joined")[0]
    assert (len(joined["present"]), joined["count"]) == (100, 121)


def test_several_rooms_are_counted_in_one_call(alice, enter, room):
    enter(alice)
    assert presence.count_present([room.id, 4711]) == [1, 0]


def test_a_guest_who_left_is_not_counted_with_a_new_guest_of_the_same_handle(charlie, enter, second):
    first = enter(charlie)
    first.browser.delete("/api/session/")
    first.disconnect()
    second()
    new = enter(people.sign_up_guest("Charlie"))
    assert new.seen("joined")[0]["count"] == 1
