"""Fixtures for tests of a person's own stream."""

import itertools

import pytest

from chat import protocol
from chat.services import rooms
from tests import wire


@pytest.fixture
def stream():
    """Return a function that opens the stream `/me/` of a person, and returns its socket after the handshake."""

    def stream(person, query="", **kwargs):
        return wire.Socket("/me/", wire.browser_of(person), query=query, **kwargs).connect()

    return stream


@pytest.fixture
def post(room):
    """Return a function that posts messages of a person, by default in the room `garden`."""
    numbers = itertools.count()

    def post(person, *bodies, slug="garden"):
        for body in bodies or ("Hello",):
            event = protocol.Post(ref=f"post-{next(numbers)}", body=body)
            rooms.post_message(rooms.join_room(person, slug), event)

    return post
