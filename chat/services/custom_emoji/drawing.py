"""
Draw the site's own emoji in bodies and reactions.

Each thread keeps {name: address} of all emoji for REFRESH_SECONDS, and reads the list again only for a text that may
contain a name. So most messages cost no query, and every thread shows a change after REFRESH_SECONDS at the latest.
This module only reads.
"""

import threading
import time
from collections.abc import Iterable

from chat import markup, protocol
from chat.markup import custom_emoji as marks
from chat.models import CustomEmoji
from chat.protocol import ChatError

REFRESH_SECONDS = 5.0


class _Kept(threading.local):
    """{name: address} of all emoji, and the time until which this thread uses it."""

    addresses: dict[str, str] = {}
    until = 0.0


_kept = _Kept()


def forget_emoji() -> None:
    """Read the list again at the next use in this thread, because it has changed."""
    _kept.until = 0.0


def make_address(digest: str) -> str:
    """Return the address of the picture with this digest."""
    return f"/emoji/{digest}/"


def _get_addresses() -> dict[str, str]:
    now = time.monotonic()
    if now >= _kept.until:
        rows = CustomEmoji.objects.values_list("name", "digest")
        _kept.addresses = {name: make_address(digest) for name, digest in rows}
        _kept.until = now + REFRESH_SECONDS
    return _kept.addresses


def render_body(body: str) -> str:
    """Return the safe HTML of a body, with the site's own emoji."""
    rendered = markup.render(body)
    if not marks.has_names(rendered):
        return rendered
    addresses = _get_addresses()
    return marks.draw(rendered, lambda name: marks.make_image(name, addresses[name]) if name in addresses else None)


def find_pictures(texts: Iterable[str]) -> dict[str, str]:
    """Return {text: address of the picture} for the texts that are the `:name:` of an emoji of the site."""
    named = [text for text in texts if text.startswith(":")]
    if not named:
        return {}
    addresses = _get_addresses()
    return {text: addresses[name] for text in named if (name := text.strip(":")) in addresses}


def check_exists(text: str) -> None:
    """Raise `not_found` for a `:name:` that is not an emoji of the site. Run no query for a Unicode emoji."""
    if protocol.is_emoji_mark(text) and not CustomEmoji.objects.filter(name=text.strip(":")).exists():
        raise ChatError("not_found", "There is no such emoji.")
