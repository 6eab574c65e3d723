"""
The start and the end of the HTML pages that tasks make. A page runs no script, and has styles for print and for dark
mode. It is one file, except that an exported page may show pictures that are files beside it.

The content security policy is also in the page, because no server sends the header when a person opens a saved file.

Pages are in the active language: the task's parameter `language`, or else English.
"""

from datetime import date, datetime
from html import escape
from typing import Any

from django.conf import settings
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, get_language_bidi, gettext

from chat.protocol import check_choice, get_zone

_STYLE = """
:root { color-scheme: light dark; --ink: #1e2423; --paper: #fff; --muted: #5a6461; --line: #e5e2da; --accent: #0d6b64; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7e9e6; --paper: #16191b; --muted: #98a19e; --line: #2e3437; --accent: #5cc9b8; }
}
* { box-sizing: border-box; }
body {
  max-width: 46rem; margin: 0 auto; padding: 32px 20px 60px; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.7rem; line-height: 1.25; }
h2 { margin: 32px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--line); font-size: 1.05rem; }
a { color: var(--accent); }
.lead { margin: 4px 0 0; }
.facts, .end { color: var(--muted); font-size: 0.9rem; }
.end { margin-top: 40px; text-align: center; }
article { margin: 0 0 12px; }
article > header { font-size: 0.95rem; }
article > header a, article > header span, article > footer { color: var(--muted); font-size: 0.82rem; }
article > header a { text-decoration: none; }
article > footer span { margin-right: 8px; }
article:target { outline: 2px solid var(--accent); outline-offset: 4px; border-radius: 4px; }
article p, article ul, article ol, article pre, article blockquote { margin: 0 0 0.4em; }
.body :is(p, li, th, td) { unicode-bidi: plaintext; text-align: start; }
.body li { text-align: match-parent; }
.body pre { direction: ltr; text-align: left; }
.body :is(code, a) { unicode-bidi: isolate; }
pre { padding: 8px 12px; overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
blockquote { padding-inline-start: 12px; border-inline-start: 3px solid var(--line); color: var(--muted); }
.numbers {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(7.6rem, 1fr)); gap: 10px;
  margin: 20px 0 0; padding: 0; list-style: none;
}
.numbers li { padding: 12px 14px; border: 1px solid var(--line); border-radius: 12px; color: var(--muted); }
.numbers b { display: block; color: var(--ink); font-size: 1.2rem; }
figure { margin: 0; }
img { max-width: 100%; width: auto; height: auto; max-height: 24rem; border-radius: 8px; }
svg { display: block; width: 100%; height: auto; }
svg .bar { fill: var(--accent); }
svg .axis { stroke: var(--line); }
svg text { fill: var(--muted); font: 9.5px system-ui, sans-serif; }
svg .name { fill: var(--ink); font-size: 11px; }
@media (width <= 500px) { svg text { font-size: 12px; } svg .name { font-size: 12.5px; } }
@media print {
  :root { --ink: #000; --paper: #fff; --muted: #555; --line: #ccc; --accent: #0f766e; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  h2, article > header { break-after: avoid; }
  article { break-inside: avoid-page; }
  figure { break-inside: avoid; }
}
"""
_START = """<!doctype html>
<html lang="{language}"{direction}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src {images}">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1 dir="auto">{title}</h1>
"""


def check_language(value: Any, name: str = "language") -> str:
    """Return the language of a page, by Django's name, such as `de` or `zh-hans`. Raise `invalid_field`."""
    return check_choice(value, name, dict(settings.LANGUAGES))


def make_page_start(title: str, lead: str, facts: str, has_files: bool = False) -> str:
    """
    Return the start of a page: the heading `title`, the sentence `lead` ('' for none), and small print (`facts`).

    `has_files`: the page shows pictures that are files beside it, on a disk or on a server.
    """
    lead = f'<p class="lead" dir="auto">{escape(lead)}</p>\n' if lead else ""
    direction = ' dir="rtl"' if get_language_bidi() else ""
    images = "data: 'self' file:" if has_files else "data:"
    start = _START.format(
        title=escape(title), style=_STYLE, language=get_language(), direction=direction, images=images
    )
    return f'{start}{lead}<p class="facts">{escape(facts)}</p>\n'


def name_on_page(handle: str, is_guest: bool) -> str:
    """Return a handle as a page shows it: the handle of a guest has the mark `(guest)`."""
    return gettext("%(handle)s (guest)") % {"handle": handle} if is_guest else handle


def write_day(day: date) -> str:
    """Return a day as words in the active language, such as "01 March 2026"."""
    return f"{day:%d %B %Y}" if get_language() == "en" else date_format(day, "DATE_FORMAT", use_l10n=True)


def write_short_day(day: date) -> str:
    """Return a day in the short form of the active language, such as "01 Mar 2026"."""
    return f"{day:%d %b %Y}" if get_language() == "en" else date_format(day, "SHORT_DATE_FORMAT", use_l10n=True)


def write_number(number: int) -> str:
    """Return a number with the separators of the active language, such as "1,234"."""
    return number_format(number, use_l10n=True, force_grouping=True)


def write_moment(moment: datetime, zone: str | None) -> str:
    """Return an aware datetime as words in a time zone (None: UTC), such as "01 March 2026 at 10:30 UTC"."""
    local = moment.astimezone(get_zone(zone))
    values = {"day": write_day(local), "time": f"{local:%H:%M}", "zone": zone or "UTC"}
    return gettext("%(day)s at %(time)s %(zone)s") % values


def make_page_end(sentence: str, zone: str | None) -> str:
    """Return the end of a page, with a sentence ('' for none) and the page's time zone (None: UTC) in small print."""
    times = gettext("All times are in %(zone)s.") % {"zone": zone or "UTC"}
    words = f"{sentence} {times}".strip()
    return f'<p class="end">{escape(words)}</p>\n</main>\n</body>\n</html>\n'
