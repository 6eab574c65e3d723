"""
The websocket consumers: each takes one Channels message, asks the services, and answers. (In this module `message`
is always the Channels message; rows never come here.)

They are thin and they let nothing out: a refusal is answered, a failure is answered, and the connection goes on.
"""
import functools
import logging
from urllib.parse import parse_qs

from channels.exceptions import ConsumeLater, DenyConnection
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.http.request import split_domain_port, validate_host
from django.utils.crypto import constant_time_compare

from chat import broadcast, protocol
from chat.services import limits, people, presence, rooms
from chat.version import CLIENT_VERSION
from chatproj.outages import OUTAGES
from chatproj.store import store
from chatproj.transport import (
    channel_session,
    channel_session_user_from_http,
    enforce_ordering,
    forget_ordering,
    session_for_reply_channel,
)

logger = logging.getLogger(__name__)

# A disconnect may overtake the last frames of its connection; they still find their session for this long.
AFTERLIFE_SECONDS = 30


# The handshake.


def checked_handshake(consumer):
    """Denies (403) a handshake from a foreign page; closes one too many, or one that fails: none is left hanging."""

    @functools.wraps(consumer)
    def inner(message, *args, **kwargs):
        if not _is_own_origin(message):
            raise DenyConnection
        try:
            limits.check_address("handshakes", _address(message))
            return consumer(message, *args, **kwargs)
        except (ConsumeLater, DenyConnection):
            raise
        except protocol.Refused as refusal:
            broadcast.accept(message.reply_channel, protocol.rejected(refusal), close=protocol.CLOSE_OVERLOAD)
        except Exception:
            logger.exception("A handshake failed")
            broadcast.accept(message.reply_channel, close=protocol.CLOSE_OVERLOAD)

    return inner


def _is_own_origin(message):
    """
    Whether a page of ours opened the socket: browsers say so in `Origin`, whole and unforgeable by foreign pages.

    Compared whole, for another port or scheme is another site. Only a bot, which shows a token, may have none.
    """
    headers = _headers(message)
    origin = headers.get("origin")
    if origin is None:
        return people.is_token_header(headers.get("authorization"))
    if settings.PUBLIC_URL:
        return origin == settings.PUBLIC_URL
    host = headers.get("host", "")
    is_ours = validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)
    return is_ours and origin in (f"http://{host}", f"https://{host}")


def _address(message):
    return (message.content.get("client") or ["unknown"])[0]


def _headers(message):
    return {name.decode("latin1"): value.decode("latin1") for name, value in message.content.get("headers", [])}


@checked_handshake
@enforce_ordering
@channel_session_user_from_http
def ws_connect(message, slug):
    """Lets a person into a room: `joined`, the backlog, `synced`; or closes with the code that says why not."""
    if message.channel_session.get("gone"):
        return  # its disconnect overtook it: nobody is there to be let in
    try:
        member = _enter(message, slug)
    except protocol.Dismissed as dismissal:
        broadcast.accept(message.reply_channel, close=dismissal.code)
        return
    # Not only at the end: a disconnect that runs meanwhile, in another worker, finds what there is to let go of.
    message.channel_session.save()
    message.channel_session.modified = False
    presence.arrive(member, message.reply_channel)
    backlog_from = _greet(message, member)
    _subscribe(message, member)
    _send_backlog(message, rooms.get_backlog(member.room, backlog_from))
    if _is_gone(message):
        _let_go(message)
    presence.tell_soon(member.room_id)


def _enter(message, slug):
    """Returns the member, and writes into the channel session who it is. Raises Dismissed or Refused."""
    address, header = _address(message), _headers(message).get("authorization")
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


def _subscribe(message, member):
    session = message.channel_session
    credential = broadcast.credential_group(session["login"], session["token"])
    groups = [broadcast.room_group(member.room_id), broadcast.member_group(member.id), credential]
    broadcast.subscribe(message.reply_channel, groups)


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
        limits.check_event(member.person_id, ref)
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
        logger.warning("A frame could not be handled for now: %s", outage)
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
    session = message.channel_session
    if not session.get("gone"):
        # The heartbeat is what renews all that would otherwise end by itself.
        limits.lease_socket(session["person"], session["address"], message.reply_channel.name)
        _subscribe(message, member)
        presence.touch(member, message.reply_channel)
        if session_for_reply_channel(message.reply_channel.name).get("gone"):
            _let_go(message)
    _send_backlog(message, rooms.get_backlog(member.room, event.cursor))


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


def ws_disconnect(message, slug):
    """Lets go of all that the connection held. It stands behind nothing, so it cannot be kept waiting."""
    _note_gone(message)
    _let_go(message)


# A disconnect may run before its connect has finished. It leaves a note before it looks at what the connect has
# written, and the connect looks for the note after it has written: at least one of the two sees the other.


def _note_gone(message):
    store.count(f"gone:{message.reply_channel.name}", AFTERLIFE_SECONDS)


def _is_gone(message):
    return store.count(f"gone:{message.reply_channel.name}", AFTERLIFE_SECONDS) > 1


@channel_session
def _let_go(message):
    session = message.channel_session
    forget_ordering(message)
    session["gone"] = True
    session.set_expiry(AFTERLIFE_SECONDS)
    # Before anything is let go of: a heartbeat that takes it up again meanwhile sees that it must not.
    session.save()
    session.modified = False
    if "member" not in session:
        return
    credential = broadcast.credential_group(session["login"], session["token"])
    groups = [broadcast.room_group(session["room"]), broadcast.member_group(session["member"]), credential]
    broadcast.unsubscribe(message.reply_channel, groups)
    presence.depart(session["room"], session["handle"], message.reply_channel)
    limits.release_socket(session["person"], session["address"], message.reply_channel.name)


# The other sockets.


@checked_handshake
def lobby_connect(message):
    """Anyone who may see the list of rooms hears when it changed."""
    broadcast.subscribe(message.reply_channel, [broadcast.LOBBY_GROUP])
    broadcast.accept(message.reply_channel)
    if _is_gone(message):
        broadcast.unsubscribe(message.reply_channel, [broadcast.LOBBY_GROUP])


def lobby_disconnect(message):
    _note_gone(message)
    broadcast.unsubscribe(message.reply_channel, [broadcast.LOBBY_GROUP])


@checked_handshake
@enforce_ordering
def echo_connect(message):
    """The latency probe of the whole pipeline, where CHAT_ECHO allows it."""
    broadcast.accept(message.reply_channel, close=None if settings.CHAT_ECHO else protocol.CLOSE_NOT_FOUND)


@enforce_ordering
def echo_receive(message):
    if settings.CHAT_ECHO and message.content.get("text"):
        broadcast.echo(message.reply_channel, {"text": message["text"]})


@channel_session
def echo_disconnect(message):
    message.channel_session.flush()
    forget_ordering(message)


def ws_unknown(message, **kwargs):
    """A socket on a path that leads nowhere."""
    broadcast.accept(message.reply_channel, close=protocol.CLOSE_NOT_FOUND)


def ws_ignored(message, **kwargs):
    """Nothing is heard here, but nothing may be left unrouted either."""
