"""
The id of what this process handles now: of a frame, a request or a job. Every log line contains it.

An interface and a worker make the same id from what the message has already: the connection's own part of its reply
channel, and for a frame its order, as in `QxTzBfLmNa#3`. So the id costs no bytes. It is made only when a line is
logged.

Only what cannot be derived is carried in a message, under CARRIED. The worker removes it before a consumer sees the
message:

* `id`: the id that a trusted proxy gave to the request.
* `parent`: the id of what caused this message. Only messages to plain channels, such as jobs, carry it.
* `trace`, `sent_at`: see `tracing`.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any, NamedTuple

from . import arrivals

CARRIED = "__carried__"
DELAY_CHANNEL = "asgi.delay"

_NOTHING: dict[str, Any] = {}


class Handled(NamedTuple):
    """What this thread handles: its channel, its content, and what it carries."""

    channel: str
    content: dict[str, Any]
    carried: dict[str, Any]


_current: contextvars.ContextVar[Handled | None] = contextvars.ContextVar("message", default=None)


def set_message(channel: str, content: dict[str, Any], carried: dict[str, Any] = _NOTHING) -> None:
    """Note the message that this thread handles from now on."""
    _current.set(Handled(channel, content, carried))


def clear() -> None:
    """Note that this thread handles no message."""
    _current.set(None)


@contextlib.contextmanager
def handling(channel: str, content: dict[str, Any], carried: dict[str, Any] = _NOTHING) -> Iterator[None]:
    """Note within a `with` block that this thread handles a message."""
    token = _current.set(Handled(channel, content, carried))
    try:
        yield
    finally:
        _current.reset(token)


def handling_id(message_id: str | None) -> contextlib.AbstractContextManager[None]:
    """Note within a `with` block that this thread does something for the message with this id."""
    found = _current.get()
    return handling(found.channel if found else "", {}, {} if message_id is None else {"id": message_id})


def take_carried(content: Any) -> dict[str, Any]:
    """Remove from a message what it carries, and return it. The message may be malformed."""
    carried = content.pop(CARRIED, None) if isinstance(content, dict) else None
    return carried if isinstance(carried, dict) else _NOTHING


def strip(content: Any) -> None:
    """
    Remove from a message what it carries, for a receiver that is not a worker of this transport.

    The message may be None.
    """
    take_carried(content)
    arrivals.take(content)


def add_carried(content: dict[str, Any], **carried: Any) -> dict[str, Any]:
    """Return a message that also carries these values."""
    present = content.get(CARRIED)
    # The message of an application may have a key with this name.
    return {**content, CARRIED: {**(present if isinstance(present, dict) else _NOTHING), **carried}}


def carry_on(content: dict[str, Any]) -> dict[str, Any]:
    """Return the message that this thread handles with what it carried, to send it again."""
    found = _current.get()
    return add_carried(content, **found.carried) if found is not None and found.carried else content


def shorten(reply: str) -> str:
    """Return the part of a reply channel that belongs to the connection alone."""
    return reply.rpartition("!")[2]


def get_current() -> Handled | None:
    """Return what this thread handles."""
    return _current.get()


def make_id(content: dict[str, Any], carried: dict[str, Any] = _NOTHING) -> str | None:
    """Return the id of a frame or a request, or None for another message, which may be malformed."""
    if not isinstance(content, dict):
        return None
    given, reply, order = carried.get("id"), content.get("reply_channel"), content.get("order")
    if isinstance(given, str):
        return given
    if not isinstance(reply, str):
        return None
    return shorten(reply) if order is None else f"{shorten(reply)}#{order}"


def get_id() -> str | None:
    """Return the id of the frame or the request that this thread handles. For a job, return the id of its cause."""
    found = _current.get()
    if found is None:
        return None
    return make_id(found.content, found.carried) or found.carried.get("parent")


def get_given_id() -> str | None:
    """Return the id that a trusted proxy gave to the request that this thread handles, or None."""
    found = _current.get()
    return None if found is None else found.carried.get("id")


def name_parent(channel: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a message to a plain channel, which carries `more`, and the id of what this thread handles."""
    parent = get_id()
    carried = more if parent is None else {"parent": parent, **more}
    if not carried:
        return content
    if channel == DELAY_CHANNEL and isinstance(content.get("content"), dict):
        # The delay server sends only the inner message.
        content = {**content, "content": add_carried(content["content"], **carried)}
    return add_carried(content, **carried)


def _find_trace_id(carried: dict[str, Any]) -> str | None:
    parts = str(carried.get("trace", "")).split("-")
    return parts[1] if len(parts) == 4 else None


def describe() -> dict[str, str]:
    """Return `channel`, `id`, `parent` and `trace` of the message that this thread handles, except those it lacks."""
    found = _current.get()
    if found is None:
        return {}
    described = {
        "channel": found.channel or None,
        "id": make_id(found.content, found.carried),
        "parent": found.carried.get("parent"),
        "trace": _find_trace_id(found.carried),
    }
    return {name: str(value) for name, value in described.items() if value is not None}
