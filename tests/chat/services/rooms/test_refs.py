"""A request with a ref is stored once, and the same request gets the same answer."""

import pytest
from django.db import OperationalError

from chat.models import Change, Member, Message, Room
from chat.protocol import ChatError, Edit, Post, React, Remove
from chat.services import rooms
from tests.chat.helpers import assert_refused
from tests.chat.services.rooms.actions import offset_of, post
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db


def test_a_resend_gets_the_same_ack_and_changes_nothing(alice, member_of, room):
    member = member_of(alice)
    first = rooms.post_message(member, Post("r1", "Hello"))
    again = rooms.post_message(member, Post("r1", "Hello"))
    assert first.ack == again.ack
    assert (first.is_new, again.is_new) == (True, False)
    assert (offset_of(room), Message.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_resend_is_not_published_again(alice, member_of, read_events):
    member = member_of(alice)
    post(member, "r1")
    post(member, "r1")
    assert len(read_events()) == 1


@pytest.mark.parametrize(
    "change, event",
    [
        (rooms.post_message, Post("r1", "Other")),
        (rooms.post_message, Post("r1", "Hello", 1)),
        (rooms.edit_message, Edit("r1", 1, "Hello")),
        (rooms.remove_message, Remove("r1", 1)),
        (rooms.set_reaction, React("r1", 1, "👍", True)),
    ],
)
def test_a_used_ref_with_another_content_or_type_is_a_conflict(alice, member_of, room, change, event):
    member = member_of(alice)
    post(member, "r1")
    assert_refused("ref_conflict", change, member, event)
    message = Message.objects.get()
    assert (offset_of(room), message.body, message.offset, message.is_removed) == (1, "Hello", 1, False)


def test_a_ref_that_was_used_in_one_room_is_a_conflict_in_another_room(alice, member_of):
    rooms.create_room(alice, "attic", "Attic")
    ack = post(member_of(alice), "r1")
    assert_refused("ref_conflict", post, rooms.join_room(alice, "attic"), "r1")
    assert post(member_of(alice), "r1") == ack


def test_two_people_can_use_the_same_ref(alice, bob, member_of):
    post(member_of(alice), "r1")
    assert post(member_of(bob), "r1", "Other")["id"] == 2


def test_a_resend_gets_its_ack_even_if_its_author_is_now_muted(alice, bob, member_of, room):
    member = member_of(bob)
    acks = [post(member, "r1"), rooms.edit_message(member, Edit("r2", 1, "Hi")).ack]
    acks.append(rooms.set_reaction(member, React("r3", 1, "👍", True)).ack)
    rooms.edit_message(member_of(alice), Edit("r4", 1, "Ho"))
    rooms.remove_message(member_of(alice), Remove("r5", 1))
    member = member_of(bob, Member.MUTED)
    assert [
        post(member, "r1"),
        rooms.edit_message(member, Edit("r2", 1, "Hi")).ack,
        rooms.set_reaction(member, React("r3", 1, "👍", True)).ack,
    ] == acks
    assert_refused("ref_conflict", post, member, "r1", "Hi")
    assert Message.objects.get().body == "" and offset_of(room) == 5


def test_a_resent_removal_is_acked_although_the_message_is_removed(alice, member_of):
    member = member_of(alice)
    post(member, "r1")
    ack = rooms.remove_message(member, Remove("r2", 1)).ack
    assert rooms.remove_message(member, Remove("r2", 1)).ack == ack
    assert_refused("not_found", rooms.remove_message, member, Remove("r3", 1))


def test_a_rejected_ref_may_be_sent_again(alice, member_of):
    member = member_of(alice, Member.MUTED)
    assert_refused("muted", post, member, "r1")
    member = member_of(alice, Member.MEMBER)
    assert_refused("not_found", post, member, "r1", "Hello", 9)
    assert post(member, "r1", "Other")["id"] == 1
    assert Change.objects.count() == 1


def test_a_ref_can_be_used_again_after_an_outage_of_the_database(alice, member_of, room, monkeypatch):
    member = member_of(alice)
    with monkeypatch.context() as broken:
        broken.setattr(rooms.changes, "insert", fail_with(OperationalError("database is locked")))
        with pytest.raises(OperationalError):
            post(member, "r1")
    assert (offset_of(room), Message.objects.count()) == (0, 0)
    assert post(member, "r1")["id"] == 1


def test_a_request_with_a_ref_runs_once_and_gets_the_same_answer(alice, room):
    member, made = rooms.join_room(alice, "garden"), []

    def make():
        made.append(len(made) + 7)
        return made[-1]

    event = Post("r1", "some work")
    assert [rooms.record_once(member, event, make) for _ in range(2)] == [(7, True), (7, False)]
    assert_refused("ref_conflict", rooms.record_once, member, Post("r1", "other work"), make)
    assert Room.objects.get().offset == 0


def test_the_ref_of_a_refused_request_can_be_used_again(alice, room):
    member = rooms.join_room(alice, "garden")
    refuse = fail_with(ChatError("forbidden", "Not today."))
    assert_refused("forbidden", rooms.record_once, member, Post("r1", "some work"), refuse)
    assert rooms.record_once(member, Post("r1", "some work"), lambda: 3) == (3, True)
