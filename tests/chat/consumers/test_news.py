"""The number of unread messages in the event `joined`, and the first position of a person's read marker."""

import pytest

from chat.models import Member, Message, join_state
from chat.protocol import Post, Remove
from chat.services import invitations, moderation, people, rooms
from tests.chat.helpers import ask, key_of, knock
from tests.chat.services.rooms.actions import post

pytestmark = pytest.mark.django_db(transaction=True)


def read_joined(socket):
    """Return the read marker, the number of unread messages and the id of the first one, from the event `joined`."""
    joined = socket.seen("joined")[0]
    return joined["you"]["read"], joined["unread"], joined["first_unread"]


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 500])
def test_a_returning_person_receives_the_number_of_unread_messages(alice, bob, enter, room, count):
    enter(alice).disconnect()
    member = rooms.join_room(bob, "garden")
    rows = [Message(room=room, number=n, offset=n, author=bob, ref=f"r{n}") for n in range(1, count + 1)]
    Message.objects.bulk_create(rows)
    type(room).objects.filter(id=room.id).update(offset=count)
    assert read_joined(enter(alice)) == (0, count, 1 if count else None)
    again = enter(alice)
    again.say("read", offset=count)
    post(member, "p1")
    assert read_joined(enter(alice)) == (count, 1, count + 1)


def test_own_messages_and_removed_messages_are_not_unread(alice, bob, enter):
    tab = enter(alice)
    member = rooms.join_room(bob, "garden")
    post(member, "p1")
    tab.post("a2")
    rooms.remove_message(member, Remove("x1", 1))
    post(member, "p4")
    tab.post("a5")
    assert read_joined(enter(alice)) == (0, 1, 4)


def test_history_is_not_unread_for_a_person_who_joins_by_a_socket_or_by_the_api(alice, bob, charlie, enter):
    member = rooms.join_room(alice, "garden")
    for number in range(3):
        post(member, f"p{number}")
    assert read_joined(enter(bob)) == (3, 0, None)
    # A request of the API joins a room in this way.
    rooms.post_message(rooms.join_room(charlie, "garden"), Post("c4", "Hi"))
    assert read_joined(enter(charlie)) == (3, 0, None)
    assert read_joined(enter(people.sign_up_guest("Guest"))) == (4, 0, None)


def test_history_is_not_unread_for_a_person_who_accepts_an_invitation(alice, bob, room, enter):
    type(room).objects.filter(id=room.id).update(access=room.PRIVATE)
    owner = rooms.join_room(alice, "garden")
    post(owner, "p1")
    _, key = invitations.create_invitation(alice, "garden")
    invitations.accept_invitation(bob, key)
    post(owner, "p2")
    assert read_joined(enter(bob)) == (1, 1, 2)


def test_history_is_not_unread_for_a_person_who_was_muted_before_joining(alice, bob, room, enter):
    post(rooms.join_room(alice, "garden"), "p1")
    room.refresh_from_db()
    moderation.change_role(alice, room, bob, Member.MUTED)
    assert read_joined(enter(bob)) == (1, 0, None)


def test_the_first_message_is_unread_for_a_person_who_joined_the_empty_room(alice, bob, enter):
    enter(alice).disconnect()
    post(rooms.join_room(bob, "garden"), "p1")
    assert read_joined(enter(alice)) == (0, 1, 1)


def test_a_handshake_counts_a_limited_number_of_unread_messages(alice, bob, enter, monkeypatch):
    monkeypatch.setattr(join_state, "MAX_UNREAD", 3)
    enter(alice).disconnect()
    member = rooms.join_room(bob, "garden")
    for number in range(5):
        post(member, f"p{number}")
    assert read_joined(enter(alice)) == (0, 3, 1)


def test_a_guest_who_polls_receives_the_number_of_unread_messages(bob, enter, poller):
    guest = people.sign_up_guest("Guest")
    enter(guest).disconnect()
    post(rooms.join_room(bob, "garden"), "p1")
    joined = poller(guest).start()[0]
    assert (joined["unread"], joined["first_unread"]) == (1, 1)


def test_history_is_not_unread_for_a_visitor_who_is_admitted_to_a_board(owner, at_door, visitor):
    at_owner = owner.room()
    at_owner.post("o1", "Before Bob came")
    knock(visitor)
    ask(at_door, "admit", visitor=key_of("Bob"))
    room = visitor.room()
    assert read_joined(room) == (1, 0, None)
    room.disconnect()
    at_owner.post("o2", "While Bob was away")
    assert read_joined(visitor.room()) == (1, 1, 2)
