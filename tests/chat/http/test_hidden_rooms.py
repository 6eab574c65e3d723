"""A stranger cannot find the slugs of private rooms by the responses or by the number of queries."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Member, Room
from chat.protocol import format_time
from chat.services import rooms
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_private_room_does_not_take_the_slug_that_its_owner_typed(as_alice, as_bob):
    body = as_alice("POST", "/api/rooms/", {"slug": "plans", "name": "Plans", "private": True})[1]
    assert body["slug"].startswith("plans-") and len(body["slug"]) == len("plans-") + 10
    status, other = as_bob("POST", "/api/rooms/", {"slug": "plans", "name": "Plans"})
    assert (status, other["slug"]) == (201, "plans")
    assert as_alice("GET", f"/api/rooms/{body['slug']}/messages/")[0] == 200


def test_the_page_adds_random_characters_to_the_slug_of_a_private_room(alice):
    browser = wire.browser_of(alice)
    response = browser.post("/rooms/", {"name": "Plans", "slug": "plans", "private": "on"})
    slug = Room.objects.get().slug
    assert slug.startswith("plans-") and response["Location"] == f"/rooms/{slug}/"


def test_the_longest_slug_is_cut_to_make_room_for_the_random_characters(as_alice):
    slug = as_alice("POST", "/api/rooms/", {"slug": "x" * 50, "name": "X", "private": True})[1]["slug"]
    assert len(slug) == 50 and slug.startswith("x" * 39 + "-")


def test_the_slug_of_a_hidden_room_is_not_refused_as_taken(alice, as_bob):
    # Both rooms are older than the random slugs of private rooms.
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    Room.objects.create(slug="board-1", name="A board", access=Room.BOARD)
    for slug in ("cellar", "board-1"):
        status, body = as_bob("POST", "/api/rooms/", {"slug": slug, "name": "Mine"})
        assert status == 201 and body["slug"].startswith(f"{slug}-")


def test_the_slug_of_a_visible_room_is_refused_as_taken(alice, as_alice, as_bob, room):
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    assert as_bob("POST", "/api/rooms/", {"slug": "garden", "name": "Mine"}) == (409, "taken")
    assert as_alice("POST", "/api/rooms/", {"slug": "cellar", "name": "Mine"}) == (409, "taken")


PATHS = [
    ("GET", "/rooms/{}/"),
    ("GET", "/api/rooms/{}/messages/"),
    ("POST", "/api/rooms/{}/messages/"),
    ("GET", "/api/rooms/{}/poll/"),
    ("GET", "/api/rooms/{}/members/"),
    ("GET", "/api/rooms/{}/invitations/"),
    ("GET", "/api/rooms/{}/tasks/"),
    ("GET", "/api/rooms/{}/scheduled/"),
    ("DELETE", "/api/rooms/{}/scheduled/1/"),
    ("DELETE", "/api/rooms/{}/membership/"),
    ("PUT", "/api/rooms/{}/"),
]


@pytest.mark.parametrize("method, path", PATHS)
@pytest.mark.parametrize("is_guest", [False, True])
def test_a_hidden_room_costs_as_many_queries_as_an_unknown_room(alice, bob, charlie, method, path, is_guest):
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    browser = wire.browser_of(charlie if is_guest else bob)
    responses = []
    for slug in ("nothing", "cellar", "attic"):  # the first request fills the caches
        data = {"ref": "r1", "body": "Hello", "guests": False} if method in ("POST", "PUT") else None
        with CaptureQueriesContext(connection) as queries:
            response = browser.generic(
                method, path.format(slug), "" if data is None else json.dumps(data), "application/json"
            )
        texts = [query["sql"].replace(slug, "SLUG") for query in queries if "SAVEPOINT" not in query["sql"]]
        responses.append((response.status_code, response.content.replace(slug.encode(), b"SLUG")[:200], len(texts)))
    assert responses[1][0] == 404 and responses[1] == responses[2]


@pytest.mark.parametrize("path", ["/chat/{}/"])
def test_a_handshake_of_a_hidden_room_costs_as_many_queries_as_one_of_an_unknown_room(alice, bob, path):
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    counts = []
    for slug in ("nothing", "cellar", "attic"):
        socket = wire.Socket(path.format(slug), wire.browser_of(bob))
        with CaptureQueriesContext(connection) as queries:
            socket.connect()
        counts.append((socket.code, len(queries)))
    assert counts[1] == counts[2] and counts[1][0] == 4404


def test_searching_does_not_find_hidden_rooms(alice, as_bob, django_assert_num_queries):
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    found = [as_bob("GET", f"/api/rooms/?q={text}") for text in ("cellar", "attic")]
    assert found[0] == found[1] == (200, {"rooms": [], "more": False})


# The next tests change the address of a room that is older than random slugs.


@pytest.fixture
def cellar(alice, charlie):
    """Return a private room with a slug that people can guess. Alice owns it, and Charlie is a member."""
    room = rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    Member.objects.create(room=room, person=charlie, role=Member.GUEST)
    return room


def test_a_new_address_cannot_be_guessed_and_the_former_address_redirects_members(cellar, alice, charlie, bob):
    inside = wire.Socket("/chat/cellar/", wire.browser_of(charlie)).connect()
    response = wire.browser_of(alice).post("/rooms/cellar/address/")
    slug = Room.objects.get().slug
    assert slug.startswith("cellar-") and len(slug) == len("cellar-") + 10
    assert response["Location"] == f"/rooms/{slug}/"
    member, stranger = wire.browser_of(charlie), wire.browser_of(bob)
    assert member.get("/rooms/cellar/")["Location"] == f"/rooms/{slug}/"
    assert member.get("/api/rooms/cellar/messages/").status_code == 200
    assert stranger.get("/rooms/cellar/").status_code == stranger.get(f"/rooms/{slug}/").status_code == 404
    assert inside.ask("post", ref="r1", body="Still here")["type"] == "ack"
    joined = wire.Socket("/chat/cellar/", member).connect().seen("joined")[0]
    assert joined["room"]["slug"] == slug


def test_a_scheduled_message_can_be_cancelled_under_the_former_address(cellar, alice, charlie):
    browser = wire.browser_of(charlie)
    fields = {"ref": "s1", "body": "Later", "at": format_time(timezone.now() + timedelta(days=1))}
    scheduled = browser.post("/api/rooms/cellar/scheduled/", fields, "application/json").json()
    rooms.change_address(alice, "cellar")
    assert browser.delete(f"/api/rooms/cellar/scheduled/{scheduled['scheduled_id']}/").status_code == 204


def test_a_former_address_does_not_hint_that_there_is_a_hidden_room(cellar, alice, charlie, as_bob):
    rooms.change_address(alice, "cellar")
    status, body = as_bob("POST", "/api/rooms/", {"slug": "cellar", "name": "Mine"})
    assert (status, body["slug"]) == (201, "cellar")
    assert wire.browser_of(charlie).get("/rooms/cellar/").status_code == 200


def test_a_changed_address_can_be_changed_again(cellar, alice, charlie):
    first = rooms.change_address(alice, "cellar").slug
    second = rooms.change_address(alice, first).slug
    assert first != second and len(second) == len(first)
    for former in ("cellar", first):
        assert rooms.join_room(charlie, former).room.slug == second


def test_only_owners_and_operators_change_the_address_and_only_of_private_rooms(
    cellar, alice, bob, charlie, room, admin_browser
):
    for person, slug, status in ((charlie, "cellar", 403), (bob, "cellar", 404), (alice, "garden", 403)):
        assert wire.browser_of(person).post(f"/rooms/{slug}/address/").status_code == status
    assert admin_browser.post("/rooms/cellar/address/").status_code == 302
    assert not Room.objects.filter(slug="cellar").exists()


def test_only_the_page_of_a_private_room_offers_a_new_address(cellar, alice, room):
    browser = wire.browser_of(alice)
    assert b"Change the address" in browser.get("/rooms/cellar/").content
    assert b"Change the address" not in browser.get("/rooms/garden/").content


def test_an_operator_acts_on_the_room_that_has_the_slug_now_and_not_on_a_former_one(cellar, alice, root):
    Member.objects.create(room=cellar, person=root)
    rooms.change_address(alice, "cellar")
    other = Room.objects.create(slug="cellar", name="Another cellar", access=Room.PRIVATE)
    assert wire.Caller(root)("PUT", "/api/rooms/cellar/", {"topic": "Wine"})[0] == 200
    assert Room.objects.get(id=other.id).topic == "Wine"
    # A member of the first room who may not know of the other room is redirected to the first room.
    assert wire.browser_of(root).get("/rooms/cellar/")["Location"] == f"/rooms/{Room.objects.get(id=cellar.id).slug}/"


def test_a_former_address_redirects_members_even_if_a_hidden_room_has_it_now(cellar, alice, charlie):
    slug = rooms.change_address(alice, "cellar").slug
    Room.objects.create(slug="cellar", name="Another cellar", access=Room.PRIVATE)
    assert wire.browser_of(charlie).get("/rooms/cellar/")["Location"] == f"/rooms/{slug}/"
