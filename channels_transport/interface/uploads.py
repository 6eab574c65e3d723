"""
One upload: the interface asks the site, writes the body to the storage, and tells the site about it.

The body is read only as fast as the storage takes it, and only a small part of it is in memory. The site sees the
request twice, without the body: see `channels_transport.uploads`. A client cannot choose what the site sees in the key
`upload` of these messages.
"""

from __future__ import annotations

import enum
import json
import logging
from collections.abc import Callable
from typing import Any

from .. import following
from ..uploads import ASK, FAILED, MALFORMED, NO_SPACE, STORED, TOO_LARGE, NoSpace
from .asgi_requests import describe_request
from .bodies import Malformed, make_body

logger = logging.getLogger(__name__)

# While this many bytes of an upload wait for the storage, its client is not read.
MOST_WAITING_BYTES = 256 * 1024
MAX_ANSWER_BYTES = 10_000
# A message to the site contains only integers of 64 bits. A client may announce a longer body, which never arrives.
MAX_ANNOUNCED = 2**53


class Stage(enum.Enum):
    """What happens to the upload now."""

    ASKING = "the site decides whether it wants the file"
    OPENING = "the storage begins a new file"
    RECEIVING = "the body arrives"
    FINISHING = "the storage completes the file"
    TELLING = "the site answers the client"


