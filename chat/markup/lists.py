"""
Lists: bullets, numbers and tasks.

- An item begins with `-`, `*`, `+` or a number of at most three digits with a dot or a closing parenthesis, then a
  space and text. Longer numbers ("1986. A great year"), numbers with zeros in front, dates ("24. 12. 2026") and lines
  of marks alone (`* * *`) begin no list.
- An item ends at the next line that is not indented. So a sentence or a date below a list is not part of the list.
- Each item shows the number that was typed. If every item has the number 1, the items are numbered 1, 2, 3.
- `[ ]` and `[x]` at the start of an item are shown as the characters ☐ and ☑. Boxes that can be clicked would need a
  form, and screen readers name the characters.
"""

import re

from markdown_it.rules_block import StateBlock, list_block
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from .blocks import DEEPEST, line_of

# An item does not begin with two numbers in a row, because they are a date: 24. 12. 2026. `_ITEM` is for the first item
# of a list, and `_NO_ITEM` for the lines after it.
_ITEM = re.compile(r"(?:[-+*]|(?:0|[1-9][0-9]{0,2})[.)](?![ \t]+[0-9]+[.)](?:\s|$)))[ \t]+(?![-+*\s]*$)")
_NO_ITEM = re.compile(r"(?:(?:[0-9]{4}|0[0-9])[0-9]*|[0-9]{1,3}[.)][ \t]+[0-9]+)[.)](?:\s|$)")
_TASK = re.compile(r"\[([ xX])\][ \t]+(?=\S)")


def items(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a list whose first item begins at the line `start`."""
    if state.level >= DEEPEST or not _ITEM.match(line_of(state, start)):
        return False
    return list_block(state, start, end, silent)


def ends_list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """
    Return whether a line ends a list, because its number cannot begin an item.

    markdown-it asks this with `silent`. Without `silent`, the rule reads nothing and returns False.
    """
    return silent and _NO_ITEM.match(line_of(state, start)) is not None


def number_items(state: StateCore) -> None:
    """
    Store the typed number of each item, if it is not the number that follows the previous item.

    If every item of a list has the number 1, store nothing for this list.
    """
    lists: list[list[Token]] = []
    for token in state.tokens:
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append([])
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            _number(lists.pop())
        elif token.type == "list_item_open" and token.info:
            lists[-1].append(token)


def _number(items):
    numbers = [int(item.info) for item in items]
    if set(numbers) == {1}:
        return
    for item, number, previous in zip(items[1:], numbers[1:], numbers, strict=False):
        if number != previous + 1:
            item.attrSet("value", item.info)


def mark_tasks(state: StateCore) -> None:
    """Replace `[ ]` and `[x]` at the start of an item by ☐ and ☑."""
    for item, opening, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if item.type == "list_item_open" and opening.type == "paragraph_open":
            found = _TASK.match(inline.content)
            if found:
                inline.content = ("☐ " if found[1] == " " else "☑ ") + inline.content[found.end() :]
