"""
The stream of log lines. A process never waits for the program that reads its log.

A pipe that nobody reads is full after 64 KiB, and a plain write to it would stop the reactor with all its sockets. So
this stream writes only what the pipe, socket or terminal accepts at once. It keeps the next lines, up to a limit, and a
thread writes them later. Lines above the limit are lost, and a line says how many. A regular file never makes a process
wait for a reader, so it needs no such stream. If the disk is full, only lines are lost.
"""

from __future__ import annotations

import collections
import contextlib
import logging
import os
import select
import socket
import stat
import sys
import threading
import time
from typing import Any, TextIO

logger = logging.getLogger(__name__)

MAX_KEPT_BYTES = 1024 * 1024
RETRY_SECONDS = 0.1
# At its end, a process waits at most this time for the lines that are kept.
LAST_SECONDS = 0.5
# A pipe that is writable accepts this number of bytes at once.
PIPE_BYTES = 4096

_streams: dict[int, LogStream] = {}


def get_stream(stream: TextIO) -> Any:
    """Return the LogStream of a stream, or the stream itself if it is a regular file or has no file at all."""
    try:
        number = stream.fileno()
        mode = os.fstat(number).st_mode
    except (AttributeError, OSError, ValueError):
        return stream
    if stat.S_ISREG(mode):
        return stream
    return _streams.setdefault(number, LogStream(number, mode))


class LogHandler(logging.StreamHandler):
    """Writes records to the standard error, as `logging.StreamHandler` does, and never waits for its reader."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(get_stream(stream or sys.stderr))

    def close(self) -> None:
        """Wait a short time until the lines that are kept are written, and close the handler."""
        if isinstance(self.stream, LogStream):
            self.stream.finish()
        super().close()


class LogStream:
    """The stream of one file descriptor. Threads may share it. `write` raises nothing and never waits."""

    def __init__(self, number: int, mode: int) -> None:
        self._number = number
        self._lock = threading.Lock()
        self._kept: collections.deque[bytes] = collections.deque()
        self._kept_bytes = self._lost = 0
        self._thread: threading.Thread | None = None
        self._write_some = self._choose_way(mode)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin_in_child)

    def _choose_way(self, mode: int) -> Any:
        if stat.S_ISSOCK(mode):
            self._socket = socket.socket(fileno=os.dup(self._number))
            return lambda data: self._socket.send(data, socket.MSG_DONTWAIT)
        if stat.S_ISFIFO(mode):
            # The flag O_NONBLOCK would hold for all processes that share the pipe. A second opening has its own flags.
            # It fails if the pipe belongs to another user.
            with contextlib.suppress(OSError):
                way = os.open(f"/proc/self/fd/{self._number}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
                return lambda data: os.write(way, data)
        return self._write_if_writable

    def _write_if_writable(self, data: bytes) -> int:
        if not select.select([], [self._number], [], 0)[1]:
            raise BlockingIOError
        return os.write(self._number, data[:PIPE_BYTES])

    def _begin_in_child(self) -> None:
        # The parent writes what it has kept. The lock is new, because another thread may have held it during the fork.
        self._lock = threading.Lock()
        self._kept.clear()
        self._kept_bytes = self._lost = 0
        self._thread = None

    def write(self, text: str) -> int:
        """Write a line now, or keep it for later, or drop and count it. Return the length of the text."""
        data = text.encode("utf-8", "backslashreplace")
        with self._lock:
            if self._kept_bytes + len(data) > MAX_KEPT_BYTES:
                self._lost += 1
            else:
                self._kept.append(data)
                self._kept_bytes += len(data)
            self._write_kept()
            if self._kept and self._thread is None:
                self._thread = threading.Thread(target=self._retry, name="log", daemon=True)
                self._thread.start()
        return len(text)

    def flush(self) -> None:
        """Do nothing: `write` has already written what the stream accepts."""

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._number

    def _write_kept(self) -> None:
        while self._kept:
            data = self._kept[0]
            try:
                count = self._write_some(data)
            except BlockingIOError:
                return
            except OSError:
                # The reader has gone, so nobody will read the line.
                count = len(data)
            self._kept_bytes -= count
            if count < len(data):
                self._kept[0] = data[count:]
            else:
                self._kept.popleft()

    def _retry(self) -> None:
        while True:
            time.sleep(RETRY_SECONDS)
            with self._lock:
                self._write_kept()
                if not self._kept:
                    self._thread = None
                    lost, self._lost = self._lost, 0
                    break
        if lost:
            logger.warning("%d lines of the log are lost, because they were not read in time", lost)

    def finish(self) -> None:
        """Wait at most LAST_SECONDS until the lines that are kept are written."""
        deadline = time.monotonic() + LAST_SECONDS
        while self._kept and time.monotonic() < deadline:
            with self._lock:
                self._write_kept()
            if self._kept:
                time.sleep(0.01)
