"""Fixtures of the product's tests, beside those in tests/conftest.py."""

import pytest

from chat.protocol import Post
from chat.services import rooms


@pytest.fixture
def spoken(room, bob):
    """Bob's Member of the garden, where Bob has posted one message."""
    member = rooms.join_room(bob, "garden")
    rooms.post_message(member, Post("r1", "Hello"))
    return member
