"""
A room by long polling, for whom sockets are forbidden: the events of a room's socket, asked for and answered by HTTP.

Thin: it reads requests, lets the room's own consumers handle what they say, and puts the answers together. A request
that waits for something to happen is held by the interface; no worker is busy with it.
"""

import functools
import secrets

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.http import HttpResponse

from channels_transport import LaterResponse
from chat import broadcast, protocol
from chat.consumers import arrivals, frames, polling
from chat.http.endpoints import endpoint, signed_in
from chat.http.responses import error_response, flood_error
from chat.protocol import ChatError
from chat.services import announcements, limits, presence, rooms

MAX_FRAME_BYTES = 64 * 1024  # as on a socket
MAX_FRAMES = 100
# With what a socket is closed for the same.
CLOSE_CODES = {
    "not_signed_in": protocol.CLOSE_NOT_SIGNED_IN,
    "forbidden": protocol.CLOSE_FORBIDDEN,
    "not_found": protocol.CLOSE_NOT_FOUND,
    "too_large": protocol.CLOSE_TOO_LARGE,
}
# What stands around the events, or the close code, of an answer that the interface gives.
AROUND_TEXTS = b'{"events":[', b"]}"
AROUND_CLOSE = b'{"events":[],"close":', b"}"


class Visit:
    """
    One request of a client that polls, as what the room's consumers know: the message of a connection.

    The connection's name, by which it is counted and on the roster, is the same from request to request. What is said
    to it is the request's answer.
    """

    def __init__(self, request, member, poll):
        self.request, self.member, self.poll = request, member, poll
        self.reply_channel = broadcast.Answers(f"poll.{member.id}.{poll}")
        self.channel_layer = request.message.channel_layer
        self.content = request.message.content
        token = getattr(request, "token", None)
        self.credential = {"token_id": token.id} if token else {"login": request.session.session_key}
        self.channel_session = arrivals.describe(self, member, **self.credential)
        self.channel_session[HASH_SESSION_KEY] = request.session.get(HASH_SESSION_KEY, "")

    @property
    def has_answer(self):
        """Whether something has been said."""
        return bool(self.reply_channel.texts) or self.reply_channel.code is not None

    def respond(self, **fields):
        """Returns the answer: `fields`, what was said, and the code of a close."""
        if self.reply_channel.code is not None:
            fields["close"] = self.reply_channel.code
        return HttpResponse(write(self.reply_channel.texts, **fields), content_type="application/json")


def write(texts, **fields):
    """Returns the body of an answer; `texts` are events that are encoded already."""
    return protocol.encode({**fields, "events": []}).removesuffix("]}") + ",".join(texts) + "]}"


def in_room(function):
    """Gives a view the member who asks. A refusal says, beside its code, with which code a socket is closed for it."""

    @signed_in
    def enter(request, slug):
        return function(request, rooms.join_room(request.user, slug))

    @functools.wraps(function)
    def inner(request, slug):
        try:
            response = enter(request, slug)
        except protocol.CloseConnection as dismissal:
            response = error_response(request, flood_error(), dismissal.code)
        except ChatError as refusal:
            response = error_response(request, refusal, CLOSE_CODES.get(refusal.code))
        response["Cache-Control"] = "no-store"
        return response

    return inner


def _open_visit(request, member):
    poll = request.GET.get("poll")
    if not protocol.is_ref(poll):
        raise ChatError("invalid_field", "'poll' must be what the first answer gave.")
    return Visit(request, member, poll)


# Hearing.


@in_room
def hear(request, member):
    """The first poll lets in, as a handshake does; each later one answers when there is something to say."""
    if request.method == "HEAD":
        raise ChatError("method_not_allowed", "Use GET.")
    limits.check_event(request.user.id)
    if "poll" not in request.GET:
        return _arrive(request, member)
    visit = _open_visit(request, member)
    _stay(visit)
    cursor, seconds = _read_cursor(request), _read_seconds(request)
    _send_announcements(visit)
    _send_changes(visit, member.room, cursor)
    _send_presence(visit)
    if visit.has_answer:
        return visit.respond()
    if seconds:
        return _wait(visit, cursor, seconds)
    broadcast.reply(visit.reply_channel, protocol.synced(cursor, False))
    return visit.respond()


