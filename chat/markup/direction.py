"""The direction of text: keep a name from changing the order of the words around it."""

import re

# Letters that are written from right to left, and the control characters that switch to this direction.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def isolate(text: str) -> str:
    """
    Return `text` so that it may stand in a sentence from left to right, such as a title or an error text.

    If the text contains letters that are written from right to left, or a control character that switches to this
    direction, put it between FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE. Leave out the control characters of
    direction in it, because they could end this isolation.
    """
    if not _RIGHT_TO_LEFT.search(text):
        return text
    return f"\u2068{_CONTROLS.sub('', text)}\u2069"
