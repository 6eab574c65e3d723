"""
Changes of a room's messages: posted, edited, removed, reacted to, each once for every ref of a person.

One change is one transaction whose first statement takes the room's next offset.
"""

import secrets
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import AuditEntry, Change, Member, Message, Reaction, Room, insert
from chat.protocol import ChatError
from chat.services import audit
from chat.services.after_commit import publish_after_commit

from .reading import describe
from .standings import check_may_speak, tell_moderators

MAX_REACTIONS = 20  # of one person on one message


@dataclass(frozen=True)
class Outcome:
    """What came of a change: its `ack`, and whether it was made now or had been made before."""

    ack: dict
    is_new: bool


def post_message(member, event):
    """Stores what a Post says. Returns the Outcome. Raises `muted`, `not_found` (reply_to), `ref_conflict`."""

    def post(offset, now):
        check_may_speak(member)
        if event.reply_to is not None:
            _get_message(member.room_id, event.reply_to)
        message = Message(
            room=member.room,
            number=offset,
            offset=offset,
            author=member.person,
            ref=event.ref,
            body=event.body,
            reply_to=event.reply_to,
            created_at=now,
        )
        insert(message)
        message.all_reactions = []
        return message

    return _change(member, event, post)


def edit_message(member, event):
    """Gives a message a new body. Returns the Outcome. Raises `not_found`, `forbidden`, `muted`, `ref_conflict`."""

    def edit(offset, now):
        message = _get_changeable(member, event.id)
        if message.author_id != member.person_id:
            audit.record(member.person, AuditEntry.EDIT, member.room_id, message.author, message=message.number)
        return _update(message, offset, body=event.body, edited_at=now)

    return _change(member, event, edit)


def remove_message(member, event):
    """Takes a message's body away. Returns the Outcome. Raises `not_found`, `forbidden`, `muted`, `ref_conflict`."""

    def remove(offset, now):
        message = _get_changeable(member, event.id)
        if message.author_id != member.person_id and audit.record_removal(member.person, message):
            tell_moderators(member.room_id)
        Reaction.objects.filter(message=message).delete()
        message.all_reactions = []
        return _update(message, offset, body="", removed_at=now)

    return _change(member, event, remove)


def remove_as_operator(person, messages):
    """Removes messages for an operator, who needs no role in their rooms. Returns how many it removed."""
    removed = 0
    for message in messages.select_related("room").filter(removed_at=None):
        member = Member(room=message.room, person=person, role=Member.MODERATOR)
        event = protocol.Remove(ref=f"operator-{secrets.token_urlsafe(16)}", id=message.number)
        try:
            removed += remove_message(member, event).is_new
        except ChatError:
            continue  # somebody else removed it meanwhile
    return removed


def set_reaction(member, event):
    """Adds or takes back one emoji. Returns the Outcome. Raises `not_found`, `muted`, `ref_conflict`."""

    def react(offset, now):
        check_may_speak(member)
        message = _get_message(member.room_id, event.id, present=True)
        mine = Reaction.objects.filter(message=message, person=member.person, emoji=event.emoji)
        if mine.exists() == event.on:
            Room.objects.give_back_offset(member.room_id)
            return message
        if event.on:
            _check_reactions(message, member.person)
            Reaction.objects.create(message=message, person=member.person, emoji=event.emoji)
        else:
            mine.delete()
        Message.objects.filter(id=message.id).update(offset=offset)
        return Message.objects.complete().get(id=message.id)

    return _change(member, event, react)


def _change(member, event, apply):
    """
    Runs `apply(offset, now)`, which returns the message it changed, once for each ref of a person.

    Stores first: the room's counter, the change itself, the ref; then, on commit, publishes. A ref that was used
    before (found by the constraint, not by asking first) gets the answer it got then. Returns the Outcome.
    """
    fingerprint = protocol.digest(event, member.room.slug)
    try:
        with transaction.atomic():
            now = timezone.now()
            is_post = isinstance(event, protocol.Post)
            offset = Room.objects.take_offset(member.room_id, at=now if is_post else None)
            message = apply(offset, now)
            insert(
                Change(
                    person_id=member.person_id,
                    ref=event.ref,
                    room_id=member.room_id,
                    digest=fingerprint,
                    number=message.number,
                    offset=message.offset,
                    created_at=now,
                )
            )
            if message.offset == offset:
                publish_after_commit(broadcast.room_group(member.room_id), lambda: describe(message))
    except (IntegrityError, ChatError) as error:
        return _earlier_ack(member.person, event.ref, fingerprint, error)
    return Outcome(protocol.ack(event.ref, message.number, message.offset), is_new=True)


def _earlier_ack(person, ref, fingerprint, error):
    earlier = _find_earlier(person, ref, fingerprint, error)
    return Outcome(protocol.ack(ref, earlier.number, earlier.offset), is_new=False)


def _find_earlier(person, ref, fingerprint, error):
    earlier = Change.objects.filter(person=person, ref=ref).first()
    if earlier is None:
        raise error
    if earlier.digest != fingerprint:
        raise ChatError("ref_conflict", "This ref stands for another change already.") from None
    return earlier


def record_once(member, event, make):
    """
    Runs `make()` in a transaction once for each ref of a person, for what changes none of the room's messages: it
    stores a row and returns its id. Returns (id, is_new): for a ref that was used before, the id of then.

    Raises `ref_conflict`, and what `make` raises, with nothing stored.
    """
    fingerprint = protocol.digest(event, member.room.slug)
    try:
        with transaction.atomic():
            number = make()
            insert(
                Change(
                    person_id=member.person_id,
                    ref=event.ref,
                    room_id=member.room_id,
                    digest=fingerprint,
                    number=number,
                    offset=member.room.offset,
                    created_at=timezone.now(),
                )
            )
    except (IntegrityError, ChatError) as error:
        return _find_earlier(member.person, event.ref, fingerprint, error).number, False
    return number, True


def _check_reactions(message, person):
    # Every change sends all reactions of its message to everybody in the room.
    if sum(reaction.person_id == person.id for reaction in message.all_reactions) >= MAX_REACTIONS:
        raise ChatError("forbidden", f"One person puts at most {MAX_REACTIONS} emoji on a message.")


def _get_message(room_id, number, present=False):
    message = Message.objects.complete().filter(room_id=room_id, number=number).first()
    if message is None or (present and message.is_removed):
        raise ChatError("not_found", "There is no such message in this room.")
    return message


def _get_changeable(member, number):
    check_may_speak(member)
    message = _get_message(member.room_id, number, present=True)
    if message.author_id != member.person_id and not member.is_moderator:
        raise ChatError("forbidden", "Only its author and moderators may do that.")
    return message


def _update(message, offset, **fields):
    fields["offset"] = offset
    for name, value in fields.items():
        setattr(message, name, value)
    message.save(update_fields=list(fields))
    return message
