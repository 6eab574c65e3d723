"""
Links: addresses that are typed, `<address>` and `[text](address)`.

Only `http`, `https` and `mailto` become links, and only if the sanitiser accepts the whole address. So a browser can
open every link. "see.you", "readme.md" and "a@b.example" are words. Four kinds of named links are shown as typed:

- a link without an address;
- a link whose text would show nothing;
- a link with a title, because the rendering would not show the title;
- a link whose text is the address of another host: `deception` has the rules.

These rules say where a typed address ends:

- at white space, at a control character, at one of ``< > " ` { } | \\ ^``, and at `**`, `~~` and `](`;
- before a comma or a semicolon, if `http://` or `https://` follows it;
- at all punctuation and symbols that are not ASCII: quotes, brackets, dashes, 、 and 。, emoji;
- before the punctuation at its end (`. , : ; ! ? ' * _ ~ - & ( [`) and before a closing bracket that the address does
  not open.

Letters of scripts with spaces (Übung, Москва) belong to the address. Letters of scripts without spaces (東京) belong to
the address only if they begin one of its parts:

- a label of the host, a value in the query, or the fragment;
- a part of the path other than the first part. If the host has such letters, they may begin the first part too.

After an ASCII letter, a digit or a comma, such letters are the next words of the sentence. If they directly follow the
`/` of an ASCII host, they are the next words too.

Percent-encode an address that these rules cut off, or put it in `<` and `>`.
"""

import html
import re
import unicodedata
from functools import lru_cache

from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import autolink as commonmark_autolink
from markdown_it.rules_inline import link as commonmark_link

from chat.protocol import is_blank

from .characters import is_spaceless
from .deception import names_other_host
from .sanitiser import sanitise

_SCHEME = re.compile(r"(?<![A-Za-z0-9+.-])https?$", re.IGNORECASE)
_HOST_START = re.compile(r"://(?:[^\W_]|\[)")
_CANDIDATE = re.compile(r"""://(?:(?!\*\*|~~|\]\(|[,;|]https?://)[^\s<>"`{}|\\^\x00-\x20\x7f])+""", re.IGNORECASE)
_AUTHORITY = re.compile(
    r"(?:\[[0-9A-Fa-f:.]+\]|[^\W_](?:[\w-]|[^\x00-\x7f])*(?:\.[^\W_](?:[\w-]|[^\x00-\x7f])*)*)(?::[0-9]{1,5})?"
)
# DNS allows no longer names, and the time to encode a name grows with the square of its length.
_LONGEST_HOST = 253
_PATH = re.compile(r"[/?#]")
_PART_ENDS = frozenset("/?#&=.")
# In an address, these characters stand between ASCII letters and other letters. In a sentence, other punctuation stands
# between such letters.
_JOINING = frozenset("/=_-#&+~@:")
# The Japanese particle of the object often follows an address, and no other word begins with it.
_PARTICLE = "を"
_TRAILING = ".,:;!?'*_~-&(["
_CLOSING = {")": "(", "]": "["}
_MAILTO = re.compile(r"mailto:[^@\s]+@[^@\s]+", re.IGNORECASE)
_WEB = re.compile(r"https?://[^/?#@\s]+(?:[/?#]|$)", re.IGNORECASE)
_HREF = re.compile(r'<a href="[^"]')


@lru_cache(maxsize=1000)
def is_followable(address: str) -> bool:
    """
    Return whether a browser can open a link to `address`.

    The scheme must be known, the address must have a host or a mail address, and the sanitiser must keep the link.
    """
    if not (_MAILTO.fullmatch(address) or _WEB.match(address)):
        return False
    return _HREF.match(sanitise(f'<a href="{html.escape(address)}">a</a>')) is not None


