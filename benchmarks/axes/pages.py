"""
Write the results of a run into docs/performance.md, between its markers. This module measures nothing.
"""

import re
import shutil
from pathlib import Path

from benchmarks import stacks
from benchmarks.axes import text

PAGE = stacks.ROOT / "docs" / "performance.md"
PICTURE = stacks.ROOT / "docs" / "growth.svg"
BLOCK = re.compile(r"(<!-- measured: growth -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(page: str, found: dict) -> str:
    """Return a page with the tables and verdicts of a run between its markers."""
    return BLOCK.sub(lambda block: block[1] + tables(found) + "\n" + block[2], page)


def tables(found: dict) -> str:
    """Return the tables and verdicts as a part of a page."""
    machine = found["machine"]
    parts = [
        f"{found['started_at'][:10]}, {machine['processor']}, {machine['cores']} cores, generator included; "
        f"product {machine['commit']}; repetitions: {found['repetitions']}, each of {found['seconds']:g} s. "
        f"![The curves as a picture]({PICTURE.name})"
    ]
    if found["is_quick"]:
        parts.append("This run only checked that everything runs; its numbers mean nothing.")
    parts += [f"**{axis['title']}**: {axis['load']}.\n\n{text.section(found, axis)}" for axis in found["axes"]]
    left_out = text.skipped(found)
    return "\n\n".join([*parts, *([f"Not measured, and remarks:\n\n{left_out}"] if left_out else [])])


def update(found: dict, picture: Path) -> None:
    """Write the tables into the page, and copy the picture beside it."""
    PAGE.write_text(fill(PAGE.read_text(), found))
    if picture.exists():
        shutil.copy(picture, PICTURE)
