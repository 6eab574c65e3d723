"""
The forms of a transcript: each makes text of a beginning, of one message after another, and of an end.

Pure: from a Transcript and a message's values to text. It knows no rows, and holds nothing between two messages but
what day it is.
"""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from chat import markup
from chat.protocol import encode, format_time

from .pages import page_end, page_start

# What spreadsheets take for the beginning of a formula.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_COLUMNS = ["id", "at", "author", "body", "edited_at", "removed", "reply_to", "reactions"]


@dataclass(frozen=True)
class Transcript:
    """What is exported: a room up to an offset, perhaps a period of it (texts as they were asked for, or None)."""

    slug: str
    name: str
    topic: str
    offset: int
    exported_at: datetime
    start: str = None
    end: str = None


class Json:
    """One JSON object. Messages have the fields that they have on the wire, without `type`, `ref` and `html`."""

    extension, content_type = "json", "application/json; charset=utf-8"

    def __init__(self, transcript):
        self.transcript = transcript
        self._separator = "\n"

    def start(self):
        about = self.transcript
        head = encode(
            {
                "room": {"slug": about.slug, "name": about.name, "topic": about.topic},
                "offset": about.offset,
                "exported_at": format_time(about.exported_at),
                "from": about.start,
                "to": about.end,
            }
        )
        return f'{head[:-1]},"messages":['

    def message(self, values):
        text = f"{self._separator}{encode(values)}"
        self._separator = ",\n"
        return text

    def end(self):
        return "\n]}\n"


class Csv:
    """
    RFC 4180 in UTF-8. An apostrophe is put before what a spreadsheet would run as a formula.

    Reactions stand as `👍 Alice, Bob; 🎉 Bob`.
    """

    extension, content_type = "csv", "text/csv; charset=utf-8; header=present"

    def __init__(self, transcript):
        pass

    def start(self):
        return _csv_line(_COLUMNS)

    def message(self, values):
        reactions = "; ".join(f"{emoji} {', '.join(handles)}" for emoji, handles in values["reactions"].items())
        return _csv_line(
            [
                values["id"],
                values["at"],
                disarm(values["author"]["handle"]),
                disarm(values["body"]),
                values["edited_at"] or "",
                "true" if values["removed"] else "false",
                values["reply_to"] or "",
                disarm(reactions),
            ]
        )

    def end(self):
        return ""


def disarm(text):
    """Returns `text` so that no spreadsheet takes it for a formula: with an apostrophe where it begins like one."""
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(_FORMULA_STARTS) else text


def _csv_line(values):
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(values)
    return line.getvalue()


class Html:
    """A page that needs nothing beside it and runs nothing, fit to be read and to be printed."""

    extension, content_type = "html", "text/html; charset=utf-8"

    def __init__(self, transcript):
        self.transcript = transcript
        self._day = None

    def start(self):
        about = self.transcript
        period = [f"from {about.start}" if about.start else "", f"to {about.end}" if about.end else ""]
        facts = " ".join(["Transcript", *filter(None, period), f"made {about.exported_at:%d %B %Y, %H:%M} UTC"])
        return page_start(about.name, about.topic, facts)

    def message(self, values):
        at = datetime.fromisoformat(values["at"].rstrip("Z")).replace(tzinfo=UTC)
        return self._day_line(at) + _article(values, at)

    def _day_line(self, at):
        if at.date() == self._day:
            return ""
        self._day = at.date()
        return f"<h2>{at:%A, %d %B %Y}</h2>\n"

    def end(self):
        return page_end("The end of the transcript. All times are UTC.")


def _article(values, at):
    head = [f"<b>{escape(values['author']['handle'])}</b>", f'<a href="#m{values["id"]}">{at:%H:%M}</a>']
    if values["edited_at"]:
        head.append("<span>edited</span>")
    if values["reply_to"]:
        head.append(f'<span>in reply to <a href="#m{values["reply_to"]}">#{values["reply_to"]}</a></span>')
    body = "<p><i>message removed</i></p>" if values["removed"] else markup.render(values["body"])
    return (
        f'<article id="m{values["id"]}"><header>{" ".join(head)}</header>\n{body}{_reactions(values["reactions"])}'
        "</article>\n"
    )


def _reactions(reactions):
    if not reactions:
        return ""
    parts = [
        f'<span title="{escape(", ".join(handles))}">{escape(emoji)} {len(handles)}</span>'
        for emoji, handles in reactions.items()
    ]
    return f"<footer>{' '.join(parts)}</footer>"


FORMATS = {form.extension: form for form in (Json, Csv, Html)}
