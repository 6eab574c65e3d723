"""A person who has left a room stays outside if a client resends a change, or leaves again."""

import pytest

from chat.models import Member, Message, Room, ScheduledMessage
from chat.services import invitations, rooms
from tests import wire
from tests.chat.services.scheduled.helpers import get_time

pytestmark = pytest.mark.django_db(transaction=True)

LEAVE = {"ref": "l1", "name": "leave"}
COMMANDS = "/api/rooms/garden/commands/"


def is_inside(person):
    return Member.objects.filter(person=person).exists()


@pytest.fixture
def attic(alice, bob):
    """Return a private room of Alice, in which Bob is."""
    attic = rooms.create_room(alice, "attic", "The attic", is_private=True)
    Member.objects.create(room=attic, person=bob, role=Member.MEMBER)
    return attic


CHANGES = {
    "a message": ("messages/", lambda: {"ref": "r1", "body": "Hello"}),
    "a command that posts": ("commands/", lambda: {"ref": "r1", "name": "shrug"}),
    "a command that changes the member": ("commands/", lambda: {"ref": "r1", "name": "mute"}),
    "a scheduled message": ("scheduled/", lambda: {"ref": "r1", "body": "Hello", "at": get_time()}),
    "a task": ("tasks/", lambda: {"ref": "r1", "task": "statistics", "params": {}}),
}


@pytest.mark.parametrize("path, make", CHANGES.values(), ids=CHANGES)
def test_a_resent_change_makes_nobody_a_member_again(as_bob, bob, room, path, make):
    body = make()
    status, first = as_bob("POST", f"/api/rooms/garden/{path}", body)
    assert status in (200, 201) and is_inside(bob)
    invitations.leave_room(bob, "garden")
    before = Message.objects.count(), ScheduledMessage.objects.count(), Room.objects.get(slug="garden").offset
    status, again = as_bob("POST", f"/api/rooms/garden/{path}", body)
    assert (status, again["ref"]) == (200, "r1") and again.get("id") == first.get("id") and not is_inside(bob)
    assert (Message.objects.count(), ScheduledMessage.objects.count(), Room.objects.get().offset) == before
    assert as_bob("POST", "/api/rooms/garden/messages/", {"ref": "r1", "body": "Other"}) == (409, "ref_conflict")
    assert not is_inside(bob)
    assert as_bob("POST", "/api/rooms/garden/messages/", {"ref": "r2", "body": "Back"})[0] == 201 and is_inside(bob)


def test_a_resent_leave_gets_the_same_answer_and_changes_nothing(as_bob, bob, room):
    rooms.join_room(bob, "garden")
    first = as_bob("POST", COMMANDS, LEAVE)
    assert first[0] == 200 and first[1]["notice"] == "You have left this room." and not is_inside(bob)
    assert as_bob("POST", COMMANDS, LEAVE) == first and not is_inside(bob)
    rooms.join_room(bob, "garden")
    assert as_bob("POST", COMMANDS, LEAVE) == first and is_inside(bob)
    assert as_bob("POST", COMMANDS, {**LEAVE, "ref": "l2"})[0] == 200 and not is_inside(bob)


def test_a_person_who_leaves_twice_or_was_never_inside_stays_outside(as_bob, bob, alice, room):
    owner = wire.Socket("/me/", wire.browser_of(alice)).connect()
    owner.read()
    for ref in ("l1", "l2"):
        assert as_bob("POST", COMMANDS, {**LEAVE, "ref": ref})[0] == 200 and not is_inside(bob)
    assert owner.read() == []
    rooms.join_room(bob, "garden")
    # The ref is used up.
    assert as_bob("POST", COMMANDS, LEAVE)[0] == 200 and is_inside(bob)


def test_a_resent_leave_of_a_private_room_gets_the_same_answer(as_bob, bob, attic):
    path = "/api/rooms/attic/commands/"
    first = as_bob("POST", path, LEAVE)
    assert first[0] == 200 and not is_inside(bob)
    assert as_bob("POST", path, LEAVE) == first
    for other in (path, "/api/rooms/unknown/commands/"):
        assert as_bob("POST", other, {**LEAVE, "ref": "l2"}) == (404, "not_found")
    assert as_bob("POST", "/api/rooms/unknown/commands/", LEAVE) == (409, "ref_conflict")


@pytest.mark.parametrize("role", [Member.OWNER, Member.MUTED, Member.BANNED])
def test_people_who_cannot_leave_cannot_leave_by_the_command(as_bob, bob, room, role):
    rooms.apply_role(rooms.join_room(bob, "garden"), role)
    assert as_bob("POST", COMMANDS, LEAVE) == (403, "forbidden") and Member.objects.get(person=bob).role == role


def test_two_requests_at_the_same_moment_leave_once(bob, room, monkeypatch):
    rooms.join_room(bob, "garden")
    lock = rooms.lock_room

    def leave_meanwhile(room_id):
        monkeypatch.setattr(rooms, "lock_room", lock)
        invitations.leave_room(bob, "garden")
        return lock(room_id)

    monkeypatch.setattr(rooms, "lock_room", leave_meanwhile)
    invitations.leave_room(bob, "garden")
    assert not is_inside(bob)
