"""
The tally of what sweeps have deleted, which operators see at `/metrics`.

The tally is in Redis, because `/metrics` reads only the counters of workers and interfaces, but the monitor and the
command `retention` delete too. This module writes only this tally.
"""

from chat.services.after_commit import call_safely
from chat.store import store

REMOVED = "removed"  # the name of the tally
MESSAGES, REFS, FILES = "messages", "refs", "files"


def count_removed(what: str, number: int) -> None:
    """
    Add to the number of deleted rows or files of a kind. A failure is only logged, because the rows or files are
    deleted already.
    """
    if number:
        call_safely(f"count {number} deleted {what}", lambda: store.add_to_tally(REMOVED, what, number))


def read_removed() -> dict[str, int]:
    """Return {kind: how many were deleted} since the tally began. The tally expires 30 days after the last deletion."""
    return store.read_tally(REMOVED)
