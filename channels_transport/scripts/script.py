"""The classes of scripts: `Script` is any Lua script, and `LayerScript` is a script on the keys of a channel layer."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from string import Template
from typing import ClassVar

from ..leases import get_numbers
from .shared import FUNCTIONS

# In every LayerScript, ARGV[1] is the layer's prefix, and ARGV[2] is the prefix of its statistics.
_PRELUDE = """
local P, S = ARGV[1], ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""


class Script:
    """
    A Lua script, and the hash by which Redis knows it.

    A script that `frees` memory runs even if Redis has no memory left. Otherwise no data could be removed. `known`
    contains every script of this process, because a Redis that has lost one script has lost all of them.
    """

    known: ClassVar[list[Script]] = []

    def __init__(self, text: str, frees: bool = False) -> None:
        self.own_text, self.frees = text, frees
        self.known.append(self)

    @functools.cached_property
    def text(self) -> str:
        """Return the text that Redis runs."""
        return ("#!lua flags=allow-oom\n" if self.frees else "") + self._make_text()

    @functools.cached_property
    def sha(self) -> str:
        """Return the hash of the text."""
        return hashlib.sha1(self.text.encode()).hexdigest()

    def _make_text(self) -> str:
        return self.own_text

    def command(self, *arguments: object, keys: Iterable[str] = ()) -> tuple:
        """Return the Redis command that runs this script. A layer's scripts make their keys from the arguments."""
        keys = tuple(keys)
        return ("EVALSHA", self.sha, len(keys), *keys, *arguments)

    @classmethod
    def load_commands(cls) -> list[tuple]:
        """Return the commands that load every script into a Redis."""
        return [("SCRIPT", "LOAD", script.text) for script in cls.known]


class LayerScript(Script):
    """
    A script on a layer's keys. `uses` names the shared functions that `text` calls, separated by spaces.

    The script contains only these functions and the functions that they call. Defining all shared functions at every
    call would take a quarter of a script's time.
    """

    def __init__(self, uses: str, text: str, frees: bool = False) -> None:
        self.uses = uses.split()
        super().__init__(text, frees)

    def _make_text(self) -> str:
        functions = [FUNCTIONS[name].text.strip() for name in _with_dependencies(self.uses)]
        return Template("\n".join([_PRELUDE, *functions, self.own_text])).substitute(get_numbers())


def _with_dependencies(names: Iterable[str]) -> list[str]:
    """Return the named functions and all that they call. In Lua a function must follow the functions that it calls."""
    found: list[str] = []
    for name in names:
        for needed in [*_with_dependencies(FUNCTIONS[name].uses), name]:
            if needed not in found:
                found.append(needed)
    return found
