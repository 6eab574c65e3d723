"""
The site's own emoji in the page of a transcript. A page must be readable as a single file, so it contains the pictures
of the emoji.

Each picture is written once, as a style at the end of the page. This module reads no rows.
"""

import base64
from collections.abc import Callable

from chat.markup import custom_emoji as marks

MAX_BYTES = 4_000_000  # of all pictures in one page; further emoji appear as their names
_STYLE = (
    ".emoji { display: inline-block; width: 1.375em; height: 1.375em; overflow: hidden; vertical-align: -0.3em;"
    " background: center / contain no-repeat; text-indent: 2em; white-space: nowrap; }"
)


class TranscriptEmoji:
    """The emoji that one page contains. `find(name)` returns the picture of an emoji as WebP, or None."""

    def __init__(self, find: Callable[[str], bytes | None]) -> None:
        self._find = find
        self._pictures: dict[str, bytes | None] = {}
        self._left = MAX_BYTES

    def draw(self, rendered: str) -> str:
        """Return HTML with the emoji in place of their names. The page must end with `make_styles`."""
        return marks.draw(rendered, self._draw_one) if marks.has_names(rendered) else rendered

    def _draw_one(self, name: str) -> str | None:
        if name not in self._pictures:
            self._pictures[name] = self._take(name)
        if self._pictures[name] is None:
            return None
        return f'<span class="emoji emoji-{name}" role="img" aria-label=":{name}:" title=":{name}:">:{name}:</span>'

    def _take(self, name: str) -> bytes | None:
        picture = self._find(name)
        if picture is None or len(picture) > self._left:
            return None
        self._left -= len(picture)
        return picture

    def make_styles(self) -> str:
        """Return the styles with the pictures of all emoji that were drawn, or "" if there are none."""
        rules = [
            f".emoji-{name} {{ background-image: url(data:image/webp;base64,{base64.b64encode(picture).decode()}); }}"
            for name, picture in self._pictures.items()
            if picture is not None
        ]
        return "<style>{}</style>\n".format("\n".join([_STYLE, *rules])) if rules else ""
