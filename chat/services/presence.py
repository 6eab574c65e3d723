"""
Presence: the people who have a connection to a room.

Each connection holds a lease on the room's roster. The connection's heartbeat renews the lease. So a connection that
vanishes without a disconnect leaves the roster when its lease ends. Changes are published to the room at most once in
CHAT_PRESENCE_SECONDS. This module writes no rows.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from django.conf import settings

from channels_transport import call_later
from chat import broadcast, protocol
from chat.connections import Connection
from chat.models import Member, Person, Room, find_present, make_handle_key
from chat.services import limits
from chat.store import Renewal, store

_ROSTER = "room:"  # the name of a room's roster is this prefix and the room's id
_GUEST = "\tguest"  # ends the owner of a guest's entries on a roster; a handle contains no tab


def arrive(member: Member, connection: Connection) -> tuple[list[dict], int]:
    """
    Put a connection on the room's roster for CHAT_PRESENCE_LEASE_SECONDS. Return what `get_present` returns.

    Count the connection as `limits.lease_socket` does, in the same round trip. If a limit is reached, raise
    `rate_limited`, and change nothing.

    Nothing is published: call `schedule_presence_update` once the connection is in its groups.
    """
    roster, owner, seconds = _roster(member.room_id), _owner_of(member), settings.CHAT_PRESENCE_LEASE_SECONDS
    counters = limits.get_socket_counters(member.person_id, connection)
    found = store.enter(roster, owner, connection.name, seconds, protocol.MAX_PRESENT, counters)
    limits.check_not_full(found.full)
    return _describe(member.room_id, found.owners, member.room.access == Room.BOARD), found.total


def touch(member: Member, connection: Connection) -> None:
    """
    Renew the lease of a connection, or put it on the roster again. If the roster has changes, publish them.

    Also do what `limits.renew_socket` does.
    """
    publish_changes = partial(schedule_presence_update, member.room_id)
    seconds = settings.CHAT_PRESENCE_LEASE_SECONDS
    counters = limits.get_socket_counters(member.person_id, connection)
    store.renew_entry(_roster(member.room_id), _owner_of(member), connection.name, seconds, publish_changes, counters)


def touch_all(connections: Sequence[tuple[Connection, Member]]) -> set[str]:
    """
    Do what `touch` does for several connections, in one round trip. Add no connection to a roster again.

    Return the names of the connections that are on their roster. The leases of the others are not renewed.
    """
    renewals = [
        Renewal(
            _roster(member.room_id),
            _owner_of(member),
            connection.name,
            limits.get_socket_counters(member.person_id, connection),
        )
        for connection, member in connections
    ]
    found = store.renew_entries(renewals, settings.CHAT_PRESENCE_LEASE_SECONDS)
    renewed = [(*pair, has_changes) for pair, has_changes in zip(connections, found, strict=True)]
    for room_id in {member.room_id for _, member, has_changes in renewed if has_changes}:
        schedule_presence_update(room_id)
    return {connection.name for connection, _, has_changes in renewed if has_changes is not None}


def depart(room_id: int, handle: str, is_guest: bool, connection: Connection) -> None:
    """Remove a person's connection from the roster. If the roster has changes, publish them to the room."""
    store.remove_entry_deferred(_roster(room_id), _owner(handle, is_guest), connection.name)
    schedule_presence_update(room_id)


def schedule_presence_update(room_id: int) -> None:
    """
    Publish the changes since the last update to a room, if there are any: who arrived, who departed, and the count.

    With more than MAX_PRESENT people, publish only the count.

    Publish now, or CHAT_PRESENCE_SECONDS later if the room had an update within the last CHAT_PRESENCE_SECONDS.
    """
    store.take_changes_paced(
        _roster(room_id),
        f"presence:{room_id}",
        settings.CHAT_PRESENCE_SECONDS,
        partial(_publish_changes, room_id),
        partial(_schedule_again, room_id),
    )


def _schedule_again(room_id):
    call_later(settings.CHAT_PRESENCE_SECONDS, ("presence", room_id), schedule_presence_update, room_id)


def _publish_changes(room_id, came, went, count):
    if came or went:
        guests = [_handle_of(owner) for owner in came if _is_guest(owner)]
        event = protocol.presence(_handles_of(came), _handles_of(went), count, guests=guests)
        broadcast.publish(broadcast.room_group(room_id), event)


def get_present(room_id: int, is_board: bool = False) -> tuple[list[dict], int]:
    """
    Return ([{handle, role, guest?}] of at most 100 people in a room, the number of all people in it).

    The handles of a board's visitors are unique only on that board. So with `is_board`, find the members by their exact
    handles.
    """
    owners, count = store.list_owners(_roster(room_id), protocol.MAX_PRESENT)
    return _describe(room_id, owners, is_board), count


def _describe(room_id, owners, is_board):
    if is_board:
        members = _find_members(room_id, owners, is_board)
        return [protocol.person(member.handle, member.person.is_guest, role=member.role) for member in members]
    present = find_present(room_id, _make_keys(owners))
    return [protocol.person(handle, is_guest, role=role) for handle, is_guest, role in present]


def find_present_people(room_id: int, is_board: bool = False) -> list[Person]:
    """Return at most 100 of the people who have a connection to a room. For `is_board`, see `get_present`."""
    owners, _ = store.list_owners(_roster(room_id), protocol.MAX_PRESENT)
    return [member.person for member in _find_members(room_id, owners, is_board)]


def _find_members(room_id, owners, is_board):
    members = Member.objects.filter(room_id=room_id).select_related("person")
    if is_board:
        return members.filter(person__handle__in=_handles_of(owners)).exclude(role=Member.BANNED)
    return members.filter(person__handle_key__in=_make_keys(owners))


def count_present(room_ids: Iterable[int]) -> list[int]:
    """Return how many people are in each of these rooms, in one round trip."""
    return store.count_owners([_roster(room_id) for room_id in room_ids])


def sweep_rosters() -> dict[int, tuple[int, bool]]:
    """
    Remove expired leases, and return {room id: (number of people, whether an update is due)}.

    The result has every room with people in it, and the rooms whose last lease this call removes. Make two round trips
    for any number of rooms.
    """
    rosters = store.summarize_rosters()
    return {int(name[len(_ROSTER) :]): found for name, found in rosters.items() if name.startswith(_ROSTER)}


# The owners on a roster say which handles belong to guests. So the events of presence need no query.


def _owner_of(member: Member) -> str:
    return _owner(member.handle, member.person.is_guest)


def _owner(handle: str, is_guest: bool) -> str:
    return f"{handle}{_GUEST}" if is_guest else handle


def _is_guest(owner: str) -> bool:
    return owner.endswith(_GUEST)


def _handle_of(owner: str) -> str:
    return owner.removesuffix(_GUEST)


def _handles_of(owners: Iterable[str]) -> list[str]:
    return [_handle_of(owner) for owner in owners]


def _make_keys(owners: Iterable[str]) -> list[str]:
    # A handshake makes a key of each person who is present, so this calls no more functions than it needs.
    return [make_handle_key(owner.removesuffix(_GUEST)) for owner in owners]


def _roster(room_id: int) -> str:
    return f"{_ROSTER}{room_id}"
