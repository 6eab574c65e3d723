"""
Admit a connection to a room, and release it. Sockets, boards and polling use the same code.

A consumer finds out who the client is and whether the client may enter. This module does the rest.
"""

from urllib.parse import parse_qs

from chat import broadcast, protocol
from chat.services import announcements, budgets, limits, people, presence, rooms, tasks
from chat.version import CLIENT_VERSION


def admit(connection, member, query, login=None, token_id=None):
    """
    Accept a member's connection: send `joined`, announcements, the backlog, `synced` and the member's tasks.

    The connection joins the room's groups and the list of present people. If the member may no longer be in the room,
    close the connection after `joined`. If too many sockets are open or the person has read too much, raise
    `rate_limited` and change nothing.

    - `query`: the parsed query string of the handshake: {name: [values]}.
    - `login`: the key of the browser's login session; `token_id`: the id of a bot's token. One of them is
      None. The connection's session gets both, and the ids that later frames need.
    """
    budgets.check_reads(member.person_id, connection.address)
    present = presence.arrive(member, connection)
    people.touch_seen(member.person)
    connection.session.update(make_session(connection, member, login, token_id))
    backlog_from = _accept(connection, member, query, *present)
    state = rooms.get_join_state(member)
    if not state.may_stay:
        # The member was banned, or lost access in another way, after `member` was read. The connection was in no group
        # then, so it missed the close.
        connection.close(protocol.CLOSE_FORBIDDEN)
        return
    if state.has_announcements:
        # Announcements precede `synced`. So a client that has received `synced` has all of them up to the id that
        # `joined` named.
        send_announcements(connection, member, since=read_integer(query, "announced"))
    # Most clients that reconnect have missed nothing, and need no query.
    member.room.offset = state.offset
    send_backlog(connection, rooms.catch_up(member.room, backlog_from), budgets.CONNECTION_READS)
    if state.has_tasks:
        _send_tasks(connection, member)
    presence.schedule_presence_update(member.room_id)


def make_session(connection, member, login=None, token_id=None):
    """Return the content of a connection's session. `login` and `token_id` are the same as in `admit`."""
    return {
        "member": member.id,
        "room": member.room_id,
        "person": member.person_id,
        "handle": member.person.handle,
        "guest": member.person.is_guest,
        "address": connection.address,
        "token": token_id,
        "login": login,
    }


def _accept(connection, member, query, present, count):
    """
    Accept a connection with `joined`, and add it to its groups.

    Return the cursor at which the backlog begins (None: the newest messages).
    """
    room, cursor = member.room, read_integer(query, "cursor")
    reset = "cursor" in query and (cursor is None or cursor > room.offset or not has_epoch(room, query))
    news = rooms.get_news(member)
    joined = protocol.joined(
        {"slug": room.slug, "name": room.name, "topic": room.topic, **_describe_state(room)},
        _describe_you(member),
        room.offset,
        present,
        count,
        CLIENT_VERSION,
        reset,
        *news,
        refs_kept_seconds=rooms.get_refs_kept_seconds(),
        epoch=room.get_epoch(),
    )
    connection.accept(joined, groups=get_groups(connection))
    return None if reset else cursor


def has_epoch(room, query):
    """Return whether a client's cursor belongs to the present data of a room. Older clients name no epoch."""
    return "epoch" not in query or query["epoch"][-1] == room.get_epoch()


def _describe_state(room):
    state = protocol.room_state(bool(room.archived), room.get_callers())
    kept = {"kept_days": room.kept_days, "kept_from": room.kept_from}
    return {**state, **{name: value for name, value in kept.items() if value is not None}}


def _describe_you(member):
    person, key = member.person, people.get_page_key(member.person)
    return protocol.you(
        person.handle, member.role, member.read_offset, member.muted_until, is_guest=person.is_guest, key=key
    )


def send_announcements(connection, member, since=None):
    """Send the announcements that a member has not dismissed; `since` is the newest id that the client knows."""
    connection.reply_all(announcements.find_pending(member, since))


def _send_tasks(connection, member):
    for task in tasks.get_recent_tasks(member.person, member.room_id):
        connection.reply(tasks.describe(task))


def send_backlog(connection, backlog, cost=0):
    """Send the messages of a Backlog, and `synced`. Count the messages as read, and `cost` for the request itself."""
    budgets.count_reads(connection.session["person"], connection.address, len(backlog.messages) + cost)
    connection.reply_all([*backlog.messages, protocol.synced(backlog.offset, backlog.more, backlog.reset)])


def parse_query(text):
    """Return the parsed query string of a handshake: {name: [values]}."""
    return parse_qs(text.decode("latin1") if isinstance(text, bytes) else text, keep_blank_values=True)


def read_integer(query, name):
    """Return the last value of a parameter as an integer, or None if it is missing or not an integer."""
    return protocol.parse_integer(query.get(name, [None])[-1])


def get_groups(connection):
    """Return the groups of an admitted connection, from the ids in its session."""
    session = connection.session
    credential = broadcast.credential_group(session["login"], session["token"])
    return [broadcast.room_group(session["room"]), broadcast.member_group(session["member"]), credential]


def release(connection):
    """Release what an admitted connection held: groups, presence and socket lease. Do nothing for other connections."""
    if "member" in connection.session:
        connection.unsubscribe(get_groups(connection))
        release_leases(connection)


def release_leases(connection):
    """Take a connection off the roster of its room, and end its socket lease."""
    session = connection.session
    # A session that the previous version of this code wrote has no `guest`.
    presence.depart(session["room"], session["handle"], session.get("guest", False), connection)
    limits.release_socket(session["person"], connection)
