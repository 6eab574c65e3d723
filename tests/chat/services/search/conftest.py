"""Fixtures of the tests of the search."""

import pytest

from chat.services import rooms


@pytest.fixture
def writer(room, alice):
    """Return Alice's Member of the room `garden`."""
    return rooms.join_room(alice, "garden")
