"""
After the commit: how services tell others about a change that is stored.

A stored change stays stored, even if telling others about it fails (an outage of Redis, a bug). Then the request must
not fail, because its client would believe that nothing was stored. So no exception leaves this module. The row is
found later: by a client at its next `sync`, by a closed connection at its next frame, or by a sweep at its next run.

This module writes no rows, and its callers decide what is published.
"""

import logging
from collections.abc import Callable, Iterable

from django.db import transaction

from channels_transport import OUTAGES
from chat import broadcast

logger = logging.getLogger(__name__)


def after_commit(
    description: str, function: Callable[[], object], on_failure: Callable[[], object] | None = None
) -> None:
    """
    Call `function()` once the present transaction has committed, or at once outside a transaction.

    A failure is logged, not raised; see `call_safely` for the arguments. If the transaction is rolled back, nothing
    is called.
    """
    transaction.on_commit(lambda: call_safely(description, function, on_failure))


def call_safely(
    description: str, function: Callable[[], object], on_failure: Callable[[], object] | None = None
) -> bool:
    """
    Call `function()` and log what it raises. Return whether it succeeded.

    `description` completes the log line "A change is stored, but the server could not ...". After a failure
    `on_failure()` is called in the same way: it changes the row so that a later attempt finds it.
    """
    try:
        function()
        return True
    except OUTAGES as outage:
        logger.error("A change is stored, but the server could not %s: %s", description, outage)
    except Exception:
        logger.exception("A change is stored, but the server could not %s", description)
    if on_failure is not None:
        call_safely(f"record that it could not {description}", on_failure)
    return False


def publish_after_commit(group: str, make_event: Callable[[], dict]) -> None:
    """Publish what `make_event()` returns to a group, once the present transaction has committed."""
    after_commit(f"publish it to {group}", lambda: broadcast.publish(group, make_event()))


def close_after_commit(group: str, code: int, but: Iterable[str] = ()) -> None:
    """Close a group's connections, except those in the groups `but`, once the present transaction has committed."""
    after_commit(f"close the connections of {group}", lambda: broadcast.close_group(group, code, but))


def start_job_after_commit(channel: str, content: dict, seconds: float) -> None:
    """Start a job `seconds` after the present transaction has committed. It may be lost, as in `broadcast`."""
    after_commit(f"start its job on {channel}", lambda: broadcast.start_job_later(channel, content, seconds))
