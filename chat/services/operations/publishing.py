"""
The listeners of the samples: the operators who have the page open.

A roster of the store has the person of each open connection. Without an entry, nothing is published. One message to one
group reaches all pages, so ten pages cost as much as one.
"""

from typing import Any

from chat import broadcast, protocol
from chat.connections import Connection
from chat.models import Person
from chat.store import store

from .sampling import Sample

STREAM = "health"
_ROSTER = "operations"
MAX_LISTENERS = 1000
# A connection that ends without a disconnect leaves an entry for this time. It costs one message every few seconds.
LISTENER_SECONDS = 24 * 3600


def join_listeners(person_id: int, connection: Connection) -> None:
    """Note that an operator's connection receives the samples."""
    store.add_entry(_ROSTER, str(person_id), connection.name, LISTENER_SECONDS)


def leave_listeners(person_id: int, connection: Connection) -> None:
    """Note that an operator's connection has ended."""
    store.remove_entry(_ROSTER, str(person_id), connection.name)
    store.take_changes(_ROSTER)  # nobody reads the changes of this roster


def publish_sample(sample: Sample) -> bool:
    """
    Publish a sample to the operators who listen, if there are any. Return whether it was published.

    Close the streams of people who are no longer operators. This also works after a change by SQL, which no service
    notices.
    """
    owners, _ = store.list_owners(_ROSTER, MAX_LISTENERS)
    if not owners:
        return False
    listening = {int(owner) for owner in owners}
    allowed = set(Person.objects.operators().filter(id__in=listening).values_list("id", flat=True))
    for person_id in listening - allowed:
        broadcast.close_group(broadcast.operator_group(person_id), protocol.CLOSE_NOT_FOUND)
    if allowed:
        broadcast.publish(broadcast.OPERATIONS_GROUP, make_event(sample))
    return bool(allowed)


def make_event(sample: Sample) -> dict[str, Any]:
    """Return the frame of the stream: {stream, payload: {point, state}}."""
    return {"stream": STREAM, "payload": {"point": sample.point, "state": sample.state}}
