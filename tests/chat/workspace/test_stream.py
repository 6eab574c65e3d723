"""A person's own stream: the handshake, the rooms of the person, and the heartbeat."""

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from chat import broadcast
from chat.models import Member
from chat.protocol import Remove
from chat.services import boards, invitations, moderation, people, rooms
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


def rooms_of(socket):
    """Return {slug: room} of the newest `workspace` that a socket has received."""
    return {room["slug"]: room for room in socket.seen("workspace")[-1]["rooms"]}


def test_the_first_event_lists_the_rooms_of_the_person(alice, bob, room, stream, post):
    post(bob, "one", "two", "@Alice three")
    rooms.create_room(alice, "attic", "The attic", is_private=True)
    rooms.create_room(bob, "bar", "The bar")
    socket = stream(alice)
    assert socket.accepted and [event["type"] for event in socket.events] == ["workspace"]
    assert socket.events[0]["version"] and socket.events[0]["you"]["handle"] == "Alice"
    found = rooms_of(socket)
    assert list(found) == ["attic", "garden"]
    assert found["garden"].pop("last_at").endswith("Z")
    assert found["garden"] == {
        "slug": "garden",
        "name": "The garden",
        "topic": "Roses and weeds",
        "kind": "room",
        "role": "owner",
        "offset": 3,
        "posts": 3,
        "read": 0,
        "unread": 3,
        "mentions": 1,
        "level": "all",
        "favourite": None,
    }
    assert found["attic"]["kind"] == "private" and found["attic"]["last_at"] is None


def test_a_stranger_is_closed_with_4401():
    assert wire.Socket("/me/").connect().code == 4401


def test_a_bot_opens_the_stream_with_its_token(alice, room):
    _, key = people.make_token(alice, "bot")
    socket = wire.Socket("/me/", origin=None, headers={"authorization": f"Bearer {key}"}).connect()
    assert list(rooms_of(socket)) == ["garden"]
    socket = wire.Socket("/me/", origin=None, headers={"authorization": "Bearer wrong"}).connect()
    assert socket.code == 4401


def test_a_foreign_page_is_denied(alice):
    assert wire.Socket("/me/", wire.browser_of(alice), origin="http://evil.example").connect().denied


def test_the_unread_messages_are_the_same_as_in_a_room(alice, bob, enter, stream, post, room):
    enter(alice).disconnect()
    post(bob, "one", "two")
    rooms.remove_message(rooms.join_room(bob, "garden"), Remove("x1", 1))
    post(alice, "three")
    assert rooms_of(stream(alice))["garden"]["unread"] == enter(alice).seen("joined")[0]["unread"] == 1


def test_banned_people_and_guests_do_not_see_a_room_that_is_closed_to_them(alice, bob, charlie, room, stream, post):
    post(bob)
    post(charlie)
    moderation.change_role(alice, room, bob, Member.BANNED)
    rooms.set_guests(alice, "garden", False)
    assert rooms_of(stream(bob)) == rooms_of(stream(charlie)) == {}


def test_the_heartbeat_is_answered_and_finds_rooms_that_the_stream_has_missed(alice, bob, room, stream, post):
    socket = stream(bob)
    assert socket.say("sync") == [{"type": "synced"}]
    # A database tool adds the person to the room, so no event says so.
    Member.objects.create(room=room, person=bob)
    assert [event["type"] for event in socket.say("sync")] == ["workspace", "synced"]
    assert list(rooms_of(socket)) == ["garden"]
    post(alice)
    assert [event["posts"] for event in socket.seen("room")] == [1]
    Member.objects.filter(person=bob).delete()
    assert [event["type"] for event in socket.say("sync")] == ["workspace", "synced"]
    assert broadcast._layer().group_channels(broadcast.feed_group(room.id)) == []


def test_a_client_that_has_missed_a_message_gets_the_workspace_again(alice, room, stream, post):
    socket = stream(alice)
    post(alice)
    assert [event["type"] for event in socket.say("sync", posts=1)] == ["room", "synced"]
    assert [event["type"] for event in socket.say("sync", posts=0)] == ["workspace", "synced"]


@pytest.mark.parametrize(
    "frame", [{"type": "post", "ref": "r", "body": "x"}, {"type": "level", "ref": "r", "room": "garden", "level": "x"}]
)
def test_an_invalid_frame_is_rejected(alice, room, stream, frame):
    assert [event["type"] for event in stream(alice).say(**frame)] == ["rejected"]


def test_the_stream_is_closed_when_its_login_ends(alice, stream):
    socket = stream(alice)
    Session.objects.all().delete()
    socket.say("sync")
    assert socket.code == 4401


