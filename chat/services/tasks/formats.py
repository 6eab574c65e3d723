"""
The file formats of a transcript: JSON, CSV and HTML. A format writes a start, each message, and an end.

The functions turn a Transcript and the values of a message into text. They read no rows. Between two messages, a format
keeps only the separator, or the day and the pictures of the site's own emoji.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from html import escape
from urllib.parse import quote, urlsplit

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext

from chat import markup
from chat.markup.direction import isolate
from chat.protocol import encode, format_time, get_zone

from .emoji import TranscriptEmoji
from .pages import make_page_end, make_page_start, name_on_page, write_day, write_moment

# A spreadsheet treats a cell that begins with one of these as a formula.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
# A spreadsheet reads a file without this mark in the encoding of the machine, such as Latin-1.
_BYTE_ORDER_MARK = "\ufeff"
_COLUMNS = ["id", "at", "author", "body", "edited_at", "removed", "reply_to", "reactions", "guest", "files", "thread"]


@dataclass(frozen=True)
class Transcript:
    """
    The facts about an export of a room up to an offset.

    - `start`, `end`: the limits of the period as in the request; None for no limit.
    - `zone`: the time zone of this period and of the times that people read; None for UTC.
    - `has_bom`: a CSV file begins with a byte order mark.
    - `has_files`: the transcript is in an archive with the files of its messages.
    - `find_emoji`: returns the picture (WebP) of an emoji of the site by its name, or None.
    """

    slug: str
    name: str
    topic: str
    offset: int
    exported_at: datetime
    start: str | None = None
    end: str | None = None
    zone: str | None = None
    has_bom: bool = True
    has_files: bool = False
    find_emoji: Callable[[str], bytes | None] = lambda name: None


class Json:
    """One JSON object. A message has the fields that `export.describe` returns: a part of the fields on the wire."""

    extension, content_type = "json", "application/json; charset=utf-8"

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._separator = "\n"

    def start(self) -> str:
        """Return the text before the first message."""
        about = self.transcript
        head = encode(
            {
                "room": {"slug": about.slug, "name": about.name, "topic": about.topic},
                "offset": about.offset,
                "exported_at": format_time(about.exported_at),
                "from": about.start,
                "to": about.end,
                **({"zone": about.zone} if about.zone else {}),
            }
        )
        return f'{head[:-1]},"messages":['

    def message(self, values: dict) -> str:
        """Return the text of one message. `values` is what `export.describe` returns."""
        text = f"{self._separator}{encode(values)}"
        self._separator = ",\n"
        return text

    def end(self) -> str:
        """Return the text after the last message."""
        return "\n]}\n"


class Csv:
    """
    CSV as in RFC 4180, in UTF-8, with a byte order mark if the transcript's `has_bom` is true.

    Text that a spreadsheet would run as a formula gets an apostrophe in front. Reactions are written as
    `👍 Alice, Bob (guest); 🎉 Alice`. The column `guest` says whether the author is a guest. The column `files` has the
    addresses of the files, with a space between them: relative ones for the files in the archive.
    """

    extension, content_type = "csv", "text/csv; charset=utf-8; header=present"

    def __init__(self, transcript: Transcript) -> None:
        self._mark = _BYTE_ORDER_MARK if transcript.has_bom else ""

    def start(self) -> str:
        """Return the text before the first message."""
        return self._mark + _csv_line(_COLUMNS)

    def message(self, values: dict) -> str:
        """Return the text of one message. `values` is what `export.describe` returns."""
        reactions = "; ".join(
            f"{emoji} {', '.join(names)}" for emoji, names in _name_reacting(values, _name_in_csv).items()
        )
        return _csv_line(
            [
                values["id"],
                values["at"],
                escape_formula(values["author"]["handle"]),
                escape_formula(values["body"]),
                values["edited_at"] or "",
                "true" if values["removed"] else "false",
                values["reply_to"] or "",
                escape_formula(reactions),
                "true" if values["author"].get("guest") else "false",
                " ".join(_get_address(file) for file in values.get("files", ())),
                values.get("thread", {}).get("root", ""),
            ]
        )

    def end(self) -> str:
        """Return the text after the last message."""
        return ""


def _get_address(file):
    """Return the address of a file: of the copy in the archive, which is relative, else of the file on the site."""
    return quote(file["path"]) if "path" in file else file["url"]


def escape_formula(text: str) -> str:
    """Return `text`, with an apostrophe in front if a spreadsheet would run it as a formula."""
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(_FORMULA_STARTS) else text


def _name_reacting(values, name):
    """Return {emoji: names of the people who reacted with it}. `name(handle, is_guest)` names a person."""
    guests = set(values.get("guests", ()))
    return {
        emoji: [name(handle, handle in guests) for handle in handles] for emoji, handles in values["reactions"].items()
    }


def _name_in_csv(handle, is_guest):
    # Programs read this file, so the mark is the same in every language.
    return f"{handle} (guest)" if is_guest else handle


def _csv_line(values):
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(values)
    return line.getvalue()


class Html:
    """A page without scripts, to read and to print: in one file, or beside the files of the messages."""

    extension, content_type = "html", "text/html; charset=utf-8"

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._zone = get_zone(transcript.zone)
        self._day: date | None = None
        self._emoji = TranscriptEmoji(transcript.find_emoji)

    def start(self) -> str:
        """Return the text before the first message."""
        about = self.transcript
        values = {"start": about.start, "end": about.end, "moment": write_moment(about.exported_at, about.zone)}
        return make_page_start(about.name, about.topic, _describe_period(about) % values, about.has_files)

    def message(self, values: dict) -> str:
        """Return the text of one message. `values` is what `export.describe` returns."""
        at = datetime.fromisoformat(values["at"].rstrip("Z")).replace(tzinfo=UTC).astimezone(self._zone)
        return self._day_line(at) + _article(values, at, self._emoji)

    def _day_line(self, at):
        if at.date() == self._day:
            return ""
        self._day = at.date()
        weekday = f"{at:%A}" if get_language() == "en" else date_format(at, "l")
        line = gettext("%(weekday)s, %(day)s") % {"weekday": weekday, "day": write_day(at)}
        return f"<h2>{escape(line)}</h2>\n"

    def end(self) -> str:
        """Return the text after the last message."""
        return self._emoji.make_styles() + make_page_end(gettext("End of the transcript."), self.transcript.zone)


def _describe_period(transcript):
    """Return the sentence about a transcript, with placeholders for its values."""
    if transcript.start and transcript.end:
        return gettext("Transcript from %(start)s to %(end)s created on %(moment)s")
    if transcript.start:
        return gettext("Transcript from %(start)s created on %(moment)s")
    if transcript.end:
        return gettext("Transcript to %(end)s created on %(moment)s")
    return gettext("Transcript created on %(moment)s")


def _article(values, at, emoji):
    author = values["author"]
    head = [f'<b dir="auto">{escape(author["handle"])}</b>', _time_link(values["id"], at)]
    if author.get("guest"):
        head.insert(1, f"<span>{escape(gettext('guest'))}</span>")
    if values["edited_at"]:
        head.append(f"<span>{escape(gettext('edited'))}</span>")
    if values["reply_to"]:
        head.append(_refer(gettext("in reply to %(message)s"), values["reply_to"]))
    if "thread" in values:
        head.append(_refer(gettext("in the thread of %(message)s"), values["thread"]["root"]))
    poll = values.get("poll")
    text = _poll(poll) if poll else _body(values["body"], emoji)
    body = f"<p><i>{escape(gettext('message removed'))}</i></p>" if values["removed"] else text
    body += _files(values.get("files", ())) + "".join(map(_preview, values.get("previews", ())))
    foot = _reactions(_name_reacting(values, name_on_page), emoji)
    return f'<article id="m{values["id"]}"><header>{" ".join(head)}</header>\n{body}{foot}</article>\n'


def _refer(sentence, number):
    link = f'<a href="#m{number}">#{number}</a>'
    return f"<span>{escape(sentence) % {'message': link}}</span>"


def _body(text, emoji):
    # A keyboard can scroll a long line of code only if the code can have the focus.
    start = f'<pre tabindex="0" role="group" aria-label="{escape(gettext("Code"))}">'
    rendered = emoji.draw(markup.render(text)).replace("<pre>", start)
    return f'<div class="body" dir="auto">{rendered}</div>\n'


def _files(files):
    if not files:
        return ""
    return f"<ul>{''.join(f'<li>{_file(file)}</li>' for file in files)}</ul>\n"


def _file(file):
    address, name = escape(_get_address(file)), escape(file["name"])
    if file.get("missing"):
        return f"<bdi>{name}</bdi> <i>{escape(gettext('(file missing)'))}</i>"
    link = f'<a href="{address}" dir="auto">{name}</a>'
    if "path" not in file or not file.get("width"):
        return link
    size = f'width="{file["width"]}" height="{file["height"]}"'
    return f'{link}<br><a href="{address}"><img src="{address}" alt="{name}" {size} loading="lazy"></a>'


def _preview(preview):
    """Return the preview of a link without its image, which only people who may read the room can fetch."""
    title = f'<a href="{escape(preview["url"])}" dir="auto">{escape(preview["title"])}</a>'
    host = escape(urlsplit(preview["url"]).netloc)
    text = escape(preview.get("description", ""))
    return f'<blockquote><bdi>{host}</bdi><br>{title}<br><span dir="auto">{text}</span></blockquote>\n'


def _poll(poll):
    rows = []
    for option in poll["options"]:
        names = ", ".join(map(isolate, option.get("voters", ())))
        line = f"{option['votes']} ({names})" if names else str(option["votes"])
        rows.append(f"<li><bdi>{escape(option['text'])}</bdi>: {escape(line)}</li>")
    return f'<div class="body"><p dir="auto">{escape(poll["question"])}</p>\n<ul>{"".join(rows)}</ul></div>\n'


def _time_link(number, at):
    # The title also says the offset: where clocks are set back, an hour of the day occurs twice.
    return (
        f'<a href="#m{number}"><time datetime="{at.isoformat(timespec="seconds")}"'
        f' title="{escape(write_day(at))}, {at:%H:%M:%S} (UTC{at:%z})">{at:%H:%M}</time></a>'
    )


def _reactions(reactions, emoji_of_site):
    if not reactions:
        return ""
    parts = []
    for emoji, names in reactions.items():
        shown = emoji_of_site.draw(escape(emoji))
        parts.append(f'<span title="{escape(", ".join(map(isolate, names)))}">{shown} {len(names)}</span>')
    return f"<footer>{' '.join(parts)}</footer>"


FORMATS = {file_format.extension: file_format for file_format in (Json, Csv, Html)}
