"""Helpers for the tests of announcements."""


def received(socket):
    """Return the texts of the announcements that a socket has received."""
    return [event["text"] for event in socket.seen("announcement")]


def dismiss(socket, text):
    """Dismiss the announcement with this text over a socket that has received it."""
    (id,) = {event["id"] for event in socket.seen("announcement") if event["text"] == text}
    socket.say("dismiss", id=id)
