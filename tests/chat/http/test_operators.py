"""Operators speak from outside by the JSON API and by the admin; nobody else does."""

import pytest

from chat.models import Announcement, Person, Receipt
from chat.services import announcements, people, rooms
from tests import wire
from tests.chat.helpers import Browser
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = [
    ("GET", "/api/announcements/", None),
    ("POST", "/api/announcements/", {"text": "Hello"}),
    ("DELETE", "/api/announcements/1/", None),
    ("POST", "/api/whispers/", {"handle": "Alice", "text": "Hello"}),
    ("POST", "/api/disconnections/", {"handle": "Alice"}),
]


def heard(socket):
    return [event["text"] for event in socket.seen("announcement")]


@pytest.fixture
def as_root(root):
    return Caller(root)


# The API.


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_only_operators_speak(alice, charlie, room, method, path, body):
    announcements.announce("It stands")
    _, key = people.make_token(alice, "bot")
    assert Caller()(method, path, body) == (401, "not_signed_in")
    assert Caller(alice)(method, path, body) == Caller(charlie)(method, path, body) == (403, "forbidden")
    assert Caller(key=key)(method, path, body) == (403, "forbidden")
    assert Caller(key="nonsense")(method, path, body) == (401, "not_signed_in")
    assert [said.text for said in announcements.find_current()] == ["It stands"]


@pytest.mark.parametrize("path", ["announcements/", "announcements/1/", "whispers/", "disconnections/"])
def test_other_methods_are_refused(as_root, path):
    assert as_root("PATCH", f"/api/{path}", {}) == (405, "method_not_allowed")


def test_an_operators_session_needs_the_csrf_key(root):
    caller = Caller(root, enforce_csrf_checks=True)
    assert caller("POST", "/api/announcements/", {"text": "Hello"}) == (403, "csrf_failed")


def test_an_operators_token_speaks(root, alice, enter):
    socket = enter(alice)
    _, key = people.make_token(root, "deploy")
    body = {"text": "Deploying", "level": "warning", "expires_in": 600}
    status, said = Caller(key=key)("POST", "/api/announcements/", body)
    assert status == 201 and heard(socket) == ["Deploying"]
    stored = Announcement.objects.get()
    assert said == {
        **socket.seen("announcement")[0],
        "room": None,
        "handle": None,
        "expires_at": stored.expires_at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z",
    }
    assert (stored.expires_at - stored.created_at).total_seconds() == 600 and stored.created_by == root


def test_a_room_and_a_person_are_spoken_to(as_root, alice, bob, enter):
    socket, other = enter(alice), enter(bob)
    status, said = as_root("POST", "/api/announcements/", {"text": "Roses", "room": "garden"})
    assert (status, said["room"], said["handle"]) == (201, "garden", None)
    status, said = as_root("POST", "/api/whispers/", {"handle": "ALICE", "text": "Psst", "level": "urgent"})
    assert (status, said["room"], said["handle"], said["private"]) == (201, None, "Alice", True)
    assert (heard(socket), heard(other)) == (["Roses", "Psst"], ["Roses"])


def test_what_stands_is_listed_and_withdrawn(as_root, alice, enter):
    as_root("POST", "/api/announcements/", {"text": "one"})
    as_root("POST", "/api/whispers/", {"handle": "Alice", "text": "two"})
    _, listed = as_root("GET", "/api/announcements/")
    assert [said["text"] for said in listed["announcements"]] == ["two", "one"]
    path = f"/api/announcements/{listed['announcements'][1]['id']}/"
    answer = as_root.browser.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    for gone in (path, "/api/announcements/99999999999999999999/"):
        assert as_root("DELETE", gone) == (404, "not_found")
    _, listed = as_root("GET", "/api/announcements/")
    assert [said["text"] for said in listed["announcements"]] == ["two"]
    assert heard(enter(alice)) == ["two"]


def test_somebody_is_disconnected(as_root, bob, enter):
    rooms.create_room(None, "attic", "Attic")
    here, elsewhere = enter(bob), wire.Socket("/chat/attic/", wire.browser_of(bob)).connect()
    body = {"handle": "bob", "room": "garden"}
    assert as_root("POST", "/api/disconnections/", body) == (201, {"handle": "Bob", "room": "garden"})
    here.read(), elsewhere.read()
    assert (here.code, elsewhere.code) == (4403, None)
    assert as_root("POST", "/api/disconnections/", {"handle": "bob"}) == (201, {"handle": "Bob", "room": None})
    elsewhere.read()
    assert elsewhere.code == 4403


