"""
The wire format: parse the frames of clients, and encode the frames of the server. Pure Python.

Both sites encode with these functions, so their frames are equal byte for byte.
"""

import json

MAX_TEXT = 4000
NOT_SIGNED_IN, NOT_FOUND = 4401, 4404  # close codes


class Rejected(Exception):
    """The server does not accept a frame. `ref` is the `ref` of the frame, or None."""

    def __init__(self, code, ref=None):
        super().__init__(code)
        self.code, self.ref = code, ref


def encode(type, **fields):
    """Return a frame as text."""
    return json.dumps({"type": type, **fields}, sort_keys=True)


def parse(text):
    """
    Return a client's frame as a dict: {"after": id}, {"ref", "text"} or {"ref", "remind", "milliseconds"}.

    Raise Rejected for other frames.
    """
    try:
        frame = json.loads(text or "")
    except ValueError:
        raise Rejected("invalid_json") from None
    if not isinstance(frame, dict):
        raise Rejected("not_an_object")
    if type(frame.get("after")) is int:
        return frame
    ref = frame.get("ref")
    if not isinstance(ref, str) or not 0 < len(ref) <= 64:
        raise Rejected("invalid_ref")
    words = frame.get("remind", frame.get("text"))
    if not isinstance(words, str) or not words:
        raise Rejected("empty", ref)
    if len(words) > MAX_TEXT:
        raise Rejected("too_long", ref)
    return frame


def message_frame(message, author):
    """Return the frame of a stored message."""
    return encode("message", id=message.pk, author=author, ref=message.ref, text=message.text)


def rejected_frame(error):
    """Return the answer to a frame that the server does not accept."""
    return encode("rejected", code=error.code, ref=error.ref)


def reminder_frame(text):
    """Return the frame of a reminder that is due."""
    return encode("reminder", text=text)
