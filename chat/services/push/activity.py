"""
The people who use the site at the moment. While a person looks at a page and uses it, the page's heartbeat says so.

The state is a lease that ends by itself. This module writes no rows.
"""

from chat.models import Person
from chat.store import store

from .identity import is_push_on

ACTIVE_SECONDS = 60  # two heartbeats of a page
_HOLDER = "page"


def note_activity(person: Person) -> None:
    """Note that a person uses a page now. The worker sends the command with its next round trip to Redis."""
    if is_push_on():
        store.renew_leases([_name(person.id)], _HOLDER, ACTIVE_SECONDS)


def is_active(person_id: int) -> bool:
    """Return whether a person has used a page within the last ACTIVE_SECONDS."""
    return store.count_leases(_name(person_id)) > 0


def _name(person_id: int) -> str:
    return f"active:{person_id}"
