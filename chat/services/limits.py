"""
How much one person, or one address, may ask for. The numbers are settings; CHAT_LIMITS=off lifts them all.

Writes nothing but the store's buckets.
"""

import math
import time
from functools import partial

from django.conf import settings

from chat.connections import Connection
from chat.protocol import CLOSE_FLOODING, ChatError, CloseConnection
from chat.store import store

# Whose heartbeats were too many, until when this process asks before it takes the next.
_suspects = {}
SUSPECT_SECONDS = 10
MAX_SUSPECTS = 10000


def check_event(person_id, ref=None):
    """
    Counts one frame or request of a person. Raises `rate_limited` with `ref`, or CloseConnection for one who floods on
    regardless of that answer.
    """
    wait = _take("events", person_id)
    if not wait:
        return
    refusals = store.increment(f"refusals:{person_id}", settings.CHAT_FLOOD_SECONDS)
    if refusals > settings.CHAT_FLOOD_REFUSALS:
        raise CloseConnection(CLOSE_FLOODING)
    raise _too_much(wait, ref)


def check_heartbeat(person_id):
    """
    Counts a frame that costs little, without waiting for the answer: who sends too many is refused from the next on.
    Raises as `check_event` does.
    """
    if _suspects.get(person_id, 0) > time.monotonic():
        check_event(person_id)
    elif settings.CHAT_LIMITS_ON:
        store.take_token_deferred(f"events:{person_id}", *settings.CHAT_LIMITS["events"], partial(_suspect, person_id))


def _suspect(person_id, wait):
    if len(_suspects) >= MAX_SUSPECTS:
        _suspects.clear()
    _suspects[person_id] = time.monotonic() + max(wait, SUSPECT_SECONDS)


def check_address(kind, address):
    """Counts one `kind` (a key of CHAT_LIMITS) for an address. Raises `rate_limited`."""
    wait = _take(kind, address)
    if wait:
        raise _too_much(wait)


def check_download(person_id):
    """Counts one file of a person: an interface may have to hold it for one who reads slowly. Raises `rate_limited`."""
    wait = _take("downloads", person_id)
    if wait:
        raise _too_much(wait)


def _take(kind, whose):
    if not settings.CHAT_LIMITS_ON:
        return 0
    return store.take_token(f"{kind}:{whose}", *settings.CHAT_LIMITS[kind])


def _too_much(wait, ref=None):
    # In whole milliseconds and rounded up: who comes back then is let in.
    return ChatError("rate_limited", "Too much at once; wait a little.", ref, math.ceil(wait * 1000) / 1000)


def lease_socket(owner: int | str, connection: Connection) -> None:
    """
    Count an open connection of its owner and its address for CHAT_PRESENCE_LEASE_SECONDS.

    The owner is a person's id, or the digest of a board's visitor. Raise `rate_limited`, with nothing counted, if the
    owner or the address has reached its limit of open connections.
    """
    if not settings.CHAT_LIMITS_ON:
        return
    seconds = settings.CHAT_PRESENCE_LEASE_SECONDS
    for name, most in _socket_counters(owner, connection):
        if not store.acquire_lease(name, connection.name, seconds, most):
            release_socket(owner, connection)
            raise ChatError("rate_limited", "Too many connections are open.", retry_after=float(seconds))


def renew_socket(owner: int | str, connection: Connection) -> None:
    """Renew the lease of an open connection. Nothing is checked: the connection was admitted."""
    if settings.CHAT_LIMITS_ON:
        names = [name for name, _ in _socket_counters(owner, connection)]
        store.renew_leases(names, connection.name, settings.CHAT_PRESENCE_LEASE_SECONDS)


def release_socket(owner: int | str, connection: Connection) -> None:
    """End the lease that `lease_socket` gave."""
    if settings.CHAT_LIMITS_ON:
        for name, _ in _socket_counters(owner, connection):
            store.release_lease(name, connection.name)


def _socket_counters(owner: int | str, connection: Connection) -> list[tuple[str, int]]:
    return [
        (f"sockets:person:{owner}", settings.CHAT_MAX_SOCKETS_PER_PERSON),
        (f"sockets:address:{connection.address}", settings.CHAT_MAX_SOCKETS_PER_ADDRESS),
    ]
