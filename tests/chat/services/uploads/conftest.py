"""Fixtures of the tests of uploads: each test has a store of its own."""

import pytest

from chat import broadcast
from chat.services import rooms
from tests import wire


@pytest.fixture(autouse=True)
def own_store(own_files):
    """Keep the files of each test apart."""


@pytest.fixture
def member(room, alice):
    """Return Alice's Member of the room `garden`."""
    return rooms.join_room(alice, "garden")


@pytest.fixture
def read_events(member):
    """Return a function that returns the events published to `garden` since its last call."""
    socket = wire.Socket("/nowhere/")
    broadcast.subscribe(socket.channel, [broadcast.room_group(member.room_id)])
    return socket.read
