"""
The formatter for log collectors: one record is one JSON object on one line, without secrets.

The names of the fields do not change. Every line is ASCII, so it is valid UTF-8 for every text that a client chooses.
`channel` and `id` say which message the process was handling: see `log_context`. A record may have numbers of its own,
as `extra={"fields": {...}}`.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import sys
import time
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from . import log_context
from .log_lines import LineFormatter, redact

# A longer text is cut. Collectors refuse lines that are too long, or split them.
MAX_MESSAGE, MAX_EXCEPTION = 8_000, 32_000


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        fields: dict[str, Any] = {
            "time": _describe_time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": _clean(_read_message(record), MAX_MESSAGE),
            "process": _clean(" ".join(sys.argv[1:2]), 100),
            "pid": record.process,
        }
        fields.update((name, _clean(value, MAX_MESSAGE)) for name, value in log_context.describe().items())
        fields.update(getattr(record, "fields", {}))
        traceback = self.formatException(record.exc_info) if record.exc_info else record.exc_text
        below = "\n".join(text for text in (traceback, record.stack_info) if text)
        if below:
            fields["exception"] = _clean(below, MAX_EXCEPTION)
        return json.dumps(fields)


def _describe_time(seconds: float) -> str:
    """Return a time of the system's clock as RFC 3339 writes it, in UTC with milliseconds."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read_message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        # A call with the wrong arguments must not lose the record.
        return f"{record.msg!s} {record.args!r}"


def _clean(text: str, most: int) -> str:
    # The text is cut after the search for secrets: half a secret would not be recognized.
    cleaned = redact(text).encode("utf-8", "backslashreplace").decode()
    # The end of an exception is its most useful part.
    return cleaned if len(cleaned) <= most else f"{cleaned[: most // 2]} [...] {cleaned[-most // 2 :]}"


def clean_text(text: str) -> str:
    """Return a text for a field of a line: without secrets, valid in UTF-8, and not too long."""
    return _clean(text, MAX_EXCEPTION)


def make_formatter() -> logging.Formatter:
    """Return the formatter that the setting LOG_FORMAT names."""
    return JsonFormatter() if is_json() else LineFormatter()


def is_json() -> bool:
    """Return whether the setting LOG_FORMAT is `json`."""
    try:
        return bool(getattr(settings, "LOG_FORMAT", "text") == "json")
    except ImproperlyConfigured:
        # A process without settings logs too.
        return False


def make_access_line(fields: dict[str, Any]) -> str:
    """Return a line of the access log as a JSON object, without secrets."""
    cleaned = {name: _clean(value, MAX_MESSAGE) if isinstance(value, str) else value for name, value in fields.items()}
    process = {"process": _clean(" ".join(sys.argv[1:2]), 100), "pid": os.getpid()}
    return json.dumps({"time": _describe_time(time.time()), "level": "INFO", "logger": "access", **cleaned, **process})
