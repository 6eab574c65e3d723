"""Frames for the tests of the protocol, and the errors that they cause."""

import json

import pytest

from chat import protocol
from chat.protocol import ChatError

FAMILY = "👨‍👩‍👧"  # three people and two joiners: one emoji


def error_of(text):
    """Return the ChatError that parsing a frame raises."""
    with pytest.raises(ChatError) as caught:
        protocol.parse(text)
    return caught.value


def frame(**fields):
    """Return the text of a `post` with these fields."""
    return json.dumps({"type": "post", "ref": "r1", "body": "Hello", **fields})
