"""The result of a check, and the runner of checks with a deadline. This module contains no check."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, List

import redis
from django.db import DatabaseError, InterfaceError, connections

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """The state of one part of the site. `text` is a measurement, or the problem and usually what to do."""

    part: str
    is_well: bool
    text: str

    @classmethod
    def ok(cls, part: str, text: str) -> Finding:
        """Return a finding about a part that works."""
        return cls(part, True, text)

    @classmethod
    def problem(cls, part: str, text: str) -> Finding:
        """Return a finding about a problem. Its text should also say what to do."""
        return cls(part, False, text)


Check = Callable[[], List[Finding]]


def one_line(error: BaseException) -> str:
    """
    Return an error's text on one line, without a full stop at its end, at most 200 characters long.

    If the text is empty, return the name of the error's class.
    """
    return " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__


def run_checks(checks: Sequence[tuple[str, Check]], seconds: float) -> list[Finding]:
    """
    Run checks at the same time, each in a thread. Each check is a pair (name of the part, function).

    Return all findings in the order of the checks. For a check that raises, or takes longer than `seconds`, return a
    problem. The thread of a late check continues, and its findings are ignored.
    """
    found: dict[str, list[Finding]] = {}
    threads = [
        threading.Thread(target=_run, args=[found, part, check], name=part, daemon=True) for part, check in checks
    ]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    late = f"The check did not finish within {seconds} s. Find out whether this part is stopped or overloaded."
    return [finding for part, _ in checks for finding in found.get(part, [Finding.problem(part, late)])]


def _run(found: dict[str, list[Finding]], part: str, check: Check) -> None:
    try:
        found[part] = check()
    except redis.RedisError:
        found[part] = [Finding.problem(part, "It cannot be checked while Redis does not answer.")]
    except (DatabaseError, InterfaceError):
        found[part] = [Finding.problem(part, "It cannot be checked while the database does not answer.")]
    except Exception as error:
        logger.debug("A check failed", exc_info=True)
        text = f"The check failed ({type(error).__name__}): {one_line(error)}."
        found[part] = [Finding.problem(part, text)]
    finally:
        # Database connections belong to the thread that opened them.
        connections.close_all()
