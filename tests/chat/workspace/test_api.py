"""The JSON API of a person's workspace."""

import pytest

from chat.models import Block, Member, Room
from chat.protocol import Remove
from chat.services import moderation, people, rooms
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def by_alice(alice):
    return Caller(alice)


@pytest.fixture
def by_bob(bob):
    return Caller(bob)


def test_a_person_joins_and_leaves_a_public_room(by_bob, bob, room, stream):
    socket = stream(bob)
    status, joined = by_bob("PUT", "/api/rooms/garden/membership/", {"level": "mentions", "favourite": True})
    assert (status, joined["slug"], joined["level"], joined["favourite"]) == (201, "garden", "mentions", 0)
    assert by_bob("PUT", "/api/rooms/garden/membership/", {})[0] == 200
    assert by_bob("GET", "/api/workspace/") == (200, {"rooms": [joined]})
    assert socket.read()[0]["slug"] == "garden"
    assert by_bob.browser.delete("/api/rooms/garden/membership/").status_code == 204
    assert socket.read() == [{"type": "room", "slug": "garden", "gone": True}]
    assert not Member.objects.filter(person=bob).exists()


@pytest.mark.parametrize("role", [Member.MUTED, Member.BANNED])
def test_a_muted_or_banned_person_cannot_escape_by_leaving(by_bob, bob, alice, room, role):
    rooms.join_room(bob, "garden")
    moderation.change_role(alice, room, bob, role)
    assert by_bob("DELETE", "/api/rooms/garden/membership/") == (403, "forbidden")


def test_an_owner_and_a_person_outside_of_the_room_cannot_leave(by_alice, by_bob, room):
    for caller in (by_alice, by_bob):
        assert caller("DELETE", "/api/rooms/garden/membership/") == (403, "forbidden")


def test_a_private_room_cannot_be_joined(by_bob, alice):
    rooms.create_room(alice, "attic", "The attic", is_private=True)
    assert by_bob("PUT", "/api/rooms/attic/membership/", {}) == (404, "not_found")


def test_a_room_and_all_rooms_are_marked_as_read(by_bob, bob, alice, room, post):
    rooms.join_room(bob, "garden")
    post(alice, "one", "two")
    assert by_bob("POST", "/api/rooms/garden/read/", {"offset": 1}) == (200, {"read": 1})
    assert by_bob("POST", "/api/rooms/garden/read/", "") == (200, {"read": 2})
    assert by_bob("POST", "/api/rooms/unknown/read/", "") == (404, "not_found")
    post(alice, "three")
    assert by_bob.browser.post("/api/read/").status_code == 204
    assert Member.objects.get(person=bob).read_offset == 3


def test_the_list_of_mentions_has_pages(by_bob, bob, alice, room, post):
    post(alice, "one @Bob", "nobody", "two @Bob", "@Bob three")
    rooms.remove_message(rooms.join_room(alice, "garden"), Remove("x1", 3))
    status, page = by_bob("GET", "/api/mentions/?limit=1")
    assert (status, page["more"]) == (200, True)
    [newest] = page["mentions"]
    assert newest.pop("at").endswith("Z")
    assert newest == {"room": "garden", "id": 4, "author": {"handle": "Alice"}, "text": "@Bob three"}
    _, page = by_bob("GET", f"/api/mentions/?limit=1&before={page['next']}")
    assert [mention["id"] for mention in page["mentions"]] == [1]
    assert page["more"] is False and page["next"] is None


@pytest.mark.parametrize("how", ["banned", "closed", "left", "banned browser"])
def test_the_list_has_no_mentions_of_rooms_that_the_person_may_not_read(alice, room, post, how):
    guest = people.sign_up_guest("Dora", browser="d" * 64)
    if how == "left":
        Room.objects.filter(id=room.id).update(access=Room.PRIVATE)
    Member.objects.create(room=room, person=guest, role=Member.GUEST)
    post(alice, "@Dora")
    by_dora = Caller(guest)
    assert len(by_dora("GET", "/api/mentions/")[1]["mentions"]) == 1
    if how == "banned":
        moderation.change_role(alice, room, guest, Member.BANNED)
    elif how == "closed":
        rooms.set_guests(alice, "garden", False)
    elif how == "left":
        by_dora.browser.delete("/api/rooms/garden/membership/")
    else:
        Member.objects.filter(person=guest).delete()
        other = people.sign_up_guest("Other", browser="d" * 64)
        Member.objects.create(room=room, person=other, role=Member.BANNED)
    assert by_dora("GET", "/api/mentions/")[1]["mentions"] == []


def test_a_person_blocks_and_unblocks_a_person(by_bob, bob, alice):
    for _ in range(2):
        assert by_bob.browser.put("/api/blocks/Alice/").status_code == 204
    assert by_bob("GET", "/api/blocks/") == (200, {"blocks": [{"handle": "Alice"}]})
    assert by_bob("PUT", "/api/blocks/Bob/") == (403, "forbidden")
    assert by_bob("PUT", "/api/blocks/Nobody/") == (404, "not_found")
    for _ in range(2):
        assert by_bob.browser.delete("/api/blocks/Alice/").status_code == 204
    assert not Block.objects.exists()


@pytest.mark.parametrize("handle", ["..", ".", "a/b"])
def test_a_person_with_any_handle_can_be_blocked(by_bob, handle):
    people.sign_up(handle, "correct horse")
    for blocked in (True, False):
        body = {"handle": handle, "blocked": blocked}
        assert by_bob.browser.put("/api/blocks/", body, content_type="application/json").status_code == 204
        assert Block.objects.exists() == blocked
    assert by_bob("PUT", "/api/blocks/", {"handle": handle}) == (400, "missing_field")
    assert by_bob("PUT", "/api/blocks/", {"handle": handle, "blocked": "yes"}) == (400, "invalid_field")


def test_a_person_who_has_left_can_be_unblocked(by_bob, bob):
    guest = people.sign_up_guest("Dora")
    by_bob.browser.put("/api/blocks/Dora/")
    Caller(guest).browser.delete("/api/session/")
    people.sign_up("Dora", "correct horse")
    assert by_bob("GET", "/api/blocks/")[1]["blocks"] == [{"handle": "Dora", "guest": True}]
    assert by_bob.browser.delete("/api/blocks/Dora/").status_code == 204
    assert not Block.objects.exists()
    assert by_bob("DELETE", "/api/blocks/Nobody/") == (404, "not_found")


def test_a_member_uses_a_former_address_of_a_room(by_bob, bob, alice):
    room = rooms.create_room(alice, "attic", "The attic", is_private=True)
    Member.objects.create(room=room, person=bob)
    slug = rooms.change_address(alice, "attic").slug
    status, found = by_bob("PUT", "/api/rooms/attic/membership/", {"level": "none", "favourite": True})
    assert (status, found["slug"], found["level"], found["favourite"]) == (200, slug, "none", 0)


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/api/workspace/"),
        ("POST", "/api/read/"),
        ("GET", "/api/mentions/"),
        ("POST", "/api/directs/"),
        ("GET", "/api/blocks/"),
    ],
)
def test_strangers_have_no_workspace(method, path):
    assert Caller()(method, path) == (401, "not_signed_in")
