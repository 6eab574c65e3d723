"""
A room's socket: let in, heard frame by frame, let go.

In this module `message` is always the Channels message; rows never come here.
"""
import logging
from urllib.parse import parse_qs

from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare

from chat import broadcast, protocol
from chat.services import limits, people, presence, rooms
from chat.version import CLIENT_VERSION
from chatproj.outages import OUTAGES
from chatproj.transport import (
    Seldom,
    channel_session,
    channel_session_user_from_http,
    enforce_ordering,
    forget_ordering,
)

from .handshake import checked_handshake, get_address, get_headers

logger = logging.getLogger(__name__)
seldom = Seldom(logger)


# The beginning.


@checked_handshake
@enforce_ordering
@channel_session_user_from_http
def ws_connect(message, slug):
    """Lets a person into a room: `joined`, the backlog, `synced`; or closes with the code that says why not."""
    try:
        member = _enter(message, slug)
    except protocol.Dismissed as dismissal:
        broadcast.accept(message.reply_channel, close=dismissal.code)
        return
    presence.arrive(member, message.reply_channel)
    backlog_from = _greet(message, member)
    broadcast.subscribe(message.reply_channel, _groups(message.channel_session))
    _send_backlog(message, rooms.get_backlog(member.room, backlog_from))
    presence.tell_soon(member.room_id)


def _enter(message, slug):
    """Returns the member, and writes into the channel session who it is. Raises Dismissed or Refused."""
    address, header = get_address(message), get_headers(message).get("authorization")
    token = people.find_token(header)
    person = token.person if token else message.user
    # Who shows a token that does not hold is not let in by a cookie instead.
    if not person.is_authenticated or (token is None and people.is_token_header(header)):
        raise protocol.Dismissed(protocol.CLOSE_NOT_SIGNED_IN)
    try:
        member = rooms.join_room(person, slug)
    except protocol.Refused as refusal:
        code = protocol.CLOSE_FORBIDDEN if refusal.code == "forbidden" else protocol.CLOSE_NOT_FOUND
        raise protocol.Dismissed(code) from None
    limits.lease_socket(person.id, address, message.reply_channel.name)
    people.touch_seen(person)
    message.channel_session.update({
        "member": member.id, "room": member.room_id, "person": person.id, "handle": person.handle,
        "address": address, "token": token.id if token else None,
        "login": None if token else message.http_session.session_key,
    })  # fmt: skip
    return member


def _greet(message, member):
    """Accepts with `joined`, and returns the cursor from which the backlog begins (None: the newest)."""
    text = message.content.get("query_string", b"")
    query = parse_qs(text.decode("latin1") if isinstance(text, bytes) else text, keep_blank_values=True)
    cursor = protocol.parse_integer(query["cursor"][-1]) if "cursor" in query else None
    room = member.room
    reset = "cursor" in query and (cursor is None or cursor > room.offset)
    present, count = presence.get_present(room.id)
    joined = protocol.joined(
        {"slug": room.slug, "name": room.name, "topic": room.topic},
        {"handle": member.handle, "role": member.role, "read": member.read_offset},
        room.offset, present, count, CLIENT_VERSION, reset,
    )  # fmt: skip
    broadcast.accept(message.reply_channel, joined)
    return None if reset else cursor


def _groups(session):
    """The groups that a connection is in, by its channel session."""
    credential = broadcast.credential_group(session["login"], session["token"])
    return [broadcast.room_group(session["room"]), broadcast.member_group(session["member"]), credential]


def _send_backlog(message, backlog):
    for event in backlog.messages:
        broadcast.reply(message.reply_channel, event)
    broadcast.reply(message.reply_channel, protocol.synced(backlog.offset, backlog.more, backlog.reset))


# Frames.


@enforce_ordering
@channel_session
def ws_receive(message, slug):
    """Takes one frame of a room's socket and gives it exactly one answer where its type has one."""
    ref = None
    try:
        event, refusal = _read_event(message)
        ref = getattr(event or refusal, "ref", None)
        member = _get_member(message)
        _check_limit(member, event, ref)
        if refusal is not None:
            raise refusal
        HANDLERS[event.type](message, member, event)
    except protocol.Dismissed as dismissal:
        broadcast.close(message.reply_channel, dismissal.code)
    except protocol.Refused as refusal:
        refusal.ref = ref
        broadcast.reply(message.reply_channel, protocol.rejected(refusal))
    # A reply that finds no room counts as an outage: what is stored is stored, and asking again is harmless.
    except (message.channel_layer.ChannelFull, *OUTAGES) as outage:
        seldom.warning("Frames cannot be handled for now: %s", outage)
        _reply_failure(message, protocol.Refused("unavailable", "Try again in a moment.", ref, retry_after=1.0))
    except Exception:
        logger.exception("A frame could not be handled")
        _reply_failure(message, protocol.Refused("internal", "This failed, and it is our fault.", ref))


