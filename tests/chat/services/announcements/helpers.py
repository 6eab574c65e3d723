"""Helpers for the tests of announcements."""

import pytest

from chat.protocol import ChatError


def heard(socket):
    """Return the texts of the announcements that a socket has heard."""
    return [event["text"] for event in socket.seen("announcement")]


def code_of_refusal(function, *arguments, **fields):
    """Call a function that raises ChatError, and return the error's code."""
    with pytest.raises(ChatError) as caught:
        function(*arguments, **fields)
    return caught.value.code
