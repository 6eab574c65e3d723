"""
Snippets: the words around the hits of a query in a body, as safe HTML. This module knows no rows.
"""

import html
import re
from collections.abc import Iterable

from chat.models import Phrase

from .words import Token, split_words

LENGTH = 160  # characters of a snippet at most, without `_LEFT_OUT` at its ends
_BEFORE = 40  # characters before the first hit
_LEFT_OUT = "…"
_SPACES = re.compile(r"\s+")

Span = tuple[int, int]


def make_snippet(body: str, phrases: Iterable[Phrase]) -> str | None:
    """
    Return a part of a body as HTML with `<mark>` around each hit. Return None if a phrase is not in the body.

    The text is escaped, and the HTML contains no other element. White space becomes one space.
    """
    hits = find_hits(body, phrases)
    if hits is None:
        return None
    start, end = _choose_part(body, hits[0][0] if hits else 0)
    text = _mark(body, hits, start, end).strip()
    return f"{_LEFT_OUT if start else ''}{text}{_LEFT_OUT if end < len(body) else ''}"


def find_hits(body: str, phrases: Iterable[Phrase]) -> list[Span] | None:
    """Return where phrases are in a body, without overlaps. Return None if one of them is not in the body."""
    words = split_words(body)
    found: list[Span] = []
    for phrase in phrases:
        spans = _find_phrase(words.stream, phrase)
        if len(phrase.tokens) == 1:
            spans += _find_phrase(words.singles, phrase)
        if not spans:
            return None
        found += spans
    return _unite(found)


def _find_phrase(tokens: list[Token], phrase: Phrase) -> list[Span]:
    """Return where the tokens of a phrase follow each other."""
    *others, last = phrase.tokens
    texts = [token.text for token in tokens]
    spans = []
    for start in range(len(tokens) - len(others)):
        end = start + len(others)
        is_last = texts[end].startswith(last) if phrase.is_prefix else texts[end] == last
        if is_last and texts[start:end] == others:
            spans.append((tokens[start].start, tokens[end].end))
    return spans


def _unite(spans):
    united: list[Span] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = united[-1][0], max(end, united[-1][1])
        else:
            united.append((start, end))
    return united


def _choose_part(body, hit):
    """Return (start, end) of the part of a body around a hit. The part begins and ends between words if possible."""
    if len(body) <= LENGTH:
        return 0, len(body)
    start = min(max(0, hit - _BEFORE), len(body) - LENGTH)
    end = start + LENGTH
    if start and (space := _SPACES.search(body, start, hit)):
        start = space.end()
    if end < len(body) and (space := _find_last_space(body, hit, end)) is not None:
        end = space
    return start, end


def _find_last_space(body, hit, end):
    # A part of a text without spaces ends anywhere.
    spaces = [space.start() for space in _SPACES.finditer(body, max(hit, end - _BEFORE), end)]
    return spaces[-1] if spaces else None


def _mark(body, hits, start, end):
    pieces, position = [], start
    for hit_start, hit_end in hits:
        if hit_start < start or hit_start >= end:
            continue
        hit_end = min(hit_end, end)
        pieces.append(_escape(body[position:hit_start]))
        pieces.append(f"<mark>{_escape(body[hit_start:hit_end])}</mark>")
        position = hit_end
    return "".join([*pieces, _escape(body[position:end])])


def _escape(text):
    return html.escape(_SPACES.sub(" ", text))
