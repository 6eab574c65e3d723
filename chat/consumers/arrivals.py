"""
Letting a connection into a room, and letting it go: the same for every way that leads into one.

A consumer has found out who it is and that they may enter; from there on it is here. In this module `message` is
always the Channels message.
"""

from urllib.parse import parse_qs

from channels_transport import forget_ordering
from chat import broadcast, protocol
from chat.services import announcements, limits, people, presence, rooms, tasks
from chat.version import CLIENT_VERSION

from .handshake import get_address


def let_in(message, member, login=None, token_id=None):
    """
    Accepts a connection of a member: `joined`, announcements, the backlog, `synced`, the state of their tasks; and
    writes into the channel session who it is.

    `login` is the key of the browser's session, `token_id` that of a bot's token: one of them let it in. Raises
    `rate_limited` for one socket too many, with nothing done.
    """
    limits.lease_socket(member.person_id, get_address(message), message.reply_channel.name)
    people.touch_seen(member.person)
    message.channel_session.update(describe(message, member, login, token_id))
    presence.arrive(member, message.reply_channel)
    backlog_from = _greet(message, member)
    broadcast.subscribe(message.reply_channel, groups(message.channel_session))
    state = rooms.get_join_state(member)
    if not state.may_stay:
        # Banned since they were read: what closed their connections did not know of this one.
        broadcast.close(message.reply_channel, protocol.CLOSE_FORBIDDEN)
        return
    if state.has_announcements:
        _announce(message, member)
    send_backlog(message, rooms.get_backlog(member.room, backlog_from))
    if state.has_tasks:
        _tell_tasks(message, member)
    presence.tell_soon(member.room_id)


def describe(message, member, login=None, token_id=None):
    """Returns what a connection's session holds of it; `login` and `token_id` are those of `let_in`."""
    return {
        "member": member.id,
        "room": member.room_id,
        "person": member.person_id,
        "handle": member.person.handle,
        "address": get_address(message),
        "token": token_id,
        "login": login,
    }


def _greet(message, member):
    """Accepts with `joined`, and returns the cursor from which the backlog begins (None: the newest)."""
    room, cursor = member.room, _read_integer(message, "cursor")
    reset = "cursor" in read_query(message) and (cursor is None or cursor > room.offset)
    present, count = presence.get_present(room.id, room.access == room.BOARD)
    joined = protocol.joined(
        {"slug": room.slug, "name": room.name, "topic": room.topic},
        protocol.you(member.handle, member.role, member.read_offset, member.muted_until),
        room.offset,
        present,
        count,
        CLIENT_VERSION,
        reset,
        announcements.get_newest_id(),
    )
    broadcast.accept(message.reply_channel, joined)
    return None if reset else cursor


def _announce(message, member):
    # Before `synced`: who has got that has got all up to the id that `joined` named.
    for event in announcements.take_untold(member, since=_read_integer(message, "announced")):
        broadcast.reply(message.reply_channel, event)


def _tell_tasks(message, member):
    for task in tasks.get_recent_tasks(member.person, member.room_id):
        broadcast.reply(message.reply_channel, tasks.describe(task))


def _read_integer(message, name):
    """Returns a number behind the `?` of a handshake, None where there is none."""
    return protocol.parse_integer(read_query(message).get(name, [None])[-1])


def read_query(message):
    """Returns what stands behind the `?` of a handshake: {name: [values]}."""
    text = message.content.get("query_string", b"")
    return parse_qs(text.decode("latin1") if isinstance(text, bytes) else text, keep_blank_values=True)


def groups(session):
    """The groups that a connection is in, by its channel session."""
    credential = broadcast.credential_group(session["login"], session["token"])
    return [broadcast.room_group(session["room"]), broadcast.member_group(session["member"]), credential]


def send_backlog(message, backlog):
    for event in backlog.messages:
        broadcast.reply(message.reply_channel, event)
    broadcast.reply(message.reply_channel, protocol.synced(backlog.offset, backlog.more, backlog.reset))


def let_go(message):
    """Lets go of all that the connection held."""
    session = message.channel_session
    if "member" in session:
        broadcast.unsubscribe(message.reply_channel, groups(session))
        presence.depart(session["room"], session["handle"], message.reply_channel)
        limits.release_socket(session["person"], session["address"], message.reply_channel.name)
    session.flush()
    forget_ordering(message)
