"""
A room's socket: let in, heard frame by frame, let go.

In this module `message` is always the Channels message; rows never come here.
"""

from channels_transport import channel_session, channel_session_user_from_http, enforce_ordering
from chat import broadcast, protocol
from chat.services import people, rooms

from .arrivals import let_go, let_in
from .frames import answer_frame
from .handshake import checked_handshake, get_headers


@checked_handshake
@enforce_ordering
@channel_session_user_from_http
def ws_connect(message, slug):
    """Lets a person into a room: `joined`, the backlog, `synced`; or closes with the code that says why not."""
    try:
        person, token = _find_person(message)
        member = _join_room(person, slug)
    except protocol.CloseConnection as dismissal:
        broadcast.accept(message.reply_channel, close=dismissal.code)
        return
    if token is not None:
        let_in(message, member, token_id=token.id)
    else:
        let_in(message, member, login=message.http_session.session_key)


def _find_person(message):
    """Returns (person, their token or None). Raises CloseConnection."""
    header = get_headers(message).get("authorization")
    token = people.find_token(header)
    person = token.person if token else message.user
    # Who shows a token that does not hold is not let in by a cookie instead.
    if not person.is_authenticated or (token is None and people.is_token_header(header)):
        raise protocol.CloseConnection(protocol.CLOSE_NOT_SIGNED_IN)
    return person, token


def _join_room(person, slug):
    try:
        return rooms.join_room(person, slug)
    except protocol.ChatError as refusal:
        code = protocol.CLOSE_FORBIDDEN if refusal.code == "forbidden" else protocol.CLOSE_NOT_FOUND
        raise protocol.CloseConnection(code) from None


@enforce_ordering
@channel_session
def ws_receive(message, slug):
    """Takes one frame of a room's socket."""
    answer_frame(message)


@enforce_ordering
def ws_disconnect(message, slug):
    """Lets go of all that the connection held, after its last frame. (Ours is an ordering that cannot jam.)"""
    let_go(message)
