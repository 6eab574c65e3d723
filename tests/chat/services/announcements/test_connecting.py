"""People who connect receive the announcements that they have not dismissed."""

import threading

import pytest

from chat.services import announcements, presence
from tests import wire
from tests.chat.helpers import find_step
from tests.chat.services.announcements.helpers import dismiss, received

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_person_whose_connection_vanished_receives_the_announcement_at_the_next_connect(alice, bob, enter, room):
    enter(alice)
    gone = enter(bob)
    # The interface server died: its sockets are in no group, but their leases in the room have not expired yet.
    wire.layer().group_discard(f"room-{room.id}", gone.channel)
    assert presence.get_present(room.id)[1] == 2
    announcements.announce("Hello all")
    assert received(enter(bob)) == received(enter(alice)) == ["Hello all"]


def test_joined_names_the_newest_announcement(alice, enter):
    assert enter(alice).seen("joined")[0]["announced"] == 0
    announcement = announcements.announce("Hello all")
    assert enter(alice).seen("joined")[0]["announced"] == announcement.id


def test_a_reconnecting_client_receives_the_announcements_after_the_last_one_that_it_knows(alice, enter):
    first = announcements.announce("one")
    enter(alice)
    for text in ("two", "three"):
        announcements.announce(text)
    assert received(enter(alice)) == ["one", "two", "three"]
    assert received(enter(alice, query=f"announced={first.id}")) == ["two", "three"]
    assert received(enter(alice, query=f"cursor=0&announced={first.id + 2}")) == []


@pytest.mark.parametrize("nonsense", ["", "-1", "x", "99999999999999999999", "1.5", "%00"])
def test_an_invalid_announced_parameter_is_ignored(alice, enter, nonsense):
    announcements.announce("one")
    socket = enter(alice, query=f"announced={nonsense}")
    assert (received(socket), socket.code) == (["one"], None)


def test_a_client_cannot_get_announcements_to_others(alice, bob, enter, attic):
    announcements.whisper("Alice", "For Alice")
    announcements.announce("Attic only", slug="attic")
    assert received(enter(bob, query="announced=0")) == []


@pytest.mark.parametrize(
    "step",
    [
        "presence.arrive",
        "rooms.get_news",
        "broadcast.accept",
        "rooms.get_join_state",
        "rooms.catch_up",
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("private", [False, True])
def test_an_announcement_during_a_connect_is_not_missed(alice, bob, enter, monkeypatch, step, when, private):
    enter(alice)
    module, name = find_step(step)
    real = getattr(module, name)

    def announce_now():
        monkeypatch.setattr(module, name, real)
        announcements.whisper("Bob", "Now") if private else announcements.announce("Now")

    def announce_meanwhile(*arguments, **fields):
        if when == "before":
            announce_now()
        result = real(*arguments, **fields)
        if when == "after":
            announce_now()
        return result

    monkeypatch.setattr(module, name, announce_meanwhile)
    socket = enter(bob)
    # A socket may receive the announcement twice: clients ignore an id that they know.
    assert set(received(socket)) == {"Now"}
    dismiss(socket, "Now")
    assert received(enter(bob)) == []


@pytest.mark.parametrize("step", ["presence.sweep_rosters", "broadcast.publish"])
def test_a_person_who_connects_during_an_announcement_receives_it(alice, bob, enter, monkeypatch, step):
    enter(alice)
    module, name = find_step(step)
    real, sockets = getattr(module, name), []

    def connect_meanwhile(*arguments, **fields):
        monkeypatch.setattr(module, name, real)
        # On a site, another worker handles the connect. In this test, another thread handles it.
        thread = threading.Thread(target=lambda: sockets.append(enter(bob)))
        thread.start(), thread.join()
        return real(*arguments, **fields)

    monkeypatch.setattr(module, name, connect_meanwhile)
    announcements.announce("Now")
    assert set(received(sockets[0])) == {"Now"}
    dismiss(sockets[0], "Now")
    assert received(enter(bob)) == []
