"""
Roles: give a role, take it away, and end mutes. The admin, the API and the shell change roles only through this module.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from chat import protocol
from chat.markup.direction import isolate
from chat.models import AuditEntry, Member, Person, Room
from chat.protocol import ChatError
from chat.services import audit, feeds, rooms

from .members import find_room_member, get_person
from .permissions import check_may_change_role

ROLES = [role for role, _ in Member.ROLES]
DEFAULT_ROLES = {Member.GUEST, Member.MEMBER}  # see `rooms.get_default_role`


def change_role(
    actor: Person | None,
    room: Room,
    whom: Person | str,
    role: str,
    seconds: int | None = None,
    reason: str = "",
    was: str | None = None,
) -> Member:
    """
    Give a person a role in a room, and return their Member.

    Do nothing if the person already has the role. But a second mute replaces the first one.

    Store the role and an audit entry. On commit, publish the role to the room and to the person's own streams. Also
    close a banned person's connections. The ban or mute of a guest also applies to other people of the same browser
    (`rooms.hold_others_of_browser`). The role `guest` also ends the bans and mutes of the browser's other guests.

    - `actor`: the person who changes the role; None for the shell.
    - `room`: the room. The actor does not need to have entered it.
    - `whom`: a Person or a handle.
    - `role`: the new role. `guest` and `member` mean the same: guests become `guest`, everybody else `member`.
    - `seconds`: the duration of a mute; None for a mute that lasts until a moderator lifts it.
    - `reason`: stored in the audit log; may be empty.
    - `was`: if given, make the change only if the person still has this role.

    The `role` of the Member is None if the person has no role in the room afterwards. This happens if the change lifts
    a ban, the room is not public, and the person had no role in it before the ban.

    Raise:

    - `forbidden` if the actor may not make the change, or if the room is a direct conversation;
    - `invalid_field`, `too_long` or `empty` for a field;
    - `not_found` if nobody has this handle, or if the person's role is not `was`;
    - `not_found` if the room is not public and the person is not in it. `check_may_change_role` has the exceptions.
    """
    role, seconds, reason = _check_fields(role, seconds, reason)
    person = whom if isinstance(whom, Person) else get_person(room, whom)
    if role in DEFAULT_ROLES:
        role = rooms.get_default_role(person)
    with transaction.atomic():
        # The lock makes changes in one room run one after the other, because two owners may step down at the same
        # moment.
        rooms.lock_room(room.id)
        return _change_in_locked_room(actor, room, person, role, seconds, reason, was)


def _change_in_locked_room(actor, room, person, role, seconds, reason, was):
    member = find_room_member(room, person)
    before = member and member.role
    ends_ban = role in DEFAULT_ROLES and _is_banned_outsider(room, member)
    check_may_change_role(actor, room, person, before if ends_ban else _get_inside_role(room, member), role)
    _check_was(person, before, was)
    if ends_ban:
        return _delete_ban(actor, member, reason)
    if member is not None and before == role and role != Member.MUTED:
        return member
    return _store_role(actor, room, person, member, role, seconds, reason)


def _check_fields(role, seconds, reason):
    role = protocol.check_choice(role, "role", ROLES)
    if seconds is not None:
        protocol.check_seconds(seconds)
        if role != Member.MUTED:
            raise ChatError("invalid_field", "'seconds' is allowed only with the role 'muted'.")
    return role, seconds, protocol.check_text(reason, "reason", protocol.MAX_REASON, least=0)


def _get_inside_role(room, member):
    """Return the role in `member`; None if there is no Member, or if it only bans a person from a private room."""
    return None if member is None or _is_banned_outsider(room, member) else member.role


def _is_banned_outsider(room, member):
    """
    Return whether the room is not public, and the member is banned and had no role in the room before the ban.

    The end of such a ban must not let the person into the room.
    """
    if member is None or member.role != Member.BANNED or room.access == Room.PUBLIC:
        return False
    bans = AuditEntry.objects.filter(room=room, person=member.person, act=AuditEntry.ROLE, after=Member.BANNED)
    ban = bans.order_by("-id").first()
    return ban is not None and ban.before == ""


def _check_was(person, before, was):
    if was is not None:
        protocol.check_choice(was, "was", ROLES)
    if was not in (None, before) and not {before, was} <= DEFAULT_ROLES:
        raise ChatError(
            "not_found", "%(handle)s is not %(role)s in this room.", handle=isolate(person.handle), role=was
        )


def _delete_ban(actor, member, reason):
    audit.record(actor, AuditEntry.ROLE, member.room_id, member.person, before=member.role, reason=reason)
    rooms.delete_member(member)
    member.role = None
    return member


def _store_role(actor, room, person, member, role, seconds, reason):
    audit.record(
        actor,
        AuditEntry.ROLE,
        room.id,
        person,
        before=member.role if member else "",
        after=role,
        seconds=seconds,
        reason=reason,
    )
    if member is None:
        # `get_or_create`, because the person may enter the room at the same moment.
        defaults = {"role": role, "read_offset": room.offset}
        member, is_new = Member.objects.get_or_create(room=room, person=person, defaults=defaults)
        member.room, member.person = room, person
        if is_new and role != Member.BANNED:
            feeds.follow(person, room.id)
    until = None if seconds is None else timezone.now() + timedelta(seconds=seconds)
    rooms.apply_role(member, role, until)
    if role in DEFAULT_ROLES:
        rooms.end_bans_of_browser(member)
    elif role in (Member.BANNED, Member.MUTED):
        rooms.hold_others_of_browser(member)
    return member


def remove_member(actor: Person | None, member: Member) -> None:
    """
    Delete a person's Member for an operator, and write an audit entry. On commit, close the person's connections in the
    room.

    Raise `forbidden`, for example for the last owner of the room.
    """
    with transaction.atomic():
        rooms.lock_room(member.room_id)
        check_may_change_role(actor, member.room, member.person, member.role, None)
        audit.record(actor, AuditEntry.ROLE, member.room_id, member.person, before=member.role)
        rooms.delete_member(member)


def end_mute(member_id: int) -> bool:
    """
    End a member's mute if its time has passed. Return whether the mute ended.

    The job that calls this may run late, or more than once.
    """
    return bool(rooms.end_mutes(member_id))


def sweep_mutes() -> int:
    """
    End mutes whose time has passed, for example because their jobs were lost: at most 500 at once. Return how many
    ended.
    """
    return rooms.end_mutes()
