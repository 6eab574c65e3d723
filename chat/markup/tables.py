"""
Tables: a line of cells, a line of dashes with the same number of cells, and the rows below that have a `|`.

A row may have more or fewer cells than the head. No cell is dropped and no cell is added. So the length of the HTML
stays in proportion to the length of the body. Alignment is ignored. `\\|` is a `|` within a cell.
"""

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import escapedSplit

from .blocks import line_of

_DASHES = re.compile(r":?-+:?")


def table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Read a table whose head is the line `start`. Return whether there is a table. With `silent`, add no tokens."""
    if start + 1 >= end or not (_is_row(state, start) and _is_row(state, start + 1)):
        return False
    head, dashes = _cells(line_of(state, start)), _cells(line_of(state, start + 1))
    if len(head) != len(dashes) or not all(_DASHES.fullmatch(cell) for cell in dashes):
        return False
    if silent:
        return True
    state.push("table_open", "table", 1)
    _push_rows(state, "thead", "th", [head])
    number = start + 2
    rules = state.md.block.ruler.getRules("blockquote")
    while number < end and _is_row(state, number) and not any(rule(state, number, end, True) for rule in rules):
        number += 1
    if number > start + 2:
        _push_rows(state, "tbody", "td", [_cells(line_of(state, row)) for row in range(start + 2, number)])
    state.push("table_close", "table", -1)
    state.line = number
    return True


def _is_row(state, number):
    is_inside = state.sCount[number] >= state.blkIndent and not state.is_code_block(number)
    return is_inside and "|" in line_of(state, number)


def _cells(line):
    line = line.strip()
    cells = [cell.strip() for cell in escapedSplit(line)]
    first, last = line.startswith("|"), line.endswith("|") and not line.endswith("\\|")
    return cells[first : len(cells) - last]


def _push_rows(state, section, tag, rows):
    state.push(f"{section}_open", section, 1)
    for cells in rows:
        state.push("tr_open", "tr", 1)
        for cell in cells:
            state.push(f"{tag}_open", tag, 1)
            inline = state.push("inline", "", 0)
            inline.content, inline.children = cell, []
            state.push(f"{tag}_close", tag, -1)
        state.push("tr_close", "tr", -1)
    state.push(f"{section}_close", section, -1)
