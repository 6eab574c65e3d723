"""
The formatter of every log line: one record is one line, without control characters and without secrets.

A client chooses paths, handles and headers, and logs contain them. A line break in one of them would forge a record; a
terminal would obey an escape sequence, or show the rest of the line from right to left. So each character that is not
printable is written as an escape. The lines of a traceback are indented, so none of them looks like the first line of a
record.

A person who reads a log must not get access with a secret in it. `redact` replaces the values of secret query
parameters, tokens, passwords in URLs, and the parts of paths that the setting SECRET_PATHS names. That setting is a
list of patterns such as `/invite/*`, in which each `*` is a secret segment. When in doubt, `redact` hides too much.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
INDENT = "    "
HIDDEN = "***"
PARAMETERS = (
    *("access_token", "api_key", "apikey", "auth", "code", "csrfmiddlewaretoken", "id_token", "key", "passwd"),
    *("password", "refresh_token", "secret", "session", "session_key", "sessionid", "sig", "signature", "ticket"),
    "token",
)
# A value ends at a delimiter of URLs or at a blank. A quote may be part of it, because clients may send quotes.
_VALUE = r"[^\s&#]+"
# A path begins after the host of a URL, or after a character that is no part of a path. So a secret path does not match
# in the middle of the path of a file in a traceback.
_BEFORE = r"""(?:(?::|%(?:25)*3a)(?:/|%(?:25)*2f){2}[^\s/%"']+|(?<![\w~-])|(?<=%[\da-f]{2}))"""
# An address inside an address is encoded once more: %2F becomes %252F.
_SEGMENT = r"(?:(?!%(?:25)*2f)[^\s/?#])+"
# The path of a file in a traceback. A secret path matches anywhere else, also behind a foreign prefix.
_FILE = re.compile(r'(File "[^"]*", line \d+)')
_SLASHES = r"(?:(?:/|%(?:25)*2f)(?:\s|%(?:25)*(?:20|0[9ad]))*)+"


def _spell(text: str) -> str:
    """Return a pattern that matches a text in a URL, whose characters may be percent-encoded."""
    return "".join(f"(?:{re.escape(character)}|{_encode(character)})" for character in text)


def _encode(character: str) -> str:
    """Return a pattern that matches a percent-encoded character."""
    return f"%(?:25)*{ord(character):02x}"


def _spell_path(text: str) -> str:
    """Return a pattern that matches a part of a path, also with repeated slashes and the blanks of a broken link."""
    first, *others = text.split("/")
    # The pattern begins with only one slash. Otherwise a search would try a long run of slashes again from each slash.
    begin = _spell("/") if not first and others else ""
    return begin + _SLASHES.join(map(_spell, others if begin else [first, *others]))


def _spell_name(name: str) -> str:
    """Return a pattern of a parameter's name: with any separator or none, encoded or not."""
    return "(?:[_.-]|%(?:25)*(?:5f|2d|2e))?".join(map(_spell, name.split("_")))


_NAME = "|".join(map(_spell_name, PARAMETERS))
# A name may have words in front of it, and an index behind it: my-token[0].
_WORDS = r"(?:(?:[\w.\[-]|%(?:25)*5b){0,40}(?:[_.\[-]|%(?:25)*(?:5f|2d|2e|5b)))?"
_INDEX = r"(?:(?:[\[\]]|%(?:25)*5[bd])[^\s=&%]{0,20}){0,4}"
_START = "(?:[?&;#]|%(?:25)*(?:3f|26|3b|23))"
_GENERAL = [
    re.compile(f"(?P<kept>{_START}{_WORDS}(?:{_NAME}){_INDEX}(?:=|%(?:25)*3d)){_VALUE}", re.IGNORECASE),
    re.compile(r"(?P<kept>\b(?:sessionid|csrftoken)=)[^\s&;\"']+"),
    re.compile(r"(?P<kept>\b(?:Bearer|Basic)\s)[\w.~+/=-]{16,}", re.IGNORECASE),
    re.compile(r"(?P<kept>://[^\s/:@]*:)[^\s/@]+(?=@)"),
]


@functools.lru_cache(maxsize=None)
def _compile_paths(patterns: tuple[str, ...], before: str) -> list[re.Pattern]:
    """Return a regular expression for each pattern of SECRET_PATHS; its groups are the parts that are not secret."""
    compiled = []
    for pattern in patterns:
        kept, *between = pattern.split("*")
        text = f"({before}{_spell_path(kept)})"
        # The client may have left out a later segment.
        for part in between[:-1]:
            text += f"{_SEGMENT}(?:({_SLASHES}{_spell_path(part[part.startswith('/') :])})"
        compiled.append(re.compile(text + _SEGMENT + ")?" * (len(between) - 1), re.IGNORECASE))
    return compiled


def redact(text: str) -> str:
    """Return a text with `***` in place of each secret."""
    for pattern in _GENERAL:
        text = pattern.sub(rf"\g<kept>{HIDDEN}", text)
    paths = tuple(_read_paths())
    for path in _compile_paths(paths, _BEFORE):
        text = path.sub(_hide_segments, text)
    parts = _FILE.split(text)
    for path in _compile_paths(paths, ""):
        parts[::2] = [path.sub(_hide_segments, part) for part in parts[::2]]
    return "".join(parts)


def _hide_segments(match: re.Match) -> str:
    return "".join(kept + HIDDEN for kept in match.groups() if kept is not None)


def check_secret_paths() -> None:
    """Raise ImproperlyConfigured if the setting SECRET_PATHS is wrong."""
    given = getattr(settings, "SECRET_PATHS", ())
    if not isinstance(given, (list, tuple)) or not all(map(_is_secret_path, given)):
        expected = "a list of paths with a * in place of each secret segment, such as /invite/*"
        raise ImproperlyConfigured(f"SECRET_PATHS must be {expected}, not {given!r}.")


def _is_secret_path(path: Any) -> bool:
    return isinstance(path, str) and path.startswith("/") and "*" in path


def _read_paths() -> Iterable[str]:
    try:
        given = getattr(settings, "SECRET_PATHS", ())
    except ImproperlyConfigured:
        # A process without settings logs too.
        return ()
    # A process with a wrong setting must be able to log the error.
    return filter(_is_secret_path, given if isinstance(given, (list, tuple)) else [given])


def escape(text: str) -> str:
    """Return a text in which each character that is not printable is an escape, such as `\\n` or `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def describe_failure(failure: Any) -> tuple:
    """Return a failure of Twisted as the `exc_info` of a log record."""
    return failure.type, failure.value, failure.getTracebackObject()


def clean(text: str) -> str:
    """Return a text for one line of a log: without secrets and without control characters."""
    return escape(redact(text))


class LineFormatter(logging.Formatter):
    """Formats a record as one line, and below it the indented lines of its traceback."""

    def __init__(self, fmt: str = LINE, *args: Any, **kwargs: Any) -> None:
        super().__init__(fmt, *args, **kwargs)

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        # Another formatter made `record.exc_text`, without escapes. It is used only if the record has no exception.
        traceback = self.formatException(record.exc_info) if record.exc_info else record.exc_text
        below = [text for text in (traceback, record.stack_info) if text]
        lines = [INDENT + clean(line) for text in below for line in text.split("\n")]
        return "\n".join([clean(self.formatMessage(record)), *lines])
