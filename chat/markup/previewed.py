"""
The links of a body for which a preview may be shown.

These links have no preview:

- links in quotes, because the quoted message has the preview;
- links in angle brackets: people use the brackets to ask for no preview;
- mail addresses;
- addresses in code, which are not links.

This module opens no address.
"""

from functools import lru_cache
from urllib.parse import urldefrag

from .parser import make_parser

_MARKDOWN = make_parser()
_NO_PREVIEW = "autolink"  # the parser's mark of `<address>`


@lru_cache(maxsize=1000)
def find_previewed_links(body: str, most: int) -> tuple[str, ...]:
    """Return the first `most` addresses of a body, each once, without their fragments."""
    if "://" not in body:
        return ()
    found: dict[str, None] = {}
    depth = 0
    for token in _MARKDOWN.parse(body):
        if token.type in ("blockquote_open", "blockquote_close"):
            depth += token.nesting
        elif token.type == "inline" and not depth:
            found.update(dict.fromkeys(_find_links(token.children or [])))
    return tuple(found)[:most]


def _find_links(tokens):
    for token in tokens:
        if token.type == "link_open" and token.markup != _NO_PREVIEW:
            address = urldefrag(str(token.attrGet("href")))[0]
            if address.startswith(("http://", "https://")):
                yield address
