"""
Changes of a poll: vote, and close it. Each is a change of the poll's message, and takes the room's next offset.
"""

from chat import protocol
from chat.models import Member, Message, Poll, PollOption, PollVote, Room
from chat.protocol import ChatError
from chat.services import rooms
from chat.services.rights import Action
from chat.services.rooms import Outcome

from .stored import find_poll


def vote(member: Member, event: protocol.Vote) -> Outcome:
    """
    Store the options that a person chooses in a poll, in place of an earlier choice. An empty list deletes that choice.

    Raise:

    - `not_found`, `muted` or `ref_conflict`;
    - `forbidden` if the poll is closed, and in an archived room;
    - `invalid_field` for an option that the poll does not have, and for several options if the poll allows only one.
    """

    def change(offset, now):
        rooms.check_member_may(member, Action.REACT)
        message = rooms.get_present_message(member.room_id, event.id)
        poll = find_poll(member.room_id, event.id)
        if poll.is_closed:
            raise ChatError("forbidden", "This poll is closed.")
        chosen = _find_options(poll, event.options)
        mine = PollVote.objects.filter(option__poll=poll, person=member.person)
        if {row.option_id for row in mine} == {option.id for option in chosen}:
            Room.objects.give_back_offset(member.room_id)
            return message
        mine.exclude(option__in=chosen).delete()
        kept = set(mine.values_list("option_id", flat=True))
        PollVote.objects.bulk_create(
            [PollVote(option=option, person=member.person) for option in chosen if option.id not in kept]
        )
        return _set_offset(message, offset)

    return rooms.change_message(member, event, change)


def _find_options(poll: Poll, positions: list[int]) -> list[PollOption]:
    if len(positions) > 1 and not poll.is_multiple:
        raise ChatError("invalid_field", "In this poll you can choose only one option.")
    chosen = list(PollOption.objects.filter(poll=poll, position__in=positions))
    if len(chosen) < len(positions):
        raise ChatError("invalid_field", "This poll has no such option.")
    return chosen


def close_poll(member: Member, event: protocol.ClosePoll) -> Outcome:
    """
    Close a poll, for the author of its message and for moderators. If it is closed already, change nothing.

    Raise `not_found`, `muted` or `ref_conflict`; `forbidden` for everybody else, and in an archived room.
    """

    def change(offset, now):
        message = rooms.get_present_message(member.room_id, event.id)
        is_own = message.author_id == member.person_id
        rooms.check_member_may(member, Action.EDIT_OWN if is_own else Action.EDIT_OTHERS)
        poll = find_poll(member.room_id, event.id)
        if poll.is_closed:
            Room.objects.give_back_offset(member.room_id)
            return message
        Poll.objects.filter(id=poll.id).update(closed_at=now)
        return _set_offset(message, offset)

    return rooms.change_message(member, event, change)


def _set_offset(message: Message, offset: int) -> Message:
    Message.objects.filter(id=message.id).update(offset=offset)
    message.offset = offset
    return message
