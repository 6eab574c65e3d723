"""The number of SQL statements that a handshake and the frequent frames cost."""

import pytest
from channels import channel_layers
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.services import people
from tests import wire
from tests.helpers import statements

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_connect_costs_eight_statements(alice, bob, enter):
    enter(alice).post("r1")
    browser = enter(bob).browser
    with CaptureQueriesContext(connection) as queries:
        wire.Socket("/chat/garden/", browser).connect()
    assert statements(queries) == [
        ("SELECT", "django_session"),
        ("SELECT", "chat_person"),
        ("SELECT", "chat_room"),  # the room and the member
        ("SELECT", "chat_person"),  # the people who are present
        ("SELECT", "chat_announcement"),  # the newest id, and the number of unread messages
        ("SELECT", "chat_member"),  # the right to stay, the offset, and whether there are tasks or announcements
        ("SELECT", "chat_message"),  # the backlog: the newest messages
        ("SELECT", "chat_reaction"),  # and their reactions
    ]


def test_a_connect_to_a_room_without_messages_costs_no_statement_for_the_backlog(alice, bob, enter):
    enter(alice)
    browser = enter(bob).browser
    with CaptureQueriesContext(connection) as queries:
        entered = wire.Socket("/chat/garden/", browser).connect()
    assert entered.seen("synced")[-1]["offset"] == 0
    assert len(statements(queries)) == 6


@pytest.mark.parametrize("number", [1, 50])
def test_a_connect_costs_eight_statements_for_any_number_of_messages_and_six_without_new_ones(
    alice, bob, enter, number
):
    socket, browser = enter(alice), enter(bob).browser
    for index in range(number):
        socket.post(f"r{index}")
    socket.ask("react", ref="reaction", id=1, emoji="👍", on=True)
    with CaptureQueriesContext(connection) as queries:
        entered = wire.Socket("/chat/garden/", browser).connect()
    assert len(entered.seen("message")) == number
    assert statements(queries)[-2:] == [("SELECT", "chat_message"), ("SELECT", "chat_reaction")]
    assert len(statements(queries)) == 8
    with CaptureQueriesContext(connection) as queries:
        resumed = wire.Socket("/chat/garden/", browser, query=f"cursor={number + 1}").connect()
    assert resumed.seen("message") == [] and resumed.seen("synced")[-1]["offset"] == number + 1
    # A client that has missed nothing needs no statement for its backlog.
    assert len(statements(queries)) == 6


@pytest.mark.parametrize("others", [0, 5])
def test_a_post_costs_four_statements_for_any_number_of_listeners(alice, enter, others):
    socket = enter(alice)
    for number in range(others):
        enter(people.sign_up_guest(f"Guest {number}"))
    with CaptureQueriesContext(connection) as queries:
        assert socket.post("r1")["type"] == "ack"
    # BEGIN and COMMIT surround the last three statements. The list leaves them out.
    assert statements(queries) == [
        ("SELECT", "chat_member"),  # member, person, room, and whether the login is still valid
        ("UPDATE", "chat_room"),  # the next offset, with RETURNING
        ("INSERT", "chat_message"),
        ("INSERT", "chat_change"),  # the ref, which cannot be used again
    ]


def test_an_edit_costs_seven_statements(alice, enter):
    socket = enter(alice)
    socket.post("r1")
    with CaptureQueriesContext(connection) as queries:
        assert socket.ask("edit", ref="r2", id=1, body="Hi")["type"] == "ack"
    assert statements(queries) == [
        ("SELECT", "chat_member"),
        ("UPDATE", "chat_room"),
        ("SELECT", "chat_message"),  # the message with its author
        ("SELECT", "chat_reaction"),  # its reactions, which the event contains
        ("INSERT", "chat_earlierbody"),  # for the moderators
        ("UPDATE", "chat_message"),
        ("INSERT", "chat_change"),
    ]


def test_a_heartbeat_costs_one_statement_unless_the_client_missed_a_message(alice, enter):
    socket = enter(alice)
    socket.post("r1")
    with CaptureQueriesContext(connection) as queries:
        socket.say("sync", cursor=1)
    # The statement reads the member and the room's offset, which equals the cursor.
    assert statements(queries) == [("SELECT", "chat_member")]
    with CaptureQueriesContext(connection) as queries:
        socket.say("sync", cursor=0)
    assert [table for _, table in statements(queries)] == ["chat_member", "chat_message", "chat_reaction"]


def test_typing_costs_one_statement(alice, enter):
    socket = enter(alice)
    with CaptureQueriesContext(connection) as queries:
        socket.say("typing", on=True)
    assert statements(queries) == [("SELECT", "chat_member")]


def test_connections_add_no_rows_to_the_table_of_sessions(alice, enter):
    before = Session.objects.count()
    sockets = [enter(alice) for _ in range(3)]
    assert Session.objects.count() == before + 3  # the browsers' own logins
    for socket in sockets:
        socket.disconnect()
    assert channel_layers["default"].channel_layer.channel_session_backend is not None
