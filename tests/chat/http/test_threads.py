"""The API of threads: a page of replies, following and muting, and the list of a person's threads."""

import pytest

from chat.models import Member
from chat.protocol import Post, Remove
from chat.services import moderation, rooms, threads

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def talk(room, alice, bob):
    """Post a message of Alice with five replies of Bob in `garden`, and a message without replies."""
    members = [rooms.join_room(person, "garden") for person in (alice, bob)]
    rooms.post_message(members[0], Post("r1", "Who waters the roses?"))
    for number in range(2, 7):
        rooms.post_message(members[1], Post(f"r{number}", f"Reply {number}", thread=1))
    rooms.post_message(members[0], Post("r7", "Something else"))


def ids(body):
    return [message["id"] for message in body["messages"]]


def test_a_thread_is_read_in_pages(as_alice, talk):
    status, body = as_alice("GET", "/api/rooms/garden/threads/1/?limit=2")
    assert status == 200 and ids(body) == [5, 6] and body["more"] is True
    assert body["root"]["id"] == 1 and body["thread"] == body["root"]["thread"] and body["thread"]["count"] == 5
    assert (body["state"], body["read"], body["offset"]) == ("followed", 1, 7)
    older = as_alice("GET", "/api/rooms/garden/threads/1/?limit=3&before=5")[1]
    assert ids(older) == [2, 3, 4] and older["more"] is False
    newer = as_alice("GET", "/api/rooms/garden/threads/1/?limit=2&after=2")[1]
    assert ids(newer) == [3, 4] and newer["more"] is True
    # The id of a reply leads to its thread too.
    assert as_alice("GET", "/api/rooms/garden/threads/4/")[1]["root"]["id"] == 1
    assert as_alice("GET", "/api/rooms/garden/threads/1/?before=2&after=3") == (400, "invalid_field")
    assert as_alice("GET", "/api/rooms/garden/threads/99/") == (404, "not_found")


def test_a_message_without_replies_is_a_thread_without_replies(as_alice, talk):
    body = as_alice("GET", "/api/rooms/garden/threads/7/")[1]
    assert body["thread"] == {"root": 7, "offset": 0, "count": 0, "last_at": None, "authors": []} and ids(body) == []
    assert (body["state"], body["read"], body["more"]) == ("none", None, False)


def test_a_person_follows_and_mutes_a_thread(as_charlie, charlie, talk):
    rooms.join_room(charlie, "garden")
    path = "/api/rooms/garden/threads/1/"
    assert as_charlie("PUT", path, {"state": "followed"}) == (200, {"state": "followed", "read": 6})
    assert as_charlie("PUT", path, {"state": "muted"}) == (200, {"state": "muted", "read": 6})
    assert as_charlie("PUT", path, {"state": "loud"}) == (400, "invalid_field")
    assert as_charlie("PUT", "/api/rooms/garden/threads/7/", {"state": "followed"}) == (404, "not_found")


def test_only_members_follow(as_charlie, talk):
    assert as_charlie("PUT", "/api/rooms/garden/threads/1/", {"state": "followed"})[0] == 403


def test_own_threads_begin_with_the_unread_ones(as_alice, as_bob, alice, bob, talk, monkeypatch):
    alice_member = rooms.join_room(alice, "garden")
    rooms.post_message(rooms.join_room(bob, "garden"), Post("b1", "Mine", thread=7))
    rooms.post_message(alice_member, Post("a1", "Thank you", thread=7))
    body = as_alice("GET", "/api/threads/")[1]
    assert [(own["thread"]["root"], own["unread"]) for own in body["threads"]] == [(1, 5), (7, 0)]
    first = body["threads"][0]
    assert first["room"] == {"slug": "garden", "name": "The garden"}
    assert (first["root"]["id"], first["last"]["body"], body["more"]) == (1, "Reply 6", False)
    assert [own["unread"] for own in as_bob("GET", "/api/threads/")[1]["threads"]] == [1, 0]
    monkeypatch.setattr(threads.reading, "OWN_THREADS", 1)
    assert as_alice("GET", "/api/threads/")[1]["more"] is True
    assert [own["thread"]["root"] for own in as_alice("GET", "/api/threads/?page=1")[1]["threads"]] == [7]


def test_threads_of_rooms_that_a_person_may_not_read_are_not_listed(as_bob, alice, bob, room, talk):
    rooms.remove_message(rooms.join_room(bob, "garden"), Remove("x1", 6))
    assert as_bob("GET", "/api/threads/")[1]["threads"][0]["last"]["id"] == 5
    moderation.change_role(alice, room, bob, Member.BANNED)
    assert as_bob("GET", "/api/threads/")[1]["threads"] == []
    assert as_bob("GET", "/api/rooms/garden/threads/1/")[0] == 403


def test_a_reply_is_posted_by_the_api(as_bob, talk):
    status, _ = as_bob("POST", "/api/rooms/garden/messages/", {"ref": "p1", "body": "By the API", "thread": 2})
    assert status == 201
    assert as_bob("GET", "/api/rooms/garden/threads/1/")[1]["messages"][-1]["body"] == "By the API"


def test_a_mention_in_a_thread_names_the_thread(as_alice, bob, talk):
    rooms.post_message(rooms.join_room(bob, "garden"), Post("m1", "@Alice, look", thread=1))
    assert as_alice("GET", "/api/mentions/")[1]["mentions"][0]["thread"] == 1
