"""
The instructions of a site for requests that an interface answers itself, without a worker.

The setting INTERFACE_ANSWERS is {path: dotted path of a function}. A path that ends with `/*` means all paths below it.
The function gets an `Asked` and returns one of the instructions `Answer`, `InThread` or `PassOn`, or None to leave the
request to the workers. It runs in the thread of the reactor, so it must not block: it must not use the database or
Redis. `make_late` must not block either. Only `InThread.make_answer` may block.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.http import http_date


@dataclass(frozen=True)
class Asked:
    """
    A request, and what this interface knows: its connections, whether Redis answers, and the requests that wait.

    `sockets` is {kind: number of open websockets}, with the kinds of the setting INTERFACE_PATHS. `path` is decoded and
    has no query. The names of `headers` are in lower case. Of two headers with the same name, the last one counts.
    """

    method: str
    open_connections: int
    is_redis_answering: Callable[[], bool]
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    waiting_requests: int = 0
    sockets: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The response that the interface sends."""

    status: int
    content: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_message(self) -> dict[str, Any]:
        """Return the response as a message in the form of `http.response`."""
        headers = {
            "Content-Type": self.content_type,
            "Content-Length": str(len(self.content)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Date": http_date(),
            **self.headers,
        }
        if self.status == 304:
            del headers["Content-Length"]
        encoded = [(name.encode("ascii"), value.encode("latin1")) for name, value in headers.items()]
        return {"status": self.status, "headers": encoded, "content": self.content}


@dataclass(frozen=True)
class InThread:
    """Run `make_answer()` in a thread, where it may block. After `seconds`, answer with `make_late()` instead."""

    make_answer: Callable[[], Answer]
    seconds: float
    make_late: Callable[[], Answer]


@dataclass(frozen=True)
class PassOn:
    """Pass the request on to the workers. If no response has begun after `seconds`, answer with `make_late()`."""

    seconds: float
    make_late: Callable[[], Answer]
