"""
The site's own emoji in the HTML of a body: `:name:` becomes a picture.

This module runs after the sanitiser, which allows no images. So the only images in the HTML are those that `draw`
writes, and a body can neither add an image nor change an address. Code and links keep their text. This module does not
know which emoji exist.
"""

import html
import re
from collections.abc import Callable

# Code, links and tags, which the sanitiser has closed. Links keep their text, because an address is shown as typed.
_KEPT = re.compile(r"(<code\b.*?</code>|<a\b.*?</a>|<[^>]*>)", re.DOTALL)
# A name stands between two colons. "10:30:45" and "a:b:c" are text.
_MARKED = re.compile(r"(?<![A-Za-z0-9]):([a-z0-9_-]{2,40}):(?![A-Za-z0-9])")


def has_names(rendered: str) -> bool:
    """Return whether the HTML of a body may contain names of emoji."""
    return _MARKED.search(rendered) is not None


def make_image(name: str, address: str) -> str:
    """Return the HTML of an emoji's picture at an address of this site."""
    mark = f":{name}:"
    return f'<img class="emoji" src="{html.escape(address)}" alt="{mark}" title="{mark}">'


def draw(rendered: str, find: Callable[[str], str | None]) -> str:
    """
    Return the HTML of a body with the pictures of emoji in place of their names.

    `find(name)` returns the HTML of an emoji, or None for a name that stays as it is.
    """
    parts = _KEPT.split(rendered)
    # Every second part is what the pattern has found.
    parts[::2] = [_MARKED.sub(lambda found: find(found[1]) or found[0], text) for text in parts[::2]]
    return "".join(parts)
