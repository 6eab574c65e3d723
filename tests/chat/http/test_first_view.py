"""The messages that the page of a room contains: what they are, who gets them, and that no cache keeps them."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat.models import Member
from chat.protocol import Post
from chat.services import rooms
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)

TEMPLATE = re.compile(r'<template id="first-view">(.*?)</template>')
PAGE = "/rooms/garden/"
BODIES = ("Hello", "</template><script>alert(1)</script>", "&lt; \\u003C \u2028 🎉", 'She said "no"\nand left')


@pytest.fixture
def messages(alice, room):
    """Return the `message` events of four messages by Alice in the room `garden`."""
    member = rooms.join_room(alice, "garden")
    for number, body in enumerate(BODIES):
        rooms.post_message(member, Post(f"r{number}", body))
    return rooms.get_backlog(room, None).messages


def open_page(person, **query):
    return wire.browser_of(person).get(PAGE, query)


def view_of(response):
    found = TEMPLATE.findall(response.content.decode())
    return json.loads(found[0]) if found else None


@pytest.mark.parametrize("query", [{}, {"pane": "1"}])
def test_a_page_and_a_pane_contain_the_messages_that_the_socket_would_send(alice, messages, query):
    view = view_of(open_page(alice, **query))
    assert view["messages"] == messages and [message["body"] for message in messages] == list(BODIES)
    assert view["offset"] == 4


def test_a_body_cannot_leave_the_template(alice, messages):
    page = open_page(alice).content.decode()
    assert page.count("<template") == page.count("</template>") == 1
    assert "alert(1)</script>" not in page and "<script>" not in page


def test_a_page_says_what_the_person_has_not_read(alice, bob, messages):
    member = rooms.join_room(bob, "garden")
    Member.objects.filter(id=member.id).update(read_offset=1)
    view = view_of(open_page(bob))
    assert [view[name] for name in ("read", "unread", "first_unread")] == [1, 3, 2]


def test_opening_the_page_makes_nobody_a_member(bob, messages):
    assert len(view_of(open_page(bob))["messages"]) == 4
    assert not Member.objects.filter(person=bob).exists()


def test_a_guest_gets_the_messages_too(charlie, messages):
    assert view_of(open_page(charlie))["messages"] == messages


def test_the_page_of_an_empty_room_says_so(alice, room):
    view = {"offset": 0, "read": 0, "unread": 0, "first_unread": None, "messages": [], "more_after": False}
    assert view_of(open_page(alice)) == view


def test_people_who_may_not_read_the_room_get_no_messages(bob, messages):
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    for response in (Client().get(PAGE), open_page(bob), open_page(bob, pane="1")):
        assert view_of(response) is None and "Hello" not in response.content.decode()


def test_a_board_gets_its_messages_from_the_socket(db):
    owner = Client()
    assert b"first-view" not in owner.get(owner.post("/new_board").url).content


@pytest.mark.parametrize("query", [{}, {"pane": "1"}])
def test_browsers_and_proxies_do_not_keep_the_messages(alice, messages, query):
    assert "no-store" in open_page(alice, **query)["Cache-Control"]


def test_a_page_with_many_messages_runs_as_many_statements_as_a_page_with_few(alice, bob, messages):
    def count_statements():
        with CaptureQueriesContext(connection) as captured:
            assert open_page(bob).status_code == 200
        return len(captured)

    before = count_statements()
    member = rooms.join_room(alice, "garden")
    for number in range(60):
        rooms.post_message(member, Post(f"more{number}", f"number {number}"))
    assert count_statements() == before
