"""
Answers that wait: a request is held by its interface, and no worker, until something is said to it.

A view joins the request's reply channel to groups and returns a `LaterResponse`. From then on the request is like a
socket: a text or a close code that is sent to its channel, or to one of its groups, is its answer.

Channels' own `ResponseLater`, raised by a view, is of no use: from 1.10 on, Django answers it with 500 before Channels
sees it. This knows no chat.
"""

import functools

from channels import handler
from django.http import HttpResponse


class LaterResponse(HttpResponse):
    """
    How the interface shall answer when something is said. Headers and status are as on any response.

    `content` is the answer when nothing has been said for `seconds`. What is said in texts stands, joined by commas,
    between the two parts of `text`; a close code between those of `close` (bytes). `context` comes back in an
    `http.disconnect` once the request is over, beside `answered`: whether its client has stayed for an answer.
    """

    def __init__(self, request, content, seconds, text, close, context, **kwargs):
        super().__init__(content, **kwargs)
        self.waiting = {
            "path": request.path,
            "seconds": seconds,
            "text": list(text),
            "close": list(close),
            "context": context,
        }


class AsgiHandler(handler.AsgiHandler):
    """Channels' way from a request to its answer; a LaterResponse becomes one message that says how to answer."""

    @classmethod
    def encode_response(cls, response):
        answer = super().encode_response(response)
        if not isinstance(response, LaterResponse):
            yield from answer
            return
        (whole,) = answer
        yield {"later": {**response.waiting, **whole}}


class ViewConsumer(handler.ViewConsumer):
    """Django's views as a consumer of `http.request`."""

    handler_class = AsgiHandler


@functools.cache
def _views():
    # Not before the first request: it loads the middleware, and routing is read while Django still starts.
    return ViewConsumer()


def view_consumer(message):
    """Runs Django's views, which may return a LaterResponse. For `http.request` in a routing."""
    _views()(message)
