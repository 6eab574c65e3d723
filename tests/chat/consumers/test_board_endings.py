"""Boards: failures, logins that end, and closed connections."""

import pytest
import redis
from django.db import OperationalError

from tests import wire
from tests.chat.helpers import Browser, ask, key_of, knock, types
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_a_database_the_visitor_may_try_again(visitor, monkeypatch):
    door = visitor.door()
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.boards.request_to_join", fail_with(OperationalError("locked")))
        assert ask(door, "knock", handle="Bob")["code"] == "unavailable"
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.boards.request_to_join", fail_with(ZeroDivisionError("on purpose")))
        assert ask(door, "knock", handle="Bob")["code"] == "internal"
    assert ask(door, "knock", handle="Bob")["type"] == "ack"


def test_signing_out_ends_a_signed_in_visitors_sockets(owner, at_door, alice):
    browser = Browser(alice).follow(owner)
    door = knock(browser)
    ask(at_door, "admit", visitor=key_of("Alice"))
    room = browser.room()
    browser.client.post("/sign-out/")
    door.read(), room.read()
    assert (door.code, room.code) == (4401, 4401)
    assert browser.socket("auth").connect().code == browser.socket("write").connect().code == 4404


def test_logging_in_keeps_the_visitor_of_the_browser(owner, admitted, alice, later):
    sockets = [admitted.door(), admitted.room()]
    knocking = admitted.door()
    admitted.client.post("/sign-in/", {"handle": "Alice", "password": "correct horse"})
    knocking.say("knock", ref="k9", handle="Bob")
    later.run()
    for socket in sockets:
        socket.read()
    # The login session now has another key but the same secret, so the board still recognizes the browser.
    assert [socket.code for socket in (*sockets, knocking)] == [4408] * 3
    again = admitted.follow(owner).room()
    assert again.seen("joined")[0]["you"]["handle"] == "Bob" and again.post("p1")["type"] == "ack"


def test_nothing_remains_of_closed_connections(owner, at_door, admitted):
    room = admitted.room()
    for socket in (room, admitted.auth, at_door):
        socket.disconnect()
        socket.disconnect()
    groups = wire.layer().channel_layer._groups
    gone = {room.channel, admitted.auth.channel, at_door.channel}
    assert not [group for group, channels in groups.items() if gone & set(channels)]
    assert not wire.layer().channel_layer.channel_session_backend._items


def test_a_disconnect_without_a_connection_changes_nothing(owner):
    for kind in ("auth", "write"):
        owner.socket(kind).disconnect()
        socket = owner.socket(kind, session="x").connect()
        socket.disconnect()


def test_a_visitor_who_waits_for_hours_without_a_frame_keeps_the_session(clock, visitor, at_door):
    door = knock(visitor)
    clock.pass_by(23 * 3600)
    door.disconnect()
    assert types(at_door.read()) == ["knocked", "left"]


def test_a_frame_whose_session_is_lost_closes_the_socket_with_4408(visitor):
    door = visitor.door()
    wire.layer().channel_layer.channel_session_backend._items.clear()
    door.say("knock", ref="k1", handle="Bob")
    assert door.code == 4408


def test_a_decision_is_acknowledged_even_if_the_owners_other_tabs_cannot_be_reached(
    at_door, visitor, monkeypatch, caplog
):
    door = knock(visitor)
    monkeypatch.setattr("chat.broadcast.publish_to_others", fail_with(redis.ConnectionError("away")))
    assert types(at_door.say("admit", ref="a1", visitor=key_of("Bob"))) == ["knocked", "ack"]
    assert types(door.read()) == ["admitted"]
    assert "could not tell the other connections of the owner: away" in caplog.text
