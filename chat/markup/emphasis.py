"""
Emphasis: `*i*`, `_i_`, `**b**`, `__b__` and `~~s~~`.

Marks open and close only at the borders of words: at the ends of a line, white space, punctuation and symbols. So
`snake_case`, `2*3*4`, `(a)*(b)` and `**/*.py` are text. Letters of scripts without spaces (Chinese, Japanese, Korean,
Thai, ...) may touch `**` and `~~`. Faces are text: a mark between two equal characters (`^_^`), before a character that
begins no word (`>_<`), or around no word (`<_< >_>`). `__init__` and runs of four marks or more are text, too.
"""

import re
import unicodedata
from itertools import accumulate

from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

from .characters import is_border, is_spaceless

# A single mark opens only before a word. These characters may come before the first letter of the word.
# `[^\W_]` is any letter or digit.
_PREFIX = r"""[(\[{"'“‘«»„‚「『（［｛【《〈〔#@$€£¥§&+…¿¡<!:*_~`\\-]|\.\.\.?"""
_EMOJI = "\u2600-\u27bf\U0001f000-\U0001faff"
_WORD_AHEAD = re.compile(rf"(?:{_PREFIX}){{0,4}}(?:[^\W_]|[{_EMOJI}])")
_WORD = re.compile(rf"[^\W_]|[{_EMOJI}]")
# No mark closes after a slash or a backslash, because a path ends there. A double mark does not open before one.
# A single mark does not close after `=`, `<`, `|` and `-` either, because these open or join something.
_NO_END = frozenset("/\\")
_NO_SINGLE_END = frozenset("/\\=<|-")
_DUNDER = re.compile(r"__[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*__(?!_)")
_LONGEST = 3


def run_at(source: str, start: int, end: int) -> int:
    """Return the position after the run of equal characters that begins at `start`, at most `end`."""
    position = start
    while position < end and source[position] == source[start]:
        position += 1
    return position


def can_open_and_close(source: str, start: int, behind: int, first: int | None = None) -> tuple[bool, bool]:
    """
    Return whether the marks source[start:behind] can open emphasis, and whether they can close it.

    `first` is the position of the first backslash directly before the marks; None if there is none.
    """
    first = start if first is None else first
    previous = source[first - 1] if first else " "
    following = source[behind] if behind < len(source) else " "
    if behind - start == 1:
        return _can_single(source, behind, previous, following)
    touches = source[start] != "_" and (is_spaceless(previous) or is_spaceless(following))
    can_open = not following.isspace() and following not in _NO_END and not _is(following, "Pe")
    can_close = not previous.isspace() and previous not in _NO_END and not _is(previous, "Ps")
    return can_open and (touches or is_border(previous)), can_close and (touches or is_border(following))


def _can_single(source, behind, previous, following):
    if previous == following:
        return False, False
    can_open = is_border(previous) and not _is(previous, "Pe") and _WORD_AHEAD.match(source, behind) is not None
    can_close = is_border(following) and not _is(following, "Ps") and not previous.isspace()
    can_close = can_close and previous not in _NO_SINGLE_END and not _is(previous, "Ps", "Sk")
    return can_open, can_close


def _is(character, *categories):
    return unicodedata.category(character) in categories


def emphasis(state: StateInline, silent: bool) -> bool:
    """Record a run of `*` or `_`. The parser pairs the runs later. Runs of more than three and `__init__` are text."""
    mark = state.src[state.pos]
    if silent or mark not in "*_":
        return False
    behind = run_at(state.src, state.pos, state.posMax)
    name = _DUNDER.match(state.src, state.pos, state.posMax)
    if name or behind - state.pos > _LONGEST:
        behind = name.end() if name else behind
        state.append_pending(state.src[state.pos : behind])
    else:
        length = behind - state.pos
        _push(state, [mark] * length, length, behind)
    state.pos = behind
    return True


def strikethrough(state: StateInline, silent: bool) -> bool:
    """Record a run of two `~`. The parser pairs the runs later. Runs of other lengths are text."""
    if silent or state.src[state.pos] != "~":
        return False
    behind = run_at(state.src, state.pos, state.posMax)
    if behind - state.pos == 2:
        # A length of 0 switches off a rule of the parser that is only for `*` and `_`.
        _push(state, ["~~"], 0, behind)
    else:
        state.append_pending(state.src[state.pos : behind])
    state.pos = behind
    return True


def _push(state, marks, length, behind):
    can_open, can_close = can_open_and_close(state.src, state.pos, behind)
    if state.tokens and state.tokens[-1].type == "code_inline" and not state.pending:
        # The backtick before the marks ends code, and code is a word.
        can_close = behind == len(state.src) or is_border(state.src[behind])
    if length == 1 and state.src[state.pos - 1 : state.pos] in ("@", "＠"):
        can_open = False  # the mark begins a handle: @_max_
    for mark in marks:
        state.push("text", "", 0).content = mark
        number = len(state.tokens) - 1
        state.delimiters.append(Delimiter(ord(mark[0]), length, number, -1, can_open, can_close))


def require_words(state: StateInline) -> None:
    """Undo the pairs of marks that have no word between them. These marks are text."""
    words = [token.type == "code_inline" or _WORD.search(token.content) is not None for token in state.tokens]
    counts = list(accumulate(words))
    metas = [meta["delimiters"] for meta in state.tokens_meta if meta and "delimiters" in meta]
    for delimiters in [state.delimiters, *metas]:
        for opening in delimiters:
            if opening.end >= 0 and counts[delimiters[opening.end].token] == counts[opening.token]:
                opening.end = -1
