"""Which replies in threads cause a push, as in an open page, and what a push says about a message without a text."""

import pytest

from chat.models import Member, ThreadMember
from chat.protocol import Post
from chat.services import people, rooms, threads, workspace
from tests.chat.services.uploads.helpers import post, upload, upload_picture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root(bob, room):
    """Return the number of a message of Bob, to which nobody has replied."""
    return rooms.post_message(rooms.join_room(bob, "garden"), Post("root", "Who waters the roses?")).ack["id"]


@pytest.fixture
def reply(alice, root):
    """Return a function with which Alice replies to Bob, and which returns the number of the reply."""
    refs = iter(range(1000))

    def reply(body="I do", author=alice):
        member = rooms.join_room(author, "garden")
        return rooms.post_message(member, Post(f"reply{next(refs)}", body, thread=root)).ack["id"]

    return reply


def test_a_reply_reaches_the_followers_of_its_thread(phone, reply, work, service):
    number = reply()
    work()
    (shown,) = phone.shown
    assert (shown["title"], shown["body"]) == ("Alice replied in The garden", "I do")
    assert (shown["address"], shown["tag"]) == (f"/rooms/garden/#message-{number}", f"garden {number}")
    assert shown["reply"] is True, "the notification stays until the person has read the thread"
    assert service.pushes[0].headers["Urgency"] == "high"


def test_a_reply_reaches_nobody_who_does_not_follow_the_thread(phone, reply, work, bob, root):
    people.change_preferences(bob, {"notify": "all"})
    reply()
    threads.set_state(bob, "garden", root, ThreadMember.MUTED)
    work()
    assert phone.shown == []


@pytest.mark.parametrize("level", [Member.NONE, Member.MENTIONS])
def test_the_level_of_the_room_counts_for_replies(level, phone, reply, work, bob):
    workspace.set_level(bob, "garden", level)
    reply()
    work()
    assert phone.shown == []


def test_a_reply_is_read_in_its_thread_and_not_in_the_room(phone, reply, work, bob, root):
    workspace.read_room(bob, "garden", reply("Unread"))
    work()
    assert [shown["body"] for shown in phone.shown] == ["Unread"]


def test_a_reply_that_the_person_has_read_is_not_sent(phone, reply, work, bob, root):
    threads.mark_read(rooms.join_room(bob, "garden"), root, reply("@Bob"))
    work()
    assert phone.shown == []


def test_a_mention_in_a_thread_is_a_mention(phone, reply, work, bob, root):
    reply()
    threads.set_state(bob, "garden", root, ThreadMember.MUTED)
    number = reply("And you, @Bob")
    work()
    (shown,) = phone.shown
    assert (shown["title"], shown["body"]) == ("Alice in The garden", "And you, @Bob")
    assert shown["address"].endswith(f"#message-{number}")


def test_the_push_of_a_message_without_a_text_names_its_files(phone, alice, bob, room, work, own_files):
    people.change_preferences(bob, {"notify": "all"})
    member = rooms.join_room(alice, "garden")
    post(member, "f1", upload(member, "roses.pdf"))
    work()
    assert phone.shown[-1]["body"] == "Alice: roses.pdf"


@pytest.mark.parametrize("count, words", [(1, "Picture"), (2, "2 pictures")])
def test_a_push_counts_pictures(count, words, phone, alice, root, work, own_files):
    member = rooms.join_room(alice, "garden")
    post(member, "f1", *[upload_picture(member) for _ in range(count)], thread=root)
    work()
    assert phone.shown[-1]["body"] == words
