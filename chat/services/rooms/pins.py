"""
Pins: messages that the moderators of a room mark for everybody. A pin is a change of its message, with an offset.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from chat import protocol
from chat.models import AuditEntry, Member, Message, Person, Room
from chat.protocol import ChatError
from chat.services import audit
from chat.services.rights import Action

from .changes import get_present_message
from .memberships import check_member_may
from .reading import describe_messages
from .refs import Outcome, change_message

MAX_PINS = 100  # in one room


@dataclass(frozen=True)
class Pin:
    """A pinned message as a `message` event. `by` is the person who pinned it, or None if that is not known."""

    message: dict
    at: datetime
    by: Person | None


def set_pin(member: Member, event: protocol.Pin) -> Outcome:
    """
    Pin a message, or remove its pin, and write an audit entry. Do nothing if the message already has this state.

    Raise `not_found`, `muted` or `ref_conflict`. Raise `forbidden` if the person does not moderate the room, if the
    room is archived, or if the room already has MAX_PINS pins.
    """

    def pin(offset, now):
        check_member_may(member, Action.PIN)
        message = get_present_message(member.room_id, event.id)
        if message.is_pinned == event.on:
            Room.objects.give_back_offset(member.room_id)
            return message
        if event.on and Message.objects.pinned_in(member.room).count() >= MAX_PINS:
            raise ChatError(
                "forbidden", "A room can have at most %(most)s pinned messages. Remove a pin first.", most=MAX_PINS
            )
        act = AuditEntry.PIN if event.on else AuditEntry.UNPIN
        audit.record(member.person, act, member.room_id, message.author, message=message.number)
        message.pinned_at, message.offset = now if event.on else None, offset
        message.save(update_fields=["pinned_at", "offset"])
        return message

    return change_message(member, event, pin)


def get_pins(room: Room) -> list[Pin]:
    """Return the pins of a room, the newest first."""
    messages = list(Message.objects.complete().pinned_in(room).order_by("-pinned_at", "-number"))
    actors = _find_actors(room, [message.number for message in messages])
    events = describe_messages(messages)
    return [
        Pin(event, message.pinned_at, actors.get(message.number))
        for message, event in zip(messages, events, strict=True)
    ]


def _find_actors(room, numbers):
    """Return {number of a message: the person who pinned it last}."""
    entries = AuditEntry.objects.filter(room=room, act=AuditEntry.PIN, message__in=numbers)
    # A message may have been pinned very often. Only its newest entry is read.
    newest = entries.order_by().values("message").annotate(newest=Max("id")).values("newest")
    found = AuditEntry.objects.filter(id__in=newest).select_related("actor")
    return {entry.message: entry.actor for entry in found}