class IncomingUpload:
    """
    The upload of one request. `announced` is the length of the body, or None if the client does not say it.

    The connection calls `receive` and `end` for the body, and `abandon` when the client has left or stalled.
    """

    stage = Stage.ASKING
    is_over = False  # nothing of this upload may reach the client or the site any longer
    has_ended = False  # the whole body has arrived
    has_failed = False
    is_writing = False
    is_paused = was_paused = False
    size = 0  # the bytes of the file so far
    waiting_bytes = 0
    arrived_bytes = 0  # since the last check of the deadline
    counted_bytes = 0  # in the sum of all uploads
    name = ""
    most_bytes = 0

    def __init__(self, request: Any, announced: int | None) -> None:
        self.request = request
        self.announced = None if announced is None else min(announced, MAX_ANNOUNCED)
        self.storage, self.limits = request.factory.storage, request.factory.limits
        self._answer: list[bytes] = []  # the site's answer to ASK
        self._waiting: list[bytes] = []
        self._body: Any = None
        self._writer: Any = None
        self._address: Any = None

    # The site.

    def ask(self) -> None:
        """Ask the site whether it wants the file, or refuse the upload because of the limits of the interface."""
        request = self.request
        address = request.factory.addresses.find(request.factory.find_host(request.requestHeaders, request.transport))
        if address.uploads >= self.limits.uploads_per_address:
            return request.refuse(429, b"Too Many Requests", "Too many uploads of this address are open.")
        if self.storage.uploads >= self.limits.uploads:
            return request.refuse(503, b"Service Unavailable", "Too many uploads are open; try again.")
        self._address = address
        address.uploads += 1
        self.storage.uploads += 1
        return self._send({"stage": ASK, "size": self.announced})

    @property
    def is_receiving(self) -> bool:
        """Return whether the client or the storage has to do something now, and not a worker."""
        return self.stage in (Stage.OPENING, Stage.RECEIVING, Stage.FINISHING)

    def _send(self, upload: dict[str, Any]) -> None:
        message = {**describe_request(self.request), "body": b"", "upload": upload}
        # The body does not come with this message. Django would wait for its parser, or refuse its length.
        headers = [pair for pair in message["headers"] if pair[0] not in (b"content-length", b"transfer-encoding")]
        message["headers"] = [*headers, (b"content-length", b"0")]
        self.request.send_to_workers(message)

    def take_response(self, message: dict[str, Any]) -> bool:
        """Read a message of the site. Return whether it is the permission to receive, and not for the client."""
        if self.stage is Stage.ASKING:
            if not self._answer and message.get("status") != 202:
                self.request.close_after_response()
                return False
            self._answer.append(message.get("content", b""))
            if not message.get("more_content"):
                self._open(b"".join(self._answer)[:MAX_ANSWER_BYTES])
            return True
        if self.has_failed:
            self.request.close_after_response()
        elif self.stage is Stage.TELLING and 400 <= message.get("status", 200) < 500:
            self._discard()
        return False

    def _open(self, answer: bytes) -> None:
        if following.follower is not None:
            following.follower.respond(self.request.reply_channel, 202)
        try:
            decoded = json.loads(answer)
            self.name, self.most_bytes = str(decoded["name"]), int(decoded["most_bytes"])
        except (ValueError, KeyError, TypeError):
            logger.error("The site must answer an upload with 202 and a name and most_bytes, not with %.200r", answer)
            return self._refuse()
        self.counted_bytes = self.most_bytes if self.announced is None else min(self.announced, self.most_bytes)
        self.storage.bytes += self.counted_bytes
        if self.storage.bytes > self.limits.upload_bytes:
            return self._refuse()
        self.stage = Stage.OPENING
        try:
            self._body = make_body(self.request.content_type)
        except Malformed:
            return self._fail(MALFORMED)
        return self._run(self.storage.create, self._opened, self.name, self.most_bytes)

    def _opened(self, writer: Any) -> None:
        self._writer = writer
        if self.is_over:
            return self._discard()
        self.stage = Stage.RECEIVING
        return self.request.channel.read_upload()

    # The body.

    def receive(self, data: bytes) -> None:
        """Read a part of the body."""
        if self.stage is not Stage.RECEIVING or self.has_failed or self.is_over:
            return None
        self.arrived_bytes += len(data)
        try:
            for part in self._body.feed(data):
                self.size += len(part)
                self.waiting_bytes += len(part)
                self._waiting.append(part)
        except Malformed:
            return self._fail(MALFORMED)
        if self.size > self.most_bytes:
            return self._fail(TOO_LARGE)
        if self.waiting_bytes > MOST_WAITING_BYTES and not self.is_paused:
            self.is_paused = self.was_paused = True
            self.request.channel.pause_upload()
        return self._go_on()

    def end(self) -> None:
        """Note that the whole body has arrived."""
        self.has_ended = True
        if self.stage is not Stage.RECEIVING or self.has_failed or self.is_over:
            return None
        try:
            self._body.finish()
        except Malformed:
            return self._fail(MALFORMED)
        return self._go_on()

    def makes_progress(self) -> bool:
        """Return whether enough of the body has arrived since the last call, or the client has not been read."""
        arrived, self.arrived_bytes = self.arrived_bytes, 0
        was_paused, self.was_paused = self.was_paused, self.is_paused
        is_reading = self.stage is Stage.RECEIVING and not self.has_failed and not was_paused
        return not is_reading or arrived >= self.limits.body_seconds * self.limits.body_bytes_per_second

    # The storage. One call at a time runs in a thread.

    def _run(self, function: Callable[..., Any], then: Callable[[Any], Any], *arguments: Any) -> None:
        self.is_writing = True
        done = self.storage.call(function, *arguments)
        done.addBoth(self._note_end)
        done.addCallbacks(then, self._break)
        done.addErrback(lambda failure: logger.error("An upload has failed: %s", failure.getTraceback()))

    def _note_end(self, result: Any) -> Any:
        self.is_writing = False
        return result

    def _go_on(self, result: Any = None) -> None:
        if self.is_writing:
            return None
        if self.is_over or self.has_failed:
            return self._discard()
        if self._waiting:
            data, self._waiting, self.waiting_bytes = b"".join(self._waiting), [], 0
            self._run(self._writer.write, self._go_on, data)
        elif self.has_ended and self.stage is Stage.RECEIVING:
            self.stage = Stage.FINISHING
            self._run(self._writer.finish, self._finished)
        if self.is_paused and not self._waiting and not self.has_failed and not self.is_over:
            self.is_paused = False
            self.request.channel.resume_upload()
        return None

    def _finished(self, result: Any) -> None:
        if self.is_over:
            return self._discard()
        self.stage = Stage.TELLING
        body = self._body
        return self._send(
            {
                "stage": STORED,
                "name": self.name,
                "filename": body.filename,
                "type": body.type,
                "size": self.size,
                "fields": body.fields,
            }
        )

    def _break(self, failure: Any) -> None:
        if failure.check(NoSpace):
            return self._fail(NO_SPACE)
        logger.error("An upload could not be stored: %s", failure.getTraceback())
        if self.is_over:
            return self._discard()
        self.has_failed = True
        self._discard()
        return self._refuse()

    def _refuse(self) -> None:
        self.has_failed = True
        self.stage = Stage.TELLING
        self.request.refuse(503, b"Service Unavailable", "The file cannot be stored now; try again.")

    def _fail(self, code: str) -> None:
        """Delete what is stored, and tell the site why."""
        if self.is_over:
            return self._discard()
        self.has_failed, self.stage = True, Stage.TELLING
        if not self.has_ended:
            self.request.channel.pause_upload()
        if not self.is_writing:
            self._discard()
        return self._send({"stage": FAILED, "name": self.name, "size": self.announced, "code": code})

    def _discard(self) -> None:
        self._waiting, self.waiting_bytes = [], 0
        writer, self._writer = self._writer, None
        if writer is not None:
            done = self.storage.call(writer.discard)
            done.addErrback(lambda failure: logger.error("A file could not be deleted: %s", failure.getTraceback()))

    # The end.

    def abandon(self) -> None:
        """End an upload whose client has left or stalled, and delete what is stored. A stored file is the site's."""
        self.release()
        if self.is_over:
            return
        self.is_over = True
        if not self.is_writing and self.stage is not Stage.TELLING:
            self._discard()

    def release(self) -> None:
        """Count the upload as ended."""
        self.storage.bytes -= self.counted_bytes
        self.counted_bytes = 0
        if self._address is not None:
            self._address.uploads -= 1
            self.storage.uploads -= 1
            self._address = None
