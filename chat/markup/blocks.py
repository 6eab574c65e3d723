"""
Blocks: paragraphs, quotes, headings and code.

- A quote's mark is `>` with a space or the line's end after it. So `>_<` and `>:(` are text. Each line of a quote has
  the mark. The next line without the mark is the answer, not a part of the quote.
- A heading is a bold paragraph. `<h1>` to `<h6>` would put each heading of a message into the outline of the page.
  People with screen readers use the outline to move through the page.
- The line of a code fence may name a language, which becomes the class of the code: `language-python`. Any other text
  after backticks becomes the first line of the code. A line of tildes with other text is text.
- Quotes and lists nest to the depth DEEPEST. Deeper marks are text.
"""

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import fence as commonmark_fence
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

# markdown-it stops reading at its `maxNesting` of 20, and the rest is lost. A quote is one level, a list is two.
DEEPEST = 16

_QUOTED = re.compile(r">(?:[ \t]|$)")
_HEADING = re.compile(r"#{1,6}[ \t]+(?!#+[ \t]*$)(\S.*?)(?:[ \t]+#+)?[ \t]*$")
_NAMES = (
    "asm awk bash bat c c# c++ clojure cmake conf console cpp cs csharp css csv dart diff docker dockerfile elixir elm "
    "erlang f# fortran fsharp go golang gradle graphql groovy haskell hcl hs html http ini java javascript jinja js "
    "json json5 jsonc jsx julia kotlin kt latex less lisp log lua make makefile markdown math matlab md mermaid nginx "
    "nim nix objc objective-c ocaml pascal patch perl php pl plaintext postgresql powershell properties proto "
    "protobuf ps1 py pycon python python3 r rb regex rs rst ruby rust sass scala scheme scss sh shell solidity sql "
    "swift tcl terraform tex text toml ts tsx txt typescript vb vim vue xml yaml yml zig zsh"
)
LANGUAGES = frozenset(_NAMES.split())


def line_of(state: StateBlock, number: int) -> str:
    """Return a line of the source without its indentation."""
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def paragraph(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a paragraph. It ends at an empty line, at another block, and at the end of the surrounding list item."""
    rules = state.md.block.ruler.getRules("paragraph")
    parent, state.parentType = state.parentType, "paragraph"
    number = start + 1
    while number < end and not state.isEmpty(number) and state.sCount[number] >= state.blkIndent:
        is_indented = state.sCount[number] - state.blkIndent > 3
        if not is_indented and any(rule(state, number, end, True) for rule in rules):
            break
        number += 1
    state.line = number
    push_paragraph(state, state.getLines(start, number, state.blkIndent, False).strip(), [start, number])
    state.parentType = parent
    return True


def push_paragraph(state: StateBlock, content: str, lines: list[int]) -> Token:
    """Add the tokens of a paragraph, and return the token with the text."""
    state.push("paragraph_open", "p", 1).map = lines
    inline = state.push("inline", "", 0)
    inline.content, inline.map, inline.children = content, lines, []
    state.push("paragraph_close", "p", -1)
    return inline


def quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a quote: the lines from `start` that have the mark. The first line must have text after its mark."""
    if state.level >= DEEPEST or state.is_code_block(start):
        return False
    if not _QUOTED.match(line_of(state, start)) or not line_of(state, start)[1:].strip():
        return False
    if silent:
        return True
    number = start
    while number < end and state.sCount[number] >= state.blkIndent and _QUOTED.match(line_of(state, number)):
        number += 1
    lines = [line_of(state, quoted)[2:] for quoted in range(start, number)]
    state.push("blockquote_open", "blockquote", 1).map = [start, number]
    inner = StateBlock("\n".join(lines), state.md, state.env, state.tokens)
    inner.level = state.level
    state.md.block.tokenize(inner, 0, inner.lineMax)
    state.push("blockquote_close", "blockquote", -1)
    state.line = number
    return True


def heading(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a heading: one to six `#`, a space and text."""
    found = None if state.is_code_block(start) else _HEADING.match(line_of(state, start))
    if found is None:
        return False
    if not silent:
        state.line = start + 1
        push_paragraph(state, found[1], [start, start + 1]).meta = {"is_heading": True}
    return True


def embolden_headings(state: StateCore) -> None:
    """Put the text of each heading in <strong>."""
    for token in state.tokens:
        if token.meta.get("is_heading"):
            opening, closing = Token("strong_open", "strong", 1), Token("strong_close", "strong", -1)
            token.children = [opening, *(token.children or []), closing]


def fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read fenced code. A fence without code is text, and so is a line of tildes with words that name no language."""
    words = line_of(state, start).lstrip("`~").strip()
    is_language = words.lower() in LANGUAGES
    if words and not is_language and line_of(state, start).startswith("~"):
        return False
    if not commonmark_fence(state, start, end, silent):
        return False
    if silent:
        return True
    token = state.tokens[-1]
    token.info = words.lower() if is_language else ""
    if words and not is_language:
        token.content = f"{words}\n{token.content}"
    if not token.content.strip():
        state.tokens.pop()
        state.line = start
        return False
    return True
