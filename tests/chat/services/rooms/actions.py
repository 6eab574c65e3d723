"""Helpers for the tests of rooms: posts, errors and offsets."""

import pytest

from chat.models import Room
from chat.protocol import ChatError, Post
from chat.services import rooms


def check_error(code, function, *arguments):
    """Check that a call raises a ChatError with this code, and return the error."""
    with pytest.raises(ChatError) as caught:
        function(*arguments)
    assert caught.value.code == code
    return caught.value


def post(member, ref, body="Hello", reply_to=None):
    """Post a message and return its `ack`."""
    return rooms.post_message(member, Post(ref, body, reply_to)).ack


def offset_of(room):
    """Return the room's offset as it is stored now."""
    return Room.objects.get(id=room.id).offset
