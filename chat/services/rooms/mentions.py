"""
Mentions: which people the bodies of messages mention, and who is notified of them.

A message stores references to the people when it is posted or edited. Messages from before there were references have
none: their bodies are read again each time. chat/markup/mentions.py says where a body has names. This module writes
Mention, in the transaction of the caller, and publishes to the people's own streams after the commit.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from channels_transport import OUTAGES
from chat import broadcast, protocol
from chat.markup import mentions
from chat.models import Member, Mention, Message, Person, Room, Visitor, make_handle_key
from chat.services import blocks, presence
from chat.services.after_commit import after_commit, publish_after_commit

KEYS_PER_QUERY = 500  # SQLite allows 999 parameters


@dataclass
class Called:
    """
    The people whom a body calls.

    - `people`: those whose handles it contains, in the order of the body.
    - `audience`: `all` or `here` if it calls all members, or the people who are present; else None.
    - `present`: the members who are present, for `here`.
    """

    people: list[Person] = field(default_factory=list)
    audience: str | None = None
    present: list[Person] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return the number of references that a message with this body has."""
        return len(self.people) + len(self.present)


def find_called(author: Member, body: str) -> Called:
    """
    Return the people whom a new body calls. If the body has no @, run no query.

    Only moderators and owners can call everybody: in other bodies, `@all` and `@here` are plain text.
    """
    called = _find_named(author, body)
    if called.audience == Message.HERE:
        called.present = _leave_out_named(called, _find_present(author.room))
    return called


def _find_named(author, body):
    """Return the people whom a body calls, without the people who are present."""
    keys_of_body = _make_keys(body)
    if not keys_of_body:
        return Called()
    people = _find_people(author.room_id, sorted({key for keys_at in keys_of_body for key in keys_at}))
    called = Called(_choose(keys_of_body, people))
    if author.is_moderator:
        called.audience = _find_audience(keys_of_body, people)
    return called


def _leave_out_named(called, people):
    named = {person.id for person in called.people}
    return [person for person in people if person.id not in named]


def _find_audience(keys_of_body, people):
    """Return `all` or `here` if one of them stands at an @ where no longer handle begins, else None."""
    found = set()
    for keys_at in keys_of_body:
        first = next((key for key in keys_at if key in people or key in (Message.ALL, Message.HERE)), None)
        if first is not None and first not in people:
            found.add(first)
    return next((audience for audience in (Message.ALL, Message.HERE) if audience in found), None)


def _find_present(room: Room) -> list[Person]:
    try:
        return presence.find_present_people(room.id, room.access == room.BOARD)
    except OUTAGES:
        return []  # the message must be stored, even if it cannot notify the people who are present


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
        # In a direct conversation, every message notifies the others already.
        if author.room.access != Room.DIRECT:
            _notify_people(author.room, message, loud, known or ())
    if called.audience == Message.ALL and known is None:
        _notify_everybody(author, message)


def _notify_people(room: Room, message: Message, levels: dict[int, str], known: Collection[int]) -> None:
    """Notify the people of `levels` ({id: level}) after the commit, but not those in `known` or with the level NONE."""
    for person_id, level in levels.items():
        if level != Member.NONE and person_id not in known:
            _notify(broadcast.person_group(person_id), room, message)


def _find_notified(author: Member, message: Message, people: list[Person]) -> dict[int, str]:
    """
    Return {id: level} of the people who may read the room, and do not block the author of the message.

    Leave out the author of the message, and the moderator who edits it (`author`).
    """
    room, ids = author.room, [person.id for person in people]
    members = {
        member.person_id: member
        for part in _split(ids)
        for member in Member.objects.filter(room=room.id, person__in=part).only("person_id", "role", "level")
    }
    blockers = blocks.find_blockers(message.author_id, ids)
    left_out = {author.person_id, message.author_id, *blockers, *_find_held(room, people, members)}
    found = {}
    for person in people:
        member = members.get(person.id)
        may_read = room.access == Room.PUBLIC if member is None else member.role != Member.BANNED
        if may_read and not room.is_closed_to(person) and person.id not in left_out:
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

    Notify only people whom the message did not mention before. An edit calls nobody by `@all` or `@here`: these keep
    the people whom they called when the message was posted, or call nobody.
    """
    called, earlier = _find_named(author, body), _find_earlier(author, message)
    if message.audience != called.audience:
        called.audience = None
    if called.audience == Message.HERE:
        called.present = _leave_out_named(called, [person for person, is_named in earlier if not is_named])
    delete_mentions(message)
    # The notices contain the new body. Only moderators may read the earlier one.
    message.body = body
    store_mentions(author, message, called, known=[person.id for person, _ in earlier])
    return called


def _find_earlier(author: Member, message: Message) -> list[tuple[Person, bool]]:
    """Return (person, whether the body names the person) for each person whom a message mentions."""
    if message.mentioned is None:
        return [(person, True) for person in _find_named(author, message.body).people]
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
    found.update(zip((message.number for message in old), _find_in_bodies(old), strict=True))
    return [getattr(message, "all_mentions", found.get(message.number, [])) for message in messages]


def _read_stored(messages: list[Message]) -> dict[int, list[str]]:
    numbers = [message.number for message in messages if message.mentioned and not hasattr(message, "all_mentions")]
    handles: dict[int, list[str]] = defaultdict(list)
    for part in _split(numbers):
        rows = Mention.objects.filter(room=messages[0].room_id, number__in=part, is_named=True, person__is_active=True)
        for number, handle in rows.order_by("id").values_list("number", "person__handle"):
            handles[number].append(handle)
    return handles


def _find_in_bodies(messages: list[Message]) -> list[list[str]]:
    keys_of_bodies = [_make_keys(message.body) for message in messages]
    all_keys = {key for keys_of_body in keys_of_bodies for keys_at in keys_of_body for key in keys_at}
    people = _find_people(messages[0].room_id, sorted(all_keys)) if all_keys else {}
    return [[person.handle for person in _choose(keys_of_body, people)] for keys_of_body in keys_of_bodies]


def _make_keys(body: str) -> list[list[str]]:
    """Return, for each @ of a body, the keys of the names that may begin there, the longest name first."""
    return [[make_handle_key(name) for name in names_at] for names_at in mentions.find_names(body)]


def _find_people(room_id: int, keys: list[str]) -> dict[str, Person]:
    """Return {key: person} of the people who exist. On a board, its visitors come before other people."""
    found: dict[str, Person] = {}
    for part in _split(keys):
        people = Person.objects.filter(handle_key__in=part, is_active=True).only(
            "id", "handle", "handle_key", "is_guest"
        )
        found.update((person.handle_key, person) for person in people)
        visitors = Visitor.objects.filter(board__room_id=room_id, handle_key__in=part).select_related("person")
        found.update((visitor.handle_key, visitor.person) for visitor in visitors)
    return found


def _split(values: list) -> Iterator[list]:
    for start in range(0, len(values), KEYS_PER_QUERY):
        yield values[start : start + KEYS_PER_QUERY]


def _choose(keys_of_body: Iterable[list[str]], people: dict[str, Person]) -> list[Person]:
    """Return the person of the longest existing name at each @. Return each person only once."""
    chosen = (next((people[key] for key in keys_at if key in people), None) for keys_at in keys_of_body)
    return list({person.id: person for person in chosen if person is not None}.values())