def _read_event(message):
    """Returns (event, None) or (None, the refusal): who floods with nonsense is counted like everybody else."""
    try:
        if message.content.get("text") is None:
            raise protocol.Refused("binary_not_supported", "Send text frames.")
        return protocol.parse(message.content["text"]), None
    except protocol.Refused as refusal:
        return None, refusal


def _get_member(message):
    """Returns the member behind a frame, who may still be here. Raises Dismissed with the code that says why not."""
    session = message.channel_session
    if "member" not in session:
        raise protocol.Dismissed(protocol.CLOSE_CONNECTION_LOST)
    member = rooms.find_member(session["member"], session["login"], session["token"])
    if member is None:
        raise protocol.Dismissed(protocol.CLOSE_NOT_FOUND)
    if not member.is_signed_in or not member.person.is_active:
        raise protocol.Dismissed(protocol.CLOSE_NOT_SIGNED_IN)
    if not _has_todays_password(member, session):
        # It may be the browser that changed it, whose session goes on: the next handshake knows.
        raise protocol.Dismissed(protocol.CLOSE_CONNECTION_LOST)
    if member.role == member.BANNED:
        raise protocol.Dismissed(protocol.CLOSE_FORBIDDEN)
    return member


def _check_limit(member, event, ref):
    if isinstance(event, protocol.Sync):
        limits.check_heartbeat(member.person_id)
    else:
        limits.check_event(member.person_id, ref)


def _has_todays_password(member, session):
    """Whether the login is of after the last change of the password, which ends all other sessions."""
    return session["token"] is not None or constant_time_compare(
        session.get(HASH_SESSION_KEY, ""), member.person.get_session_auth_hash()
    )


def _reply_failure(message, refusal):
    try:
        broadcast.reply(message.reply_channel, protocol.rejected(refusal))
    except Exception:
        # With Redis gone nobody can be told; the client's own time-out sends the frame again.
        logger.warning("%s could not be told of a failure", message.reply_channel.name)


def _answer(change):
    """Returns a handler that makes a change and answers with its `ack`."""

    def handle(message, member, event):
        broadcast.reply(message.reply_channel, change(member, event).ack)

    return handle


def _tell_typing(message, member, event):
    if member.role != member.MUTED:
        group = broadcast.room_group(member.room_id)
        broadcast.publish_to_others(group, protocol.typing(member.handle, event.on), message.reply_channel)


def _mark_read(message, member, event):
    rooms.mark_read(member, event.offset, message.reply_channel)


def _sync(message, member, event):
    # The heartbeat is what renews all that would otherwise end by itself. Nobody waits for it: all of it goes with the
    # worker's next trip to Redis.
    session = message.channel_session
    limits.renew_socket(session["person"], session["address"], message.reply_channel.name)
    broadcast.resubscribe(message.reply_channel, _groups(session), lambda: _send_missed(message, member, event.cursor))
    presence.touch(member, message.reply_channel)
    _send_backlog(message, rooms.catch_up(member.room, event.cursor))


def _send_missed(message, member, cursor):
    """What was said after `_sync` had read the room, and before its connection was in the group again."""
    _send_backlog(message, rooms.get_backlog(member.room, cursor))


def _fetch(message, member, event):
    messages, more = rooms.get_page(member.room, event.before, event.limit)
    broadcast.reply(message.reply_channel, protocol.page(event.ref, messages, more))


HANDLERS = {
    "post": _answer(rooms.post_message),
    "edit": _answer(rooms.edit_message),
    "remove": _answer(rooms.remove_message),
    "react": _answer(rooms.set_reaction),
    "typing": _tell_typing,
    "read": _mark_read,
    "sync": _sync,
    "fetch": _fetch,
}


# The end.


@enforce_ordering
def ws_disconnect(message, slug):
    """Lets go of all that the connection held, after its last frame. (Ours is an ordering that cannot jam.)"""
    session = message.channel_session
    if "member" in session:
        broadcast.unsubscribe(message.reply_channel, _groups(session))
        presence.depart(session["room"], session["handle"], message.reply_channel)
        limits.release_socket(session["person"], session["address"], message.reply_channel.name)
    session.flush()
    forget_ordering(message)
