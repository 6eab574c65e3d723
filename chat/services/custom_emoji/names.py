"""The names of the site's own emoji. This module knows no rows."""

from functools import cache

import emoji as emoji_names

from chat import protocol
from chat.protocol import ChatError


def check_name(name: str) -> str:
    """Return the name. Raise `invalid_field` if it is not valid, and `taken` if it is the name of a Unicode emoji."""
    if not protocol.is_emoji_name(name):
        raise ChatError("invalid_field", "A name has 2 to 40 of the characters a-z 0-9 _ and -.", field="name")
    if name in _standard_names():
        raise ChatError("taken", "This is the name of a standard emoji. Choose another name.", field="name")
    return name


@cache
def _standard_names() -> frozenset[str]:
    names: set[str] = set()
    for facts in emoji_names.EMOJI_DATA.values():
        names.update([facts["en"], *facts.get("alias", [])])
    return frozenset(name.strip(":").lower() for name in names)
