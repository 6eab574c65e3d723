"""The direction of text: keep a name from changing the order of the words around it."""

import re

# Letters that are written from right to left, and the characters that change the direction of text.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def isolate(text: str) -> str:
    """
    Return `text` so that it may stand in a sentence from left to right, such as a title or an error text.

    Text with letters that are written from right to left is put between the characters FIRST STRONG ISOLATE and POP
    DIRECTIONAL ISOLATE. Characters in it that would end this isolation are left out.
    """
    if not _RIGHT_TO_LEFT.search(text):
        return text
    return f"\u2068{_CONTROLS.sub('', text)}\u2069"
