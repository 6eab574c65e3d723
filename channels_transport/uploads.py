"""
Uploads that an interface stores before a worker sees them: what their views need.

The setting INTERFACE_FILES says which requests are uploads. For each upload, the view runs twice, without the body:

1. `ask`, when the headers have arrived. The view checks everything that it can, and returns `accept_upload(...)` with a
   new name and the most bytes. With any other response, the interface reads no body.
2. `stored`, when the interface has stored the file, or `failed`. The response goes to the client. If its status is 400
   to 499, the interface deletes the file again.

Anything may have changed between the two requests, so the view checks all rights in both of them. This module stores
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.http import HttpRequest, JsonResponse

__all__ = [
    "ASK",
    "FAILED",
    "MALFORMED",
    "NO_SPACE",
    "NoSpace",
    "STORED",
    "TOO_LARGE",
    "Upload",
    "Writer",
    "accept_upload",
    "get_upload",
]

ASK, STORED, FAILED = "ask", "stored", "failed"
TOO_LARGE, NO_SPACE, MALFORMED = "too_large", "no_space", "malformed"


class NoSpace(Exception):
    """The storage has no space for the file. A writer raises this exception, or a class below it."""


class Writer(Protocol):
    """
    Writes one new file. The interface calls its methods in a thread, one after the other.

    `write` and `finish` raise NoSpace. `finish` makes the file complete. `discard` deletes the file, complete or not.
    """

    def write(self, data: bytes) -> None: ...

    def finish(self) -> None: ...

    def discard(self) -> None: ...


@dataclass(frozen=True)
class Upload:
    """
    What a view knows of an upload.

    * `stage`: ASK, STORED or FAILED.
    * `name`: the name that the view has given to the file. It is empty while the stage is ASK.
    * `filename` and `type`: what the client says about the file. Both may be empty, and neither can be trusted.
    * `size`: the bytes of the stored file. In the other stages, it is the length of the body that the client has
      announced, or None. The body of a form is a little longer than its file.
    * `fields`: the other fields of a form.
    * `code`: why an upload has failed: TOO_LARGE, NO_SPACE or MALFORMED. Otherwise it is empty.
    """

    stage: str
    name: str = ""
    filename: str = ""
    type: str = ""
    size: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    code: str = ""


def get_upload(request: HttpRequest) -> Upload | None:
    """Return the upload of a request, or None for a request that came with its body."""
    message = getattr(request, "message", None)
    found: dict[str, Any] | None = None if message is None else message.get("upload")
    return None if found is None else Upload(**found)


def accept_upload(name: str, most_bytes: int) -> JsonResponse:
    """Return the response of a view to ASK: the interface may store at most `most_bytes` under this new name."""
    return JsonResponse({"name": name, "most_bytes": most_bytes}, status=202)
