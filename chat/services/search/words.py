"""
Words: the tokens of a text for the search. The index and the queries use the same tokens in both databases.

Letters are compared without case, accents and width. A word of a script with spaces is one token. Scripts without
spaces have no borders of words, so each pair of neighbouring characters is a token, and each character is a token too.
An emoji is a token. Punctuation separates tokens.

This module knows no rows and no databases.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from chat.markup.characters import is_spaceless

MAX_TOKEN = 64  # characters; the rest of a longer word is not compared

# Marks that belong to the character before them: accents, the vowels of Korean, and the voice marks of kana.
_MARKS = "\u0300-\u036f\u1160-\u11ff\u3099\u309a\uff9e\uff9f"
# Most words are in ASCII. `_fold` would find the same characters more slowly.
_PIECE = re.compile(f"[A-Za-z0-9]+|[^{_MARKS}][{_MARKS}]*|.", re.DOTALL)
_ASCII_WORD = re.compile("[a-z0-9]+")
# These marks say how letters are pronounced. People often leave them out.
_ACCENT = re.compile(
    "[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u20d0-\u20f0\ufe00-\ufe0f]"
)
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ſ": "s"}
)
_WORD, _SPACELESS, _SYMBOL, _BORDER = "word", "spaceless", "symbol", "border"
_ZERO_WIDTH_SPACE = "\u200b"


class Token(NamedTuple):
    """A token, and where it stands in the text: from `start` to before `end`."""

    text: str
    start: int
    end: int


class _Unit(NamedTuple):
    """One folded character, or several in a row, with their place in the text."""

    kind: str
    text: str
    start: int
    end: int


class Words(NamedTuple):
    """
    The tokens of a text: `stream` in the order of the text, and `singles`, the characters of the pairs in `stream`.

    A character of a script without spaces that stands alone is in `stream` only.
    """

    stream: list[Token]
    singles: list[Token]


def split_words(text: str) -> Words:
    """Return the tokens of a text."""
    stream: list[Token] = []
    singles: list[Token] = []
    for kind, units in split_runs(text):
        stream += make_tokens(kind, units)
        if kind == _SPACELESS and len(units) > 1:
            singles += [Token(unit.text, unit.start, unit.end) for unit in units]
    return Words(stream, singles)


def list_tokens(text: str) -> list[str]:
    """Return the tokens of a text for the index: the stream, and each of the single characters once."""
    if text.isascii():
        # Most messages are ASCII. This is seven times as fast as `split_words`, and returns the same tokens.
        return [word[:MAX_TOKEN] for word in _ASCII_WORD.findall(text.lower())]
    words = split_words(text)
    # The single characters come after the text, so no phrase can contain them.
    return [token.text for token in words.stream] + list(dict.fromkeys(token.text for token in words.singles))


def split_phrases(text: str) -> list[tuple[list[str], bool]]:
    """
    Return the parts that a message must contain to match `text`.

    Each part is (tokens that follow each other, whether the last token is a word, so that a longer word may match). A
    single character of a script without spaces is a part of its own. It follows no other token, because a message has
    it inside pairs.
    """
    parts: list[tuple[list[str], bool]] = []
    is_open = False
    for kind, units in split_runs(text):
        tokens = [token.text for token in make_tokens(kind, units)]
        is_single = kind == _SPACELESS and len(units) == 1
        if is_open and not is_single:
            parts[-1] = parts[-1][0] + tokens, kind == _WORD
        else:
            parts.append((tokens, kind == _WORD))
        is_open = not is_single
    return parts


def split_runs(text: str) -> list[tuple[str, list[_Unit]]]:
    """Return the runs of characters of the same kind, without punctuation and spaces."""
    found = []
    for kind, units in groupby(_read_units(text), key=lambda unit: unit.kind):
        if kind != _BORDER:
            found.append((kind, list(units)))
    return found


def make_tokens(kind: str, units: list[_Unit]) -> list[Token]:
    """Return the tokens of a run: a word, the pairs of neighbouring characters, or symbols."""
    if kind == _WORD:
        return [Token("".join(unit.text for unit in units)[:MAX_TOKEN], units[0].start, units[-1].end)]
    if kind == _SYMBOL or len(units) == 1:
        return [Token(unit.text, unit.start, unit.end) for unit in units]
    pairs = zip(units, units[1:], strict=False)
    return [Token(first.text + second.text, first.start, second.end) for first, second in pairs]


def _read_units(text):
    for piece in _PIECE.finditer(text):
        start, end = piece.span()
        characters = piece[0]
        if characters.isascii() and characters.isalnum():
            yield _Unit(_WORD, characters.lower(), start, end)
            continue
        for kind, folded in _fold(characters):
            yield _Unit(kind, folded, start, end)


@lru_cache(maxsize=20000)
def _fold(cluster: str) -> tuple[tuple[str, str], ...]:
    """Return (kind, character) for each character that a character with its marks becomes."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cluster).casefold())
    parts: list[tuple[str, str]] = []
    for character in folded:
        if is_spaceless(character):
            parts.append((_SPACELESS, character))
        else:
            plain = _ACCENT.sub("", unicodedata.normalize("NFD", character)).translate(_LETTERS)
            parts += [(kind, letter) for letter in plain if (kind := _find_kind(letter)) is not None]
    return tuple(parts)


def _find_kind(character):
    """Return the kind of a folded character, or None for a character that does not count, such as a joiner."""
    category = unicodedata.category(character)
    if category[0] in "LNM":
        return _WORD
    if category == "So":
        return _SYMBOL
    return None if category == "Cf" and character != _ZERO_WIDTH_SPACE else _BORDER
