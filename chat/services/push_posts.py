"""
New messages that may cause pushes: start a job when a message has been in a room for some seconds.

A person who looks at the room reads the message within this time, and then gets no push. The messages of a period of
two seconds share a job, also those of several rooms, up to MAX_ROOMS_PER_JOB. A job is lost if the process ends before
the job starts.

This module writes no rows and decides nothing: `chat.services.push` decides who gets a push.
"""

import math
import threading
import time
from collections import defaultdict

from django.conf import settings

from channels_transport import call_later
from chat import broadcast
from chat.models import Message, Room

from .after_commit import after_commit

READ_SECONDS = 8
STEP_SECONDS = 2
MAX_ROOMS_PER_JOB = 50


class _Spans:
    """The first and the last new message of each room, by the time of the job. Several threads use this object."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ending: defaultdict[float, dict[int, tuple[int, int]]] = defaultdict(dict)

    def add(self, room_id: int, number: int, end: float) -> bool:
        """Add a message to the job at `end`. Return whether it is the first one of this job."""
        with self._lock:
            is_first, rooms = end not in self._ending, self._ending[end]
            first, last = rooms.get(room_id, (number, number))
            rooms[room_id] = min(first, number), max(last, number)
            return is_first

    def take(self, end: float) -> list[tuple[int, int, int]]:
        """Return and forget (room, first message, last message) of the job at `end`."""
        with self._lock:
            return [(room_id, *span) for room_id, span in self._ending.pop(end, {}).items()]

    def clear(self) -> None:
        """Forget all messages."""
        with self._lock:
            self._ending.clear()


_spans = _Spans()


def note_post(room: Room, message: Message) -> None:
    """
    Start a job for a new message some seconds after the commit, if the site sends pushes and the room is no board.
    """
    if settings.CHAT_VAPID_KEY and room.access != Room.BOARD:
        room_id, number = room.id, message.number
        after_commit(f"note it for the pushes of room {room_id}", lambda: _note(room_id, number))


def _note(room_id: int, number: int) -> None:
    now = time.monotonic()
    end = math.ceil((now + READ_SECONDS) / STEP_SECONDS) * STEP_SECONDS
    if _spans.add(room_id, number, end):
        call_later(end - now, ("pushes", end), _start_jobs, end)


def _start_jobs(end: float) -> None:
    spans = [{"room": room_id, "first": first, "last": last} for room_id, first, last in _spans.take(end)]
    for start in range(0, len(spans), MAX_ROOMS_PER_JOB):
        broadcast.start_job(broadcast.TASKS_CHANNEL, {"push": spans[start : start + MAX_ROOMS_PER_JOB]})


def forget_posts() -> None:
    """Forget all messages that wait for a job of this process. Only tests call this."""
    _spans.clear()
