"""The API for operators: announcements, whispers and disconnecting. Other people may not call it."""

import pytest

from chat.models import Announcement
from chat.services import announcements, people, rooms
from tests import wire
from tests.chat.services.announcements.helpers import received
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = [
    ("GET", "/api/announcements/", None),
    ("POST", "/api/announcements/", {"text": "Hello"}),
    ("DELETE", "/api/announcements/1/", None),
    ("POST", "/api/whispers/", {"handle": "Alice", "text": "Hello"}),
    ("POST", "/api/disconnections/", {"handle": "Alice"}),
]


@pytest.fixture
def as_root(root):
    return Caller(root)


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_only_operators_may_announce_whisper_and_disconnect(alice, charlie, room, method, path, body):
    announcements.announce("It stands")
    _, key = people.make_token(alice, "bot")
    assert Caller()(method, path, body) == (401, "not_signed_in")
    assert Caller(alice)(method, path, body) == Caller(charlie)(method, path, body) == (403, "forbidden")
    assert Caller(key=key)(method, path, body) == (403, "forbidden")
    assert Caller(key="nonsense")(method, path, body) == (401, "not_signed_in")
    assert [announcement.text for announcement in announcements.find_current()] == ["It stands"]


@pytest.mark.parametrize("path", ["announcements/", "announcements/1/", "whispers/", "disconnections/"])
def test_other_methods_of_the_operators_calls_are_refused(as_root, path):
    assert as_root("PATCH", f"/api/{path}", {}) == (405, "method_not_allowed")


def test_an_operators_session_needs_the_csrf_token(root):
    caller = Caller(root, enforce_csrf_checks=True)
    assert caller("POST", "/api/announcements/", {"text": "Hello"}) == (403, "csrf_failed")


def test_an_operators_token_announces(root, alice, enter):
    socket = enter(alice)
    _, key = people.make_token(root, "deploy")
    body = {"text": "Deploying", "level": "warning", "expires_in": 600}
    status, announcement = Caller(key=key)("POST", "/api/announcements/", body)
    assert status == 201 and received(socket) == ["Deploying"]
    stored = Announcement.objects.get()
    assert announcement == {
        **socket.seen("announcement")[0],
        "room": None,
        "handle": None,
        "expires_at": stored.expires_at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z",
    }
    assert (stored.expires_at - stored.created_at).total_seconds() == 600 and stored.created_by == root


def test_an_announcement_reaches_one_room_and_a_whisper_one_person(as_root, alice, bob, enter):
    socket, other = enter(alice), enter(bob)
    status, announcement = as_root("POST", "/api/announcements/", {"text": "Roses", "room": "garden"})
    assert (status, announcement["room"], announcement["handle"]) == (201, "garden", None)
    status, announcement = as_root("POST", "/api/whispers/", {"handle": "ALICE", "text": "Psst", "level": "urgent"})
    assert (status, announcement["room"], announcement["handle"], announcement["private"]) == (201, None, "Alice", True)
    assert (received(socket), received(other)) == (["Roses", "Psst"], ["Roses"])


def test_current_announcements_are_listed_and_can_be_withdrawn(as_root, alice, enter):
    as_root("POST", "/api/announcements/", {"text": "one"})
    as_root("POST", "/api/whispers/", {"handle": "Alice", "text": "two"})
    _, listed = as_root("GET", "/api/announcements/")
    assert [announcement["text"] for announcement in listed["announcements"]] == ["two", "one"]
    path = f"/api/announcements/{listed['announcements'][1]['id']}/"
    response = as_root.browser.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    for gone in (path, "/api/announcements/99999999999999999999/"):
        assert as_root("DELETE", gone) == (404, "not_found")
    _, listed = as_root("GET", "/api/announcements/")
    assert [announcement["text"] for announcement in listed["announcements"]] == ["two"]
    assert received(enter(alice)) == ["two"]


def test_a_person_is_disconnected_from_one_room_or_from_all(as_root, bob, enter):
    rooms.create_room(None, "attic", "Attic")
    in_garden, in_attic = enter(bob), wire.Socket("/chat/attic/", wire.browser_of(bob)).connect()
    body = {"handle": "bob", "room": "garden"}
    assert as_root("POST", "/api/disconnections/", body) == (201, {"handle": "Bob", "room": "garden"})
    in_garden.read(), in_attic.read()
    assert (in_garden.code, in_attic.code) == (4403, None)
    assert as_root("POST", "/api/disconnections/", {"handle": "bob"}) == (201, {"handle": "Bob", "room": None})
    in_attic.read()
    assert in_attic.code == 4403


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("announcements/", {}, (400, "missing_field")),
        ("announcements/", {"text": ""}, (400, "empty")),
        ("announcements/", {"text": "x" * 1001}, (400, "too_long")),
        ("announcements/", {"text": 5}, (400, "invalid_field")),
        ("announcements/", {"text": "x", "level": "loud"}, (400, "invalid_field")),
        ("announcements/", {"text": "x", "level": {}}, (400, "invalid_field")),
        ("announcements/", {"text": "x", "expires_in": "soon"}, (400, "invalid_field")),
        ("announcements/", {"text": "x", "expires_in": 0}, (400, "invalid_field")),
        ("announcements/", {"text": "x", "room": 5}, (400, "invalid_field")),
        ("announcements/", {"text": "x", "room": "nowhere"}, (404, "not_found")),
        ("announcements/", {"text": "x", "room": ""}, (404, "not_found")),
        ("whispers/", {"text": "x"}, (400, "missing_field")),
        ("whispers/", {"handle": "Bob"}, (400, "missing_field")),
        ("whispers/", {"handle": 5, "text": "x"}, (400, "invalid_field")),
        ("whispers/", {"handle": "Nobody", "text": "x"}, (404, "not_found")),
        ("whispers/", {"handle": "Root", "text": "x", "level": "loud"}, (400, "invalid_field")),
        ("disconnections/", {}, (400, "missing_field")),
        ("disconnections/", {"handle": "Nobody"}, (404, "not_found")),
        ("disconnections/", {"handle": "Root", "room": "nowhere"}, (404, "not_found")),
        ("disconnections/", "nonsense", (400, "invalid_json")),
    ],
)
def test_an_invalid_call_of_an_operator_is_refused(as_root, path, body, expected):
    assert as_root("POST", f"/api/{path}", body) == expected
    assert not Announcement.objects.exists()
