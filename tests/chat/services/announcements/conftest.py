"""Fixtures for the tests of announcements: a second room, and connections to it."""

import pytest

from chat.services import rooms
from tests import wire


@pytest.fixture
def attic(alice):
    return rooms.create_room(alice, "attic", "Attic")


@pytest.fixture
def enter_attic(attic):
    """Return a function that connects a person to the room `attic`."""
    return lambda person, query="": wire.Socket("/chat/attic/", wire.browser_of(person), query=query).connect()
