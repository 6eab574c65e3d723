"""
The registry of the kinds of task. This module defines no kind, and runs nothing.
"""

from collections.abc import Callable, Generator
from typing import NamedTuple

from chat.protocol import ChatError


class Kind(NamedTuple):
    """
    One kind of task.

    `check(params)` returns the checked parameters or raises ChatError. `run(job)` does the work. If `is_shown`,
    browsers display the result instead of saving it.
    """

    name: str
    check: Callable[[dict], dict]
    run: Callable[..., Generator[float, None, None]]
    is_shown: bool


_kinds: dict[str, Kind] = {}


def task(name: str, check: Callable[[dict], dict], is_shown: bool = False) -> Callable:
    """
    Return a decorator that registers a generator function of a `Job` as a kind of task.

    The function names its result (`job.name_result`), writes it (`job.write`), and yields its progress, from 0 to 1,
    at least every few seconds. A yield renews the lock, at most once a second, and may stop the run. The function may
    run more than once, each time from the beginning. If it raises ChatError, the task fails with that error's sentence.
    """

    def register(function):
        _kinds[name] = Kind(name, check, function, is_shown)
        return function

    return register


def get_kind(name: str) -> Kind:
    """Return the kind with this name. Raise `invalid_field` if there is none."""
    if name not in _kinds:
        raise ChatError(
            "invalid_field", "There is no such kind of task. Choose one of: %(kinds)s.", kinds=", ".join(sorted(_kinds))
        )
    return _kinds[name]
