"""
The body of a response that is a stored file: the interface reads it from the storage as fast as the client takes it.

A worker sends only the headers and the name of the file, so the file passes through no worker and not through Redis.
The interface has only one part of the file in memory.
"""

from __future__ import annotations

import logging
from typing import Any

logger = logging.getLogger(__name__)


class SentFile:
    """Sends the file that a worker's message names: {"status", "headers", "file": {"name", "first", "length"}}."""

    is_over = False  # the client has left, or the response is complete
    is_reading = False  # a thread reads the next part

    def __init__(self, request: Any, message: dict[str, Any]) -> None:
        self.request = request
        self.storage = request.factory.storage
        self.head = {"status": message["status"], "headers": message["headers"]}
        self.file = message["file"]
        self._parts: Any = None

    def open(self) -> None:
        """Open the file. The headers follow when that is done: without the file, the client gets an error."""
        file = self.file
        self.is_reading = True
        done = self.storage.call(self.storage.read, file["name"], file["first"], file["length"])
        done.addCallbacks(self._opened, self._not_opened)
        done.addErrback(lambda failure: logger.error("A file could not be sent: %s", failure.getTraceback()))

    def _opened(self, parts: Any) -> None:
        self._parts, self.is_reading = parts, False
        if self.is_over or not self.request.is_unanswered:
            return self._close()
        self.request.serverResponse({**self.head, "content": b"", "more_content": True})
        return self.resume()

    def _not_opened(self, failure: Any) -> None:
        self.is_reading = False
        if self.is_over or not self.request.is_unanswered:
            return
        if failure.check(LookupError):
            self.request.basic_error(404, b"Not Found", "There is no such file.")
        else:
            logger.error("A file could not be opened: %s", failure.getTraceback())
            self.request.basic_error(503, b"Service Unavailable", "The file cannot be read now; try again.")

    def resume(self) -> None:
        """Read the next part, unless the client has not taken the last one."""
        if self.is_reading or self.is_over or self.request.producer.is_waiting:
            return
        self.is_reading = True
        done = self.storage.call(next, self._parts, None)
        done.addCallbacks(self._send, self._broken)
        done.addErrback(lambda failure: logger.error("A file could not be sent: %s", failure.getTraceback()))

    def _send(self, data: bytes | None) -> None:
        self.is_reading = False
        if self.is_over:
            return self._close()
        if data is None:
            self.is_over = True
            self._close()
            return self.request.serverResponse({"content": b""})
        self.request.serverResponse({"content": data, "more_content": True})
        return self.resume()

    def _broken(self, failure: Any) -> None:
        self.is_reading = False
        logger.warning("A file could not be read to its end: %s", failure.getErrorMessage())
        if not self.is_over:
            # The client has got a part, so only the end of the connection can tell that the rest is missing.
            self.request.transport.abortConnection()

    def stop(self) -> None:
        """Close the file of a client that has disconnected."""
        self.is_over = True
        if not self.is_reading:
            self._close()

    def _close(self) -> None:
        parts, self._parts = self._parts, None
        if parts is not None:
            closed = self.storage.call(parts.close)
            closed.addErrback(lambda failure: logger.error("A file could not be closed: %s", failure.getTraceback()))
