"""Fixtures of the chat's tests: roles in the room `garden`, a clock, and a board with an owner and visitors."""

import pytest

from chat.protocol import Post
from chat.services import rooms
from tests.chat.helpers import Browser, ask, key_of, knock
from tests.chat.polling import Poller
from tests.chat.redis_site import open_site


@pytest.fixture
def set_role(room):
    """Return a function that gives a person a role in the room `garden`."""

    def set_role(person, role):
        rooms.apply_role(rooms.join_room(person, "garden"), role)

    return set_role


@pytest.fixture
def second(clock):
    """Return a function that moves the clock by a second, so that the next update is published at once."""
    return lambda: clock.pass_by(1.1)


@pytest.fixture
def author_member(room, bob):
    """Return Bob's Member of the room `garden`. Bob has posted one message there."""
    member = rooms.join_room(bob, "garden")
    rooms.post_message(member, Post("r1", "Hello"))
    return member


@pytest.fixture
def owner(db):
    """Return the browser that owns a board."""
    return Browser().make_board(name="Plans", handle="Olga")


@pytest.fixture
def at_door(owner):
    """Return the socket on which the owner of the board receives the requests to join."""
    return owner.door()


@pytest.fixture
def visitor(owner):
    """Return a browser that has opened the link of the board."""
    return Browser().follow(owner)


@pytest.fixture
def admitted(at_door, visitor):
    """Return the browser of an admitted visitor, Bob. Its attribute `auth` is Bob's socket of the waiting room."""
    visitor.auth = knock(visitor)
    assert ask(at_door, "admit", visitor=key_of("Bob"))["type"] == "ack"
    visitor.auth.read()
    return visitor


@pytest.fixture
def poller(room):
    """Return the class Poller, for clients of the room `garden`."""
    return Poller


@pytest.fixture
def make_site(valkey_url, alice, room, monkeypatch):
    """Return a function that returns a Site on a real Valkey, with a number of other connections in the room."""
    return lambda number: open_site(valkey_url, alice, room, number, monkeypatch)
