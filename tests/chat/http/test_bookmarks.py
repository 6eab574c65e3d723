"""The API of bookmarks."""

import pytest

from chat.models import Bookmark, Member
from chat.protocol import Post, Remove
from chat.services import bookmarks, rooms

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def writer(room, alice):
    """Return Alice's Member of `garden`, who has posted three messages."""
    member = rooms.join_room(alice, "garden")
    for number in range(1, 4):
        rooms.post_message(member, Post(f"r{number}", f"Message {number}"))
    return member


def bodies(caller, query=""):
    return [mark["message"]["body"] for mark in caller("GET", f"/api/bookmarks/{query}")[1]["bookmarks"]]


def test_bookmarks_are_set_listed_and_deleted(as_bob, as_alice, writer):
    status, first = as_bob("PUT", "/api/bookmarks/garden/1/")
    assert status == 201 and set(first) == {"id", "at"}
    assert as_bob("PUT", "/api/bookmarks/garden/1/") == (200, first)
    assert as_bob("PUT", "/api/bookmarks/garden/3/")[0] == 201
    body = as_bob("GET", "/api/bookmarks/")[1]
    assert body["more"] is False and [mark["message"]["id"] for mark in body["bookmarks"]] == [3, 1]
    assert body["bookmarks"][1] == {
        **first,
        "room": {"slug": "garden", "name": "The garden"},
        "message": body["bookmarks"][1]["message"],
    }
    assert bodies(as_alice) == []
    assert as_bob.browser.delete("/api/bookmarks/garden/1/").status_code == 204
    assert as_bob("DELETE", "/api/bookmarks/garden/1/") == (404, "not_found")
    assert bodies(as_bob) == ["Message 3"]


def test_older_bookmarks_are_on_the_next_page(as_bob, writer, monkeypatch):
    monkeypatch.setattr(bookmarks, "PAGE", 2)
    for number in (1, 2, 3):
        as_bob("PUT", f"/api/bookmarks/garden/{number}/")
    body = as_bob("GET", "/api/bookmarks/")[1]
    assert body["more"] is True and bodies(as_bob) == ["Message 3", "Message 2"]
    assert bodies(as_bob, f"?before={body['bookmarks'][-1]['id']}") == ["Message 1"]
    assert as_bob("GET", "/api/bookmarks/?before=x") == (400, "invalid_field")


def test_a_bookmark_is_deleted_under_a_former_address_of_its_room(as_alice, alice):
    rooms.create_room(alice, "attic", "The attic", is_private=True)
    rooms.post_message(rooms.join_room(alice, "attic"), Post("r1", "Hello"))
    rooms.change_address(alice, "attic")
    assert as_alice("PUT", "/api/bookmarks/attic/1/")[0] == 201
    assert as_alice.browser.delete("/api/bookmarks/attic/1/").status_code == 204
    assert bodies(as_alice) == []


def test_bookmarks_of_removed_messages_and_of_a_room_that_banned_the_person_are_not_listed(as_bob, bob, writer):
    for number in (1, 2):
        as_bob("PUT", f"/api/bookmarks/garden/{number}/")
    rooms.remove_message(writer, Remove("x1", 1))
    assert bodies(as_bob) == ["Message 2"]
    assert Bookmark.objects.count() == 1, "the bookmark does not count against the limit"
    assert as_bob("PUT", "/api/bookmarks/garden/1/") == (404, "not_found")
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    assert bodies(as_bob) == []
    assert as_bob("PUT", "/api/bookmarks/garden/2/") == (403, "forbidden")
    assert as_bob.browser.delete("/api/bookmarks/garden/2/").status_code == 204


def test_a_bookmark_needs_a_message_that_the_person_may_read(as_bob, alice, writer):
    private = rooms.create_room(alice, "den", "The den", is_private=True)
    rooms.post_message(rooms.join_room(alice, private.slug), Post("p1", "Secret"))
    assert as_bob("PUT", f"/api/bookmarks/{private.slug}/1/") == (404, "not_found")
    assert as_bob("PUT", "/api/bookmarks/garden/9/") == (404, "not_found")
    assert as_bob("PUT", "/api/bookmarks/attic/1/") == (404, "not_found")
    assert not Bookmark.objects.exists()


def test_the_number_of_bookmarks_is_limited(as_bob, writer, monkeypatch):
    monkeypatch.setattr(bookmarks, "MAX_BOOKMARKS", 1)
    assert as_bob("PUT", "/api/bookmarks/garden/1/")[0] == 201
    assert as_bob("PUT", "/api/bookmarks/garden/2/") == (403, "forbidden")


def test_strangers_have_no_bookmarks(stranger, writer):
    assert stranger("GET", "/api/bookmarks/") == (401, "not_signed_in")
    assert stranger("PUT", "/api/bookmarks/garden/1/") == (401, "not_signed_in")
