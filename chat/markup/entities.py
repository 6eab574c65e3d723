"""The character references in foreign HTML, such as `&amp;` and `&#65;`."""

import html
import re

# No character has a number of this many digits. Python converts at most 4,300 digits, and raises ValueError above that.
_TOO_LONG = re.compile("&#[0-9]{100,};?")


def unescape(text: str) -> str:
    """Return a text with characters in place of its references, as `html.unescape` does. Never raise ValueError."""
    return html.unescape(_TOO_LONG.sub("\N{REPLACEMENT CHARACTER}", text))
