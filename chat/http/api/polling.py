"""
A room by long polling, for clients that cannot use sockets: the events of a room's socket, over HTTP.

A view reads a request, calls the code of the room's consumers, and builds the response from their answers. While a
request waits for an event, the interface holds it, so no worker is busy with it.
"""

import functools
import secrets

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.http import HttpResponse

from channels_transport import LaterResponse
from chat import protocol
from chat.connections import PollingConnection
from chat.consumers import admission, frames
from chat.http.endpoints import endpoint, signed_in
from chat.http.responses import error_response, flood_error
from chat.models import READ
from chat.protocol import ChatError
from chat.services import access, limits, missed_events, presence, rooms

MAX_FRAME_BYTES = 64 * 1024  # the same limit as on a socket
MAX_FRAMES = 100
# The code of an error, and the close code with which a socket ends for the same error.
CLOSE_CODES = {
    "not_signed_in": protocol.CLOSE_NOT_SIGNED_IN,
    "forbidden": protocol.CLOSE_FORBIDDEN,
    "not_found": protocol.CLOSE_NOT_FOUND,
    "too_large": protocol.CLOSE_TOO_LARGE,
}
# The interface completes a response that waits: it writes these texts around the events, or around the close code.
AROUND_TEXTS = b'{"events":[', b"]}"
AROUND_CLOSE = b'{"events":[],"close":', b"}"


def make_connection(request, member, poll):
    """Return the connection of a client that polls. `poll` is the client's id, the same in all its requests."""
    address = limits.get_address(request)
    connection = PollingConnection(f"poll.{member.id}.{poll}", {}, address, request.reply_channel.name)
    connection.session.update(admission.make_session(connection, member, **get_credential(request)))
    connection.session[HASH_SESSION_KEY] = request.session.get(HASH_SESSION_KEY, "")
    return connection


def get_credential(request):
    """Return the credential of a request as arguments of `admit`: {token_id} or {login}."""
    token = getattr(request, "token", None)
    return {"token_id": token.id} if token else {"login": request.session.session_key}


def respond(connection, **fields):
    """Return the response: `fields`, the connection's events, and its close code if it has one."""
    if connection.code is not None:
        fields["close"] = connection.code
    return HttpResponse(write_body(connection.texts, **fields), content_type="application/json")


def write_body(texts, **fields):
    """Return the body of a response; `texts` are encoded events."""
    return protocol.encode({**fields, "events": []}).removesuffix("]}") + ",".join(texts) + "]}"


def in_room(function):
    """Decorate a view so that it gets the Member. An error response has the code that would close a socket, if any."""

    @signed_in
    def enter(request, slug):
        return function(request, rooms.join_room(request.user, slug))

    @functools.wraps(function)
    def inner(request, slug):
        try:
            response = enter(request, slug)
        except protocol.CloseConnection as closing:
            response = error_response(request, flood_error(), closing.code)
        except ChatError as refusal:
            response = error_response(request, refusal, CLOSE_CODES.get(refusal.code))
        response["Cache-Control"] = "no-store"
        return response

    return inner


def _read_connection(request, member):
    poll = request.GET.get("poll")
    if not protocol.is_ref(poll):
        raise ChatError("invalid_field", "'poll' must be the value that the first response gave.")
    return make_connection(request, member, poll)


# Receiving.


@in_room
def receive(request, member):
    """Admit a client with its first poll, as a handshake does. Answer later polls at the next event or after `wait`."""
    if request.method == "HEAD":
        raise ChatError("method_not_allowed", "Use GET.")
    limits.check_event(request.user.id)
    if "poll" not in request.GET:
        return _admit(request, member)
    connection = _read_connection(request, member)
    _renew_leases(connection, member)
    cursor, seconds = _read_cursor(request, member.room), _read_seconds(request)
    missed_events.send_missed_events(connection, member)
    _send_changes(connection, member.room, cursor)
    _send_presence(connection, member.room_id, protocol.parse_integer(request.GET.get("present")))
    if connection.has_answer:
        return respond(connection)
    if seconds:
        return _wait(request, connection, cursor, seconds)
    connection.reply(protocol.synced(cursor, False))
    return respond(connection)


def _admit(request, member):
    poll = secrets.token_urlsafe(12)
    connection = make_connection(request, member, poll)
    limits.check_address("handshakes", connection.address)
    # The state is read before `admit` sends it. A change between the two is sent again by the next poll.
    missed_events.remember_state(connection, member)
    query = admission.parse_query(request.META.get("QUERY_STRING", ""))
    admission.admit(connection, member, query, **get_credential(request))
    return respond(connection, poll=poll)


