"""
How somebody stands in a room: what a new role means for them at once, and how a mute ends by itself.

Nothing here judges who may change whom: that is `moderation`'s, and every change that somebody asks for goes there.
"""

from django.db import transaction
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Member
from chat.protocol import ChatError
from chat.services.after_commit import close_after_commit, publish_after_commit, start_job_after_commit

UNMUTE_CHANNEL = "chat.unmute"
MOST_AT_ONCE = 500  # mutes that one sweep ends


def plain_role(person):
    """The role of somebody with no special standing."""
    return Member.GUEST if person.is_guest else Member.MEMBER


def set_role(member, role, until=None):
    """
    Writes a role (`until`: when a mute ends), tells the room, and closes the sockets of the banned.

    It judges no rights and leaves no trace in the audit log: act through `moderation.set_role`.
    """
    Member.objects.filter(id=member.id).update(role=role, muted_until=until)
    member.role, member.muted_until = role, until
    _tell(member)
    if role == Member.BANNED:
        close_sockets(member)
    if until is not None:
        seconds = (until - timezone.now()).total_seconds()
        start_job_after_commit(UNMUTE_CHANNEL, {"member": member.id}, max(seconds, 0))


def _tell(member):
    event = protocol.member(member.handle, member.role, member.muted_until)
    publish_after_commit(broadcast.room_group(member.room_id), lambda: event)


def tell_moderators(room_id):
    """Tells those who moderate a room, each on their own connections, that what is reported in it changed."""
    roles = [Member.MODERATOR, Member.OWNER]
    for member_id in Member.objects.filter(room_id=room_id, role__in=roles).values_list("id", flat=True):
        publish_after_commit(broadcast.member_group(member_id), protocol.reported)


def close_sockets(member):
    """Closes all of a person's connections in the room, as not allowed there any more."""
    close_after_commit(broadcast.member_group(member.id), protocol.CLOSE_FORBIDDEN)


def delete_member(member):
    """Takes a person's standing in a room away, and closes their sockets there."""
    close_sockets(member)
    member.delete()


def check_may_speak(member):
    """Raises `muted`."""
    end_own_mute(member)
    if member.role == Member.MUTED:
        raise ChatError("muted", _muted_until(member))


def end_own_mute(member):
    """Ends the mute of a member whose time has passed, should nothing else have ended it. Costs the others nothing."""
    if member.role == Member.MUTED and not member.is_muted:
        end_mutes(id=member.id)
        member.role, member.muted_until = plain_role(member.person), None


def _muted_until(member):
    if member.muted_until is None:
        return "You are muted in this room: you can read, but not write."
    return f"You are muted in this room until {protocol.format_time(member.muted_until)}: you can read, but not write."


def end_mutes(**which):
    """
    Ends the mutes whose time has passed, and tells their rooms. Returns how many it ended.

    For one member (`id=...`) or for all, MOST_AT_ONCE of them. It may run late, twice, and in several processes: a
    mute that was made longer, or lifted, is none of these. Four statements at most.
    """
    due = Member.objects.filter(role=Member.MUTED, muted_until__lte=timezone.now(), **which)
    if not due.exists():
        return 0
    with transaction.atomic():
        rows = due.select_related("person").select_for_update(skip_locked=True, of=("self",))
        members = list(rows.order_by("id")[:MOST_AT_ONCE])
        for role in (Member.GUEST, Member.MEMBER):
            _lift([member for member in members if plain_role(member.person) == role], role)
    return len(members)


def _lift(members, role):
    if not members:
        return
    Member.objects.filter(id__in=[member.id for member in members]).update(role=role, muted_until=None)
    for member in members:
        member.role, member.muted_until = role, None
        _tell(member)
