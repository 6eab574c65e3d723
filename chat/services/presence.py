"""
Who is in a room, by the connections they have there.

Each connection holds a lease on the room's roster that its heartbeat renews, so whoever vanishes without a word is
gone when it ends. News are told to the room at most once a second. Writes no rows.
"""
from functools import partial

from django.conf import settings

from chat import broadcast, protocol
from chat.models import Member, make_handle_key
from chatproj.store import store
from chatproj.transport import call_later


def arrive(member, channel):
    """Puts a connection on the room's roster. Tell the room with `tell_soon` once the newcomer listens."""
    store.enter(_roster(member.room_id), member.handle, channel.name, settings.CHAT_PRESENCE_LEASE_SECONDS)


def touch(member, channel):
    """Renews a connection's lease; who was swept by mistake comes again."""
    roster, seconds = _roster(member.room_id), settings.CHAT_PRESENCE_LEASE_SECONDS
    store.stay(roster, member.handle, channel.name, seconds, partial(tell_soon, member.room_id))


def depart(room_id, handle, channel):
    """Takes a connection off the roster."""
    if store.leave(_roster(room_id), handle, channel.name):
        tell_soon(room_id)


def tell_soon(room_id):
    """Tells the room who came and went: now, or when a second has passed since it was last told."""
    if store.count(f"presence:{room_id}", settings.CHAT_PRESENCE_SECONDS) > 1:
        call_later(settings.CHAT_PRESENCE_SECONDS, ("presence", room_id), tell_soon, room_id)
        return
    came, went, count = store.take_news(_roster(room_id))
    if came or went:
        broadcast.publish(broadcast.room_group(room_id), protocol.presence(came, went, count))


def get_present(room_id):
    """Returns ([{handle, role}] of at most 100 people, the number of all)."""
    handles, count = store.roster(_roster(room_id), protocol.MAX_PRESENT)
    keys = [make_handle_key(handle) for handle in handles]
    members = Member.objects.filter(room_id=room_id, person__handle_key__in=keys).select_related("person")
    return [{"handle": member.handle, "role": member.role} for member in members], count


def count_present(room_ids):
    """Returns how many people are in each of these rooms, in one round trip."""
    return store.roster_sizes([_roster(room_id) for room_id in room_ids])


def _roster(room_id):
    return f"room:{room_id}"
