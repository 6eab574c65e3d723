"""
Permissions of moderators: which roles they may change. `rights` says who may moderate a room; this module adds the
rules that depend on the role before and after. It reads the database and raises errors. It writes nothing.
"""

from chat.markup.direction import isolate
from chat.models import Member, Person, Room
from chat.protocol import ChatError
from chat.services import rights, rooms
from chat.services.rights import Action

# The roles that a moderator may change and give. Owners and operators may change every role to every other role.
BELOW_MODERATORS = {None, Member.GUEST, Member.MEMBER, Member.MUTED, Member.BANNED}


def get_moderated_room(actor: Person, slug: str, action: Action) -> Room:
    """
    Return the room, if `actor` may do this action of moderators in it.

    Raise `forbidden` if the actor may not do the action; `not_found` if there is no such room, or if the actor may not
    know that the room exists.
    """
    return rooms.get_room_for(actor, slug, action)


def check_may_change_role(
    actor: Person | None, room: Room, person: Person, before: str | None, after: str | None
) -> None:
    """
    Check that `actor` may change a person's role in a room from `before` to `after`. None means no role.

    The caller has locked the room's row, because another request may change its owners at the same moment.

    Raise `forbidden`. Raise `not_found` if the room is not public and the person is not in it. Operators may change the
    role of such a person, and owners and moderators may ban such a person.
    """
    member = None if actor is None else Member.objects.find_in_room(room.id, actor.id)
    rights.check_may(actor, Action.REMOVE_MEMBER if after is None else Action.CHANGE_ROLES, room, member)
    if actor is not None and actor.id == person.id:
        _check_steps_down(before, after)
    else:
        _check_may_give(actor, room, member, person, before, after)
    _check_owner_remains(room, person, before, after)


def _check_may_give(actor, room, member, person, before, after):
    if not {before, after} <= BELOW_MODERATORS:
        rights.check_may(actor, Action.CHANGE_ALL_ROLES, room, member)
    # Any role but `banned` would let the person into the room.
    if before is None and after != Member.BANNED and not rights.may(actor, Action.ADMIT, room, member):
        raise ChatError("not_found", "%(handle)s is not in this room.", handle=isolate(person.handle))


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