@pytest.mark.parametrize(
    ("path", "body", "answer"),
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
def test_what_cannot_be_done_is_refused(as_root, path, body, answer):
    assert as_root("POST", f"/api/{path}", body) == answer
    assert not Announcement.objects.exists()


# The admin.


def said_by(office, **fields):
    given = {"text": "Hello", "level": "info", "slug": "", "hours": "24", **fields}
    return office.post("/admin/chat/announcement/add/", given)


def test_an_operator_announces_in_the_admin(office, root, alice, enter, room):
    socket = enter(alice)
    assert office.get("/admin/chat/announcement/add/").status_code == 200
    assert said_by(office, text=" Closing ", level="urgent", slug="garden", hours="0.5").status_code == 302
    [event] = socket.seen("announcement")
    assert (event["text"], event["level"]) == ("Closing", "urgent")
    said = Announcement.objects.get()
    assert (said.room, said.created_by) == (room, root)
    assert (said.expires_at - said.created_at).total_seconds() == 1800
    assert office.get(f"/admin/chat/announcement/{said.id}/change/").status_code == 200
    assert b"Closing" in office.get("/admin/chat/announcement/", {"q": "clos"}).content


@pytest.mark.parametrize(
    "fields",
    [
        {"text": " "},
        {"text": "x" * 1001},
        {"level": "loud"},
        {"hours": "0"},
        {"hours": "1e9"},
        {"hours": "nan"},
        {"hours": "inf"},
        {"hours": "soon"},
        {"slug": "nowhere"},
        {"slug": "../x"},
    ],
)
def test_the_admin_says_what_may_not_be_announced(office, fields):
    answer = said_by(office, **fields)
    assert answer.status_code == 200 and b"errorlist" in answer.content
    assert not Announcement.objects.exists()


@pytest.mark.parametrize("by", ["page", "list"])
def test_an_announcement_is_withdrawn_in_the_admin(office, alice, enter, by):
    said = announcements.announce("A mistake")
    if by == "page":
        answer = office.post(f"/admin/chat/announcement/{said.id}/delete/", {"post": "yes"})
    else:
        body = {"action": "delete_selected", "_selected_action": [said.id], "post": "yes"}
        answer = office.post("/admin/chat/announcement/", body)
    assert answer.status_code == 302
    assert heard(enter(alice)) == [] and b"0 announcements" in office.get("/admin/chat/announcement/").content


def test_what_was_announced_is_not_changed(office):
    said = announcements.announce("As it was")
    path = f"/admin/chat/announcement/{said.id}/change/"
    assert office.post(path, {"text": "Otherwise", "level": "info"}).status_code == 403


def act(office, action, *chosen, **fields):
    body = {"action": action, "_selected_action": [person.id for person in chosen], **fields}
    return office.post("/admin/chat/person/", body, follow=True).content.decode()


def test_chosen_people_are_whispered_to(office, root, alice, bob, enter):
    socket, other = enter(alice), enter(bob)
    assert "Done: Alice." in act(office, "whisper", alice, text="Psst")
    assert (heard(socket), heard(other)) == (["Psst"], [])
    assert Announcement.objects.get().created_by == root
    assert "Alice: &#39;text&#39; must not be empty." in act(office, "whisper", alice, text=" ")


@pytest.mark.parametrize("action", ["whisper", "disconnect"])
def test_who_is_chosen_from_a_board_is_not_taken_for_who_has_the_handle_elsewhere(office, alice, enter, action):
    account, board = enter(alice), Browser().make_board(handle="Alice").room()
    act(office, action, Person.objects.get(handle="Alice", handle_key=None), text="Psst")
    found = [(heard(socket), socket.code) for socket in (account, board)]
    assert found == [([], None), (["Psst"], None) if action == "whisper" else ([], 4403)]


def test_chosen_people_are_disconnected(office, alice, bob, enter):
    socket, other = enter(alice), enter(bob)
    assert "Done: Bob." in act(office, "disconnect", bob)
    socket.read(), other.read()
    assert (socket.code, other.code) == (None, 4403)


def test_the_next_of_a_handle_is_not_taken_for_the_one_who_is_gone(office, charlie, enter):
    people.sweep_guests()
    Person.objects.filter(id=charlie.id).update(is_active=False, handle_key=None)
    charlies_heir = people.sign_up_guest("Charlie")
    socket = enter(charlies_heir)
    assert "none of these is here any more" in act(office, "whisper", charlie, text="Psst")
    assert heard(socket) == [] and not Receipt.objects.exists()
