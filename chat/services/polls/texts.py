"""
The text of a poll: read the question, the options and the flags after `/poll`, and write the body of the message.

People write the parts in quotation marks on one line, or the question and each option on a line of its own. Keyboards
of phones replace quotation marks and the two hyphens of a flag with other characters. This module accepts these too.
"""

import re
from dataclasses import dataclass
from datetime import datetime, tzinfo

from chat.protocol import ChatError, check_text
from chat.services.moments import find_moment

MAX_QUESTION = 300  # characters
MAX_OPTIONS = 20
MAX_OPTION = 100  # characters

_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"|[“„”]([^“”]*)[”“]|[«»]([^«»]*)[»«]', re.DOTALL)
_FLAG = re.compile(r"(?:--|—|–)(multiple|anonymous|until)\b[ =]*", re.IGNORECASE)
_WORD = re.compile(r"\S+")
_BULLET = re.compile(r"(?:[-*•]|[0-9]{1,2}[.)])\s+")


@dataclass(frozen=True)
class NewPoll:
    """A poll that is not stored yet. `until` is the text of its end, or None."""

    question: str
    options: tuple[str, ...]
    is_multiple: bool = False
    is_anonymous: bool = False
    until: str | None = None

    def find_end(self, now: datetime, zone: tzinfo) -> datetime | None:
        """Return the end of the poll, or None if it has none. Raise `invalid_field` for a wrong or past time."""
        if self.until is None:
            return None
        found = find_moment(self.until, now, zone)
        if found is None or found[1]:
            raise ChatError(
                "invalid_field", "The end of a poll must be a time like 2h, friday at 17:00 or 2026-12-01 09:00."
            )
        if found[0] <= now:
            raise ChatError("invalid_field", "The end of the poll is in the past.")
        return found[0]


def read_poll(text: str) -> NewPoll:
    """
    Return the poll that a text describes.

    Raise `empty` or `too_long` for the question or an option; `invalid_field` for too few or too many options, and for
    options that are equal, ignoring case.
    """
    first, _, others = text.partition("\n")
    parts, flags, has_quotes = _split_line(first)
    if others.strip() and not has_quotes:
        lines = [line.strip() for line in others.split("\n") if line.strip()]
        parts = [" ".join(parts), *(_BULLET.sub("", line, count=1) for line in lines)]
    elif others:
        parts, flags, _ = _split_line(text)
    if len(parts) < 3:
        raise ChatError("invalid_field", 'Write a question and at least two options: /poll "Lunch?" "Pizza" "Sushi"')
    question = check_text(parts[0], "question", MAX_QUESTION)
    options = [check_text(part, "option", MAX_OPTION) for part in parts[1:]]
    if len(options) > MAX_OPTIONS:
        raise ChatError("invalid_field", "A poll has at most %(most)s options.", most=MAX_OPTIONS)
    if len({option.casefold() for option in options}) < len(options):
        raise ChatError("invalid_field", "Two options of the poll are the same.")
    until = flags.get("until")
    return NewPoll(question, tuple(options), "multiple" in flags, "anonymous" in flags, until)


def _split_line(text: str) -> tuple[list[str], dict[str, str], bool]:
    """
    Return (the question and the options in a line, {flag: its value}, whether a part has quotation marks).

    Words before the first quotation mark are the question. Without quotation marks, all words are one part.
    """
    parts: list[str] = []
    words: list[str] = []
    flags: dict[str, str] = {}
    position, has_quotes = 0, False
    while position < len(text):
        flag, quoted = _FLAG.match(text, position), _QUOTED.match(text, position)
        if flag is not None:
            flags[flag[1].lower()], position = _read_value(text, flag)
        elif quoted is not None:
            parts, words, has_quotes = [*parts, *_join(words), _unquote(quoted)], [], True
            position = quoted.end()
        elif text[position].isspace():
            position += 1
        else:
            word = text[position:].split(None, 1)[0]
            words.append(word)
            position += len(word)
    return [*parts, *_join(words)], flags, has_quotes


def _join(words):
    return [" ".join(words)] if words else []


def _read_value(text, flag):
    """Return (the value of a flag, the position after it). Only `until` has a value."""
    if flag[1].lower() != "until":
        return "", flag.end()
    value = _QUOTED.match(text, flag.end())
    if value is not None:
        return _unquote(value), value.end()
    value = _WORD.match(text, flag.end())
    return (value[0], value.end()) if value else ("", flag.end())


def _unquote(match):
    # Every part of a poll is one line.
    inner = re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else next(filter(None, match.groups()), "")
    return " ".join(inner.split())


def write_body(poll: NewPoll) -> str:
    """Return the body of the message of a poll, for readers that do not draw the poll."""
    return "\n".join([f"📊 {poll.question}", "", *(f"- {option}" for option in poll.options)])
