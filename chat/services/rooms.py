"""
Rooms, and what is said in them: every write of rooms, members, messages and reactions is here.

A change of a room's messages is one transaction whose first statement takes the room's next offset; when it has
committed, it is published to the room. Whoever enters here (socket, API, admin, shell) is heard in every browser.
"""
import logging
import secrets
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from chat import broadcast, markup, protocol
from chat.models import Change, Member, Message, Reaction, Room, snapshot
from chat.protocol import MAX_BACKLOG, NEWEST, Refused

logger = logging.getLogger(__name__)

MAX_REACTIONS = 20  # of one person on one message


# Rooms and members.


def create_room(person, slug, name, topic=""):
    """Makes a room, owned by `person` (None: by nobody), and tells the lobby. Raises `forbidden`, `taken`."""
    if person is not None and person.is_guest:
        raise Refused("forbidden", "Guests do not make rooms. Sign up for an account.")
    slug, name = protocol.check_slug(slug), protocol.check_room_name(name)
    topic = protocol.check_topic(topic)
    try:
        with transaction.atomic():
            room = Room.objects.create(slug=slug, name=name, topic=topic, created_by=person)
            if person is not None:
                Member.objects.create(room=room, person=person, role=Member.OWNER)
    except IntegrityError:
        raise Refused("taken", "There is a room with this slug.") from None
    tell_lobby()
    return room


def tell_lobby():
    """Tells everyone in the lobby, on commit, that the list of rooms changed."""
    transaction.on_commit(lambda: _publish(broadcast.LOBBY_GROUP, protocol.updated))


def delete_room(room):
    """Deletes a room and all that was said in it, closes its sockets, and tells the lobby."""
    group = broadcast.room_group(room.id)
    room.delete()
    transaction.on_commit(lambda: broadcast.close_group(group, protocol.CLOSE_NOT_FOUND))
    tell_lobby()


def get_room(slug):
    """Returns the room. Raises `not_found`."""
    room = Room.objects.filter(slug=slug).first() if protocol.is_slug(slug) else None
    if room is None:
        raise Refused("not_found", "There is no such room.")
    return room


def join_room(person, slug):
    """Returns the person's standing in a room, made now where there is none. Raises `not_found`, `forbidden`."""
    room = get_room(slug)
    member = Member.objects.filter(room=room, person=person).first()
    if member is None:
        role = Member.GUEST if person.is_guest else Member.MEMBER
        member, _ = Member.objects.get_or_create(room=room, person=person, defaults={"role": role})
    if member.role == Member.BANNED:
        raise Refused("forbidden", "You may not enter this room.")
    # Both are at hand: reading them again would cost two queries.
    member.room, member.person = room, person
    return member


def find_rooms(text="", page=0, size=50):
    """Returns (rooms, more): those spoken in last come first; `text` must be part of slug, name or topic."""
    rooms = _search(text) if text else Room.objects.all()
    # Databases disagree on where a room without a message belongs.
    rooms = rooms.order_by(F("last_at").desc(nulls_last=True), "-id")
    found = list(rooms[page * size : (page + 1) * size + 1])
    return found[:size], len(found) > size


def _search(text):
    fields = [Room.objects.filter(**{f"{field}__icontains": text}) for field in ("slug", "name", "topic")]
    return fields[0] | fields[1] | fields[2]


def get_readable_room(person, slug):
    """Returns the room for one who reads without entering. Raises `not_found`, `forbidden`."""
    room = get_room(slug)
    if Member.objects.filter(room=room, person=person, role=Member.BANNED).exists():
        raise Refused("forbidden", "You may not enter this room.")
    return room


def set_role(member, role):
    """Gives a member another role. A ban closes their sockets at once."""
    Member.objects.filter(id=member.id).update(role=role)
    if role == Member.BANNED:
        _close_sockets(member)


def delete_member(member):
    """Takes a person's standing in a room away, and closes their sockets there."""
    _close_sockets(member)
    member.delete()


def _close_sockets(member):
    group = broadcast.member_group(member.id)
    transaction.on_commit(lambda: broadcast.close_group(group, protocol.CLOSE_FORBIDDEN))


# Changes.


@dataclass(frozen=True)
class Outcome:
    """What came of a change: its `ack`, and whether it was made now or had been made before."""

    ack: dict
    is_new: bool


def post_message(member, event):
    """Stores what a Post says. Returns the Outcome. Raises `muted`, `not_found` (reply_to), `ref_conflict`."""

    def post(offset, now):
        _check_may_speak(member)
        if event.reply_to is not None:
            _get_message(member.room_id, event.reply_to)
        message = Message(
            room=member.room, number=offset, offset=offset, author=member.person, ref=event.ref,
            body=event.body, reply_to=event.reply_to, created_at=now,
        )  # fmt: skip
        message.save(force_insert=True)
        message.all_reactions = []
        return message

    return _change(member, event, post)


def edit_message(member, event):
    """Gives a message a new body. Returns the Outcome. Raises `not_found`, `forbidden`, `muted`, `ref_conflict`."""

    def edit(offset, now):
        message = _get_changeable(member, event.id)
        return _update(message, offset, body=event.body, edited_at=now)

    return _change(member, event, edit)


def remove_message(member, event):
    """Takes a message's body away. Returns the Outcome. Raises `not_found`, `forbidden`, `muted`, `ref_conflict`."""

    def remove(offset, now):
        message = _get_changeable(member, event.id)
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
        except Refused:
            continue  # somebody else removed it meanwhile
    return removed


