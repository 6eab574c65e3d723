"""
Who is in a room, by the connections they have there.

Each connection holds a lease on the room's roster that its heartbeat renews, so whoever vanishes without a word is
gone when it ends. News are told to the room at most once a second. Writes no rows.
"""

from functools import partial

from django.conf import settings

from channels_transport import call_later
from chat import broadcast, protocol
from chat.models import Member, make_handle_key
from chat.store import store

_ROSTER = "room:"  # what a room's roster is called, before the room's id


def arrive(member, channel):
    """Puts a connection on the room's roster. Tell the room with `tell_soon` once the newcomer listens."""
    store.add_entry(_roster(member.room_id), member.handle, channel.name, settings.CHAT_PRESENCE_LEASE_SECONDS)


def touch(member, channel):
    """Renews a connection's lease; who was swept by mistake comes again."""
    roster, seconds = _roster(member.room_id), settings.CHAT_PRESENCE_LEASE_SECONDS
    store.renew_entry(roster, member.handle, channel.name, seconds, partial(tell_soon, member.room_id))


def depart(room_id, handle, channel):
    """Takes a connection off the roster."""
    if store.remove_entry(_roster(room_id), handle, channel.name):
        tell_soon(room_id)


def tell_soon(room_id):
    """Tells the room who came and went: now, or when a second has passed since it was last told."""
    if store.increment(f"presence:{room_id}", settings.CHAT_PRESENCE_SECONDS) > 1:
        call_later(settings.CHAT_PRESENCE_SECONDS, ("presence", room_id), tell_soon, room_id)
        return
    came, went, count = store.take_changes(_roster(room_id))
    if came or went:
        broadcast.publish(broadcast.room_group(room_id), protocol.presence(came, went, count))


def get_present(room_id, is_board=False):
    """
    Returns ([{handle, role}] of at most 100 people, the number of all).

    On a board there are people whose handles are unique on that board alone.
    """
    handles, count = store.list_owners(_roster(room_id), protocol.MAX_PRESENT)
    members = Member.objects.filter(room_id=room_id).select_related("person")
    if is_board:
        members = members.filter(person__handle__in=handles).exclude(role=Member.BANNED)
    else:
        members = members.filter(person__handle_key__in=[make_handle_key(handle) for handle in handles])
    return [{"handle": member.handle, "role": member.role} for member in members], count


def count_present(room_ids):
    """Returns how many people are in each of these rooms, in one round trip."""
    return store.count_owners([_roster(room_id) for room_id in room_ids])


def look_around():
    """
    Returns {room id: (how many people are in it, whether news wait to be told)} of the rooms that somebody is in, or
    was until now: connections that vanished without a word are off the rosters after this. Two trips for all rooms.
    """
    rosters = store.summarize_rosters()
    return {int(name[len(_ROSTER) :]): found for name, found in rosters.items() if name.startswith(_ROSTER)}


def get_listeners(room_ids):
    """Returns {room id: the handles of those with a connection that hears what is said to the room now}."""
    rosters = store.list_entries([_roster(room_id) for room_id in room_ids])
    return {
        room_id: _listening(entries, broadcast.room_group(room_id))
        for room_id, entries in zip(room_ids, rosters, strict=True)
    }


def _listening(entries, group):
    channels = broadcast.get_listeners(group)
    return {handle for channel, handle in entries.items() if channel in channels}


def _roster(room_id):
    return f"{_ROSTER}{room_id}"
