"""Helpers for the tests of announcements."""

import pytest

from chat.protocol import ChatError


def heard(socket):
    return [event["text"] for event in socket.seen("announcement")]


def code_of_refusal(function, *arguments, **fields):
    with pytest.raises(ChatError) as caught:
        function(*arguments, **fields)
    return caught.value.code


def ids(socket):
    return [event["id"] for event in socket.seen("announcement")]
