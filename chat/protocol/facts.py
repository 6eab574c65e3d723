"""
Facts: what the server says. Each function returns an event that `encode` turns into a frame.

They take plain values: where these come from is not known here.
"""

import json
from datetime import UTC

from .errors import MAX_PRESENT


def encode(event):
    """Returns an event as the text of one frame."""
    return _ENCODER.encode(event)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def format_time(moment):
    """Returns an aware datetime as ISO 8601 in UTC with a `Z`, or None for None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def joined(room, you, offset, present, count, version, reset=False, announced=0):
    """`announced` is the id of the newest announcement so far."""
    event = {
        "type": "joined",
        "room": room,
        "you": you,
        "offset": offset,
        "present": present,
        "count": count,
        "version": version,
        "announced": announced,
    }
    return {**event, "reset": True} if reset else event


def you(handle, role, read, until=None):
    """What `joined` says of the one who came; `until` (an aware datetime) is when a mute ends."""
    return _with_until({"handle": handle, "role": role, "read": read}, until)


def member(handle, role, until=None):
    """Somebody stands otherwise in the room now; `until` (an aware datetime) is when a mute ends."""
    return _with_until({"type": "member", "handle": handle, "role": role}, until)


def _with_until(event, until):
    return event if until is None else {**event, "until": format_time(until)}


def message(id, offset, ref, author, body, html, at, edited_at, removed, reactions, reply_to):
    """`author` is a handle, `at` and `edited_at` aware datetimes, `reactions` {emoji: [handle]}."""
    return {
        "type": "message",
        "id": id,
        "offset": offset,
        "ref": ref,
        "author": {"handle": author},
        "body": body,
        "html": html,
        "at": format_time(at),
        "edited_at": format_time(edited_at),
        "removed": removed,
        "reactions": reactions,
        "reply_to": reply_to,
    }


def ack(ref, id, offset, **more):
    """`id` and `offset` are None where what was asked for is no message; `more` says what came of it then."""
    return {"type": "ack", "ref": ref, "id": id, "offset": offset, **more}


def rejected(refusal):
    """The answer to a change that was refused; `refusal` is a ChatError."""
    event = {"type": "rejected", "ref": refusal.ref, "code": refusal.code, "detail": refusal.detail}
    return event if refusal.retry_after is None else {**event, "retry_after": refusal.retry_after}


def synced(offset, more, reset=False):
    event = {"type": "synced", "offset": offset, "more": more}
    return {**event, "reset": True} if reset else event


def page(ref, messages, more):
    return {"type": "page", "ref": ref, "messages": messages, "more": more}


def presence(came, went, count, present=None):
    """
    In a crowd the names would be a flood of their own, so above MAX_PRESENT only the count is told. `present` is, for
    one who may have missed some of these, all that `joined` would say.
    """
    event = {"type": "presence", "came": came, "went": went, "count": count}
    if present is not None:
        event["present"] = present
    return event if count <= MAX_PRESENT else {**event, "came": [], "went": []}


def typing(handle, on):
    return {"type": "typing", "handle": handle, "on": on}


def read(offset):
    return {"type": "read", "offset": offset}


def reported():
    """To moderators: what is reported in the room is another list now."""
    return {"type": "reported"}


def task(ref, id, kind, params, state, progress, result=None, size=None, error=None, forgotten=False):
    """`result` is a path (with its `size` in bytes), `error` a sentence; each is there where there is one."""
    event = {
        "type": "task",
        "ref": ref,
        "task_id": id,
        "task": kind,
        "params": params,
        "state": state,
        "progress": progress,
    }
    if result is not None:
        event.update(result=result, size=size)
    if error is not None:
        event["error"] = error
    return {**event, "forgotten": True} if forgotten else event


def announcement(id, text, level, at, private=False):
    """`at` is an aware datetime; `private`: it is said to one person alone."""
    event = {"type": "announcement", "id": id, "text": text, "level": level, "at": format_time(at)}
    return {**event, "private": True} if private else event


def updated():
    return {"type": "updated"}
