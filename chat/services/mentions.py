"""
The list of a person's mentions, over all rooms that the person may read. This module writes nothing.

`rooms.mentions` stores the mentions and notifies people of them.
"""

from collections import defaultdict
from functools import reduce
from operator import or_

from django.db.models import Q

from chat import protocol
from chat.models import Mention, Message, Person, Room, find_posts
from chat.protocol import ChatError
from chat.services import rooms
from chat.services.scopes import get_room_ids


def list_mentions(person: Person, before: int | None, limit: int) -> tuple[list[dict], int | None]:
    """
    Return (mentions of a person, newest first, at most `limit`; the value of `before` for the next page, or None).

    A direct message, or a message to all members, is in the list only if its body names the person. Run a limited
    number of statements.
    """
    own = Q(room__in=list(find_posts(person)))
    public = Q(room__access=Room.PUBLIC) & ~Q(room__members__person=person)
    if person.is_guest:
        public &= ~Q(room__closed_to_guests=True)
    room_ids = get_room_ids(person)
    if room_ids is not None:
        public &= Q(room__in=room_ids)
    rows = Mention.objects.filter(own | public, person=person, silent=False).select_related("room").order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: limit + 1])
    shown = _leave_out_held(person, found[:limit])
    messages = _find_messages(shown)
    pairs = [(row, messages.get((row.room_id, row.number))) for row in shown]
    described = [_describe(row, message) for row, message in pairs if message is not None]
    return described, found[limit - 1].id if len(found) > limit else None


def _leave_out_held(person: Person, rows: list[Mention]) -> list[Mention]:
    """
    Leave out the mentions in public rooms that refuse the person's browser.

    Run no query for people without a known browser.
    """
    if person.browser is None:
        return rows
    refused = set()
    for room in {row.room_id: row.room for row in rows if row.room.access == Room.PUBLIC}.values():
        try:
            rooms.get_readable_room(person, room.slug)
        except ChatError:
            refused.add(room.id)
    return [row for row in rows if row.room_id not in refused]


def _find_messages(rows: list[Mention]) -> dict[tuple[int, int], Message]:
    numbers = defaultdict(list)
    for row in rows:
        numbers[row.room_id].append(row.number)
    if not numbers:
        return {}
    which = reduce(or_, (Q(room=room_id, number__in=found) for room_id, found in numbers.items()))
    messages = Message.objects.filter(which).select_related("author")
    return {(message.room_id, message.number): message for message in messages}


def _describe(row: Mention, message: Message) -> dict:
    author = protocol.person(message.author.handle, message.author.is_guest)
    fields = protocol.mention_fields(row.room.slug, message.number, author, message.body, message.created_at)
    return fields if message.thread_root is None else {**fields, "thread": message.thread_root}
