"""
Responses that wait (long polling): the interface keeps the request until a message or a timeout. No worker waits.

A view adds the request's reply channel to groups and returns a `LaterResponse`. From then on the request behaves like a
websocket: a text or a close code that is sent to its channel, or to one of its groups, is its response.

Channels' own `ResponseLater` does not work when a view raises it: since version 1.10, Django answers that exception
with 500 before Channels sees it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

from channels import handler
from channels.message import Message
from django.http import HttpRequest, HttpResponse

from .stored_files import StoredFileResponse, interface_reads_files


class LaterResponse(HttpResponse):
    """
    Tells the interface how to answer a waiting request. Status and headers are set as on any response.

    * `content` is the body if nothing arrives within `seconds`.
    * `text` is a pair of byte strings. If texts arrive, the body is these texts, joined by commas, between the two
      byte strings.
    * `close` is a pair of byte strings. If a close code arrives, the body is the code between the two byte strings. It
      contains no texts.
    * `context` (anything that the channel layer can carry) returns to the workers when the request ends, in a
      message on `http.disconnect`. That message also has `answered`: whether the client was still connected for the
      response.
    """

    def __init__(
        self,
        request: HttpRequest,
        content: object,
        seconds: float,
        text: tuple[bytes, bytes],
        close: tuple[bytes, bytes],
        context: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(content, **kwargs)
        self.waiting = {
            "path": request.path,
            "seconds": seconds,
            "text": list(text),
            "close": list(close),
            "context": context,
        }


class AsgiHandler(handler.AsgiHandler):
    """
    Channels' handler of requests, which also encodes the responses of this package.

    A LaterResponse is one message that says how to answer. A StoredFileResponse is one message that names the file.
    """

    @classmethod
    def encode_response(cls, response: HttpResponse) -> Iterator[dict[str, Any]]:
        """Yield the messages that carry a response to the interface."""
        if isinstance(response, StoredFileResponse) and interface_reads_files():
            yield {**_encode_head(response), "file": response.stored_file}
            return
        messages = super().encode_response(response)
        if not isinstance(response, LaterResponse):
            yield from messages
            return
        (default_response,) = messages
        yield {"later": {**response.waiting, **default_response}}


def _encode_head(response: HttpResponse) -> dict[str, Any]:
    """Return the message with the status and the headers of a response."""
    head = HttpResponse(status=response.status_code)
    head._headers, head.cookies = response._headers, response.cookies
    (message,) = handler.AsgiHandler.encode_response(head)
    return message


class ViewConsumer(handler.ViewConsumer):
    """Runs Django's views as a consumer of `http.request`."""

    handler_class = AsgiHandler


@functools.lru_cache(maxsize=None)
def _views() -> ViewConsumer:
    # ViewConsumer loads the middleware. Django imports the routing too early for this: before Django itself is ready.
    return ViewConsumer()


def view_consumer(message: Message) -> None:
    """Run Django's views, which may return a LaterResponse. A site's routing names this function for `http.request`."""
    _views()(message)
