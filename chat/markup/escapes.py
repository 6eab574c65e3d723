"""
Escapes and inline code.

A backslash is dropped only if the character after it would otherwise be markup. Everywhere else the backslash is shown
as typed: in `C:\\new`, `\\d+`, at the end of a line, and in the emoticon `¯\\_(ツ)_/¯`. Code that would show nothing is
text, and a backtick that stands for an apostrophe is text too: "don`t and can`t", "un po` meno".
"""

import re

from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import backtick as commonmark_code

from .characters import is_spaceless
from .emphasis import can_open_and_close, run_at

_SHRUG = re.compile(r"\\+_\([^()\s]{1,4}\)_/")
_BLOCK_MARK = re.compile(r"#{1,6}[ \t]|>(?:[ \t]|\n|$)|[-+*][ \t]|(?:```|~~~)|\|")
_NUMBER_MARK = re.compile(r"[.)][ \t]")
# This matches the backtick in a face like (´・ω・`). Without this rule, the text between two such faces would be code.
_FACE = re.compile(r"(?<=[^\x00-\x7f])`[*;]?[)）]")
# A pattern of file names after a path: `C:\\temp\\*.txt`
_FILE_PATTERN = re.compile(r"(?<=\S)\\+\*\.[\w*?]")
_AUTOLINK = re.compile(r"<(?:https?:|mailto:|[^\s<>@]+@)", re.IGNORECASE)


def backslash(state: StateInline, silent: bool) -> bool:
    """
    Read a run of backslashes, and the character after the run if the backslashes protect it.

    Also read the marks `*`, `_` or `~` after backslashes that are shown as typed: these marks are text.
    """
    start, source = state.pos, state.src
    if source[start] != "\\":
        return False
    behind = run_at(source, start, state.posMax)
    text = source[start:behind]
    if behind < state.posMax and _is_protecting(source, start, behind):
        # Every two backslashes are shown as one. If one backslash is left over, it protects the character after it.
        text = "\\" * (len(text) // 2)
        if (behind - start) % 2:
            text, behind = text + source[behind], behind + 1
    elif behind < state.posMax and source[behind] in "*_~":
        # These marks would be text without the backslash too. But after a shown backslash, they could begin emphasis.
        marks = run_at(source, behind, state.posMax)
        text, behind = text + source[behind:marks], marks
    if not silent:
        state.append_pending(text)
    state.pos = behind
    return True


def _is_protecting(source, start, behind):
    character = source[behind]
    if _SHRUG.match(source, start) or _FILE_PATTERN.match(source, start):
        return False
    if character in "*_~" and any(can_open_and_close(source, behind, run_at(source, behind, len(source)), start)):
        return True
    if character == "`":
        return source.count("`") > 1
    if character in "[]":
        return source.find("](", behind) > 0
    if character == "<":
        return _AUTOLINK.match(source, behind) is not None
    return _would_begin_block(source, start, behind)


def _would_begin_block(source, start, behind):
    before = source[source.rfind("\n", 0, start) + 1 : start].strip()
    if before:
        return before.isdecimal() and len(before) <= 3 and _NUMBER_MARK.match(source, behind) is not None
    return _BLOCK_MARK.match(source, behind) is not None


def code(state: StateInline, silent: bool) -> bool:
    """Read inline code. Code that would show nothing, the backtick of a face, and an apostrophe are text."""
    start = state.pos
    if not commonmark_code(state, True):
        return False
    end, state.pos = state.pos, start
    if _is_in_face(state.src, start) or _is_apostrophe(state.src, start, end):
        end = start + 1
    if not state.src[start:end].strip("` \n\t"):
        if not silent:
            state.append_pending(state.src[start:end])
        state.pos = end
        return True
    return commonmark_code(state, silent)


def _is_in_face(source, start):
    return start > 0 and not is_spaceless(source[start - 1]) and _FACE.match(source, start) is not None


def _is_apostrophe(source, start, end):
    """Return whether the backtick at `start` is an apostrophe, and not the start of code that ends at `end`."""
    if source[start : start + 2] == "``" or not start or not _is_letter(source[start - 1]):
        return False
    content = source[start + 1 : end - 1]
    if not content:
        return False
    is_in_word = end < len(source) and _is_letter(source[end]) and _is_letter(content[0])
    return content[0].isspace() or (is_in_word and any(character.isspace() for character in content))


def _is_letter(character):
    return character.isalpha() and not is_spaceless(character)
