"""The command `/invite`: a direct message with an invitation, with the rights of a person who invites on the page."""

import pytest

from chat.models import Invitation, Member, Message, Room
from chat.services import rooms
from tests.chat.helpers import assert_refused

pytestmark = pytest.mark.django_db


def test_people_are_invited_to_a_public_room_by_its_name(alice, bob, root, run):
    assert run(alice, "/invite @Bob and @Root", "r1")["notice"] == "Your invitation is sent."
    run(alice, "/invite @Bob and @Root", "r1")
    assert list(Message.objects.values_list("body", flat=True)) == ["Join me in #garden."] * 2
    assert Room.objects.filter(access=Room.DIRECT).count() == 2


def test_people_are_invited_to_a_private_room_by_a_link_for_one_person(alice, bob, run, settings):
    settings.PUBLIC_URL = "https://chat.example"
    private = rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    run(alice, "/invite @Bob", slug="cellar")
    invitation = Invitation.objects.get()
    body = Message.objects.get().body
    assert body.startswith("Join me in The cellar: https://chat.example/invite/")
    assert (invitation.room_id, invitation.uses_left) == (private.id, 1)


def test_without_public_url_the_command_invites_nobody_to_a_private_room(alice, bob, run, settings):
    settings.PUBLIC_URL = None
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    assert_refused("forbidden", run, alice, "/invite @Bob", slug="cellar")
    assert not Message.objects.exists() and not Room.objects.filter(access=Room.DIRECT).exists()


def test_a_plain_member_cannot_invite_to_a_private_room(alice, bob, charlie, run, settings):
    settings.PUBLIC_URL = "https://chat.example"
    room = rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    Member.objects.create(room=room, person=bob, role=Member.MEMBER)
    assert_refused("forbidden", run, bob, "/invite @Charlie", slug="cellar")
    assert not Invitation.objects.exists() and not Message.objects.exists()


@pytest.mark.parametrize("names", ["nobody", "@Nobody", "@Alice"])
def test_an_invitation_needs_the_name_of_another_person(alice, run, names):
    assert "/invite @alice" in assert_refused("invalid_field", run, alice, f"/invite {names}").detail
