"""
Mentions: the references from messages to the people whom their bodies call, and who is notified of them.

A message stores references to the people when it is posted or edited. Older messages, from before references existed,
have none: their bodies are read again each time. `called` finds the people. This module writes Mention, in the
transaction of the caller, and publishes to the people's own streams after the commit.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

from chat import broadcast, protocol
from chat.models import Member, Mention, Message, Person, Room
from chat.services import blocks
from chat.services.after_commit import after_commit, publish_after_commit
from chat.services.rights import Action, may

from .called import Called, find_handles_in_bodies, find_named, leave_out_named, split


def store_mentions(author: Member, message: Message, called: Called, known: Collection[int] | None = None) -> None:
    """
    Store the references of a message whose row has just been stored, and notify the people after the commit.

    `author` is the Member who wrote the body. For an edit, `known` has the ids of the people whom the message mentioned
    before: an edit notifies only other people, and `@all` in it notifies nobody.
    """
    message.all_mentions = [person.handle for person in called.people]
    people = [*called.people, *called.present]
    if people:
        loud = _find_notified(author, message, people)
        Mention.objects.bulk_create(
            Mention(
                room_id=message.room_id,
                number=message.number,
                person=person,
                is_named=index < len(called.people),
                silent=person.id not in loud,
            )
            for index, person in enumerate(people)
        )
        if author.room.access != Room.DIRECT:
            _notify_people(author.room, message, loud, known or ())
    # In a direct conversation, every message notifies the others already.
    if called.audience == Message.ALL and known is None and author.room.access != Room.DIRECT:
        _notify_everybody(author, message)


def _notify_people(room: Room, message: Message, levels: dict[int, str], known: Collection[int]) -> None:
    """Notify the people of `levels` ({id: level}) after the commit, except people in `known` or with the level NONE."""
    for person_id, level in levels.items():
        if level != Member.NONE and person_id not in known:
            _notify(broadcast.person_group(person_id), room, message)


def _find_notified(author: Member, message: Message, people: list[Person]) -> dict[int, str]:
    """
    Return {id: level} of the people who may read the room, and do not block the author of the message.

    Leave out the author of the message, the moderator who edits it (`author`), and the people of `_find_held`.
    """
    room, ids = author.room, [person.id for person in people]
    members = {
        member.person_id: member
        for part in split(ids)
        for member in Member.objects.filter(room=room.id, person__in=part).only("person_id", "role", "level")
    }
    blockers = blocks.find_blockers(message.author_id, ids)
    left_out = {author.person_id, message.author_id, *blockers, *_find_held(room, people, members)}
    found = {}
    for person in people:
        member = members.get(person.id)
        if may(person, Action.READ, room, member) and person.id not in left_out:
            found[person.id] = (member and member.level) or Member.ALL
    return found


def _find_held(room: Room, people: list[Person], members: dict[int, Member]) -> set[int]:
    """Return the ids of the people who must not enter the room, because a guest of their browser is banned there."""
    browsers = {person.browser for person in people if person.browser is not None}
    if not browsers or room.access == Room.BOARD:
        return set()
    bans = Member.objects.filter(room=room.id, role=Member.BANNED, person__is_guest=True, person__browser__in=browsers)
    guests = [ban.person for ban in bans.select_related("person")]
    return {
        person.id
        for person in people
        for guest in guests
        if guest.browser == person.browser
        and guest.id != person.id
        and (person.is_guest or guest.created_at < person.created_at)
        and not (person.id in members and members[person.id].is_moderator)
    }


def replace_mentions(author: Member, message: Message, body: str) -> Called:
    """
    Store the references of a message that gets another body, and set the body. Return the people whom it calls.

    Notify only people whom the message did not mention before. An edit notifies nobody by `@all` or `@here`. If the
    message had the same word before, the people whom it called then stay called. Otherwise the word calls nobody.
    """
    called, earlier = find_named(author, body), _find_earlier(author, message)
    if message.audience != called.audience:
        called.audience = None
    if called.audience == Message.HERE:
        called.present = leave_out_named(called, [person for person, is_named in earlier if not is_named])
    delete_mentions(message)
    # The notices contain the new body. Only moderators may read the earlier one.
    message.body = body
    store_mentions(author, message, called, known=[person.id for person, _ in earlier])
    return called


def _find_earlier(author: Member, message: Message) -> list[tuple[Person, bool]]:
    """Return (person, whether the body names the person) for each person whom a message mentions."""
    if message.mentioned is None:
        return [(person, True) for person in find_named(author, message.body).people]
    if not message.mentioned:
        return []
    rows = Mention.objects.filter(room=message.room_id, number=message.number).select_related("person")
    return [(row.person, row.is_named) for row in rows.order_by("id")]


def delete_mentions(message: Message) -> None:
    """Delete the references of a message. Run no query if there are none."""
    if message.mentioned:
        Mention.objects.filter(room=message.room_id, number=message.number).delete()


def notify_direct(room: Room, message: Message, person_ids: Iterable[int]) -> None:
    """Notify people of a new direct message after the commit."""
    for person_id in person_ids:
        _notify(broadcast.person_group(person_id), room, message, direct=True)


def _notify(group: str, room: Room, message: Message, **more: object) -> None:
    event = _describe(room, message, **more)
    publish_after_commit(group, lambda: event)


def _notify_everybody(author: Member, message: Message) -> None:
    """Notify all members with one event after the commit, without the people who block the author."""
    group, event = broadcast.feed_group(message.room_id), _describe(author.room, message, audience=Message.ALL)
    blockers = blocks.find_blockers_in_room(author.person_id, message.room_id)
    streams = [broadcast.person_group(person_id) for person_id in blockers]
    after_commit(f"publish a call to {group}", lambda: broadcast.publish_except(group, event, streams))


def _describe(room: Room, message: Message, **more: object) -> dict:
    author = protocol.person(message.author.handle, message.author.is_guest)
    more.update(getattr(message, "notice_fields", {}))
    if message.thread_root is not None:
        more["thread"] = message.thread_root
    return protocol.mention(room.slug, message.number, author, message.body, message.created_at, **more)


# Reading.


def find_mentions(messages: list[Message]) -> list[list[str]]:
    """
    Return the handles that each message mentions, in the order of the body. The messages are of one room.

    If no message mentions anybody, run no query. Otherwise run one query, and two more for each KEYS_PER_QUERY
    different names in messages without references.
    """
    found = _read_stored(messages)
    old = [message for message in messages if message.mentioned is None and not hasattr(message, "all_mentions")]
    found.update(zip((message.number for message in old), find_handles_in_bodies(old), strict=True))
    return [getattr(message, "all_mentions", found.get(message.number, [])) for message in messages]


def _read_stored(messages: list[Message]) -> dict[int, list[str]]:
    numbers = [message.number for message in messages if message.mentioned and not hasattr(message, "all_mentions")]
    handles: dict[int, list[str]] = defaultdict(list)
    for part in split(numbers):
        rows = Mention.objects.filter(room=messages[0].room_id, number__in=part, is_named=True, person__is_active=True)
        for number, handle in rows.order_by("id").values_list("number", "person__handle"):
            handles[number].append(handle)
    return handles
