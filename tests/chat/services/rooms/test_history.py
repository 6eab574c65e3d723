"""Edits keep a limited number of earlier bodies until the message is removed."""

import pytest

from chat.models import EarlierBody, Member
from chat.protocol import Edit, Remove
from chat.services import rooms
from chat.services.rooms import history
from tests.chat.helpers import assert_refused
from tests.chat.services.rooms.actions import post

pytestmark = pytest.mark.django_db


def bodies(room, number=1):
    return [(version.body, version.by.handle) for version in rooms.get_history(room, number)]


def test_each_edit_keeps_the_earlier_body(alice, bob, member_of, room):
    post(member_of(bob), "r1", "One")
    assert bodies(room) == [("One", "Bob")]
    rooms.edit_message(member_of(bob), Edit("r2", 1, "Two"))
    rooms.edit_message(member_of(alice), Edit("r3", 1, "Three"))
    assert bodies(room) == [("One", "Bob"), ("Two", "Bob"), ("Three", "Alice")]
    times = [version.at for version in rooms.get_history(room, 1)]
    assert times == sorted(times)


def test_a_resent_edit_is_kept_once(alice, member_of, room):
    post(member_of(alice), "r1", "One")
    for _ in range(2):
        rooms.edit_message(member_of(alice), Edit("r2", 1, "Two"))
    assert len(bodies(room)) == 2


def test_a_removal_deletes_the_history(alice, member_of, room):
    post(member_of(alice), "r1", "One")
    rooms.edit_message(member_of(alice), Edit("r2", 1, "Two"))
    rooms.remove_message(member_of(alice), Remove("r3", 1))
    assert bodies(room) == [] and not EarlierBody.objects.exists()


def test_a_refused_edit_keeps_nothing(alice, bob, member_of, room):
    post(member_of(alice), "r1", "One")
    assert_refused("forbidden", rooms.edit_message, member_of(bob, Member.MEMBER), Edit("r2", 1, "Two"))
    assert not EarlierBody.objects.exists()


def test_the_number_of_earlier_bodies_is_limited(alice, member_of, room, monkeypatch):
    monkeypatch.setattr(history, "MAX_BODIES", 2)
    post(member_of(alice), "r0", "0")
    for number in range(1, 5):
        rooms.edit_message(member_of(alice), Edit(f"r{number}", 1, str(number)))
    assert [body for body, _ in bodies(room)] == ["2", "3", "4"]


def test_a_message_that_does_not_exist_has_no_history(room):
    assert_refused("not_found", rooms.get_history, room, 1)
