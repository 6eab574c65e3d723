"""Roles: which actors can give which roles."""

import pytest
from django.db import transaction

from chat import broadcast
from chat.models import AuditEntry, Person
from chat.services import moderation, rooms
from tests.chat.helpers import assert_refused
from tests.chat.services.moderation.helpers import give_role, make_person, role_of
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db

ACTORS = ["shell", "operator", "owner", "moderator", "member", "guest", "muted", "banned", None]
TARGETS = ["owner", "moderator", "member", "guest", "muted", "banned", None]
BELOW_MODERATORS = {"member", "guest", "muted", "banned", None}


def make_actor(room, name):
    if name == "shell":
        return None
    person = make_person("Actor", is_staff=name == "operator", is_guest=name == "guest")
    return give_role(room, person, None if name == "operator" else name)


def is_permitted(actor, target, role):
    if actor in ("shell", "operator", "owner"):
        return True
    return actor == "moderator" and target in BELOW_MODERATORS and role in ("member", "muted", "banned")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("actor", ACTORS)
def test_only_permitted_actors_can_change_a_role(room, actor, target):
    by = make_actor(room, actor)
    person = give_role(room, make_person("Target", is_guest=target == "guest"), target)
    for role in ("member", "muted", "banned", "moderator", "owner"):
        with transaction.atomic():
            if is_permitted(actor, target, role):
                moderation.change_role(by, room, person, role)
                expected = rooms.get_default_role(person) if role == "member" else role
                assert role_of(room, person) == expected, (actor, target, role)
            else:
                assert_refused("forbidden", moderation.change_role, by, room, person, role)
                assert role_of(room, person) == target and not AuditEntry.objects.exists(), (actor, target, role)
            transaction.set_rollback(True)


@pytest.mark.parametrize("actor", ["operator", "owner", "moderator", "member", "muted"])
@pytest.mark.parametrize("role", ["member", "muted", "banned", "moderator", "owner"])
def test_a_person_cannot_change_their_own_role(room, alice, actor, role):
    by = make_actor(room, actor)
    # The next test covers an owner who steps down.
    if actor == "owner" and role in ("member", "moderator"):
        return
    before = role_of(room, by)
    assert_refused("forbidden", moderation.change_role, by, room, by, role)
    assert role_of(room, by) == before


@pytest.mark.parametrize("role", ["member", "moderator"])
def test_an_owner_can_step_down_only_if_another_owner_remains(room, alice, zoe, role):
    refusal = assert_refused("forbidden", moderation.change_role, alice, room, alice, role)
    assert "another person an owner" in refusal.detail
    moderation.change_role(alice, room, zoe, "owner")
    moderation.change_role(alice, room, alice, role)
    assert (role_of(room, alice), role_of(room, zoe)) == (role, "owner")
    assert_refused("forbidden", moderation.change_role, zoe, room, zoe, role)


@pytest.mark.parametrize("actor", ["shell", "operator"])
def test_the_last_owner_loses_the_role_only_by_a_ban(room, alice, actor):
    by = make_actor(room, actor)
    for role in ("muted", "member", "moderator"):
        assert_refused("forbidden", moderation.change_role, by, room, alice, role)
    assert_refused("forbidden", moderation.remove_member, by, rooms.join_room(alice, "garden"))
    moderation.change_role(by, room, alice, "banned")
    assert role_of(room, alice) == "banned"


def test_a_deactivated_owner_does_not_count_as_another_owner(room, alice, zoe):
    moderation.change_role(alice, room, zoe, "owner")
    Person.objects.filter(id=zoe.id).update(is_active=False)
    assert_refused("forbidden", moderation.change_role, alice, room, alice, "member")


def test_a_moderator_who_lost_the_role_cannot_moderate(room, alice, bob, zoe):
    moderation.change_role(alice, room, bob, "moderator")
    moderation.change_role(bob, room, zoe, "muted")
    moderation.change_role(alice, room, bob, "member")
    assert_refused("forbidden", moderation.change_role, bob, room, zoe, "banned")


def test_an_owner_of_one_room_cannot_moderate_another_room(room, alice, bob, charlie):
    attic = rooms.create_room(bob, "attic", "Attic")
    assert_refused("forbidden", moderation.change_role, alice, attic, charlie, "banned")