def _arrive(request, member):
    visit = Visit(request, member, secrets.token_urlsafe(12))
    limits.check_address("handshakes", visit.channel_session["address"])
    arrivals.let_in(visit, member, **visit.credential)
    return visit.respond(poll=visit.poll)


def _stay(visit):
    """Goes on being counted and present. Who was away for too long comes again, where there still is room."""
    session = visit.channel_session
    limits.lease_socket(session["person"], session["address"], visit.reply_channel.name)
    presence.touch(visit.member, visit.reply_channel)


def _read_cursor(request):
    # An unreadable cursor is one from the future: the answer says that the client shall forget what it holds.
    cursor = protocol.parse_integer(request.GET.get("cursor"))
    return protocol.MAX_INTEGER if cursor is None else cursor


def _read_seconds(request):
    longest = settings.CHAT_POLL_SECONDS
    wait = protocol.parse_integer(request.GET.get("wait", str(longest)))
    return min(protocol.check_integer(wait, "wait"), longest)


def _send_changes(visit, room, cursor):
    if room.offset != cursor:
        arrivals.send_backlog(visit, rooms.get_backlog(room, cursor))


def _send_announcements(visit):
    """Says what an operator said between two polls."""
    for event in announcements.take_untold(visit.member):
        broadcast.reply(visit.reply_channel, event)


def _send_presence(visit):
    """Says who is here to one who knows of more or fewer: what was told between two polls was not heard."""
    held, room_id = protocol.parse_integer(visit.request.GET.get("present")), visit.member.room_id
    if held is None:
        return
    (count,) = presence.count_present([room_id])
    # In a crowd it changes all the time, and nobody would ever wait.
    if held != count and max(held, count) <= protocol.MAX_PRESENT:
        present, count = presence.get_present(room_id)
        broadcast.reply(visit.reply_channel, protocol.presence([], [], count, present))


def _wait(visit, cursor, seconds):
    """Returns the answer that comes as soon as something happens in the room, or after so many seconds."""
    channel, groups = visit.request.reply_channel, arrivals.groups(visit.channel_session)
    broadcast.subscribe(channel, groups)
    try:
        _look_again(visit, cursor)
    except BaseException:
        broadcast.unsubscribe(channel, groups)
        raise
    if not visit.has_answer:
        return _answer_later(visit, cursor, seconds, groups)
    broadcast.unsubscribe(channel, groups)
    return visit.respond()


def _look_again(visit, cursor):
    """
    Reads the room and the right to be there once more, now that it listens: what comes from here on is said to it,
    and what came before is found.
    """
    try:
        _send_changes(visit, frames.get_member(visit).room, cursor)
    except protocol.CloseConnection as dismissal:
        broadcast.close(visit.reply_channel, dismissal.code)


def _answer_later(visit, cursor, seconds, groups):
    session = {name: visit.channel_session[name] for name in ("room", "handle", "person", "address")}
    return LaterResponse(
        visit.request,
        write([protocol.encode(protocol.synced(cursor, False))]),
        seconds,
        AROUND_TEXTS,
        AROUND_CLOSE,
        {"groups": groups, "session": session, "name": visit.reply_channel.name},
        content_type="application/json",
    )


# Saying.


@in_room
def say(request, member):
    """Handles frames as a socket's are, one after another, and answers with what is said to their sender."""
    visit = _open_visit(request, member)
    for frame in _read_frames(request.body):
        visit.content = {"text": frame}
        frames.answer_frame(visit)
        if visit.reply_channel.code is not None:
            break
    return visit.respond()


def _read_frames(body):
    found = protocol.split_frames(body)
    if len(found) > MAX_FRAMES:
        raise ChatError("too_long", f"Send at most {MAX_FRAMES} frames at once.")
    if any(len(frame.encode()) > MAX_FRAME_BYTES for frame in found):
        raise ChatError("too_large", f"A frame has at most {MAX_FRAME_BYTES} bytes.")
    return found


@in_room
def leave(request, member):
    """Says that the client goes away, rather than let its time run out."""
    visit = _open_visit(request, member)
    limits.check_event(request.user.id)
    polling.let_poller_go(visit.channel_session, visit.reply_channel)
    return HttpResponse(status=204)


poll = endpoint(GET=hear, POST=say, DELETE=leave)
