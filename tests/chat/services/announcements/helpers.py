"""Helpers for the tests of announcements."""


def received(socket):
    """Return the texts of the announcements that a socket has received."""
    return [event["text"] for event in socket.seen("announcement")]
