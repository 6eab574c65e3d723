"""Everybody who can read a room sees how long its messages are kept, and whether older ones were deleted."""

import pytest

from chat.models import Room
from chat.services import invitations, rooms
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


def keep(days, kept_from=None):
    Room.objects.update(kept_days=days, kept_from=kept_from)


def page_of(person, path="/rooms/garden/"):
    return wire.browser_of(person).get(path).content.decode()


def test_the_lobby_and_its_list_name_the_days(room, bob):
    assert "kept_days" not in wire.browser_of(bob).get("/api/rooms/").json()["rooms"][0]
    keep(30)
    assert wire.browser_of(bob).get("/api/rooms/").json()["rooms"][0]["kept_days"] == 30
    assert "kept for 30 days" in page_of(bob, "/")


def test_an_invitation_names_the_days_before_a_person_joins(alice, bob):
    private = rooms.create_room(alice, "secret", "Secret", is_private=True)
    _, key = invitations.create_invitation(alice, private.slug)
    address = f"/invite/{key}/"
    assert "Messages are kept without limit." in page_of(bob, address)
    keep(1)
    assert "Messages are kept for 1 day, then deleted. Files too." in page_of(bob, address)


def test_the_beginning_of_a_room_says_that_older_messages_were_deleted(room, bob):
    assert "data-kept-from" not in page_of(bob)
    keep(90, 5000)
    page = page_of(bob)
    assert 'data-kept-from="5000"' in page and "Older messages were deleted after 90 days." in page
    keep(None, 5000)
    assert "Older messages were deleted." in page_of(bob)
