"""
The access log of an interface: one line for each request and websocket, in the format of Daphne's access log.

As in every log of this package, no line contains a control character, or a secret of a path.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any, TextIO

from daphne.access import AccessLogGenerator

from .. import log_context
from ..json_lines import is_json, make_access_line
from ..log_lines import clean
from ..log_stream import get_stream


class AccessLog(AccessLogGenerator):
    """Writes to a file, which it opens to append, or to the standard output if the path is `-`."""

    def __init__(self, path: str) -> None:
        # A reader of the standard output that hangs must not make the interface hang.
        stream: TextIO = get_stream(sys.stdout) if path == "-" else open(path, "a", encoding="utf-8")  # noqa: SIM115
        super().__init__(stream)
        self.is_json = is_json()

    def write_entry(self, host: Any, date: Any, request: str, *args: Any, **kwargs: Any) -> None:
        """Write a line about a request, without its secrets and without quotation marks, which would end the field."""
        # A full disk must not prevent a response or a handshake.
        with contextlib.suppress(OSError):
            if self.is_json:
                fields = {
                    "message": request,
                    "client": str(host or ""),
                    "status": kwargs.get("status", args[0] if args else None),
                }
                if (request_id := log_context.get_id()) is not None:
                    fields["id"] = request_id
                self.stream.write(make_access_line(fields) + "\n")
                self.stream.flush()
                return
            super().write_entry(host, date, clean(request).replace('"', "%22"), *args, **kwargs)
            self.stream.flush()
