"""Helpers for the tests of the chat: refusals, browsers with a board, forms of the admin, and jobs."""

import importlib
import itertools

import pytest
from django.test import Client

from chat import broadcast
from chat.models import Member, Message, Person, Visitor
from chat.protocol import ChatError
from tests import wire

# Ids in an address for which there is no board.
NO_BOARDS = ["00000000-0000-4000-8000-000000000000", "0", "", "None", "{x}", "x" * 500, "%00", "a%0Ab"]
JSON = {"HTTP_ACCEPT": "application/json"}
_numbers = itertools.count(1)


class Browser:
    """One browser: its cookies, and the ids of one board."""

    def __init__(self, person=None):
        self.client = wire.browser_of(person) if person else Client()

    def make_board(self, **fields):
        """Create a board, which this browser then owns. Return this browser."""
        response = self.client.post("/new_board", fields, content_type="application/json", **JSON)
        assert response.status_code == 201, response.content
        return self._remember(response.json())

    def follow(self, other):
        """Open the link of another browser's board, and return this browser."""
        response = self.client.get(f"/api/boards/{other.board}/")
        assert response.status_code == 200, response.content
        return self._remember(response.json())

    def _remember(self, body):
        assert set(body) == {"board", "session", "owner"}
        self.board, self.session, self.owner = body["board"], body["session"], body["owner"]
        return self

    def door(self, **kwargs):
        """Open the socket of the waiting room, and return it."""
        return self.socket("auth", **kwargs).connect()

    def room(self, **kwargs):
        """Open the socket of the board's room, and return it."""
        return self.socket("write", **kwargs).connect()

    def socket(self, kind, board=None, session=None, **kwargs):
        """Return a socket that is not open yet; `kind` is "auth" or "write"."""
        path = f"/{kind}/{self.board if board is None else board}/{self.session if session is None else session}/"
        return wire.Socket(path, self.client, **kwargs)


def assert_refused(code, function, *arguments, **fields):
    """Check that a call raises ChatError with this code, and return the error."""
    with pytest.raises(ChatError) as caught:
        function(*arguments, **fields)
    assert caught.value.code == code
    return caught.value


def ask(socket, type, **fields):
    """Send an event under a new ref and return its answer; other events stay in `events`."""
    fields.setdefault("ref", f"ref-{next(_numbers)}")
    answers = [event for event in socket.say(type, **fields) if event["type"] in wire.ANSWERS]
    assert [answer["ref"] for answer in answers] == [fields["ref"]]
    return answers[0]


def knock(browser, handle="Bob", **fields):
    """Open the waiting room, knock, and return the socket."""
    door = browser.door()
    assert ask(door, "knock", handle=handle, **fields)["type"] == "ack"
    return door


def key_of(handle):
    """Return the public key of the visitor with this handle."""
    return Visitor.objects.get(person__handle=handle).key


def types(events):
    """Return the types of events."""
    return [event["type"] for event in events]


def save(admin_browser, path, **fields):
    """Submit a form of the admin. Fail if the admin does not accept it."""
    response = admin_browser.post(path, fields)
    assert response.status_code == 302, response.context["errors"]


def deactivate(handle):
    """Deactivate an account in the database only. Nothing is published."""
    Person.objects.filter(handle=handle).update(is_active=False)


def take_delayed_jobs():
    """Take the jobs that wait for the delay server: [{channel, content, delay}]."""
    jobs = []
    while (content := wire.layer().receive([broadcast.DELAY_CHANNEL])[1]) is not None:
        jobs.append(content)
    return jobs


def find_step(step):
    """Return the module and the name of a function, for a text such as `rooms.join_room` or `broadcast.accept`."""
    module, name = step.split(".")
    return importlib.import_module("chat.broadcast" if module == "broadcast" else f"chat.services.{module}"), name


def role_of(handle):
    """Return the role of a person in the only room that the person is in, or None."""
    return Member.objects.filter(person__handle=handle).values_list("role", flat=True).first()


def message_of(room, person, number, **fields):
    """Store a message without the service, and return it."""
    fields = {"offset": number, "ref": f"r{number}", "body": "Hello", **fields}
    return Message.objects.create(room=room, author=person, number=number, **fields)
