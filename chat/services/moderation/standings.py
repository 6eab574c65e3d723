"""
Roles: given and taken, and the mutes that end. The one way in for everybody who changes how somebody stands in a room.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from chat import protocol
from chat.models import AuditEntry, Member, Person, Room, make_handle_key
from chat.protocol import ChatError
from chat.services import audit, rooms

from .rights import check_may_set_role

ROLES = [role for role, _ in Member.ROLES]
PLAIN = {Member.GUEST, Member.MEMBER}


def set_role(actor, room, whom, role, seconds=None, reason="", was=None):
    """
    Gives a person (`whom`: a Person or a handle) a role in a room, and returns their Member.

    `actor` is who does it (None: the shell). `seconds` is for how long a mute lasts (None: until it is lifted). The
    roles guest and member are one: which, the person decides; the room must not be entered for it. With `was` nothing
    is done to somebody who has another role by now. Writes the role and an audit entry, tells the room, closes the
    sockets of the banned. What is so already is not done again.

    Raises `forbidden`, `not_found` (nobody of this handle or role, or outside a closed room), or a field's refusal.
    """
    role, seconds, reason = _check_fields(role, seconds, reason)
    person = whom if isinstance(whom, Person) else get_person(room, whom)
    if role in PLAIN:
        role = rooms.default_role(person)
    with transaction.atomic():
        # One after the other in each room: two owners may step down, or change each other, at the same moment.
        Room.objects.select_for_update().get(id=room.id)
        member = find_standing(room, person)
        before = member and member.role
        lifts = role in PLAIN and _is_banned_outsider(room, member)
        check_may_set_role(actor, room, person, before if lifts else _inside(room, member), role)
        _check_was(person, before, was)
        if lifts:
            return _forget(actor, member, reason)
        if before == role and role != Member.MUTED:
            return member
        return _write(actor, room, person, member, role, seconds, reason)


def _check_fields(role, seconds, reason):
    role = protocol.check_choice(role, "role", ROLES)
    if seconds is not None:
        protocol.check_seconds(seconds)
        if role != Member.MUTED:
            raise ChatError("invalid_field", "'seconds' is for how long a mute lasts.")
    return role, seconds, protocol.check_text(reason, "reason", protocol.MAX_REASON, least=0)


def _inside(room, member):
    """The role of somebody who is in the room, or would be but for a ban; else None."""
    return None if member is None or _is_banned_outsider(room, member) else member.role


def _is_banned_outsider(room, member):
    """Whether somebody was banned who had no standing in a closed room: the end of that must not let them in."""
    if member is None or member.role != Member.BANNED or room.access == Room.PUBLIC:
        return False
    bans = AuditEntry.objects.filter(room=room, person=member.person, act=AuditEntry.ROLE, after=Member.BANNED)
    ban = bans.order_by("-id").first()
    return ban is not None and ban.before == ""


def _check_was(person, before, was):
    if was is not None:
        protocol.check_choice(was, "was", ROLES)
    if was not in (None, before) and not {before, was} <= PLAIN:
        raise ChatError("not_found", f"{person.handle} is not {was} in this room.")


def _forget(actor, member, reason):
    audit.note(actor, AuditEntry.ROLE, member.room_id, member.person, before=member.role, reason=reason)
    rooms.delete_member(member)
    member.role = None
    return member


def _write(actor, room, person, member, role, seconds, reason):
    audit.note(
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
        # They may come in by themselves at this very moment.
        member, _ = Member.objects.get_or_create(room=room, person=person, defaults={"role": role})
        member.room, member.person = room, person
    until = None if seconds is None else timezone.now() + timedelta(seconds=seconds)
    rooms.apply_role(member, role, until)
    return member


def remove_standing(actor, member):
    """Takes a person's standing in a room away, for an operator; closes their sockets there. Raises `forbidden`."""
    with transaction.atomic():
        Room.objects.select_for_update().get(id=member.room_id)
        check_may_set_role(actor, member.room, member.person, member.role, None)
        audit.note(actor, AuditEntry.ROLE, member.room_id, member.person, before=member.role)
        rooms.delete_member(member)


def get_person(room, handle):
    """
    Returns the person who has this handle now, in whatever case. On a board that is somebody of this board: there
    handles are its own, and elsewhere they may be others'. Raises `not_found`.
    """
    person = None
    if isinstance(handle, str) and len(handle) <= protocol.MAX_HANDLE and "\0" not in handle:
        key = make_handle_key(handle)
        at_board = {"visits__board__room": room, "visits__handle_key": key}
        person = Person.objects.filter(**at_board if room.access == Room.BOARD else {"handle_key": key}).first()
    if person is None:
        raise ChatError("not_found", "There is nobody with this handle.")
    return person


def find_standing(room, person):
    """Returns a person's Member of a room, or None."""
    member = Member.objects.filter(room=room, person=person).first()
    if member is not None:
        member.room, member.person = room, person
    return member


def get_standing(room, handle):
    """Returns the Member of this handle. Raises `not_found` where there is none."""
    person = get_person(room, handle)
    member = find_standing(room, person)
    if member is None:
        raise ChatError("not_found", f"{person.handle} is not in this room.")
    return member


def find_members(room, role=None, page=0, size=50):
    """Returns (members, more) of those who have a standing in a room, or this role, and are not gone; oldest first."""
    # Who is on a board alone has no key either, and is not gone.
    is_here = {"person__is_active": True} if room.access == Room.BOARD else {"person__handle_key__isnull": False}
    members = Member.objects.filter(room=room, **is_here).select_related("person")
    if role is not None:
        members = members.filter(role=role)
    found = list(members.order_by("id")[page * size : (page + 1) * size + 1])
    return found[:size], len(found) > size


def find_audit_entries(room, page=0, size=50):
    """Returns (entries, more) of a room's audit log; newest first."""
    entries = AuditEntry.objects.filter(room=room).select_related("actor", "person").order_by("-id")
    found = list(entries[page * size : (page + 1) * size + 1])
    return found[:size], len(found) > size


def end_mute(member_id):
    """Ends a member's mute if its time has passed. Returns whether it did. It may come late, twice, or in vain."""
    return bool(rooms.end_mutes(id=member_id))


def sweep_mutes():
    """Ends the mutes whose time has passed and whose job was lost, some hundreds at once. Returns how many."""
    return rooms.end_mutes()
