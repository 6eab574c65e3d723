"""
The job of a claimed task: the functions that a kind of task uses while it runs.
"""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import reset_queries, transaction
from django.utils import timezone

from channels_transport import is_stopping, touch_alive_file
from chat.models import Task
from chat.services import budgets, files
from chat.services.after_commit import call_safely

from . import publishing
from .claims import get_lock_end, limit_pauses, update_claimed
from .results import KIND, PART_BYTES

HEARTBEAT_SECONDS = 1  # at least, between two renewals of the lock by `report_progress`


class Interrupted(Exception):
    """This worker must stop, because it has received a signal."""


class Job:
    """
    One run of a task: `task`, its `room`, `upto` (the room's offset at the request), and the result that it writes.

    A job holds at most one part of the result in memory.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self.room, self.upto = task.room, task.upto
        self._name, self._type = f"{task.kind}.txt", "text/plain; charset=utf-8"
        self._buffer: list[bytes] = []
        self._buffer_bytes = 0
        self._writer: files.Writer | None = None
        self._heartbeat_at = time.monotonic()

    def name_result(self, name: str, content_type: str) -> None:
        """Set the file name of the result (ASCII letters, digits, `-`, `_` and `.`) and its content type."""
        self._name, self._type = name, content_type

    def write(self, content: str | bytes) -> None:
        """
        Append text or bytes to the result.

        A call that stores a part raises:

        - TaskLost if the worker no longer holds the task;
        - FileTooLarge if the result has more than CHAT_MAX_RESULTS_BYTES;
        - NoSpace if the disk is full.
        """
        data = content.encode() if isinstance(content, str) else content
        self._buffer.append(data)
        self._buffer_bytes += len(data)
        if self._buffer_bytes >= PART_BYTES:
            self._store_part()

    def report_progress(self, fraction: float) -> None:
        """
        Renew the lock and publish the progress (`fraction`: 0 to 1), at most once a second.

        Raise TaskLost if the worker no longer holds the task. Raise Interrupted if the worker must stop.
        """
        if is_stopping():
            raise Interrupted
        touch_alive_file()
        if time.monotonic() - self._heartbeat_at < HEARTBEAT_SECONDS:
            return
        self._heartbeat_at = time.monotonic()
        # At most 99, because only `finish` may report 100.
        self.task.progress = max(0, min(99, int(fraction * 100)))
        self.update(progress=self.task.progress, locked_until=get_lock_end())
        publishing.publish_state(self.task)

    def finish(self) -> None:
        """
        Store the rest of the result, mark the task as done, and publish the state.

        Raise TaskLost if the worker no longer holds the task, and the errors of `write`.
        """
        if self._buffer:
            self._store_part()
        if self._writer is not None:
            # A worker that is killed before the update leaves a complete file that the next attempt deletes.
            self._writer.finish()
        now = timezone.now()
        self.update(
            state=Task.DONE,
            progress=100,
            locked_until=None,
            finished_at=now,
            expires_at=now + timedelta(seconds=settings.CHAT_TASK_RESULT_SECONDS),
            result_name=self._name,
            result_type=self._type,
            # Without a part, there is no file. An earlier attempt may have left the name of its file.
            result_size=0 if self._writer is None else self._writer.size,
            result_file=None if self._writer is None else self._writer.name,
        )
        publishing.publish_task(self.task.id)

    def update(self, **columns: Any) -> None:
        """Change columns of the task's row. Raise TaskLost if the worker no longer holds the task."""
        update_claimed(self.task, **columns)

    def discard(self) -> None:
        """Delete the file of this run, if it has one. A failure is logged; the sweep of files then deletes the file."""
        writer = self._writer
        if writer is not None:
            call_safely(f"delete the file {writer.name}", writer.discard)

    def _store_part(self):
        data = b"".join(self._buffer)
        if self._writer is None:
            # The task has the name before the file exists: see `files`.
            self.task.result_file = files.make_name(KIND)
            self.update(result_file=self.task.result_file)
            self._writer = files.create(self.task.result_file, settings.CHAT_MAX_RESULTS_BYTES)
        with transaction.atomic():
            limit_pauses()
            # The update locks the row first, so that a task that was deleted or claimed again gets no more parts.
            self.update(locked_until=get_lock_end())
            self._writer.write(data)
        self._buffer, self._buffer_bytes = [], 0
        budgets.count_task_bytes(self.task.person_id, len(data))
        # If DEBUG is on, Django keeps every statement in memory, with the data that the statement stored.
        reset_queries()
