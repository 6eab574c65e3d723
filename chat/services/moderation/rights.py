"""
Who may moderate whom. It reads the database and refuses; it writes nothing.
"""

from chat.models import Member, Room
from chat.protocol import ChatError
from chat.services import rooms

# What a moderator may change, and into what. Owners and operators may change everybody into anything.
BELOW_MODERATORS = {None, Member.GUEST, Member.MEMBER, Member.MUTED, Member.BANNED}


def is_operator(actor):
    """Whether `actor` may do all: the shell (None), or somebody who may use the admin."""
    return actor is None or actor.is_staff


def get_moderated_room(actor, slug):
    """
    Returns the room for one who moderates it. Raises `forbidden`, and `not_found` also for rooms that the person may
    not know of.
    """
    if is_operator(actor):
        return rooms.get_room(slug)
    room = rooms.get_readable_room(actor, slug)
    check_moderates(actor, room)
    return room


def check_moderates(actor, room):
    """Returns the role by which `actor` moderates a room; None for operators. Raises `forbidden`."""
    if is_operator(actor):
        return None
    role = Member.objects.filter(room=room, person=actor).values_list("role", flat=True).first()
    if role not in (Member.MODERATOR, Member.OWNER):
        raise ChatError("forbidden", "Only the moderators of this room may do that.")
    return role


def check_may_set_role(actor, room, person, before, after):
    """
    Raises `forbidden` or `not_found` where `actor` may not make `before` (a role, None: no standing) of a person into
    `after`. The room's row must be locked: owners and moderators may be changed at the same moment.
    """
    by = check_moderates(actor, room)
    if actor is not None and actor.id == person.id:
        _check_steps_down(before, after)
    elif by == Member.MODERATOR and not {before, after} <= BELOW_MODERATORS:
        raise ChatError("forbidden", "Only the owners of this room may do that.")
    elif by is not None and before is None and after != Member.BANNED and room.access != Room.PUBLIC:
        # Any other standing would let them in.
        raise ChatError("not_found", f"{person.handle} is not in this room.")
    _check_owner_is_left(room, person, before, after)


def _check_steps_down(before, after):
    if before != Member.OWNER or after not in (Member.MODERATOR, Member.MEMBER, Member.GUEST):
        raise ChatError("forbidden", "Nobody moderates themselves.")


def _check_owner_is_left(room, person, before, after):
    """A room loses its last owner by a ban alone: that is no accident. A mute would be one, for its end is `member`."""
    if before != Member.OWNER or after in (Member.OWNER, Member.BANNED):
        return
    others = Member.objects.filter(room=room, role=Member.OWNER, person__is_active=True).exclude(person=person)
    if not others.exists():
        raise ChatError("forbidden", "Name another owner first: a room does not lose its last one.")
