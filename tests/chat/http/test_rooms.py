"""The API of rooms: the lobby's list, and creating, changing and deleting a room."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.models import Room
from chat.services import rooms
from tests import wire
from tests.helpers import statements

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_list_of_rooms_is_for_everybody(stranger, room, enter, alice):
    enter(alice).post("r1")
    status, body = stranger("GET", "/api/rooms/")
    [listed] = body["rooms"]
    assert status == 200 and body["more"] is False
    assert listed.pop("last_at").endswith("Z")
    assert listed == {"slug": "garden", "name": "The garden", "topic": "Roses and weeds", "offset": 1, "online": 1}


def test_the_list_of_rooms_has_pages_and_a_search(stranger, alice):
    for number in range(51):
        rooms.create_room(alice, f"room-{number}", f"Room {number}", "odd" if number % 2 else "even")
    first, second = (stranger("GET", f"/api/rooms/?page={page}")[1] for page in (0, 1))
    assert (len(first["rooms"]), first["more"], len(second["rooms"]), second["more"]) == (50, True, 1, False)
    assert stranger("GET", "/api/rooms/?page=9007199254740991")[1] == {"rooms": [], "more": False}
    assert [found["slug"] for found in stranger("GET", "/api/rooms/?q=ROOM+50")[1]["rooms"]] == ["room-50"]
    assert len(stranger("GET", "/api/rooms/?q=odd")[1]["rooms"]) == 25
    assert stranger("GET", "/api/rooms/?q=%25")[1]["rooms"] == []


@pytest.mark.parametrize(
    "query, code",
    [
        ("q=%00", "invalid_field"),
        ("q=" + "x" * 81, "too_long"),
        ("page=-1", "invalid_field"),
        ("page=x", "invalid_field"),
        ("page=", "invalid_field"),
        ("page=1.5", "invalid_field"),
    ],
)
def test_an_invalid_query_for_rooms_is_refused(stranger, query, code):
    assert stranger("GET", f"/api/rooms/?{query}") == (400, code)


def test_only_accounts_make_rooms(as_alice, as_charlie, stranger):
    body = {"slug": "attic", "name": " Attic "}
    assert stranger("POST", "/api/rooms/", body) == (401, "not_signed_in")
    assert as_charlie("POST", "/api/rooms/", body) == (403, "forbidden")
    status, made = as_alice("POST", "/api/rooms/", body)
    assert (status, made) == (
        201,
        {"slug": "attic", "name": "Attic", "topic": "", "offset": 0, "online": 0, "last_at": None},
    )
    assert as_alice("POST", "/api/rooms/", body) == (409, "taken")
    assert as_alice("POST", "/api/rooms/", {**body, "slug": "b", "topic": "Dust"})[1]["topic"] == "Dust"
    assert as_alice("POST", "/api/rooms/", {**body, "slug": "c", "topic": None})[1]["topic"] == ""


@pytest.mark.parametrize(
    "fields, code",
    [
        ({"slug": "A"}, "invalid_field"),
        ({"slug": ""}, "invalid_field"),
        ({"slug": None}, "invalid_field"),
        ({"slug": "x" * 51}, "invalid_field"),
        ({"name": ""}, "empty"),
        ({"name": "x" * 81}, "too_long"),
        ({"name": 5}, "invalid_field"),
        ({"topic": 0}, "invalid_field"),
        ({"topic": False}, "invalid_field"),
        ({"topic": []}, "invalid_field"),
        ({"topic": "x" * 501}, "too_long"),
        ({"topic": "a\nb"}, "invalid_field"),
    ],
)
def test_a_room_with_an_invalid_field_is_refused(as_alice, fields, code):
    assert as_alice("POST", "/api/rooms/", {"slug": "attic", "name": "Attic", **fields}) == (400, code)
    assert not Room.objects.exists()


def test_the_list_of_rooms_costs_one_statement(stranger, alice):
    for number in range(5):
        rooms.create_room(alice, f"room-{number}", "A room")
    with CaptureQueriesContext(connection) as queries:
        stranger("GET", "/api/rooms/")
    assert statements(queries) == [("SELECT", "chat_room")]


def test_a_new_room_stands_above_rooms_with_older_messages(stranger, room, enter, alice):
    enter(alice).post("r1")
    rooms.create_room(alice, "attic", "The attic")
    assert [listed["slug"] for listed in stranger("GET", "/api/rooms/")[1]["rooms"]] == ["attic", "garden"]
    enter(alice).post("r2")
    assert [listed["slug"] for listed in stranger("GET", "/api/rooms/")[1]["rooms"]] == ["garden", "attic"]


def test_owners_rename_a_room_and_set_its_topic(as_alice, as_bob, room, root):
    path = "/api/rooms/garden/"
    status, changed = as_alice("PUT", path, {"name": " The orchard ", "topic": "Apples"})
    assert (status, changed["name"], changed["topic"]) == (200, "The orchard", "Apples")
    assert as_alice("PUT", path, {"topic": ""})[1]["topic"] == ""
    assert wire.Caller(root)("PUT", path, {"name": "The garden"})[1]["name"] == "The garden"
    assert as_bob("PUT", path, {"name": "Mine"}) == (403, "forbidden")
    assert as_bob("PUT", "/api/rooms/attic/", {"name": "Mine"}) == (404, "not_found")
    assert as_alice("PUT", path, {}) == (400, "missing_field")
    assert as_alice("PUT", path, {"name": ""}) == (400, "empty")
    assert as_alice("PUT", path, {"topic": "x" * 501}) == (400, "too_long")


def test_owners_delete_a_room_and_its_connections_end(as_alice, as_bob, room):
    socket = wire.Socket("/chat/garden/", as_bob.browser).connect()
    assert as_bob("DELETE", "/api/rooms/garden/") == (403, "forbidden")
    assert as_alice.browser.delete("/api/rooms/garden/").status_code == 204
    socket.read()
    assert socket.code == 4404 and as_alice("GET", "/api/rooms/")[1]["rooms"] == []
    assert as_alice("DELETE", "/api/rooms/garden/") == (404, "not_found")


def test_owners_archive_and_restore_a_room(as_alice, as_bob, room):
    path = "/api/rooms/garden/"
    socket = wire.Socket("/chat/garden/", as_bob.browser).connect()
    assert as_bob("PUT", path, {"archived": True}) == (403, "forbidden")
    assert as_alice("PUT", path, {"archived": True})[1]["archived"] is True
    socket.read()
    assert socket.code == 4408
    assert as_bob("GET", "/api/rooms/")[1]["rooms"] == []
    assert [found["slug"] for found in as_bob("GET", "/api/rooms/?archived=1")[1]["rooms"]] == ["garden"]
    post = {"ref": "r1", "body": "Hello"}
    assert as_bob("POST", f"{path}messages/", post) == (403, "forbidden")
    assert as_alice("POST", f"{path}messages/", post) == (403, "forbidden")
    assert as_bob("GET", f"{path}messages/")[0] == 200
    events = wire.Socket("/chat/garden/", as_bob.browser).connect().events
    assert events[0]["room"]["archived"] is True
    assert "archived" not in as_alice("PUT", path, {"archived": False})[1]
    assert as_bob("POST", f"{path}messages/", post)[0] == 201
    assert as_bob("GET", "/api/rooms/?archived=1")[1]["rooms"] == []
