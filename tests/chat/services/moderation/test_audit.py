"""The audit log records each action of a moderator, in the transaction of the action."""

import pytest

from chat.models import Message, Person
from chat.protocol import Edit, Remove
from chat.services import moderation, rooms
from tests.chat.helpers import assert_refused
from tests.chat.services.moderation.helpers import post, read_audit_log, role_of
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db


def test_a_moderators_changes_of_other_peoples_messages_are_recorded(room, alice, bob):
    post(room, bob)
    post(room, alice, "r2")
    member = rooms.join_room(alice, "garden")
    rooms.edit_message(member, Edit("r3", 1, "Hi"))
    rooms.remove_message(member, Remove("r4", 1))
    rooms.remove_message(member, Remove("r4", 1))  # the same ref again
    rooms.edit_message(member, Edit("r5", 2, "Hi"))
    rooms.remove_message(member, Remove("r6", 2))
    assert read_audit_log() == [("Alice", "edit", "Bob", 1, "", ""), ("Alice", "remove", "Bob", 1, "", "")]
    assert Message.objects.get(number=1).body == "" and Message.objects.count() == 2


def test_a_removal_that_cannot_be_recorded_is_rolled_back(room, alice, bob, monkeypatch):
    post(room, bob)
    monkeypatch.setattr("chat.services.audit.record", fail_with(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        rooms.remove_message(rooms.join_room(alice, "garden"), Remove("r4", 1))
    assert Message.objects.get().body == "Hello" and not Message.objects.get().is_removed


def test_a_role_change_that_cannot_be_recorded_is_rolled_back(room, alice, bob, monkeypatch):
    monkeypatch.setattr("chat.services.audit.record", fail_with(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        moderation.change_role(alice, room, bob, "banned")
    assert role_of(room, bob) is None


def test_the_audit_log_has_actor_person_roles_duration_and_reason(room, alice, bob):
    moderation.change_role(alice, room, bob, "muted", 600, "Shouting")
    moderation.change_role(None, room, bob, "member")
    [second, first], more = moderation.find_audit_entries(room)
    assert (first.actor, first.person, first.before, first.after) == (alice, bob, "", "muted")
    assert (first.seconds, first.reason, more) == (600, "Shouting", False)
    assert (second.actor, second.before, second.after, second.seconds) == (None, "muted", "member", None)
    assert moderation.find_audit_entries(room, page=0, size=1) == ([second], True)
    assert moderation.find_audit_entries(room, page=1, size=1) == ([first], False)


def test_an_operators_removal_of_a_member_is_recorded(room, alice, bob, zoe):
    member = moderation.change_role(alice, room, bob, "moderator")
    member.room = room
    assert_refused("forbidden", moderation.remove_member, alice, rooms.join_room(alice, "garden"))
    Person.objects.filter(id=zoe.id).update(is_staff=True)
    zoe.refresh_from_db()
    moderation.remove_member(zoe, member)
    assert role_of(room, bob) is None and read_audit_log()[-1] == ("Zoe", "role", "Bob", None, "moderator", "")
