"""
Split texts that are longer than a message may be.

A text loses only white space, at its ends and at the places where it is split.
"""

from collections.abc import Iterator

from chat.protocol import MAX_BODY, is_blank

_FENCE = "```"
# A part leaves room for the fence that closes a block of code, and for the line that opens the block again.
_ROOM_FOR_FENCES = 2 * len(_FENCE) + 2 + 40
_SEAMS = ("\n\n", "\n", " ")


def split_text(text: str) -> list[str]:
    """
    Return the bodies of the messages that together show a text, each of at most MAX_BODY characters.

    Return no body for a blank text. A text is split between paragraphs, else between lines, else between words, else
    anywhere. If a block of code is split, both parts are blocks of code.
    """
    text = text.strip()
    if not text or is_blank(text):
        return []
    return [part for part in _split(text) if not is_blank(part)]


def _split(text: str) -> Iterator[str]:
    while len(text) > MAX_BODY:
        end = _find_seam(text, MAX_BODY - _ROOM_FOR_FENCES)
        part, rest = text[:end].rstrip(), text[end:].lstrip("\n")
        opening = _find_open_fence(part)
        if opening is None:
            rest = rest.lstrip()
        else:
            part, rest = f"{part}\n{_FENCE}", f"{opening}\n{rest}"
        yield part
        text = rest
    yield text


def _find_seam(text, most):
    """Return where to split a text, at most at `most`. A seam in the first half would make too many short parts."""
    for seam in _SEAMS:
        found = text.rfind(seam, most // 2, most)
        if found > 0:
            return found
    return most


def _find_open_fence(part):
    """Return the line that opens the block of code that a part leaves open, or None."""
    opening = None
    for line in part.split("\n"):
        if line.startswith(_FENCE):
            opening = line[:40] if opening is None else None
    return opening
