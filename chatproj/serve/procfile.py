"""Reads a Procfile: the process types, and the shell text that runs each. It starts nothing."""

import re
from typing import NamedTuple

LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(\S.*)")
ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


class ProcessType(NamedTuple):
    """One line of the Procfile."""

    name: str
    command: str

    @property
    def shell(self) -> str:
        """Return text for `sh -c` that replaces the shell with the process itself."""
        return f"exec env {self.command}" if ASSIGNMENT.match(self.command) else f"exec {self.command}"


def parse(text: str) -> list[ProcessType]:
    """Return the process types in their order. Raise ValueError for an invalid line or a repeated name."""
    types = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if not match:
            raise ValueError(f"line {number} is not `name: command`")
        if match[1] in types:
            raise ValueError(f"line {number} names {match[1]} again")
        types[match[1]] = ProcessType(match[1], match[2])
    return list(types.values())
