"""
Mentions: the names after an @ in a body. This module does not know which people exist.

A mention is the whole handle of a person after an @ or its wide form. Handles may contain spaces and punctuation, so
several names may begin at one @: the caller looks up all of them and takes the longest handle. Code, links and mail
addresses contain no mentions. A name begins and ends at the borders of words, so `@alice` does not mention `al`, and
neither does `x@al.example`.
"""

import html
import re
import unicodedata
from functools import lru_cache

from . import render
from .characters import is_spaceless

MAX_NAMES = 200  # in one body; all of them are looked up in the database
# A handle has at most 32 characters. In a body, each of them may have a variation selector.
_LONGEST = 64

_SKIPPED = re.compile(r"<(pre|code|a)\b.*?</\1>", re.DOTALL)
_BLOCK_TAG = re.compile(r"</?(?:p|br|ul|ol|li|blockquote|table|thead|tbody|tr|th|td)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"[^\S\n]+")
_AT = re.compile("[@＠]")
# After one of these characters, a letter or digit belongs to the same word: al-beta, al.example, al@example
_JOINING = frozenset(".-_@＠")
# Before an @, these characters continue a name that began earlier.
_NOT_BEFORE = frozenset("@＠_")
# "/@" continues a path (node_modules/@types), except between two names: @al/@max
_NAMES_BEFORE = re.compile(r"(?<![\w./])[@＠][^\s@＠]+(?:/[@＠][^\s@＠]+)*/$")
_PART_OF_PICTURE = re.compile("[\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_OBJECT = "\ufffc"


@lru_cache(maxsize=1000)
def find_names(body: str) -> tuple[tuple[str, ...], ...]:
    """
    Return, for each @ that may begin a mention, the names that may follow it, the longest first.

    The names are in NFC, with single spaces. The result has at most MAX_NAMES names. An @ whose names would exceed this
    number is left out, and so is every later @.
    """
    if not _AT.search(body):
        return ()
    text = _read_text(body)
    found: list[tuple[str, ...]] = []
    count = 0
    for at in _AT.finditer(text):
        names = _find_names_at(text, at.end()) if _may_begin(text, at.start()) else ()
        count += len(names)
        if count > MAX_NAMES:
            break
        if names:
            found.append(names)
    return tuple(found)


def _read_text(body):
    """Return the text of a body's rendering without code and links, each of which becomes one character."""
    rendered = _SKIPPED.sub(_OBJECT, render(body))
    text = html.unescape(_TAG.sub("", _BLOCK_TAG.sub("\n", rendered)))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text))


def _may_begin(text, at):
    """Return whether the @ at a position may begin a mention."""
    if at == 0:
        return True
    before = text[at - 1]
    if before == "/":
        return _NAMES_BEFORE.search(text, max(0, at - 2 * _LONGEST), at) is not None
    return before not in _NOT_BEFORE and (not _is_word(before) or is_spaceless(before))


def _find_names_at(text, start):
    end = min(len(text), start + _LONGEST)
    stop = re.compile(f"[\n{_OBJECT}]").search(text, start, end)
    end = stop.start() if stop else end
    names = [text[start:position] for position in range(end, start, -1) if _may_end(text, position)]
    return tuple(name for name in names if name.strip() == name)


def _may_end(text, position):
    """Return whether a name may end before the character at a position."""
    if position >= len(text):
        return True
    last, following = text[position - 1], text[position]
    if _is_part_of_character(following):
        return False
    if _is_word(following):
        return not _is_word(last) or _is_script_border(last, following)
    is_joined = following in _JOINING and position + 1 < len(text) and _is_word(text[position + 1])
    return not (is_joined and _is_word(last))


def _is_word(character):
    return unicodedata.category(character)[0] in "LMN"


def _is_part_of_character(character):
    """Return whether a character changes the one before it, such as a mark, a joiner, a modifier or a skin tone."""
    is_part = unicodedata.category(character) in {"Mn", "Mc", "Me", "Lm"}
    return is_part or _PART_OF_PICTURE.match(character) is not None


def _is_script_border(last, following):
    # Particles and titles touch a name: @太郎さん, @alさん. Letters of the same script continue the name.
    return (is_spaceless(last) or is_spaceless(following)) and _script(last) != _script(following)


@lru_cache(maxsize=10_000)
def _script(character):
    name = unicodedata.name(unicodedata.normalize("NFKC", character)[0], "")
    return "LATIN" if character.isascii() else name.partition(" ")[0]
