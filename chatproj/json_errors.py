"""
Writes what a server process prints outside of `logging` as JSON lines: errors of its start, and exceptions that end it.

Often the settings could not be loaded when such a text is written. So this module imports nothing that needs the
settings until it writes a text. It changes no line of the log, which is JSON already.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
import threading
import traceback
from types import TracebackType
from typing import Any, TextIO

# The commands that run until they are stopped. The others are for people, who read text.
SERVERS = ("interface", "runworker", "rundelay", "monitor")
_LINE_START = '{"time": '


def install() -> None:
    """Write the errors of this process as JSON lines, if it is a server with LOG_FORMAT=json."""
    if sys.argv[1:2] and sys.argv[1] in SERVERS and os.environ.get("LOG_FORMAT", "").strip().lower() == "json":
        sys.stderr = JsonStream(sys.stderr)  # type: ignore[assignment]
        sys.excepthook = _write_exception
        threading.excepthook = lambda failure: _write_exception(
            failure.exc_type, failure.exc_value or failure.exc_type(), failure.exc_traceback
        )


class JsonStream:
    """The standard error of a process. Each text that is written to it, except lines of the log, becomes one line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a line of the log as it is, or any other text as the message of a line."""
        if text.startswith(_LINE_START):
            return self._stream.write(text)
        if text.strip():
            self._stream.write(make_line(text.strip()))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def make_line(message: str, **more: str) -> str:
    """Return a line at the level ERROR, without secrets, with the fields of every line of the log."""
    fields = {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": "ERROR",
        "logger": "stderr",
        "message": _clean(message),
        "process": " ".join(sys.argv[1:2]),
        "pid": os.getpid(),
    }
    return json.dumps({**fields, **{name: _clean(text) for name, text in more.items()}}) + "\n"


def _clean(text: str) -> str:
    try:
        from channels_transport import clean_log_text
    except Exception:
        # The package cannot be imported if the settings cannot be loaded.
        return text.encode("utf-8", "backslashreplace").decode()
    return clean_log_text(text)


def _write_exception(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    text = "".join(traceback.format_exception(kind, error, at))
    sys.stderr.write(make_line(f"{kind.__name__}: {error}", exception=text))
    sys.stderr.flush()
