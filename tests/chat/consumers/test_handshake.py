"""The handshake of a room's socket: which clients may connect, and the close codes of the others."""

import json

import pytest
from django.db import OperationalError

from chat.models import Member
from chat.services import people
from chat.version import CLIENT_VERSION
from tests import wire
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_new_connection_gets_joined_then_the_backlog_then_synced(alice, enter):
    enter(alice).post("r1")
    socket = enter(alice)
    assert [event["type"] for event in socket.events[:3]] == ["joined", "message", "synced"]
    joined = socket.events[0]
    assert joined["room"] == {"slug": "garden", "name": "The garden", "topic": "Roses and weeds"}
    assert (joined["you"]["handle"], joined["you"]["role"]) == ("Alice", "owner")
    assert (joined["offset"], joined["count"], joined["version"]) == (1, 1, CLIENT_VERSION)
    assert joined["present"] == [{"handle": "Alice", "role": "owner"}]
    assert socket.events[2] == {"type": "synced", "offset": 1, "more": False}
    assert socket.accepted and "reset" not in joined


def test_the_accept_message_contains_the_joined_event(alice, room):
    socket = wire.Socket("/chat/garden/", wire.browser_of(alice))
    socket.put("websocket.connect", **socket.handshake)
    wire.work()
    _, first = wire.layer().receive([socket.channel])
    assert first["accept"] is True and json.loads(first["text"])["type"] == "joined"


@pytest.mark.parametrize("path", ["/chat/garden/", "/chat/attic/", "/chat/No%20Slug/"])
def test_a_client_without_a_login_is_closed_with_4401_whether_the_room_exists_or_not(room, path):
    socket = wire.Socket(path).connect()
    assert (socket.accepted, socket.code, socket.events) == (True, 4401, [])


@pytest.mark.parametrize(
    "path",
    [
        "/chat/attic/",
        "/chat/GARDEN/",
        "/chat//",
        "/chat/garden",
        "/chat/garden/more/",
        "/chat/" + "x" * 51 + "/",
        "/",
        "/chat/-a/",
        "/chat/garden\n/",
        "/chat/garden/\n",
        "/nowhere/",
        "/lobby",
        "/lobby/\n",
    ],
)
def test_an_unknown_path_is_closed_with_4404(alice, room, path):
    socket = wire.Socket(path, wire.browser_of(alice)).connect()
    assert (socket.accepted, socket.code, socket.events) == (True, 4404, [])
    socket.send("Hello")
    socket.disconnect()


def test_a_banned_member_cannot_connect(bob, enter, set_role):
    set_role(bob, Member.BANNED)
    assert enter(bob).code == 4403


@pytest.mark.parametrize("path", ["/chat/garden/", "/lobby/", "/echo/"])
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "",
        "http://evil.example",
        "http://testserver.evil.example",
        "http://evil.example/testserver",
        "ftp://testserver",
        "http://testserver:81",
        "http://evil@testserver",
        "testserver",
        "HTTP://testserver/",
        "http://testserver/",
        "http://localhost",
    ],
)
def test_a_handshake_from_a_foreign_page_is_denied(alice, room, origin, path):
    socket = wire.Socket(path, wire.browser_of(alice), origin=origin).connect()
    assert (socket.accepted, socket.denied, socket.events) == (False, True, [])


@pytest.mark.parametrize(
    "origin, host",
    [
        ("http://testserver", "testserver"),
        ("https://testserver", "testserver"),
        ("http://localhost:8000", "localhost:8000"),
    ],
)
def test_a_page_of_this_site_may_connect(alice, enter, origin, host):
    assert enter(alice, origin=origin, headers={"host": host}).code is None


def test_an_origin_that_equals_a_foreign_host_header_is_denied(alice, enter):
    assert enter(alice, origin="http://evil.example", headers={"host": "evil.example"}).denied


def test_a_site_with_a_public_url_accepts_no_other_origin(alice, enter, settings):
    settings.PUBLIC_URL = "https://chat.example"
    assert enter(alice, origin="https://chat.example", headers={"host": "inner:8000"}).code is None
    assert enter(alice, origin="http://chat.example").denied
    assert enter(alice).denied


@pytest.mark.parametrize("header", ["Basic YTpi", "token", ""])
def test_a_handshake_without_origin_or_bearer_token_is_denied(alice, enter, header):
    assert enter(alice, origin=None, headers={"authorization": header}).denied


def test_a_bot_connects_with_its_token(alice, room):
    _, key = people.make_token(alice, "bot")
    bot = wire.Socket("/chat/garden/", origin=None, headers={"authorization": f"Bearer {key}"}).connect()
    assert bot.seen("joined")[0]["you"]["handle"] == "Alice"
    assert bot.post("r1")["type"] == "ack"
    wrong = wire.Socket("/chat/garden/", origin=None, headers={"authorization": "Bearer x"}).connect()
    assert (wrong.accepted, wrong.code) == (True, 4401)


def test_a_handshake_that_fails_is_closed_with_1013(alice, enter, monkeypatch, caplog):
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.rooms.join_room", fail_with(ZeroDivisionError("on purpose")))
        socket = enter(alice)
    assert (socket.accepted, socket.code) == (True, 1013)
    assert "on purpose" in caplog.text
    socket.disconnect()


def test_without_a_database_a_handshake_is_closed_without_a_traceback(alice, enter, monkeypatch, caplog):
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.rooms.join_room", fail_with(OperationalError("away\n\tIs it running?")))
        socket = enter(alice)
    assert (socket.accepted, socket.code) == (True, 1013)
    assert "Traceback" not in caplog.text
    socket.disconnect()
