"""
The life of a room: create it, change its settings or address, archive it, and delete it.

Each change notifies the lobby.

This module writes Room, FormerSlug and the owner's Member. `save_room` and `delete_room` check no rights: their callers
do.
"""

import secrets
import string
from collections.abc import Iterable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import FormerSlug, Member, Person, Room
from chat.protocol import ChatError
from chat.services import feeds
from chat.services.after_commit import close_after_commit, publish_after_commit
from chat.services.holds import check_not_held
from chat.services.rights import Action
from chat.services.scopes import check_reaches_all_rooms

from .access import get_room_for, lock_room

MAX_SLUG = 50  # characters
ENDING_LENGTH = 10  # characters of the random end of a slug
_ENDING_CHARACTERS = string.ascii_lowercase + string.digits


def create_room(
    person: Person | None,
    slug: str,
    name: str,
    topic: str = "",
    is_private: bool = False,
    guests: bool | None = None,
) -> Room:
    """
    Create a room with `person` as its owner (None: without an owner), and notify the lobby.

    Only members may enter a private room (`is_private`). If `guests` is False, only accounts may enter;
    None stands for the setting CHAT_NEW_ROOMS_GUESTS.

    Raise `forbidden` for a guest and for a token for certain rooms, `taken` for the slug, or the error of a field. If
    the slug belongs to a room that the person may not know about, the new room gets a slug with random characters
    instead.
    """
    if person is not None and person.is_guest:
        raise ChatError("forbidden", "Guests cannot create rooms. Sign up for an account.")
    if person is not None:
        check_reaches_all_rooms(person)
    slug, name = protocol.check_slug(slug), protocol.check_room_name(name)
    topic = protocol.check_topic(topic)
    access = Room.PRIVATE if is_private else Room.PUBLIC
    guests = settings.CHAT_NEW_ROOMS_GUESTS if guests is None else guests
    fields = {"name": name, "topic": topic, "access": access, "closed_to_guests": not guests}
    try:
        room = _store_room(person, slug, fields)
    except IntegrityError:
        if person is None or Room.objects.visible_to(person).filter(slug=slug).exists():
            raise ChatError(
                "taken", "There is already a room with this slug. Choose another one.", field="slug"
            ) from None
        room = _store_room(person, make_hidden_slug(slug), fields)
    if person is not None:
        feeds.follow(person, room.id)
    notify_lobby()
    return room


def _store_room(person, slug, fields):
    with transaction.atomic():
        room = Room.objects.create(slug=slug, created_by=person, **fields)
        if person is not None:
            Member.objects.create(room=room, person=person, role=Member.OWNER)
    return room


def make_hidden_slug(slug: str) -> str:
    """
    Return a slug that begins with `slug` and that nobody can guess.

    For example, a new room gets such a slug if the error `taken` would reveal that a hidden room exists.
    """
    ending = "".join(secrets.choice(_ENDING_CHARACTERS) for _ in range(ENDING_LENGTH))
    return f"{protocol.check_slug(slug)[: MAX_SLUG - ENDING_LENGTH - 1]}-{ending}"


def set_guests(person: Person, slug: str, guests: bool) -> Room:
    """
    Open a room to guests (`guests`), or close it to guests and close their connections to it. Return the room.

    Raise `forbidden` if the person neither owns the room nor is an operator; `not_found` for the room.
    """
    room = get_room_for(person, slug, Action.SET_GUESTS)
    room.closed_to_guests = not guests
    save_room(room, ["closed_to_guests"])
    return room


def change_room(person: Person, slug: str, name: str | None = None, topic: str | None = None) -> Room:
    """
    Give a room another name or topic (None: as before), and return the room. Notify the lobby.

    Raise `forbidden` if the person neither owns the room nor is an operator; `not_found` for the room; the error of a
    field.
    """
    room = get_room_for(person, slug, Action.CHANGE_ROOM)
    changed = []
    if name is not None:
        room.name = protocol.check_room_name(name)
        changed.append("name")
    if topic is not None:
        room.topic = protocol.check_topic(topic)
        changed.append("topic")
    if changed:
        save_room(room, changed)
    return room


def set_archived(person: Person, slug: str, archived: bool) -> Room:
    """
    Archive a room, or restore it, and return the room. If this changes the room, close its connections with 4408.

    The clients connect again.

    Raise `forbidden` if the person neither owns the room nor is an operator; `not_found` for the room.
    """
    room = get_room_for(person, slug, Action.ARCHIVE)
    if bool(room.archived) != archived:
        room.archived = archived
        save_room(room, ["archived"])
        # A new connection learns from `joined` whether people can write in the room.
        close_after_commit(broadcast.room_group(room.id), protocol.CLOSE_CONNECTION_LOST)
    return room