def _renew_leases(connection, member):
    """Renew the client's leases. A client that was away for too long gets new leases, if the limits allow this."""
    limits.lease_socket(member.person_id, connection)
    presence.touch(member, connection)


def _read_cursor(request, room):
    # A cursor that is not an integer, or that belongs to another epoch, counts as larger than the room's offset. So the
    # response resets the client.
    if "epoch" in request.GET and request.GET["epoch"] != room.get_epoch():
        return protocol.MAX_INTEGER
    cursor = protocol.parse_integer(request.GET.get("cursor"))
    return protocol.MAX_INTEGER if cursor is None else cursor


def _read_seconds(request):
    longest = settings.CHAT_POLL_SECONDS
    wait = protocol.parse_integer(request.GET.get("wait", str(longest)))
    return min(protocol.check_integer(wait, "wait"), longest)


def _send_changes(connection, room, cursor):
    if room.offset != cursor:
        admission.send_backlog(connection, rooms.get_backlog(room, cursor))


def _send_presence(connection, room_id, known_count):
    """Send the list of present people if the client has a different count: it missed updates between two polls."""
    if known_count is None:
        return
    (count,) = presence.count_present([room_id])
    # In a large room the count changes so often that no request would wait.
    if known_count != count and max(known_count, count) <= protocol.MAX_PRESENT:
        present, count = presence.get_present(room_id)
        # The count may be larger than the list: it includes a person who was just deleted, and counts a person twice
        # while an encryption key is being replaced. A client knows only the people in the list, so without this check
        # each of its polls would be answered at once.
        if known_count != len(present):
            connection.reply(protocol.presence([], [], count, present))


def _wait(request, connection, cursor, seconds):
    """
    Return a response that the interface completes at the next event of the room, or after `seconds`.

    If the room or the client's rights have changed since the request was read, return the response to this change at
    once.
    """
    groups = admission.get_groups(connection)
    connection.begin_waiting(groups)
    try:
        _check_again(connection, cursor)
    except BaseException:
        connection.end_waiting(groups)
        raise
    if not connection.has_answer:
        return _respond_later(request, connection, cursor, seconds, groups)
    connection.end_waiting(groups)
    return respond(connection)


def _check_again(connection, cursor):
    """
    Read the room and the client's rights once more, now that the request is in the groups.

    The request receives everything that is published from now on. This read finds everything that was stored earlier.
    """
    try:
        _send_changes(connection, access.get_speaking_member(connection).room, cursor)
    except protocol.CloseConnection as closing:
        connection.close(closing.code)


def _respond_later(request, connection, cursor, seconds, groups):
    # The interface must not learn the key of the login session.
    session = {name: connection.session[name] for name in ("room", "handle", "guest", "person", "address")}
    return LaterResponse(
        request,
        write_body([protocol.encode(protocol.synced(cursor, False))]),
        seconds,
        AROUND_TEXTS,
        AROUND_CLOSE,
        {"groups": groups, "session": session, "name": connection.name},
        content_type="application/json",
    )


# Sending.


@in_room
def send(request, member):
    """Handle the frames of the body as a socket does, one after another. Return the answers to their sender."""
    connection = _read_connection(request, member)
    for frame in _read_counted_frames(request):
        frames.answer_frame(connection, frame)
        if connection.code is not None:
            break
    return respond(connection)


def _read_counted_frames(request):
    """Return the frames of the body, each of which counts as an event. A body without frames counts as one event."""
    try:
        found = _read_frames(request.body)
    except ChatError:
        limits.check_event(request.user.id)
        raise
    if not found:
        limits.check_event(request.user.id)
    return found


def _read_frames(body):
    found = protocol.split_frames(body)
    if len(found) > MAX_FRAMES:
        raise ChatError("too_long", "Send at most %(most)s frames at once.", most=MAX_FRAMES)
    if any(len(frame.encode()) > MAX_FRAME_BYTES for frame in found):
        raise ChatError("too_large", "A frame has at most %(most)s bytes.", most=MAX_FRAME_BYTES)
    return found


@in_room
def leave(request, member):
    """Release the leases of a client that leaves, before they expire. Return 204."""
    limits.check_event(request.user.id)
    connection = _read_connection(request, member)
    admission.release_leases(connection)
    return HttpResponse(status=204)


poll = endpoint(GET=(READ, receive), POST=(READ, send), DELETE=(READ, leave))
