"""Helpers for the tests of rooms: posts, ids and offsets."""

from chat.models import Room
from chat.protocol import Post
from chat.services import rooms


def post(member, ref, body="Hello", reply_to=None):
    """Post a message and return its `ack`."""
    return rooms.post_message(member, Post(ref, body, reply_to)).ack


def fill(member, count):
    """Post this number of messages."""
    for number in range(1, count + 1):
        post(member, f"p{number}", str(number))


def ids(messages):
    """Return the ids of messages."""
    return [message["id"] for message in messages]


def offset_of(room):
    """Return the room's offset as it is stored now."""
    return Room.objects.get(id=room.id).offset
