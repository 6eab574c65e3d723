"""The field `mentions` of a message contains the handles of existing people, and costs few queries."""

import pytest

from chat import protocol
from chat.models import Mention, Message, Person
from chat.services import people, rooms

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(alice, room):
    return rooms.join_room(alice, "garden")


def post(member, *bodies):
    for number, body in enumerate(bodies):
        rooms.post_message(member, protocol.Post(ref=f"r{number}", body=body))


def read_mentions(room):
    return [message["mentions"] for message in rooms.get_page(room, None, 50)[0]]


def test_a_message_lists_the_people_that_it_mentions(member, alice, bob, room):
    people.sign_up_guest("Max B")
    post(member, "@bob and @MAX b and @Bob", "@nobody", "hello", "mail x@bob.example")
    assert read_mentions(room) == [["Bob", "Max B"], [], [], []]


def test_an_edit_changes_the_mentions(member, bob, room):
    post(member, "@Bob")
    rooms.edit_message(member, protocol.Edit(ref="e1", id=1, body="nobody"))
    assert read_mentions(room) == [[]]
    rooms.remove_message(member, protocol.Remove(ref="e2", id=1))
    assert read_mentions(room) == [[]]


def test_people_who_left_are_not_mentioned(member, bob, room):
    post(member, "@Bob")
    Person.objects.filter(handle="Bob").update(is_active=False)
    assert read_mentions(room) == [[]]


@pytest.mark.django_db(transaction=True)
def test_the_event_of_a_new_message_lists_the_people_that_it_mentions(member, bob, read_events):
    post(member, "@Bob")
    assert read_events()[0]["mentions"] == ["Bob"]


def test_messages_without_an_at_sign_cause_no_further_query(member, bob, room, django_assert_num_queries):
    post(member, *["hello"] * 5)
    with django_assert_num_queries(2):
        rooms.get_page(room, None, 50)
    rooms.edit_message(member, protocol.Edit(ref="e1", id=1, body="@Bob"))
    rooms.edit_message(member, protocol.Edit(ref="e2", id=2, body="@Bob and @Alice"))
    with django_assert_num_queries(3):
        rooms.get_page(room, None, 50)


def test_mentions_that_are_not_stored_are_read_from_the_body(member, bob, room, django_assert_num_queries):
    post(member, "@Bob", "hello @Alice")
    Mention.objects.all().delete()
    Message.objects.update(mentioned=None)
    with django_assert_num_queries(4):
        assert read_mentions(room) == [["Bob"], ["Alice"]]


def test_a_message_keeps_its_mention_of_a_person_whose_handle_changes(member, bob, room):
    post(member, "@Bob")
    Person.objects.filter(handle="Bob").update(handle="Robert", handle_key="robert")
    assert read_mentions(room) == [["Robert"]]


def test_a_removed_message_has_no_stored_mentions(member, bob, room):
    post(member, "@Bob")
    rooms.remove_message(member, protocol.Remove(ref="x1", id=1))
    assert not Mention.objects.exists()
