"""The API of announcements for their readers: what the lobby shows, and dismissals."""

import pytest

from chat.services import announcements, rooms
from tests import wire
from tests.wire import Caller

CURRENT = "/api/announcements/current/"

pytestmark = pytest.mark.django_db(transaction=True)


def texts(caller):
    status, body = caller("GET", CURRENT)
    assert status == 200
    return [announcement["text"] for announcement in body["announcements"]]


def test_the_lobby_shows_public_announcements_and_the_whispers_to_the_person(alice, bob, room):
    announcements.announce("Hello all")
    announcements.whisper("Alice", "For Alice")
    announcements.announce("In the garden", slug="garden")
    assert texts(Caller(alice)) == ["Hello all", "For Alice"]
    assert texts(Caller(bob)) == texts(Caller()) == ["Hello all"]


def test_the_lobby_and_the_rooms_share_dismissals(alice, enter):
    as_alice, socket = Caller(alice), enter(alice)
    first, second = announcements.announce("one"), announcements.announce("two")
    browser = wire.browser_of(alice)
    for _ in range(2):
        assert browser.put(f"/api/announcements/{first.id}/dismissal/").status_code == 204
    assert socket.seen("dismissed")[0]["id"] == first.id
    assert texts(as_alice) == ["two"] == [event["text"] for event in enter(alice).seen("announcement")]
    socket.say("dismiss", id=second.id)
    assert texts(as_alice) == [] and texts(Caller()) == ["one", "two"]


def test_only_a_recipient_who_is_logged_in_can_dismiss_an_announcement(alice, bob):
    whisper = announcements.whisper("Alice", "For Alice")
    assert Caller()("PUT", f"/api/announcements/{whisper.id}/dismissal/")[0] == 401
    for id in (whisper.id, whisper.id + 1):
        assert Caller(bob)("PUT", f"/api/announcements/{id}/dismissal/")[0] == 404


def test_the_lobbys_socket_receives_announcements_to_everybody(alice, room):
    lobby = wire.Socket("/lobby/").connect()
    announcement = announcements.announce("Hello all")
    announcements.announce("In the garden", slug="garden")
    announcements.whisper("Alice", "For Alice")
    announcements.withdraw_announcement(announcement.id)
    assert [(event["type"], event["id"]) for event in lobby.read() if event["type"] != "updated"] == [
        ("announcement", announcement.id),
        ("dismissed", announcement.id),
    ]
    assert rooms.get_room("garden")


def test_a_dismissal_does_not_reveal_the_announcement_of_a_private_room(alice, bob):
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    hidden = announcements.announce("For the cellar", slug="cellar")
    path = "/api/announcements/{}/dismissal/".format
    unknown = wire.browser_of(bob).put(path(hidden.id + 1))
    response = wire.browser_of(bob).put(path(hidden.id))
    assert (response.status_code, response.content) == (unknown.status_code, unknown.content) == (404, response.content)
    assert wire.browser_of(alice).put(path(hidden.id)).status_code == 204