def address(state: StateInline, silent: bool) -> bool:
    """Read an address that was typed. The parser calls this function at the colon of the address."""
    source, colon = state.src, state.pos
    if source[colon] != ":" or state.linkLevel or not _HOST_START.match(source, colon, state.posMax):
        return False
    scheme = _SCHEME.search(source[max(colon - 6, 0) : colon])
    if not scheme or not (silent or state.pending.endswith(scheme[0])):
        return False
    end = _find_end(source, colon, state.posMax)
    typed = scheme[0] + source[colon:end]
    href = state.md.normalizeLink(typed)
    if end == colon or not is_followable(href):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme[0])]
        state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = typed
        state.push("link_close", "a", -1)
    state.pos = end
    return True


def _find_end(source, colon, end):
    """
    Return the end of the address whose colon is at `colon`.

    Return `colon` if the address has no valid host, or if it contains the name or the password of a user.
    """
    start = colon + 3
    candidate = _CANDIDATE.match(source, colon, end)
    if candidate is None:
        return colon
    end = candidate.end()
    path = _PATH.search(source, start, end)
    host_end = path.start() if path else end
    # An address with a name or a password is mostly used to deceive people: https://bank.example@trap.example
    if "@" in source[start:host_end]:
        return colon
    end = _find_end_of_letters(source, start, host_end, end)
    while end > colon and (source[end - 1] in _TRAILING or _is_extra_bracket(source[colon:end])):
        end -= 1
    host = _AUTHORITY.match(source, start, min(host_end, end))
    if host is None or len(host[0]) > _LONGEST_HOST:
        return colon
    return end if host.end() == host_end else host.end()


def _is_extra_bracket(text):
    opening = _CLOSING.get(text[-1])
    return opening is not None and text.count(text[-1]) > text.count(opening)


def _find_end_of_letters(source, start, host_end, end):
    """
    Return the position of the first non-ASCII character that does not belong to the address, or `end` if there is none.

    The address without its scheme begins at `start`.
    """
    is_part_ascii = True
    for position in range(start, end):
        character = source[position]
        if character.isascii():
            is_part_ascii = is_part_ascii or character in _PART_ENDS
            continue
        if unicodedata.category(character)[0] not in "LMN":
            return position
        if is_part_ascii and is_spaceless(character) and not _may_begin_part(source, start, host_end, position):
            return position
        is_part_ascii = False
    return end


def _may_begin_part(source, start, host_end, position):
    """Return whether the letter at `position`, of a script without spaces, may begin a part of the address."""
    previous = source[position - 1]
    if position <= host_end:
        return position == start or previous == "."
    if previous == "/" and source[position] == _PARTICLE:
        return False
    if position == host_end + 1 and source[start:host_end].isascii():
        return False
    return previous in _JOINING or source[position - 2 : position] == "_("


def address_in_brackets(state: StateInline, silent: bool) -> bool:
    """Read `<address>`. Within the text of a link, `<address>` is text."""
    return not state.linkLevel and commonmark_autolink(state, silent)


def named_link(state: StateInline, silent: bool) -> bool:
    """Read `[text](address)`. Return False for the links that are shown as typed."""
    start = state.pos
    if state.src[start] != "[" or not commonmark_link(state, True):
        return False
    end, state.pos = state.pos, start
    label_end = state.md.helpers.parseLinkLabel(state, start, True)
    state.pos = start
    label = state.src[start + 1 : label_end].translate(dict.fromkeys(map(ord, "*_~`[]()\\")))
    target = state.src[label_end + 2 : end - 1].strip()
    has_title = not target.endswith(">") if target.startswith("<") else len(target.split()) > 1
    if is_blank(label) or has_title or not target.strip("<>"):
        return False
    if names_other_host(label, _read_target(state, label_end + 2, end), state.md.normalizeLink):
        return False
    return commonmark_link(state, silent)


def _read_target(state, start, end):
    """Return the address of a named link, as its `href` will contain it. The part in parentheses begins at `start`."""
    while state.src[start].isspace():
        start += 1
    destination = state.md.helpers.parseLinkDestination(state.src, start, end)
    return state.md.normalizeLink(destination.str)
