"""The end of a room's connection: a disconnect, a ban or a lost session. Nothing remains of the connection."""

import json

import pytest
from channels.sessions import session_for_reply_channel

from chat.models import Member, Message
from chat.services import rooms
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_connection_whose_session_is_lost_is_closed_with_4408(alice, enter):
    socket = enter(alice)
    session_for_reply_channel(socket.channel).delete()
    socket.say("sync", cursor=0)
    assert socket.code == 4408
    socket.disconnect()


def test_a_ban_closes_all_sockets_in_that_room_only(alice, bob, enter, set_role):
    rooms.create_room(alice, "attic", "Attic")
    socket, second_tab, owner = enter(bob), enter(bob), enter(alice)
    in_attic = wire.Socket("/chat/attic/", socket.browser).connect()
    set_role(bob, Member.BANNED)
    sockets = (socket, second_tab, owner, in_attic)
    for other in sockets:
        other.read()
    assert [other.code for other in sockets] == [4403, 4403, None, None]


def test_a_frame_that_was_queued_before_a_ban_is_not_stored(bob, enter, set_role):
    socket = enter(bob)
    Member.objects.filter(person=bob).update(role=Member.BANNED)
    socket.say("post", ref="r1", body="Hello")
    assert socket.code == 4403 and not Message.objects.exists()


def test_a_frame_to_a_deleted_room_closes_the_connection_with_4404(alice, enter, room):
    socket = enter(alice)
    room.delete()
    socket.say("sync", cursor=0)
    assert socket.code == 4404


def test_nothing_remains_of_a_closed_connection(alice, bob, enter, later):
    watcher, socket = enter(alice), enter(bob)
    socket.post("r1")
    socket.disconnect()
    watcher.post("r2")
    assert [event["type"] for event in socket.read()] == []
    groups = wire.layer().channel_layer._groups
    assert not [group for group, channels in groups.items() if socket.channel in channels]
    later.run()
    turns = wire.layer().channel_layer.connection_turns
    assert socket.channel not in turns._records


def test_a_frame_that_runs_after_its_disconnect_is_stored(alice, bob, enter):
    watcher, socket = enter(alice), enter(bob)
    socket.put("websocket.receive", text=json.dumps({"type": "post", "ref": "r1", "body": "Last words"}))
    channel, content = wire.layer().receive(["websocket.receive"])
    socket.disconnect()
    wire.run(channel, content)
    assert [event["body"] for event in watcher.seen("message")] == ["Last words"]


def test_a_disconnect_without_a_connection_raises_nothing(room):
    for path in ("/chat/garden/", "/lobby/", "/echo/", "/nowhere/"):
        wire.Socket(path).disconnect()


def test_a_second_disconnect_raises_nothing(alice, enter):
    socket = enter(alice)
    socket.disconnect()
    socket.disconnect()


def test_frames_out_of_order_are_answered_in_order(alice, enter):
    socket = enter(alice)
    contents = [
        socket.put("websocket.receive", text=json.dumps({"type": "post", "ref": f"r{number}", "body": "Hello"}))
        for number in range(4)
    ]
    while wire.layer().receive(["websocket.receive"])[0]:
        pass
    for content in (contents[2], contents[0], contents[0], contents[3], contents[1]):
        wire.layer().send("websocket.receive", content)
        wire.work()
    assert [(ack["ref"], ack["id"]) for ack in socket.seen("ack")] == [(f"r{n}", n + 1) for n in range(4)]