def test_the_stream_is_closed_when_the_person_is_deactivated(alice, stream):
    socket = stream(alice)
    people.close_connections(alice)
    socket.read()
    assert socket.code == 4401


def test_a_stream_leaves_its_groups_when_it_ends(alice, room, stream):
    socket = stream(alice)
    groups = [broadcast.feed_group(room.id), broadcast.person_group(alice.id), broadcast.PEOPLE_GROUP]
    assert all(broadcast._layer().group_channels(group) == [socket.channel] for group in groups)
    socket.disconnect()
    assert all(broadcast._layer().group_channels(group) == [] for group in groups)


def test_a_stream_receives_rooms_that_are_joined_changed_and_left(alice, bob, room, stream, post):
    socket = stream(bob)
    rooms.join_room(bob, "garden")
    [joined] = socket.read()
    assert (joined["type"], joined["slug"], joined["kind"], joined["unread"]) == ("room", "garden", "room", 0)
    post(alice)
    assert [event["posts"] for event in socket.read()] == [1]
    room.name = "The park"
    rooms.save_room(room, ["name"])
    assert socket.read() == [{"type": "room", "slug": "garden", "name": "The park"}]
    invitations.leave_room(bob, "garden")
    assert socket.read() == [{"type": "room", "slug": "garden", "gone": True}]
    post(alice)
    assert socket.read() == []


def test_a_banned_person_receives_nothing_more(alice, bob, room, stream, post, later):
    rooms.join_room(bob, "garden")
    socket = stream(bob)
    moderation.change_role(alice, room, bob, Member.BANNED)
    assert socket.read() == [{"type": "room", "slug": "garden", "gone": True}]
    post(alice, "one")
    moderation.change_role(alice, room, bob, Member.MEMBER)
    assert [event["slug"] for event in socket.read()] == ["garden"]


def test_a_person_who_is_banned_from_an_unknown_private_room_receives_nothing(alice, bob, stream):
    socket = stream(bob)
    hidden = rooms.create_room(alice, "attic-0123456789", "The attic", is_private=True)
    moderation.change_role(alice, hidden, bob, Member.BANNED)
    moderation.change_role(alice, hidden, bob, Member.MEMBER)
    assert socket.read() == []


def test_the_stream_receives_the_deletion_of_a_room(alice, room, stream):
    socket = stream(alice)
    rooms.delete_room(room)
    assert socket.read() == [{"type": "room", "slug": "garden", "gone": True}]


def test_the_stream_of_the_owner_receives_a_new_board(alice, stream):
    socket = stream(alice)
    board, _ = boards.create_board(SessionStore(), alice, "b" * 64)
    [event] = socket.read()
    assert (event["kind"], event["board"]) == ("board", str(board.uuid))


@pytest.mark.parametrize("is_account", [True, False])
def test_a_person_whose_browser_has_a_banned_guest_does_not_see_the_room(alice, room, stream, post, is_account):
    banned = people.sign_up_guest("Mallory", browser="b" * 64)
    post(banned)
    other = people.sign_up("Other", "correct horse", browser="b" * 64) if is_account else None
    other = other or people.sign_up_guest("Other", browser="b" * 64)
    post(other)
    socket = stream(other)
    assert list(rooms_of(socket)) == ["garden"]
    moderation.change_role(alice, room, banned, Member.BANNED)
    assert socket.read()[-1] == {"type": "room", "slug": "garden", "gone": True}
    post(alice, "@Other")
    assert socket.read() == []
    assert rooms_of(stream(other)) == {}


def test_the_streams_of_the_members_receive_the_new_address_of_a_room(alice, bob, stream, post):
    room = rooms.create_room(alice, "attic", "The attic", is_private=True)
    Member.objects.create(room=room, person=bob)
    of_bob = stream(bob)
    slug = rooms.change_address(alice, "attic").slug
    assert of_bob.read() == [{"type": "room", "slug": "attic", "moved": slug}]
    post(alice, slug=slug)
    assert [event["slug"] for event in of_bob.read()] == [slug]


def test_a_person_who_is_banned_while_joining_receives_nothing(alice, bob, room, stream, post, monkeypatch):
    socket = stream(bob)
    subscribe = broadcast.subscribe_members

    def ban_and_subscribe(*arguments):
        # The ban of another worker comes between the commit of the membership and the subscription.
        monkeypatch.undo()
        moderation.change_role(alice, room, bob, Member.BANNED)
        subscribe(*arguments)

    monkeypatch.setattr(broadcast, "subscribe_members", ban_and_subscribe)
    rooms.join_room(bob, "garden")
    assert [event.get("gone") for event in socket.read()] == [True]
    post(alice)
    assert socket.read() == []
