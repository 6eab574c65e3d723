"""Helpers for the tests of announcements."""


def heard(socket):
    """Return the texts of the announcements that a socket has heard."""
    return [event["text"] for event in socket.seen("announcement")]
