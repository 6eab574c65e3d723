"""
Changes of a room's messages: post, edit, remove and react.

`refs` runs each change in a transaction of its own, once for each ref of a person.
"""

import secrets
from collections.abc import Callable

from django.db.models import QuerySet

from chat import protocol
from chat.models import ROOMS, AuditEntry, Bookmark, Member, Message, Person, Reaction, Room, insert, set_related
from chat.protocol import ChatError
from chat.services import audit, busy_rooms, custom_emoji
from chat.services.blocks import find_direct_listeners
from chat.services.holds import is_held
from chat.services.rights import Action
from chat.services.scopes import check_scope

from .additions import is_fixed, note_removal, prepare_additions, remove_additions, revise_additions
from .called import find_called
from .history import delete_bodies, keep_body, keep_held_body, make_no_message_error
from .memberships import check_member_may, notify_moderators
from .mentions import delete_mentions, notify_direct, replace_mentions, store_mentions
from .refs import Outcome, change_message

MAX_REACTIONS = 20  # emoji of one person on one message
_listeners: list[Callable[[Member, Message], object]] = []


def register_listener(listen: Callable[[Member, Message], object]) -> None:
    """
    Call `listen(author, message)` after each new message is stored, in its transaction.

    Every post calls `listen`, so `listen` must run no query for most posts.
    """
    _listeners.append(listen)


def post_message(member: Member, event: protocol.Post) -> Outcome:
    """
    Store a new message, and notify the people whom it mentions.

    Raise `muted`, `not_found` (for `reply_to`) or `ref_conflict`. Raise `forbidden` in an archived room, and in a
    direct conversation whose only other person blocks the author. Raise the errors of the additions, such as those of a
    poll.
    """

    def post(offset, now):
        check_member_may(member, Action.POST)
        if event.reply_to is not None:
            _get_message(member.room_id, event.reply_to)
        room = member.room
        is_direct = room.access == Room.DIRECT
        listeners = find_direct_listeners(member) if is_direct else []
        called = find_called(member, event.body)
        prepared = prepare_additions(member, event)
        message = insert(
            Message,
            room_id=member.room_id,
            number=offset,
            offset=offset,
            author_id=member.person_id,
            ref=event.ref,
            body=event.body,
            reply_to=event.reply_to,
            created_at=now,
            edited_at=None,
            removed_at=None,
            pinned_at=None,
            mentioned=called.count,
            audience=called.audience,
            additions=prepared.bits,
            **prepared.columns,
        )
        set_related(message, room=room, author=member.person)
        message.all_reactions = []
        message.notice_fields = prepared.notice_fields
        store_mentions(member, message, called)
        prepared.store(message)
        notify_direct(room, message, listeners)
        for listen in _listeners:
            listen(member, message)
        return message

    outcome = change_message(member, event, post)
    if outcome.is_new:
        busy_rooms.count_message(member.room_id)
    return outcome


def edit_message(member: Member, event: protocol.Edit) -> Outcome:
    """
    Store a new body of a message.

    Keep the earlier body. If a moderator edits another person's message, write an audit entry.

    Raise `not_found`, `muted` or `ref_conflict`. Raise `forbidden` if the person may not change the message, if an
    addition of the message is fixed, and where `post_message` raises it.
    """

    def edit(offset, now):
        message = get_editable_message(member, event.id)
        if is_fixed(message):
            raise ChatError("forbidden", "This message cannot be edited. Remove it, and post it again.")
        if member.room.access == Room.DIRECT:
            # An edit could bring any text to a person who blocks the author.
            find_direct_listeners(member)
        if message.author_id != member.person_id:
            audit.record(member.person, AuditEntry.EDIT, member.room_id, message.author, message=message.number)
        keep_body(message, member.person, now)
        called = replace_mentions(member, message, event.body)
        fields = {"mentioned": called.count, "audience": called.audience}
        additions = revise_additions(member, message, event.body)
        return _update(message, offset, body=event.body, edited_at=now, additions=additions, **fields)

    return change_message(member, event, edit)


def remove_message(member: Member, event: protocol.Remove) -> Outcome:
    """
    Delete the body, the earlier bodies, the additions, reactions, mentions, bookmarks and pin of a message; its row
    stays.

    During a hold, keep the bodies and the additions; members cannot read them.

    If a moderator removes another person's message, write an audit entry, and close the reports of the message.

    Raise `not_found`, `muted` or `ref_conflict`; `forbidden` in an archived room, or if the person may not change the
    message.
    """
    return _remove(member, event, _get_removable)