def set_reaction(member, event):
    """Adds or takes back one emoji. Returns the Outcome. Raises `not_found`, `muted`, `ref_conflict`."""

    def react(offset, now):
        _check_may_speak(member)
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
            Change.objects.create(
                person=member.person, ref=event.ref, room=member.room, digest=fingerprint,
                number=message.number, offset=message.offset, created_at=now,
            )  # fmt: skip
            if message.offset == offset:
                group = broadcast.room_group(member.room_id)
                transaction.on_commit(lambda: _publish(group, lambda: describe(message)))
    except (IntegrityError, Refused) as error:
        return _earlier_ack(member.person, event.ref, fingerprint, error)
    return Outcome(protocol.ack(event.ref, message.number, message.offset), is_new=True)


def _earlier_ack(person, ref, fingerprint, error):
    earlier = Change.objects.filter(person=person, ref=ref).first()
    if earlier is None:
        raise error
    if earlier.digest != fingerprint:
        raise Refused("ref_conflict", "This ref stands for another change already.") from None
    return Outcome(protocol.ack(ref, earlier.number, earlier.offset), is_new=False)


def _publish(group, make_event):
    """Publishes what is stored already: a failure here must not look as if nothing had happened."""
    try:
        broadcast.publish(group, make_event())
    except Exception:
        logger.exception("A stored change could not be told to %s; cursors will find it", group)


def _check_may_speak(member):
    if member.role == Member.MUTED:
        raise Refused("muted", "You are muted in this room.")


def _check_reactions(message, person):
    # Every change sends all reactions of its message to everybody in the room.
    if sum(reaction.person_id == person.id for reaction in message.all_reactions) >= MAX_REACTIONS:
        raise Refused("forbidden", f"One person puts at most {MAX_REACTIONS} emoji on a message.")


def _get_message(room_id, number, present=False):
    message = Message.objects.complete().filter(room_id=room_id, number=number).first()
    if message is None or (present and message.is_removed):
        raise Refused("not_found", "There is no such message in this room.")
    return message


def _get_changeable(member, number):
    _check_may_speak(member)
    message = _get_message(member.room_id, number, present=True)
    if message.author_id != member.person_id and not member.is_moderator:
        raise Refused("forbidden", "Only its author and moderators may do that.")
    return message


def _update(message, offset, **fields):
    fields["offset"] = offset
    for name, value in fields.items():
        setattr(message, name, value)
    message.save(update_fields=list(fields))
    return message


# Reading.


@dataclass(frozen=True)
class Backlog:
    """Changes as `message` events, up to which offset they are complete, and whether there are more."""

    messages: list
    offset: int
    more: bool = False
    reset: bool = False


def get_backlog(room, cursor):
    """Returns what changed after `cursor`; the newest messages for None, and with `reset` for one from the future."""
    with snapshot():
        offset = Room.objects.values_list("offset", flat=True).get(id=room.id)
        if cursor is None or cursor > offset:
            newest = list(_messages(room).before(None)[:NEWEST])[::-1]
            return Backlog(_describe_all(newest), offset, reset=cursor is not None)
        return _changes(room, cursor, MAX_BACKLOG, offset)


def get_page(room, before, limit):
    """Returns (messages older than the id `before`, or the newest for None, by id; whether there are older ones)."""
    with snapshot():
        found = list(_messages(room).before(before)[: limit + 1])
        return _describe_all(found[:limit][::-1]), len(found) > limit


def get_changes(room, after, limit):
    """Returns a Backlog of at most `limit` changes after an offset."""
    with snapshot():
        offset = Room.objects.values_list("offset", flat=True).get(id=room.id)
        return _changes(room, after, limit, offset)


def _changes(room, after, limit, offset):
    changed = list(_messages(room).changed_after(after)[: limit + 1]) if after < offset else []
    more = len(changed) > limit
    changed = changed[:limit]
    return Backlog(_describe_all(changed), changed[-1].offset if more else offset, more)


def mark_read(member, offset, channel):
    """Moves the person's read marker forward, and tells their other connections in the room."""
    offset = min(offset, member.room.offset)
    if Member.objects.filter(id=member.id, read_offset__lt=offset).update(read_offset=offset):
        broadcast.publish_to_others(broadcast.member_group(member.id), protocol.read(offset), channel)


def _messages(room):
    return Message.objects.complete().filter(room=room)


def _describe_all(messages):
    return [describe(message) for message in messages]


def describe(message):
    """Returns a message, read with `complete`, as the wire's `message` event."""
    reactions = {}
    for reaction in message.all_reactions:
        reactions.setdefault(reaction.emoji, []).append(reaction.person.handle)
    return protocol.message(
        id=message.number, offset=message.offset, ref=message.ref, author=message.author.handle,
        body=message.body, html=markup.render(message.body), at=message.created_at, edited_at=message.edited_at,
        removed=message.is_removed, reactions=reactions, reply_to=message.reply_to,
    )  # fmt: skip


def find_member(member_id, session_key, token_id):
    """Returns a member with person, room and `is_signed_in`, or None. One query."""
    return Member.objects.with_credential(session_key, token_id).filter(id=member_id).first()


def create_first_room():
    """Makes the room `welcome` where there is no room at all. Returns whether it did."""
    if Room.objects.exists():
        return False
    create_room(None, "welcome", "Welcome", "The first room. Make your own in the lobby.")
    return True
