"""
Blocks: a person can block another person. The blocked person then cannot send direct messages to the person, and the
mentions that the blocked person writes do not notify the person.

The blocked person does not learn of the block: a refused direct message gets the same error for every reason. This
module writes Block and publishes nothing.
"""

from collections.abc import Iterable

from chat import protocol
from chat.models import Block, Member, Person
from chat.protocol import ChatError

MAX_BLOCKS = 1000  # people whom one person may block


def block_person(person: Person, other: Person) -> None:
    """
    Block `other` for `person`; do nothing if `person` blocks `other` already.

    Raise `forbidden` for oneself, and if the person already blocks MAX_BLOCKS people.
    """
    if person.id == other.id:
        raise ChatError("forbidden", "You cannot block yourself.")
    blocks = Block.objects.filter(person=person)
    if blocks.filter(blocked=other).exists():
        return
    if blocks.count() >= MAX_BLOCKS:
        raise ChatError("forbidden", "You can block at most %(most)s people. Unblock a person first.", most=MAX_BLOCKS)
    blocks.get_or_create(person=person, blocked=other)


def unblock_handle(person: Person, handle: str) -> None:
    """
    Unblock the person with a handle. If that person is not blocked, do nothing.

    People who have no handle any longer can be unblocked too, by the former handle that `find_blocked` returns. Raise
    `not_found` if nobody has the handle.
    """
    handle = protocol.check_string(handle, "handle")
    mine, other = Block.objects.filter(person=person), Person.objects.find_by_handle(handle)
    if other is not None and mine.filter(blocked=other).delete()[0]:
        return
    if not mine.filter(blocked__handle=handle).delete()[0] and other is None:
        raise ChatError("not_found", "There is nobody with this handle.")


def find_blocked(person: Person) -> list[Person]:
    """Return the people whom a person blocks, the newest block first."""
    blocks = Block.objects.filter(person=person).select_related("blocked").order_by("-id")
    return [block.blocked for block in blocks[:MAX_BLOCKS]]


def find_blockers(author_id: int, person_ids: Iterable[int]) -> set[int]:
    """Return which of these people block the author. If there are no ids, run no query."""
    ids = list(person_ids)
    if not ids:
        return set()
    found = Block.objects.filter(blocked=author_id, person__in=ids)
    return set(found.values_list("person_id", flat=True))


def find_blockers_in_room(author_id: int, room_id: int) -> list[int]:
    """Return the ids of the members of a room who block the author."""
    found = Block.objects.filter(blocked=author_id, person__memberships__room=room_id)
    return list(found.values_list("person_id", flat=True))


def find_direct_listeners(author: Member) -> list[int]:
    """
    Return the ids of the people whom a direct message of `author` notifies.

    Raise `forbidden` if the only other person blocks the author.
    """
    others = Member.objects.filter(room=author.room_id).exclude(person=author.person_id)
    levels = dict(others.values_list("person_id", "level"))
    blockers = find_blockers(author.person_id, levels)
    if len(levels) == 1 and blockers:
        raise make_unreachable_error()
    return [id for id, level in levels.items() if id not in blockers and level != Member.NONE]


def make_unreachable_error() -> ChatError:
    """Return the error for a refused direct message. The error is the same for every reason."""
    return ChatError("forbidden", "This person does not accept direct messages from you.")
