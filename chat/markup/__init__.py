"""
Rendering: turn the body of a message into safe HTML.

A Markdown parser with HTML switched off (markdown-it-py) is followed by a sanitiser with a short list of tags (nh3).
There are two barriers, because this is the only HTML that clients insert into a page. The package knows neither rows
nor events. It uses only `is_blank` of the protocol.

The Markdown is adapted to chats: text that people type every day stays as it is, even if CommonMark would change it.
`parser` puts the rules together. `blocks`, `lists`, `tables`, `emphasis`, `escapes` and `links` document the rules.
Every word of a body appears in its rendering. A body whose rendering would show nothing is shown as it was typed.
"""

import html
import re
from functools import lru_cache

from chat.protocol import is_blank

from .parser import make_parser
from .sanitiser import sanitise

_MARKDOWN = make_parser()

# Most messages are one line of words without anything that can be markup or a link, or that needs escaping.
_PLAIN = re.compile(r"""[^\W\d_](?:[^\W_]|[ .,;:?!'"()%$=#/+\U0001F300-\U0001FAFF-])*(?<! )""")
_TAG = re.compile(r"<[^>]*>")


# Backlogs contain the same bodies for everybody who connects. Most bodies have a few hundred bytes; a thousand of the
# longest would take about 25 MB in a worker.
@lru_cache(maxsize=1000)
def render(body: str) -> str:
    """Return the safe HTML of `body`; '' for ''."""
    if _PLAIN.fullmatch(body) and "//" not in body:
        # This is what the parser would return, in a hundredth of the time.
        return f"<p>{body}</p>"
    return _render_markdown(body)


def _render_markdown(body):
    rendered = sanitise(_MARKDOWN.render(body)).strip()
    if not is_blank(html.unescape(_TAG.sub("", rendered))) or not body.strip():
        return rendered
    return sanitise("<p>" + html.escape(body, quote=False).replace("\n", "<br>\n") + "</p>")
