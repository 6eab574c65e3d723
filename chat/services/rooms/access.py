"""
Rooms and their members: made, found, entered, left, deleted.
"""

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import Member, Room, read_page
from chat.protocol import ChatError
from chat.services.after_commit import close_after_commit, publish_after_commit

from .standings import end_own_mute, plain_role


def create_room(person, slug, name, topic="", is_private=False):
    """
    Makes a room, owned by `person` (None: by nobody), and tells the lobby. A private one is open to members alone.

    Raises `forbidden`, `taken`, or a field's refusal.
    """
    if person is not None and person.is_guest:
        raise ChatError("forbidden", "Guests do not make rooms. Sign up for an account.")
    slug, name = protocol.check_slug(slug), protocol.check_room_name(name)
    topic = protocol.check_topic(topic)
    try:
        with transaction.atomic():
            access = Room.PRIVATE if is_private else Room.PUBLIC
            room = Room.objects.create(slug=slug, name=name, topic=topic, access=access, created_by=person)
            if person is not None:
                Member.objects.create(room=room, person=person, role=Member.OWNER)
    except IntegrityError:
        raise ChatError("taken", "There is a room with this slug.") from None
    tell_lobby()
    return room


def save_room(room, changed):
    """Stores a new room, or what an operator changed of one, by the names of its fields; and tells the lobby."""
    room.changed_at = timezone.now()
    # Not the whole row: it would take the room's counter back to where it stood when the form was read.
    room.save(update_fields=None if room.pk is None else [*changed, "changed_at"])
    tell_lobby()


def tell_lobby():
    """Tells everyone in the lobby, on commit, that the list of rooms changed."""
    publish_after_commit(broadcast.LOBBY_GROUP, protocol.updated)


def delete_room(room):
    """Deletes a room and all that was said in it, closes its sockets, and tells the lobby."""
    group = broadcast.room_group(room.id)
    with transaction.atomic():
        _keep_still(room)
        room.delete()
    close_after_commit(group, protocol.CLOSE_NOT_FOUND)
    tell_lobby()


def _keep_still(room):
    """Locks a room: what somebody stores in it while it is deleted would keep PostgreSQL from deleting it."""
    # Jobs lock their own row before the room.
    for rows in (room.scheduled.all(), room.tasks.all(), Room.objects.filter(id=room.id)):
        list(rows.select_for_update().values_list("id", flat=True))


def get_room(slug):
    """Returns the room. Raises `not_found`."""
    room = Room.objects.filter(slug=slug).first() if protocol.is_slug(slug) else None
    if room is None:
        raise _no_such_room()
    return room


def join_room(person, slug):
    """
    Returns the person's standing in a room, made now where there is none and the room is public.

    Raises `forbidden` for the banned, and `not_found` also for rooms that the person may not know of.
    """
    room = get_room(slug)
    member = Member.objects.filter(room=room, person=person).first()
    _check_may_know(room, member)
    if member is None:
        defaults = {"role": plain_role(person)}
        member, _ = Member.objects.get_or_create(room=room, person=person, defaults=defaults)
        _check_may_know(room, member)  # somebody may have banned them just now
    # Both are at hand: reading them again would cost two queries.
    member.room, member.person = room, person
    end_own_mute(member)
    return member


def _check_may_know(room, member):
    is_open = room.access == Room.PUBLIC or (room.access == Room.PRIVATE and member is not None)
    if not is_open:
        raise _no_such_room()
    if member is not None and member.role == Member.BANNED:
        raise ChatError("forbidden", "You are banned from this room. Its moderators can lift that.")


def _no_such_room():
    # The same words for all that the person may not know of.
    return ChatError("not_found", "There is no such room.")


def find_rooms(person, text="", page=0, size=50):
    """
    Returns (rooms, more) of those that the person may know of: those spoken in last come first; `text` must be part
    of slug, name or topic.
    """
    rooms = Room.objects.visible_to(person)
    if text:
        rooms = rooms.filter(Q(slug__icontains=text) | Q(name__icontains=text) | Q(topic__icontains=text))
    # Databases disagree on where a room without a message belongs.
    rooms = rooms.order_by(F("last_at").desc(nulls_last=True), "-id")
    return read_page(rooms, size, page)


def get_readable_room(person, slug):
    """Returns the room for one who reads without entering. Raises `not_found`, `forbidden`."""
    room = get_room(slug)
    _check_may_know(room, Member.objects.filter(room=room, person=person).first())
    return room


def find_member(member_id, session_key, token_id):
    """Returns a member with person, room and `is_signed_in`, or None. One query."""
    return Member.objects.find_with_credential(member_id, session_key, token_id)


def create_first_room():
    """Makes the room `welcome` where there is no room at all. Returns whether it did."""
    if Room.objects.exists():
        return False
    create_room(None, "welcome", "Welcome", "The first room. Make your own in the lobby.")
    return True
