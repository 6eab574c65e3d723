"""
The access log of an interface: one line for each request and websocket, in the format of Daphne's access log.

As in every log of this package, no line contains a control character, or a secret of a path.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any, TextIO

from daphne.access import AccessLogGenerator

from ..log_lines import clean


class AccessLog(AccessLogGenerator):
    """Writes to a file, which it opens to append, or to the standard output if the path is `-`."""

    def __init__(self, path: str) -> None:
        stream: TextIO = sys.stdout if path == "-" else open(path, "a", encoding="utf-8")  # noqa: SIM115
        super().__init__(stream)

    def write_entry(self, host: Any, date: Any, request: str, *args: Any, **kwargs: Any) -> None:
        """Write a line about a request, without its secrets and without quotation marks, which would end the field."""
        # A full disk must not prevent a response or a handshake.
        with contextlib.suppress(OSError):
            super().write_entry(host, date, clean(request).replace('"', "%22"), *args, **kwargs)
            self.stream.flush()
