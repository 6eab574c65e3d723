"""
Direct conversations: rooms of two to nine people that nobody else can find or join.

The same people get the same conversation again: its key is the sorted list of their ids, and a constraint makes the key
unique. This module writes Room and Member when a conversation is opened for the first time.
"""

import secrets
from collections.abc import Iterable

from django.conf import settings
from django.db import IntegrityError, transaction

from chat.models import Member, Person, Room
from chat.protocol import ChatError
from chat.services import blocks, budgets, feeds, people, rooms
from chat.services.scopes import check_reaches_all_rooms, reaches

MAX_PEOPLE = 9  # of one conversation, with the person who opens it
EVERYONE, MEMBERS, SHARED, NOBODY = "everyone", "members", "shared", "nobody"


def open_direct(person: Person, handles: Iterable[object]) -> tuple[Room, list[Person], bool]:
    """
    Return (the direct conversation of a person with other people, its people, whether it is new).

    The own streams of all its people receive a new conversation at once. CHAT_DIRECTS says who may write to whom.

    Raise:

    - `invalid_field` for fewer than one or more than eight other people;
    - `not_found` or `invalid_field` for a handle;
    - `forbidden` if one of the people does not accept direct messages from the person, or blocks the person;
    - `forbidden` for a token that does not reach the conversation;
    - `rate_limited` after too many new conversations.
    """
    everybody = _find_everybody(person, handles)
    key = _make_key(everybody)
    room = Room.objects.filter(people_key=key).first()
    if room is None or not reaches(person, room.id):
        # A new conversation and one that the token does not reach get the same error.
        check_reaches_all_rooms(person)
    for other in everybody:
        if other.id != person.id and not _accepts(other, person):
            raise blocks.make_unreachable_error()
    if blocks.find_blockers(person.id, [other.id for other in everybody]):
        raise blocks.make_unreachable_error()
    if room is not None:
        return room, everybody, False
    budgets.check("directs", person.id)
    try:
        return _create(person, key, everybody), everybody, True
    except IntegrityError:
        # Another request created the conversation at the same moment.
        return Room.objects.get(people_key=key), everybody, False


def _find_everybody(person: Person, handles: Iterable[object]) -> list[Person]:
    found = {person.id: person}
    for handle in handles:
        other = people.get_person(handle)
        found[other.id] = other
    if not 2 <= len(found) <= MAX_PEOPLE:
        raise make_people_error()
    return [found[id] for id in sorted(found)]


def make_people_error() -> ChatError:
    """Return the error for `handles` that name no other person, or too many."""
    return ChatError("invalid_field", "'handles' must name 1 to %(most)s other people.", most=MAX_PEOPLE - 1)


def make_free_key(everybody: Iterable[Person]) -> str | None:
    """Return the key of a new conversation of these people, or None if they cannot have one or have one already."""
    key = _make_key(everybody)
    if not 2 <= len(key.split("-")) <= MAX_PEOPLE or Room.objects.filter(people_key=key).exists():
        return None
    return key


def _make_key(everybody: Iterable[Person]) -> str:
    return "-".join(str(id) for id in sorted({person.id for person in everybody}))


def _accepts(other: Person, author: Person) -> bool:
    """
    Return whether a person accepts direct messages from another person. The setting CHAT_DIRECTS decides this.

    The bot of a hook accepts no direct messages, because nobody reads them.
    """
    if other.is_bot:
        return False
    if settings.CHAT_DIRECTS == EVERYONE:
        return True
    if settings.CHAT_DIRECTS == MEMBERS:
        return not (other.is_guest or author.is_guest)
    if settings.CHAT_DIRECTS == SHARED:
        own = Member.objects.filter(person=author).exclude(role=Member.BANNED).exclude(room__access=Room.DIRECT)
        shared = Member.objects.filter(person=other, room__in=own.values("room_id"))
        return shared.exclude(role=Member.BANNED).exists()
    return False


def _create(person: Person, key: str, everybody: list[Person]) -> Room:
    name = feeds.name_people(everybody)
    with transaction.atomic():
        room = Room.objects.create(
            slug=f"direct-{secrets.token_hex(16)}", name=name, access=Room.DIRECT, people_key=key, created_by=person
        )
        for other in everybody:
            Member.objects.create(room=room, person=other, role=rooms.get_default_role(other))
    for other in everybody:
        feeds.follow(other, room.id)
    return room


def name_for(person: Person, room: Room) -> str:
    """
    Return the title of a direct conversation for one of its people: the names of the other people.

    The handle stands for a person without a name. Without other people, return the name of the room.
    """
    others = Person.objects.filter(memberships__room=room).exclude(id=person.id).order_by("id")
    names = others.values_list("handle", "profile__name")
    return ", ".join(name or handle for handle, name in names) or room.name
