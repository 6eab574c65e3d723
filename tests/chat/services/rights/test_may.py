"""
The function `may`: standings, costs, and the errors of refusals.

tests/security/test_rights.py has the whole table, by each way in.
"""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from chat.models import Member, Person, Room
from chat.services import rights, rooms
from chat.services.rights import Action, Standing
from tests.chat.helpers import assert_refused

pytestmark = pytest.mark.django_db


def find_member(person, room):
    return Member.objects.select_related("room", "person").get(person=person, room=room)


def test_a_decision_about_a_known_member_runs_no_statement(alice, bob, room, django_assert_num_queries):
    members = [find_member(alice, room), rooms.join_room(bob, "garden")]
    with django_assert_num_queries(0):
        for member in members:
            for action in Action:
                rights.may(member.person, action, member.room, member)


def test_a_decision_without_a_member_reads_the_member_and_the_bans_of_the_browser(bob, room, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert rights.may(bob, Action.READ, room)
    bob.browser = "browser of bob"
    with django_assert_num_queries(2):
        assert rights.may(bob, Action.READ, room)


def test_a_ban_of_another_guest_of_the_browser_counts(charlie, room):
    Person.objects.filter(id=charlie.id).update(browser="one browser")
    rooms.apply_role(rooms.join_room(charlie, "garden"), Member.BANNED)
    other = Person.objects.create(handle="Dora", is_guest=True, browser="one browser")
    assert_refused("forbidden", rights.check_may, other, Action.READ, room)
    assert rights.may(other, Action.READ, room, None)  # the caller has read the member, and checks the browser itself
    assert_refused("forbidden", rights.check_visit, other, Action.READ, room, None)


def test_an_expired_mute_does_not_count(bob, room):
    member = rooms.join_room(bob, "garden")
    now = timezone.now()
    for until, standing in ((now + timedelta(hours=1), Standing.MUTED), (now - timedelta(hours=1), Standing.MEMBER)):
        member.role, member.muted_until = Member.MUTED, until
        assert rights.get_standing(bob, room, member) == standing
        assert rights.may(bob, Action.POST, room, member) == (standing == Standing.MEMBER)


def test_the_shell_has_the_rights_of_an_operator(root, room):
    for action in Action:
        assert rights.may(None, action, room) == rights.may(root, action, room, None) or action in SIGNED_IN_ACTIONS


# An operator is signed in too, and may do what every account may do in a public room.
SIGNED_IN_ACTIONS = {Action.READ, Action.ENTER, Action.SEARCH, Action.BOOKMARK, Action.REPORT, Action.KNOW}


def test_a_deactivated_operator_has_no_rights_of_an_operator(root, room):
    assert rights.may(root, Action.DELETE, room)
    root.is_active = False
    assert not rights.may(root, Action.DELETE, room)


@pytest.mark.parametrize("access, code", [(Room.PUBLIC, "not_signed_in"), (Room.PRIVATE, "not_found")])
def test_a_stranger_learns_only_of_public_rooms(room, access, code):
    room.access = access
    assert_refused(code, rights.check_may, AnonymousUser(), Action.READ, room)
    assert rights.may(AnonymousUser(), Action.KNOW, room) == (access == Room.PUBLIC)


def test_a_guest_outside_does_not_learn_of_a_private_room_that_is_closed_to_guests(charlie, room):
    room.closed_to_guests = True
    assert_refused("forbidden", rights.check_may, charlie, Action.READ, room, None)
    room.access = Room.PRIVATE
    assert_refused("not_found", rights.check_may, charlie, Action.READ, room, None)


def test_the_archive_refuses_before_a_mute_does(bob, room):
    member = rooms.join_room(bob, "garden")
    member.role = Member.MUTED
    assert_refused("muted", rights.check_may, bob, Action.POST, room, member)
    room.archived = True
    assert "archived" in assert_refused("forbidden", rights.check_may, bob, Action.POST, room, member).detail


def test_operators_do_not_read_earlier_bodies_in_direct_conversations(root, room):
    room.access = Room.DIRECT
    assert rights.may(root, Action.SEE_REPORTS, room, None)
    assert_refused("forbidden", rights.check_may, root, Action.SEE_HISTORY, room, None)


def test_an_action_that_nobody_can_do_has_its_own_text(root, room):
    room.access = Room.DIRECT
    refusal = assert_refused("forbidden", rights.check_may, root, Action.CHANGE_ROLES, room, None)
    assert refusal.detail == "The people of a direct conversation have no roles."
    assert rights.get_roles(Action.INVITE, Room.PRIVATE) == [Member.MODERATOR, Member.OWNER]


@pytest.mark.parametrize("kind", [Room.PUBLIC, Room.PRIVATE, Room.DIRECT, Room.BOARD])
def test_a_refusal_names_only_people_who_may_do_the_action(alice, room, kind):
    owner, room.access = rooms.join_room(alice, "garden"), kind
    for action in set(Action) - {Action.LEAVE}:  # an owner cannot leave, and the text says so
        refusal = rights.find_refusal(alice, action, room, owner)
        if refusal is not None:
            names_a_role = " of this room " in refusal.detail or "members" in refusal.detail
            is_for_operators = rights.get_allowed(action, kind) == {Standing.OPERATOR}
            assert not names_a_role and ("Only operators" in refusal.detail) == is_for_operators, (
                action,
                refusal.detail,
            )


def test_people_come_to_a_board_by_its_link(alice, room):
    owner, room.access = rooms.join_room(alice, "garden"), Room.BOARD
    refusal = assert_refused("forbidden", rights.check_may, alice, Action.INVITE, room, owner)
    assert refusal.detail == "Nobody can be invited to a board. Send people its link instead."


def test_the_role_of_an_operator_alone_may_allow_less(alice, root, room):
    owner, operator = rooms.join_room(alice, "garden"), rooms.join_room(root, "garden")
    assert rights.may(root, Action.SEE_REPORTS, room, operator)
    assert [rights.has_role_for(member, Action.SEE_REPORTS) for member in (owner, operator)] == [True, False]
