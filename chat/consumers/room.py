"""
The socket of a room: admit a person, answer each frame, and release the connection.

In this module `message` is always the Channels message. This module must not read or write rows itself.
"""

from channels_transport import channel_session_user_from_http, enforce_ordering, forget_ordering
from chat import protocol
from chat.connections import Connection
from chat.models import READ
from chat.services import rooms
from chat.services.scopes import check_scope

from .admission import admit, parse_query, release
from .frames import answer_frame
from .handshake import checked_handshake, find_person


@checked_handshake
@enforce_ordering
@channel_session_user_from_http
def ws_connect(message, slug):
    """Admit a person to a room, as `admit` describes, or close the socket with the code for the reason."""
    connection = Connection.from_message(message)
    try:
        person, token = find_person(message)
        check_scope(person, READ)
        member = _join_room(person, slug)
    except protocol.CloseConnection as closing:
        connection.accept(close=closing.code)
        return
    except protocol.ChatError as refusal:
        connection.accept(protocol.rejected(refusal), close=protocol.CLOSE_FORBIDDEN)
        return
    query = parse_query(message.content.get("query_string", b""))
    if token is not None:
        admit(connection, member, query, token_id=token.id)
    else:
        admit(connection, member, query, login=message.http_session.session_key)


def _join_room(person, slug):
    try:
        return rooms.join_room(person, slug)
    except protocol.ChatError as refusal:
        code = protocol.CLOSE_FORBIDDEN if refusal.code == "forbidden" else protocol.CLOSE_NOT_FOUND
        raise protocol.CloseConnection(code) from None


@enforce_ordering
def ws_receive(message, slug):
    """Answer one frame of a room's socket."""
    answer_frame(Connection.from_message(message), message.content.get("text"))


@enforce_ordering
def ws_disconnect(message, slug):
    """Release everything that the connection held, after its last frame."""
    release(Connection.from_message(message))
    message.channel_session.flush()
    forget_ordering(message)
