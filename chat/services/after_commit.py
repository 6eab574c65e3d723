"""
After the commit: services publish a stored change, close connections, and start jobs.

An outage of Redis or a bug may prevent these actions, but the change is stored. So the request must not fail, because
its client would believe that nothing was stored. No exception leaves this module. The change takes effect later: at
the client's next `sync`, at the check of the next frame, or at the next sweep.

This module writes no rows, and its callers decide what is published.
"""

import logging
from collections.abc import Callable, Iterable

from django.db import transaction

from channels_transport import OUTAGES
from chat import broadcast

logger = logging.getLogger(__name__)


def after_commit(description: str, function: Callable[[], object]) -> None:
    """
    Call `function()` as soon as the present transaction has committed, or at once outside a transaction.

    A failure is logged, not raised; see `call_safely` for the arguments. If the transaction is rolled back, do not call
    `function`.
    """
    transaction.on_commit(lambda: call_safely(description, function))


def call_safely(description: str, function: Callable[[], object]) -> bool:
    """
    Call `function()` and log what it raises. Return whether it succeeded.

    `description` completes the log line "A change is stored, but the server could not ...".
    """
    try:
        function()
        return True
    except OUTAGES as outage:
        logger.error("A change is stored, but the server could not %s: %s", description, outage)
    except Exception:
        logger.exception("A change is stored, but the server could not %s", description)
    return False


def publish_after_commit(group: str, make_event: Callable[[], dict]) -> None:
    """Publish the event that `make_event()` returns to a group, after the present transaction has committed."""
    after_commit(f"publish it to {group}", lambda: broadcast.publish(group, make_event()))


def close_after_commit(group: str, code: int, but: Iterable[str] = ()) -> None:
    """Close a group's connections after the present transaction has committed; see `broadcast.close_group`."""
    after_commit(f"close the connections of {group}", lambda: broadcast.close_group(group, code, but))


def start_job_after_commit(channel: str, content: dict, seconds: float) -> None:
    """Start a job `seconds` after the present transaction has committed. The job may be lost."""
    after_commit(f"start its job on {channel}", lambda: broadcast.start_job_later(channel, content, seconds))
