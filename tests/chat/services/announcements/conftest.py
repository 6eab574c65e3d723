"""Fixtures for the tests of announcements: a second room."""

import pytest

from chat.services import rooms
from tests import wire


@pytest.fixture
def attic(alice):
    return rooms.create_room(alice, "attic", "Attic")


@pytest.fixture
def enter_attic(attic):
    return lambda person, query="": wire.Socket("/chat/attic/", wire.browser_of(person), query=query).connect()