def _remove(member, event, get_message):
    def remove(offset, now):
        message = get_message(member, event.id)
        if message.author_id != member.person_id and audit.record_removal(member.person, message):
            notify_moderators(member.room_id)
        Reaction.objects.filter(message=message).delete()
        message.all_reactions = []
        if is_held(message.room_id):
            keep_held_body(message, member.person, now)
            additions = message.additions
        else:
            delete_bodies(message)
            additions = remove_additions(message)
        delete_mentions(message)
        # Bookmarks of a removed message would count against the limits of people who could neither see nor delete them.
        Bookmark.objects.filter(message=message).delete()
        fields = {"body": "", "removed_at": now, "pinned_at": None, "mentioned": 0, "audience": None}
        _update(message, offset, additions=additions, **fields)
        note_removal(message)
        return message

    return change_message(member, event, remove)


def remove_as_operator(person: Person, messages: QuerySet) -> int:
    """
    Remove messages for an operator, who needs no role in the rooms, or for a moderator who decides on a report.

    Messages of archived rooms can be removed too, because people still read them. Return how many were removed.
    """
    removed = 0
    for message in messages.select_related("room").filter(removed_at=None):
        member = Member(room=message.room, person=person, role=Member.MODERATOR)
        event = protocol.Remove(ref=f"operator-{secrets.token_urlsafe(16)}", id=message.number)
        try:
            removed += _remove(member, event, lambda member, number: get_present_message(member.room_id, number)).is_new
        except ChatError:
            continue  # another person has removed the message since the query
    return removed


def set_reaction(member: Member, event: protocol.React) -> Outcome:
    """
    Add or remove one emoji of a person. Change nothing if the message already has this state.

    Raise `not_found` (also for an emoji of the site that does not exist), `muted` or `ref_conflict`; `forbidden` in an
    archived room, or above MAX_REACTIONS.
    """

    def react(offset, now):
        check_member_may(member, Action.REACT)
        message = get_present_message(member.room_id, event.id)
        mine = Reaction.objects.filter(message=message, person=member.person, emoji=event.emoji)
        if mine.exists() == event.on:
            Room.objects.give_back_offset(member.room_id)
            return message
        if event.on:
            custom_emoji.check_exists(event.emoji)
            _check_reactions(message, member.person)
            Reaction.objects.create(message=message, person=member.person, emoji=event.emoji)
        else:
            mine.delete()
        Message.objects.filter(id=message.id).update(offset=offset)
        return Message.objects.complete().get(id=message.id)

    return change_message(member, event, react)


def _check_reactions(message, person):
    # Every change of a message sends all of its reactions to everybody in the room, so their number is limited.
    if sum(reaction.person_id == person.id for reaction in message.all_reactions) >= MAX_REACTIONS:
        raise ChatError(
            "forbidden", "You can put at most %(most)s emoji on a message. Remove one first.", most=MAX_REACTIONS
        )


def _get_message(room_id, number):
    message = Message.objects.complete().filter(room_id=room_id, number=number).first()
    if message is None:
        raise make_no_message_error()
    return message


def get_present_message(room_id: int, number: int) -> Message:
    """Return a message that was not removed, read with `complete`. Raise `not_found`."""
    message = _get_message(room_id, number)
    if message.is_removed:
        raise make_no_message_error()
    return message


def get_editable_message(member: Member, number: int) -> Message:
    """Return a message that a member may edit. Raise as `edit_message` does."""
    return _get_changeable(member, number, Action.EDIT_OWN, Action.EDIT_OTHERS)


def _get_removable(member, number):
    return _get_changeable(member, number, Action.REMOVE_OWN, Action.REMOVE_OTHERS)


def _get_changeable(member, number, own, of_others):
    """Return a message that a member may change with the action `own`, or `of_others` if another person wrote it."""
    check_member_may(member, own)
    message = get_present_message(member.room_id, number)
    if message.author_id != member.person_id:
        check_member_may(member, of_others)
        check_scope(member.person, ROOMS)
    return message


def _update(message, offset, **fields):
    fields["offset"] = offset
    for name, value in fields.items():
        setattr(message, name, value)
    message.save(update_fields=list(fields))
    return message
