"""
The kinds of task. It knows none of them, and runs nothing.
"""

from collections.abc import Callable
from typing import NamedTuple

from chat.protocol import ChatError


class Kind(NamedTuple):
    """
    `check(params)` returns the clean parameters or raises ChatError; `run(job)` does the work. `is_shown`: browsers
    show its result rather than saving it.
    """

    name: str
    check: Callable
    run: Callable
    is_shown: bool


_kinds = {}


def task(name, check, is_shown=False):
    """
    Makes a kind of task of a generator function of a `Job`.

    It names its result (`job.name_result`), writes it (`job.write`), and yields how far it is, from 0 to 1, at least
    every few seconds: that is where it can be stopped, and where its lock is renewed. It may run more than once, each
    time from the beginning. A ChatError that it raises is its failure in a sentence.
    """

    def register(function):
        _kinds[name] = Kind(name, check, function, is_shown)
        return function

    return register


def get_kind(name):
    """Returns the kind. Raises `invalid_field`."""
    if name not in _kinds:
        raise ChatError("invalid_field", f"There is no such task. Known are: {', '.join(sorted(_kinds))}.")
    return _kinds[name]