@pytest.mark.parametrize("is_guest, role", [(True, "guest"), (False, "member")])
@pytest.mark.parametrize("before", ["muted", "banned"])
@pytest.mark.parametrize("given", ["guest", "member"])
def test_lifting_a_mute_or_ban_gives_the_default_role(room, alice, is_guest, role, before, given):
    person = give_role(room, make_person("Target", is_guest=is_guest), before)
    moderation.change_role(alice, room, person, given)
    assert role_of(room, person) == role


def test_a_person_is_found_by_the_handle_in_any_case(room, alice, bob):
    assert moderation.change_role(alice, room, "BOB", "muted").handle == "Bob"
    for handle in ("Nobody", "", "x" * 33, "a\0b", None, 7):
        assert_refused("not_found", moderation.change_role, alice, room, handle, "muted")


def test_a_guest_whose_session_ended_is_not_found(room, alice, charlie):
    give_role(room, charlie, "guest")
    Person.objects.filter(id=charlie.id).update(handle_key=None)
    assert_refused("not_found", moderation.change_role, alice, room, "Charlie", "muted")
    assert [member.handle for member in moderation.find_members(room)[0]] == ["Alice"]


@pytest.mark.parametrize(
    "role, fields, code",
    [
        ("king", {}, "invalid_field"),
        (7, {}, "invalid_field"),
        ("banned", {"seconds": 5}, "invalid_field"),
        ("muted", {"seconds": 0}, "invalid_field"),
        ("muted", {"seconds": "9"}, "invalid_field"),
        ("muted", {"seconds": True}, "invalid_field"),
        ("muted", {"seconds": 10**9}, "invalid_field"),
        ("muted", {"reason": "x" * 501}, "too_long"),
        ("muted", {"reason": 7}, "invalid_field"),
        ("member", {"was": "king"}, "invalid_field"),
    ],
)
def test_invalid_fields_of_a_role_change_are_rejected(room, alice, bob, role, fields, code):
    assert_refused(code, moderation.change_role, alice, room, bob, role, **fields)
    assert role_of(room, bob) is None


def test_a_role_change_is_refused_if_the_expected_role_is_not_current(room, alice, bob):
    give_role(room, bob, "banned")
    assert_refused("not_found", moderation.change_role, alice, room, bob, "member", was="muted")
    assert role_of(room, bob) == "banned"
    moderation.change_role(alice, room, bob, "member", was="banned")
    moderation.change_role(alice, room, bob, "moderator", was="guest")
    assert_refused("not_found", moderation.change_role, alice, room, "Bob", "member", was="member")


def test_giving_the_same_role_again_writes_no_second_audit_entry(room, alice, bob):
    for _ in range(2):
        moderation.change_role(alice, room, bob, "banned")
    assert AuditEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_changed_role_is_published_to_the_room(alice, bob, enter, room):
    owner, tab = enter(alice), enter(bob)
    moderation.change_role(alice, room, bob, "moderator")
    until = moderation.change_role(alice, room, bob, "muted", 600).muted_until
    events = [
        {"type": "member", "handle": "Bob", "role": "moderator"},
        {"type": "member", "handle": "Bob", "role": "muted", "until": f"{until.isoformat()[:23]}Z"},
    ]
    assert owner.seen("member") == tab.seen("member") == events
    again = enter(bob)
    you = again.seen("joined")[0]["you"]
    assert (you["handle"], you["role"], you["until"]) == ("Bob", "muted", events[1]["until"])
    assert set(you) == {"handle", "role", "read", "until", "person"} and you["read"] == 0


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_role_change_is_not_published(alice, bob, enter, room):
    tab = enter(bob)
    with transaction.atomic():
        moderation.change_role(alice, room, bob, "banned")
        transaction.set_rollback(True)
    assert tab.seen("member") == [] and tab.code is None and not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broken", ["publish", "close_group", "start_job_later"])
def test_a_role_is_stored_even_if_it_cannot_be_published(alice, bob, enter, room, monkeypatch, caplog, broken):
    tab = enter(bob)
    monkeypatch.setattr(broadcast, broken, fail_with(ZeroDivisionError("on purpose")))
    moderation.change_role(alice, room, bob, "muted", 60)
    moderation.change_role(alice, room, bob, "banned")
    assert role_of(room, bob) == "banned" and "A change is stored, but the server could not" in caplog.text
    tab.say("typing", on=True)
    assert tab.code == 4403
