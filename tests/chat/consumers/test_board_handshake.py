"""The handshakes of a board: only the browser with the link and its own session id is admitted."""

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import wire
from tests.chat.helpers import NO_BOARDS, Browser, ask, key_of, knock
from tests.helpers import fail_with, statements

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("kind", ["auth", "write"])
@pytest.mark.parametrize("board", [*NO_BOARDS[:-2], "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1"])
def test_a_guessed_board_closes_with_4404(owner, kind, board):
    socket = owner.socket(kind, board=board).connect()
    assert (socket.accepted, socket.code, socket.events) == (True, 4404, [])


@pytest.mark.parametrize("kind", ["auth", "write"])
@pytest.mark.parametrize("session", ["", "x", "x" * 43, "%00", "a" * 5000])
def test_a_guessed_session_id_closes_with_4404(owner, kind, session):
    socket = owner.socket(kind, session=session).connect()
    assert (socket.accepted, socket.code, socket.events) == (True, 4404, [])


@pytest.mark.parametrize("kind", ["auth", "write"])
def test_the_session_id_of_another_browser_closes_with_4404(owner, visitor, admitted, kind):
    for client in (visitor.client, Client(), None):
        socket = wire.Socket(f"/{kind}/{owner.board}/{owner.session}/", client).connect()
        assert (socket.accepted, socket.code, socket.events) == (True, 4404, [])


@pytest.mark.parametrize("kind", ["auth", "write"])
def test_a_session_id_of_another_board_closes_with_4404(owner, kind):
    other = Browser()
    other.client = owner.client
    other.make_board()
    assert owner.socket(kind, board=other.board).connect().code == 4404
    assert owner.socket("auth").connect().code is None


def test_a_visitor_without_admission_gets_the_code_of_an_unknown_board(visitor, at_door):
    assert visitor.room().code == 4404
    knock(visitor)
    assert visitor.room().code == 4404
    ask(at_door, "refuse", visitor=key_of("Bob"))
    assert visitor.room().code == 4404


def test_refused_handshakes_run_the_same_statements(owner, visitor):
    costs = []
    for socket in (
        visitor.socket("auth", board=uuid.uuid4()),
        visitor.socket("auth", session=owner.session),
        visitor.socket("write", board="x"),
        visitor.socket("write", session="x"),
    ):
        with CaptureQueriesContext(connection) as queries:
            assert socket.connect().code == 4404
        costs.append([table for _, table in statements(queries)])
    assert costs == [["django_session", "chat_board", "chat_visitor"]] * 4


@pytest.mark.parametrize("kind", ["auth", "write"])
@pytest.mark.parametrize("origin", [None, "null", "http://evil.example"])
def test_a_handshake_from_a_foreign_page_is_denied(owner, kind, origin):
    assert owner.socket(kind, origin=origin).connect().denied


@pytest.mark.parametrize("kind", ["auth", "write"])
def test_a_handshake_that_fails_is_closed(owner, kind, monkeypatch, caplog):
    monkeypatch.setattr("chat.services.boards.get_visit", fail_with(ZeroDivisionError("on purpose")))
    socket = owner.socket(kind).connect()
    assert (socket.accepted, socket.code) == (True, 1013)
    assert "on purpose" in caplog.text
    socket.disconnect()


def test_a_connection_over_the_limit_is_rejected_and_closed(visitor, settings):
    settings.CHAT_MAX_SOCKETS_PER_PERSON = 1
    visitor.door()
    second = visitor.door()
    assert (second.events[0]["code"], second.code) == ("rate_limited", 1013)
