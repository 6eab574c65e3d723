"""Fixtures of the chat's tests: roles in the room `garden`, and a board with an owner and visitors."""

import pytest

from chat.protocol import Post
from chat.services import rooms
from tests.chat.helpers import Browser, ask, key_of, knock
from tests.chat.polling import Poller


@pytest.fixture
def set_role(room):
    """Return a function that gives a person a role in the room `garden`."""

    def set_role(person, role):
        rooms.apply_role(rooms.join_room(person, "garden"), role)

    return set_role


@pytest.fixture
def spoken(room, bob):
    """Bob's Member of the garden, where Bob has posted one message."""
    member = rooms.join_room(bob, "garden")
    rooms.post_message(member, Post("r1", "Hello"))
    return member


@pytest.fixture
def owner(db):
    """The browser that owns a board."""
    return Browser().make_board(name="Plans", handle="Olga")


@pytest.fixture
def at_door(owner):
    """The owner's socket of the waiting room."""
    return owner.door()


@pytest.fixture
def visitor(owner):
    """A browser with the board's link."""
    return Browser().follow(owner)


@pytest.fixture
def admitted(at_door, visitor):
    """An admitted visitor, Bob, with the socket of the waiting room in `auth`."""
    visitor.auth = knock(visitor)
    assert ask(at_door, "admit", visitor=key_of("Bob"))["type"] == "ack"
    visitor.auth.read()
    return visitor


@pytest.fixture
def poller(room):
    """The class Poller. The room `garden` exists."""
    return Poller
