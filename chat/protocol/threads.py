"""
Threads: the parts of the server's events that are about threads of replies.

This module does not know where the values come from.
"""

from collections.abc import Sequence
from datetime import datetime

from .facts import format_time
from .workspace import mention_fields

THREAD_STATES = ("followed", "muted", "none")


def thread_summary(root: int, offset: int, count: int, last_at: datetime | None, authors: Sequence[str]) -> dict:
    """
    Return the field `thread` of a `message`: of the first message of a thread, and of each reply.

    - `root`: the id of the first message.
    - `offset`: the other fields are those after this change of the room. If two events have different summaries, the
      summary with the higher offset is newer, even if its event came first.
    - `count`, `last_at`: the number of replies, and the time of the last one, without removed replies.
    - `authors`: the handles of the last people who replied, the newest first.
    """
    return {"root": root, "offset": offset, "count": count, "last_at": format_time(last_at), "authors": list(authors)}


def thread_state(root: int, state: str, read: int) -> dict:
    """
    Return the event for a person's connections in a room: what the person has chosen and read in a thread.

    `state` is one of THREAD_STATES. `read` is the id of the last reply that the person has read.
    """
    return {"type": "thread", "root": root, "state": state, "read": read}


def thread_reply(
    room_slug: str,
    root: int,
    threads: int,
    id: int,
    author: dict,
    text: str,
    at: datetime,
    files: list[dict] | None = None,
) -> dict:
    """
    Return the event for the own streams of a person: a thread that the person follows has a new reply.

    `threads` is the number of threads of the room with unread replies that the person follows. The other fields are
    those of a `mention`.
    """
    fields = {"type": "thread", "root": root, "threads": threads, **mention_fields(room_slug, id, author, text, at)}
    return {**fields, "files": files} if files else fields
