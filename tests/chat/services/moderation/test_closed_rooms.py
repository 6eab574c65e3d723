"""Moderation of private rooms and boards, which only invited or admitted people can enter."""

import pytest

from chat.models import AuditEntry, Person, Room
from chat.protocol import ChatError
from chat.services import moderation, rooms
from chat.services.rights import Action
from tests.chat.helpers import assert_refused
from tests.chat.services.moderation.helpers import give_role, role_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed(room):
    room.access = Room.PRIVATE
    room.save()
    return room


@pytest.mark.parametrize("role", ["muted", "member", "moderator", "owner"])
def test_a_role_change_cannot_admit_a_person_to_a_closed_room(closed, alice, bob, role):
    assert_refused("not_found", moderation.change_role, alice, closed, bob, role)
    moderation.change_role(alice, closed, bob, "banned")
    if role != "member":
        assert_refused("not_found", moderation.change_role, alice, closed, bob, role)
    with pytest.raises(ChatError, match="banned"):
        rooms.join_room(bob, "garden")


def test_lifting_a_ban_does_not_admit_an_outsider_to_a_closed_room(closed, alice, bob):
    moderation.change_role(alice, closed, bob, "banned")
    assert moderation.change_role(alice, closed, bob, "member").role is None
    assert role_of(closed, bob) is None
    assert_refused("not_found", rooms.join_room, bob, "garden")
    assert [(entry.before, entry.after) for entry in AuditEntry.objects.order_by("id")] == [
        ("", "banned"),
        ("banned", ""),
    ]


def test_lifting_a_ban_readmits_a_former_member_to_a_closed_room(closed, alice, bob):
    give_role(closed, bob, "member")
    moderation.change_role(alice, closed, bob, "banned")
    assert moderation.change_role(alice, closed, bob, "member").role == "member"
    assert rooms.join_room(bob, "garden")


def test_an_operator_can_add_a_member_to_a_closed_room(closed, bob):
    moderation.change_role(None, closed, bob, "member")
    assert rooms.join_room(bob, "garden").role == "member"


def test_a_closed_room_is_not_found_by_people_outside_it(closed, alice, bob):
    action = Action.SEE_ROLES
    assert_refused("not_found", moderation.get_moderated_room, bob, "garden", action)
    give_role(closed, bob, "member")
    assert_refused("forbidden", moderation.get_moderated_room, bob, "garden", action)
    assert moderation.get_moderated_room(alice, "garden", action) == closed
    Room.objects.update(access=Room.BOARD)
    assert_refused("not_found", moderation.get_moderated_room, alice, "garden", action)
    Person.objects.filter(id=bob.id).update(is_staff=True)
    assert moderation.get_moderated_room(Person.objects.get(id=bob.id), "garden", action) == closed
