"""
Permissions of moderators: which roles they may change. This module reads the database and raises errors. It writes
nothing.
"""

from chat.markup.direction import isolate
from chat.models import Member, Person, Room
from chat.protocol import ChatError
from chat.services import rooms

# The roles that a moderator may change and give. Owners and operators may change every role to every other role.
BELOW_MODERATORS = {None, Member.GUEST, Member.MEMBER, Member.MUTED, Member.BANNED}


def is_operator(actor: Person | None) -> bool:
    """Return whether `actor` has every permission: the shell (None), or a person who may use the admin."""
    return actor is None or actor.is_staff


def get_moderated_room(actor: Person | None, slug: str) -> Room:
    """
    Return the room, if `actor` moderates it.

    Raise `forbidden` if the actor is not a moderator; `not_found` if there is no such room, or if the actor may not
    know that the room exists.
    """
    if is_operator(actor):
        return rooms.get_room(slug)
    room = rooms.get_readable_room(actor, slug)
    check_moderates(actor, room)
    return room


def check_moderates(actor: Person | None, room: Room) -> str | None:
    """Return the role with which `actor` moderates a room; None for an operator. Raise `forbidden` for other people."""
    if is_operator(actor):
        return None
    role = Member.objects.filter(room=room, person=actor).values_list("role", flat=True).first()
    if role not in Member.MODERATOR_ROLES:
        raise ChatError("forbidden", "Only the moderators of this room can do this.")
    return role


def check_may_change_role(
    actor: Person | None, room: Room, person: Person, before: str | None, after: str | None
) -> None:
    """
    Check that `actor` may change a person's role in a room from `before` to `after`. None means no role.

    The caller has locked the room's row, because another request may change its owners at the same moment.

    Raise `forbidden`. Raise `not_found` if the room is not public and the person is not in it. Operators may change the
    role of such a person, and owners and moderators may ban such a person.
    """
    actor_role = check_moderates(actor, room)
    if actor is not None and actor.id == person.id:
        _check_steps_down(before, after)
    elif actor_role == Member.MODERATOR and not {before, after} <= BELOW_MODERATORS:
        raise ChatError("forbidden", "Only the owners of this room can do this.")
    elif actor_role is not None and before is None and after != Member.BANNED and room.access != Room.PUBLIC:
        # Any role but `banned` would let the person into the room.
        raise ChatError("not_found", "%(handle)s is not in this room.", handle=isolate(person.handle))
    _check_owner_remains(room, person, before, after)


def _check_steps_down(before, after):
    if before != Member.OWNER or after not in (Member.MODERATOR, Member.MEMBER, Member.GUEST):
        raise ChatError("forbidden", "You cannot change your own role, except to step down as an owner.")


def _check_owner_remains(room, person, before, after):
    """
    Check that a room keeps an owner, unless its last owner is banned.

    A ban of the last owner is allowed. A mute is refused, because the owner becomes a plain member when the mute ends.
    """
    if before != Member.OWNER or after in (Member.OWNER, Member.BANNED):
        return
    others = Member.objects.filter(room=room, role=Member.OWNER, person__is_active=True).exclude(person=person)
    if not others.exists():
        raise ChatError("forbidden", "A room needs an owner. Make another person an owner first.")
