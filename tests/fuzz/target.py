"""What a target of fuzzing is, and helpers of the harnesses. This module knows no target."""

import logging
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """
    One function that is fuzzed.

    - `name`: its folder in tests/fuzz/corpus/, and its argument for `bin/test --fuzz`.
    - `check`: takes any bytes, and raises an exception if the code under test does something wrong with them.
    - `code`: the modules and packages whose branches lead the search for new inputs.
    - `tokens`: parts that valid inputs consist of. They lead the random changes to interesting inputs.
    - `needs_database`: whether `check` needs a database; its writes are rolled back after each input.
    - `most_bytes`: longer inputs are not tried.
    """

    name: str
    check: Callable[[bytes], object]
    code: tuple[str, ...]
    tokens: tuple[bytes, ...] = ()
    needs_database: bool = False
    most_bytes: int = 4096


def read_text(data: bytes) -> str:
    """Return the text of an input. Each input has a text, which may contain lone surrogates, as JSON texts may."""
    return (
        data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace")
        if _is_text(data)
        else data.decode("latin1")
    )


def _is_text(data):
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def split_parts(data: bytes, count: int) -> list[str]:
    """Return the lines of an input as `count` texts. Only the first one may contain line breaks."""
    parts = read_text(data).rsplit("\n", count - 1)
    return parts + [""] * (count - len(parts))


def count_calls(function: Callable, *arguments: object) -> tuple[object, int]:
    """
    Return (what a function returns, how many functions it called, directly or not).

    The number says how much work an input causes, and does not depend on the machine.
    """
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        return function(*arguments), calls
    finally:
        sys.setprofile(before)


class _Records(logging.Handler):
    def __init__(self):
        super().__init__(logging.ERROR)
        self.records = []

    def emit(self, record):
        # Django logs requests for foreign hosts as errors, though they are the client's fault.
        if not record.name.startswith("django.security"):
            self.records.append(record)


@contextmanager
def no_logged_errors():
    """Raise the first exception that the block logs as an error. Raise AssertionError for an error without one."""
    handler, root = _Records(), logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
    for record in handler.records:
        if record.exc_info and record.exc_info[1] is not None:
            raise record.exc_info[1]
        raise AssertionError(f"logged as an error: {record.getMessage()}")
