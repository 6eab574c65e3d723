"""
The report of a run, and the tables in docs/scaling.md. This module is pure, except `update_page`.
"""

import re
from pathlib import Path

from benchmarks.scaling import measured_tables, plan_tables

BLOCK = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
BLOCKS = {
    "workload": plan_tables.workload,
    "machine": measured_tables.machine,
    "costs": measured_tables.costs,
    "memory": measured_tables.memory,
    "levels": measured_tables.levels,
    "comparison": measured_tables.comparison,
    "work": plan_tables.work,
    "plans": plan_tables.plans,
    "limits": plan_tables.limit_table,
    "rooms": plan_tables.rooms,
}


def report(results: dict) -> str:
    """Return all tables as one page."""
    return "# Scaling\n\n" + "\n\n".join(f"## {name}\n\n{write(results)}" for name, write in BLOCKS.items()) + "\n"


def fill(page: str, results: dict) -> str:
    """Return a page with new tables between its markers."""
    return BLOCK.sub(lambda found: found[1] + BLOCKS[found[2]](results) + "\n" + found[3], page)


def update_page(path: Path, results: dict) -> None:
    """Write new tables into a page."""
    path.write_text(fill(path.read_text(), results))
