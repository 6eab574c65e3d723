"""
The Addition POLL: store the poll of a new message, describe polls for the `message` event, and delete them.

The event is the same for everybody, so it cannot say what its reader has chosen. It names the people who voted, unless
the poll is anonymous or has more than MAX_NAMED_VOTES votes. For a poll without these names, `get_own_votes` returns a
person's own votes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from chat import protocol
from chat.models import AdditionBit, Member, Message, Person, Poll, PollOption, PollVote
from chat.protocol import ChatError
from chat.services import rooms
from chat.services.people import find_zone
from chat.services.rights import Action

from .texts import NewPoll, read_poll

NAME = "poll"  # of the command, and of the field of the `message` event
# Every vote sends the names to everybody in the room, so their number is limited.
MAX_NAMED_VOTES = 200
ROWS_PER_QUERY = 500  # SQLite allows 999 parameters


def _prepare(member: Member, event: Any) -> tuple[NewPoll, datetime | None] | None:
    """Return (the poll, its end) if the command `/poll` posts the message."""
    if not isinstance(event, protocol.PostByCommand) or event.command != NAME:
        return None
    poll = read_poll(event.text)
    zone = protocol.get_zone(event.zone or find_zone(member.person))
    return poll, poll.find_end(timezone.now(), zone)


def _store(message: Message, prepared: tuple[NewPoll, datetime | None]) -> None:
    new, end = prepared
    poll = Poll.objects.create(
        room_id=message.room_id,
        number=message.number,
        question=new.question,
        is_multiple=new.is_multiple,
        is_anonymous=new.is_anonymous,
        closes_at=end,
    )
    PollOption.objects.bulk_create(
        [PollOption(poll=poll, position=position, text=text) for position, text in enumerate(new.options)]
    )


def _describe(messages: Sequence[Message]) -> dict[int, dict]:
    """Return {number: {"poll": the poll}} with three statements, for at most ROWS_PER_QUERY messages."""
    found = find_polls(messages[0].room_id, [message.number for message in messages])
    options, votes = _find_options(found), _find_votes(found)
    return {poll.number: {NAME: _describe_poll(poll, options[poll.id], votes)} for poll in found}


def find_polls(room_id: int, numbers: Iterable[int]) -> list[Poll]:
    """Return the polls of some messages of a room."""
    numbers = list(numbers)
    parts = [numbers[start : start + ROWS_PER_QUERY] for start in range(0, len(numbers), ROWS_PER_QUERY)]
    return [poll for part in parts for poll in Poll.objects.filter(room=room_id, number__in=part)]


def _find_options(polls):
    options = defaultdict(list)
    for option in PollOption.objects.filter(poll__in=[poll.id for poll in polls]).order_by("poll", "position"):
        options[option.poll_id].append(option)
    return options


def _find_votes(polls):
    """Return {id of an option: the people who chose it, the earliest vote first}."""
    votes = defaultdict(list)
    rows = PollVote.objects.filter(option__poll__in=[poll.id for poll in polls]).select_related("person")
    for vote in rows.order_by("id"):
        votes[vote.option_id].append(vote.person)
    return votes


def _describe_poll(poll: Poll, options: list[PollOption], votes: dict[int, list[Person]]) -> dict:
    everybody = {person.id: person for option in options for person in votes.get(option.id, ())}
    has_names = not poll.is_anonymous and sum(len(votes.get(option.id, ())) for option in options) <= MAX_NAMED_VOTES
    return protocol.poll(
        question=poll.question,
        options=[_describe_option(option, votes.get(option.id, []), has_names) for option in options],
        multiple=poll.is_multiple,
        anonymous=poll.is_anonymous,
        closed=poll.is_closed,
        closes_at=poll.closes_at,
        people=len(everybody),
        guests=[person.handle for person in everybody.values() if person.is_guest] if has_names else [],
    )


def _describe_option(option, people, has_names):
    fields = {"text": option.text, "votes": len(people)}
    return {**fields, "voters": [person.handle for person in people]} if has_names else fields


def _delete(room_id: int, numbers: Sequence[int]) -> None:
    for poll in find_polls(room_id, numbers):
        poll.delete()


rooms.register_addition(rooms.Addition(AdditionBit.POLL, _describe, _prepare, _store, _delete, is_fixed=True))


def get_own_votes(person: Person, slug: str, number: int) -> list[int]:
    """
    Return the positions of the options that a person has chosen in the poll of a message.

    Raise `not_found` or `forbidden` for the room; `not_found` if there is no such message, or it has no poll.
    """
    room = rooms.get_room_for(person, slug, Action.READ)
    poll = find_poll(room.id, number)
    mine = PollVote.objects.filter(option__poll=poll, person=person)
    return sorted(mine.values_list("option__position", flat=True))


def find_poll(room_id: int, number: int) -> Poll:
    """Return the poll of a message. Raise `not_found`, also if the message was removed during a hold."""
    present = Message.objects.filter(room=room_id, number=number, removed_at=None)
    poll = Poll.objects.filter(room=room_id, number=number).first() if present.exists() else None
    if poll is None:
        raise ChatError("not_found", "This message has no poll.")
    return poll
