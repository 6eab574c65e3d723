"""Pins: a moderator pins a message for everybody, as a change with an offset."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.models import AuditEntry, Member
from chat.protocol import Edit, Pin, Remove
from chat.services import rooms
from chat.services.rooms import pins
from tests.chat.helpers import assert_refused
from tests.chat.services.rooms.actions import fill, offset_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pin_is_a_change_that_everybody_receives(alice, member_of, read_events):
    owner = member_of(alice)
    fill(owner, 2)
    read_events()
    assert rooms.set_pin(owner, Pin("x1", 1, True)).ack == {"type": "ack", "ref": "x1", "id": 1, "offset": 3}
    assert rooms.set_pin(owner, Pin("x2", 1, False)).ack["offset"] == 4
    pinned, unpinned = read_events()
    assert (pinned["id"], pinned["offset"], pinned["pinned"]) == (1, 3, True)
    assert (unpinned["id"], unpinned["offset"]) == (1, 4) and "pinned" not in unpinned


def test_a_pin_that_changes_nothing_takes_no_offset(alice, member_of, room, read_events):
    owner = member_of(alice)
    fill(owner, 1)
    rooms.set_pin(owner, Pin("x1", 1, True))
    read_events()
    assert rooms.set_pin(owner, Pin("x2", 1, True)).ack["offset"] == 2
    assert (offset_of(room), read_events()) == (2, [])


@pytest.mark.parametrize("role", [None, "guest", "moderator"])
def test_only_moderators_can_pin(alice, bob, member_of, role):
    fill(member_of(alice), 1)
    member = member_of(bob, role)
    if role == "moderator":
        assert rooms.set_pin(member, Pin("x1", 1, True)).is_new
    else:
        assert_refused("forbidden", rooms.set_pin, member, Pin("x1", 1, True))


def test_pins_are_listed_with_the_newest_first(alice, bob, member_of, room):
    fill(member_of(alice), 3)
    rooms.set_pin(member_of(alice), Pin("x1", 3, True))
    rooms.set_pin(member_of(bob, Member.MODERATOR), Pin("x2", 1, True))
    found = rooms.get_pins(room)
    assert [(pin.message["id"], pin.by.handle) for pin in found] == [(1, "Bob"), (3, "Alice")]
    assert found[0].at > found[1].at and found[0].message["pinned"] is True


def test_an_edit_keeps_the_pin_and_a_removal_ends_it(alice, member_of, room):
    owner = member_of(alice)
    fill(owner, 1)
    rooms.set_pin(owner, Pin("x1", 1, True))
    rooms.edit_message(owner, Edit("x2", 1, "Hi"))
    assert [pin.message["body"] for pin in rooms.get_pins(room)] == ["Hi"]
    rooms.remove_message(owner, Remove("x3", 1))
    assert rooms.get_pins(room) == []
    assert_refused("not_found", rooms.set_pin, owner, Pin("x4", 1, True))


def test_a_room_has_a_limited_number_of_pins(alice, member_of, monkeypatch):
    monkeypatch.setattr(pins, "MAX_PINS", 1)
    owner = member_of(alice)
    fill(owner, 2)
    rooms.set_pin(owner, Pin("x1", 1, True))
    assert_refused("forbidden", rooms.set_pin, owner, Pin("x2", 2, True))
    rooms.set_pin(owner, Pin("x3", 1, False))
    rooms.set_pin(owner, Pin("x2", 2, True))


def test_pins_are_in_the_audit_log(alice, bob, member_of):
    fill(member_of(bob), 1)
    rooms.set_pin(member_of(alice), Pin("x1", 1, True))
    rooms.set_pin(member_of(alice), Pin("x2", 1, False))
    entries = AuditEntry.objects.order_by("id").values_list("actor__handle", "act", "person__handle", "message")
    assert list(entries) == [("Alice", "pin", "Bob", 1), ("Alice", "unpin", "Bob", 1)]


def test_the_list_of_pins_runs_the_same_statements_for_any_number(alice, member_of, room):
    owner = member_of(alice)
    fill(owner, 5)
    counts = []
    for number in range(1, 6):
        rooms.set_pin(owner, Pin(f"x{number}", number, True))
        with CaptureQueriesContext(connection) as queries:
            rooms.get_pins(room)
        counts.append(len(queries))
    assert set(counts) == {3}
