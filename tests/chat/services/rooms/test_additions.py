"""Other modules store something for a message, and a message without additions costs nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import AdditionBit, Message
from chat.protocol import ChatError, Remove
from chat.services import retention, rooms
from chat.services.rooms import additions

from .actions import post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stored(monkeypatch):
    """Register an addition that stores the bodies of posts that begin with a star, and return what it has stored."""
    rows: dict[tuple[int, int], str] = {}

    def describe(messages):
        return {found.number: {"star": rows[found.room_id, found.number]} for found in messages}

    def prepare(member, event):
        if event.body == "*refused":
            raise ChatError("forbidden", "No.")
        return event.body if event.body.startswith("*") else None

    def store(message, prepared):
        rows[message.room_id, message.number] = prepared

    def delete(room_id, numbers):
        for number in numbers:
            rows.pop((room_id, number))

    monkeypatch.setattr(additions, "_registered", {})
    rooms.register_addition(rooms.Addition(AdditionBit.FILES, describe, prepare, store, delete))
    return rows


def bits(number):
    return Message.objects.get(number=number).additions


def test_an_addition_is_in_the_event_and_in_a_page(stored, member_of, alice, read_events):
    member = member_of(alice)
    post(member, "r1", "*one")
    post(member, "r2", "two")
    assert [event.get("star") for event in read_events() if event["type"] == "message"] == ["*one", None]
    messages, _ = rooms.get_page(member.room, None, 10)
    assert [message.get("star") for message in messages] == ["*one", None]
    assert (bits(1), bits(2)) == (AdditionBit.FILES, None)


def test_a_refused_addition_refuses_the_post(stored, member_of, alice):
    with pytest.raises(ChatError, match="No."):
        post(member_of(alice), "r1", "*refused")
    assert not Message.objects.exists()


def test_messages_without_additions_need_no_further_query(stored, member_of, alice, django_assert_num_queries):
    member = member_of(alice)
    post(member, "r1", "one")
    messages = list(Message.objects.complete())
    with django_assert_num_queries(0):
        assert additions.describe_additions(messages) == {}


@pytest.mark.parametrize(("stays", "left"), [(False, None), (True, AdditionBit.FILES)])
def test_the_addition_of_a_removed_message_is_deleted_unless_it_stays(
    stored, member_of, alice, monkeypatch, stays, left
):
    if stays:
        [addition] = additions._registered.values()
        kept = rooms.Addition(addition.bit, addition.describe, addition.prepare, addition.store, stays=True)
        rooms.register_addition(kept)
    member = member_of(alice)
    post(member, "r1", "*one")
    rooms.remove_message(member, Remove("r2", 1))
    messages, _ = rooms.get_page(member.room, None, 10)
    assert messages[0]["removed"] and messages[0].get("star") == ("*one" if stays else None)
    assert len(stored) == int(stays) and bits(1) == left


def test_a_hold_keeps_the_addition_of_a_removed_message_unseen(stored, member_of, alice):
    member = member_of(alice)
    post(member, "r1", "*one")
    retention.place_hold("garden", None, "a case", "operator")
    rooms.remove_message(member, Remove("r2", 1))
    messages, _ = rooms.get_page(member.room, None, 10)
    assert "star" not in messages[0] and len(stored) == 1 and bits(1) == AdditionBit.FILES
    retention.release_hold("garden", None, "operator")
    assert not stored


def test_retention_deletes_additions(stored, member_of, alice):
    member = member_of(alice)
    post(member, "r1", "*one")
    Message.objects.update(created_at=timezone.now() - timedelta(days=9))
    post(member, "r2", "*two")
    retention.set_rule("garden", 7, "operator")
    list(retention.run_retention("operator"))
    assert list(stored.values()) == ["*two"]