def set_callers(person: Person, slug: str, callers: str) -> Room:
    """
    Choose who may call everybody with `@all` and `@here`: one of `protocol.CALLERS`. Return the room.

    Raise `forbidden` if the person neither owns the room nor is an operator, and in a direct conversation; `not_found`
    for the room.
    """
    room = get_room_for(person, slug, Action.SET_CALLERS)
    room.callers = callers
    save_room(room, ["callers"])
    return room


def delete_own_room(person: Person, slug: str) -> None:
    """
    Delete a room with its messages, for its owners and operators.

    Raise `forbidden` if the person neither owns the room nor is an operator; `not_found` for the room.
    """
    delete_room(get_room_for(person, slug, Action.DELETE))


def change_address(person: Person, slug: str) -> Room:
    """
    Give a private room an address that nobody can guess, and return the room. Notify the lobby.

    The former address leads the room's members to the new one. For other people, the slug is free from now on, so
    nobody can find out that the room exists by creating a room with this slug. Open connections stay.

    Raise `forbidden` if the person neither owns the room nor is an operator, or if the room is not private. Raise
    `not_found` for the room.
    """
    room = get_room_for(person, slug, Action.CHANGE_ADDRESS)
    with transaction.atomic():
        room = lock_room(room.id)
        # The first slug is the one that somebody chose. Later ones have random ends already.
        first = room.former_slugs.order_by("id").first()
        former = FormerSlug.objects.create(slug=room.slug, room=room)
        room.slug = make_hidden_slug(first.slug if first else room.slug)
        room.save(update_fields=["slug"])
        feeds.publish_move(room, former.slug)
    notify_lobby()
    return room


def _disconnect_guests(room):
    guests = Member.objects.filter(room=room, person__is_guest=True, person__is_active=True)
    for member_id, person_id in guests.exclude(role=Member.BANNED).values_list("id", "person_id"):
        close_after_commit(broadcast.member_group(member_id), protocol.CLOSE_FORBIDDEN)
        feeds.unfollow(person_id, room.id, room.slug)


def create_first_room() -> bool:
    """Create the room `welcome` if there are no rooms. Return whether the room was created."""
    if Room.objects.exists():
        return False
    create_room(None, "welcome", "Welcome", "The first room. Make your own in the lobby.")
    return True


def save_room(room: Room, changed: Iterable[str]) -> None:
    """
    Store a new room, or the fields `changed` of a room, and notify the lobby.

    Publish a changed name, topic, `archived` or `callers` to the streams of the room's members. If the room was closed
    to guests, close the connections of its guests, and make the guests' streams unfollow the room.
    """
    room.changed_at = timezone.now()
    # To store the whole row would set the room's counter back to the value that it had when the row was read.
    is_new = room.pk is None
    room.save(update_fields=None if is_new else [*changed, "changed_at"])
    shown = {name: getattr(room, name) for name in ("name", "topic", "archived") if name in changed}
    if "callers" in changed:
        shown["callers"] = room.get_callers()
    if shown and not is_new:
        feeds.publish_change(room, **shown)
    if "closed_to_guests" in changed and room.closed_to_guests and room.access != Room.BOARD:
        _disconnect_guests(room)
    notify_lobby()


def delete_room(room: Room) -> None:
    """
    Delete a room with its messages, close its connections with 4404, and notify the lobby.

    Publish the deletion to the streams of the room's members. Raise `forbidden` during a hold.
    """
    group, room_id = broadcast.room_group(room.id), room.id
    with transaction.atomic():
        _lock(room)
        check_not_held(room_id)
        room.delete()
    feeds.publish_deletion(room_id, room.slug)
    close_after_commit(group, protocol.CLOSE_NOT_FOUND)
    notify_lobby()


def _lock(room):
    """Lock the row of a room and the rows of its jobs and hooks until the end of the transaction."""
    # If another request stored a row in the room during the deletion, PostgreSQL could not delete the room. A job locks
    # its own row before the room's row, and a post locks a hook after the room. So lock the rows in this order.
    jobs = (room.scheduled.all(), room.reminders.all(), room.tasks.all())
    for rows in (*jobs, Room.objects.filter(id=room.id), room.hooks.all()):
        list(rows.select_for_update().values_list("id", flat=True))


def notify_lobby() -> None:
    """Publish `updated` to the lobby after the commit: its list of rooms has changed."""
    publish_after_commit(broadcast.LOBBY_GROUP, protocol.updated)
