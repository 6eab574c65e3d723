"""The lobby's socket, and the echo."""

import pytest

from chat.services import rooms
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_lobby_receives_updated_when_the_list_changes(alice, room):
    socket = wire.Socket("/lobby/").connect()
    assert socket.accepted and socket.events == []
    rooms.create_room(alice, "attic", "Attic")
    assert socket.read() == [{"type": "updated"}]
    assert socket.send("Hello") == [] and socket.code is None
    socket.disconnect()
    rooms.create_room(alice, "cellar", "Cellar")
    assert socket.read() == []


def test_an_echo_is_the_frame_itself(db):
    socket = wire.Socket("/echo/").connect()
    for text in ("a", '{"type": "post"}', "ü" * 30_000):
        socket.put("websocket.receive", text=text)
        wire.work()
        assert wire.layer().receive([socket.channel])[1] == {"text": text}
    assert socket.send("") == [] and socket.send(bytes=b"a") == []
    socket.disconnect()


def test_the_echo_needs_its_setting(db, settings):
    settings.CHAT_ECHO = False
    socket = wire.Socket("/echo/").connect()
    assert (socket.accepted, socket.code) == (True, 4404)
    socket.put("websocket.receive", text="Hello")
    wire.work()
    assert wire.layer().receive([socket.channel]) == (None, None)
