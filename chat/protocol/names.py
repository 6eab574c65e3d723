"""
Names: handles, and the names and topics of rooms. Each check returns the name in its clean form, or raises ChatError.

Control, format and invisible characters are refused, with these exceptions:

- a joiner or a Mongolian variation selector where it changes the form of a letter, as in Unicode's UAX #31;
- the variation selectors U+FE00 to U+FE0F;
- the format characters within an emoji.

Characters without a meaning that everybody shares are refused too: unassigned ones, noncharacters, and those for
private use. This module does not compare names: `chat/protocol/lookalikes` says which names look alike.
"""

import re
import unicodedata
from functools import cache
from itertools import groupby
from typing import Any, TypeGuard

import emoji as emoji_names
import idna

from .errors import MAX_HANDLE, MAX_ROOM_NAME, MAX_TOPIC, ChatError
from .fields import (
    HIDDEN,
    UNPRINTABLE,
    VARIATIONS,
    canonical_emoji,
    canonical_forms,
    check_string,
    check_text,
    is_blank,
)

# People may type a handle with decomposed letters, variation selectors and more spaces. `check_handle` changes these
# before it counts the characters.
MAX_TYPED_HANDLE = 4 * MAX_HANDLE
MAX_MARKS = 4  # on one character, as Unicode's Technical Standard 39 recommends; no language needs more
_JOINERS = "\u200c\u200d"
_BENGALI_RA = "\u09b0\u200d\u09cd"
# A free variation selector chooses the form of the Mongolian letter before it.
_LETTER_FORMS = re.compile("(?<=[\u1820-\u1878\u1880-\u18a8\u18aa])[\u180b-\u180d\u180f]")
_UNSHARED = ("Cn", "Co")  # unassigned characters and noncharacters; characters for private use
_FORMAT_IN_EMOJI = re.compile("[\u200d\U000e0020-\U000e007f]")
_SPACES = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_PLACEHOLDER = "\u263a"  # stands for an emoji while the other characters are checked


def check_handle(value: Any, name: str = "handle") -> str:
    """
    Return a handle in NFC: 1 to MAX_HANDLE characters, which `check_line` accepts.

    White space within the handle becomes one space. Raise as `check_text` and `check_line` do. Raise `invalid_field`
    for a handle that shows nothing, begins with a combining mark, or has too many marks on one character.
    """
    _check_shows_something(value, name)
    # A variation selector only chooses between two pictures of a character. Two handles must not differ only by a
    # variation selector.
    handle = unicodedata.normalize("NFC", VARIATIONS.sub("", value))
    handle = _SPACES.sub(" ", handle.strip())
    handle = check_line(check_text(handle, name, MAX_HANDLE), name)
    _check_marks(handle, name)
    # An emoji of several pictures keeps its variation selectors, because some systems draw it only with them.
    return check_text(_replace_emoji(handle, lambda found: canonical_emoji(found[0])), name, MAX_HANDLE)


def is_possible_handle(value: Any) -> TypeGuard[str]:
    """Return whether a person may have this handle. This is cheaper than `check_handle`, and refuses no old handle."""
    return isinstance(value, str) and len(value) <= MAX_TYPED_HANDLE and "\0" not in value


def check_room_name(value: Any, name: str = "name") -> str:
    """
    Return the name of a room: one line of 1 to MAX_ROOM_NAME characters.

    Raise as `check_text` and `check_line` do. Raise `invalid_field` for a name that shows nothing.
    """
    _check_shows_something(value, name)
    return check_line(check_text(value, name, MAX_ROOM_NAME), name)


def check_topic(value: Any, name: str = "topic") -> str:
    """
    Return the topic of a room: one line of at most MAX_TOPIC characters.

    Raise `invalid_field` or `too_long`. Raise `empty` for a topic of invisible characters only.
    """
    return check_line(check_text(value, name, MAX_TOPIC, least=0), name)


def check_line(text: str, name: str) -> str:
    """
    Return `text` if it is one line of characters that everybody sees. The module's docstring lists the exceptions.

    Raise `invalid_field` for control, format and invisible characters, and for characters without a shared meaning.
    """
    checked = _LETTER_FORMS.sub("", _replace_emoji(VARIATIONS.sub("", text), _PLACEHOLDER))
    if HIDDEN.search(checked):
        raise ChatError("invalid_field", "'%(name)s' contains an invisible character.", name=name)
    for position, character in enumerate(checked):
        category = unicodedata.category(character)
        if category in UNPRINTABLE and not _is_joiner_in_place(checked, position):
            raise ChatError("invalid_field", "'%(name)s' contains a control or format character.", name=name)
        # Python's tables call newer emoji unassigned.
        if category in _UNSHARED and not emoji_names.is_emoji(character):
            raise ChatError("invalid_field", "'%(name)s' contains a character that Unicode does not define.", name=name)
    return text


def _check_shows_something(value, name):
    """Raise `invalid_field` for a text in which all characters are invisible. White space counts as no text."""
    text = check_string(value, name).strip()
    if text and is_blank(text):
        raise ChatError(
            "invalid_field", "'%(name)s' must not be empty: it contains only invisible characters.", name=name
        )


def _is_joiner_in_place(text, position):
    """
    Return whether the character is a joiner after a virama, or a non-joiner between two letters that would join.

    The joiner of Bengali U+09B0 stands before the virama.
    """
    if text[position] not in _JOINERS:
        return False
    if text[position - 1 : position + 2] == _BENGALI_RA:
        return True
    # These two contexts are the rules of UAX #31, which IDNA calls CONTEXTJ. The letters that decide are near
    # the joiner.
    start = max(0, position - MAX_HANDLE)
    try:
        return idna.valid_contextj(text[start : position + MAX_HANDLE], position - start)
    except ValueError:
        return False  # beside a character that Unicode does not name


def _check_marks(text, name):
    if unicodedata.category(text[0])[0] == "M":
        # A browser would draw the mark on the character before the handle, such as an @ or a bracket.
        raise ChatError("invalid_field", "'%(name)s' must not begin with a combining mark.", name=name)
    decomposed = unicodedata.normalize("NFD", text)
    for is_mark, group in groupby(decomposed, lambda character: unicodedata.category(character) in ("Mn", "Me")):
        marks = list(group)
        is_repeated = any(one == other for one, other in zip(marks, marks[1:], strict=False))
        if is_mark and (len(marks) > MAX_MARKS or is_repeated):
            raise ChatError("invalid_field", "'%(name)s' has too many marks on one character.", name=name)


def _replace_emoji(text, replacement):
    """Replace each emoji that contains format characters. `replacement` is a text, or a function of a match."""
    return _sequences().sub(replacement, text) if _FORMAT_IN_EMOJI.search(text) else text


@cache
def _sequences():
    """Return the pattern of the emoji that contain format characters, with and without variation selectors."""
    forms = [form for stripped, full in canonical_forms().items() for form in (stripped, full)]
    sequences = {form for form in forms if _FORMAT_IN_EMOJI.search(form)}
    return re.compile("|".join(re.escape(form) for form in sorted(sequences, key=len, reverse=True)))
