"""
The socket `/me/`: a person's own stream. Each tab has one stream, which does not depend on the room that the tab shows.

In this module `message` is always the Channels message. This module must not read or write rows itself.
"""

from channels_transport import channel_session_user_from_http, enforce_ordering, forget_ordering
from chat import broadcast, protocol
from chat.connections import Connection
from chat.models import READ
from chat.services import access, announcements, budgets, limits, people, push, workspace
from chat.services.scopes import check_scope, get_room_ids
from chat.version import CLIENT_VERSION

from .admission import parse_query, read_integer
from .frames import handle_frame
from .handshake import checked_handshake, find_person
from .scopes import STREAM_SCOPES


@checked_handshake
@enforce_ordering
@channel_session_user_from_http
def me_connect(message):
    """
    Accept a person with the event `workspace`. Close the socket with 4403 if the token does not have the scope `read`,
    and with 4401 if `find_person` refuses the person.
    """
    connection = Connection.from_message(message)
    try:
        person, token = find_person(message)
        check_scope(person, READ)
    except protocol.CloseConnection as closing:
        connection.accept(close=closing.code)
        return
    except protocol.ChatError as refusal:
        connection.accept(protocol.rejected(refusal), close=protocol.CLOSE_FORBIDDEN)
        return
    query = parse_query(message.content.get("query_string", b""))
    if token is not None:
        _open(connection, person, query, None, token.id)
    else:
        _open(connection, person, query, message.http_session.session_key, None)


def _open(connection, person, query, login, token_id):
    """
    Accept a stream, subscribe it to the feeds of the person's rooms, and send the announcements that the person has not
    dismissed.

    `login` is the key of the browser's login session, `token_id` the id of a bot's token. One of them is None. Write
    both into the connection's session, with the rooms. If too many sockets are open or the person has read too much,
    raise `rate_limited` and change nothing.
    """
    budgets.check_reads(person.id, connection.address)
    limits.lease_socket(person.id, connection)
    people.touch_seen(person)
    event, posts = workspace.get_workspace(person, CLIENT_VERSION)
    session = {"person": person.id, "address": connection.address, "token": token_id, "login": login}
    session["limited"] = get_room_ids(person) is not None
    connection.session.update({**session, "rooms": sorted(posts), "posts": sum(posts.values())})
    connection.accept(event, groups=get_groups(connection))
    budgets.count_reads(person.id, connection.address, len(event["rooms"]) + budgets.CONNECTION_READS)
    # Send `workspace` again if it changed before the subscription. Otherwise the client would miss this change.
    if workspace.get_posts(person) != posts:
        _send_workspace(connection, person)
    connection.reply_all(announcements.find_for_stream(person, posts, read_integer(query, "announced")))


def get_groups(connection):
    """Return the groups of a stream, from its session."""
    session = connection.session
    credential = broadcast.credential_group(session["login"], session["token"])
    # The events of `person_group` name all rooms of the person. A session of an older version has no `limited`.
    group = broadcast.limited_group if session.get("limited") else broadcast.person_group
    own = [broadcast.PEOPLE_GROUP, group(session["person"]), credential]
    return own + [broadcast.feed_group(room_id) for room_id in session["rooms"]]


@enforce_ordering
def me_receive(message):
    """Handle one frame of a person's stream, and answer it if its type has an answer."""
    connection = Connection.from_message(message)
    text = message.content.get("text")
    handle_frame(connection, text, protocol.WORKSPACE_EVENTS, access.get_speaking_person, HANDLERS, STREAM_SCOPES)


@enforce_ordering
def me_disconnect(message):
    """Release everything that the stream held, after its last frame."""
    connection = Connection.from_message(message)
    if "rooms" in connection.session:
        connection.unsubscribe(get_groups(connection))
        limits.release_socket(connection.session["person"], connection)
    message.channel_session.flush()
    forget_ordering(message)


def _sync(connection, person, event):
    """Answer a heartbeat. Send `workspace` again if the client may have missed an event."""
    # The heartbeat renews every lease. No code waits for the renewals: the worker's next trip to Redis sends them.
    limits.renew_socket(person.id, connection)
    if event.active:
        push.note_activity(person)
    posts, session = workspace.get_posts(person), connection.session
    has_other_rooms = session["rooms"] != sorted(posts)
    # A client with fewer messages than there were at its last heartbeat has missed an event.
    must_send = has_other_rooms or (event.posts is not None and event.posts < session["posts"])
    if must_send:
        budgets.check_reads(person.id, connection.address)
    if has_other_rooms:
        _follow(connection, posts)
    count = sum(posts.values())
    if count != session["posts"]:
        session["posts"] = count
    connection.resubscribe(get_groups(connection), lambda: _send_workspace(connection, person))
    if must_send:
        _send_workspace(connection, person)
    connection.reply(protocol.workspace_synced())


def is_current(session, posts, event):
    """Return whether `_sync` would send no `workspace`, and change nothing. `posts` has all rooms of the person."""
    are_same_rooms = session["rooms"] == sorted(posts) and session["posts"] == sum(posts.values())
    return are_same_rooms and (event.posts is None or event.posts >= session["posts"])


def _send_workspace(connection, person):
    """Send the present `workspace`, and make the stream follow the rooms in it."""
    event, posts = workspace.get_workspace(person, CLIENT_VERSION)
    _follow(connection, posts)
    budgets.count_reads(person.id, connection.address, len(event["rooms"]))
    connection.reply(event)


def _follow(connection, room_ids):
    """Make a stream follow exactly these rooms."""
    before, now = connection.session["rooms"], sorted(room_ids)
    if before == now:
        return
    connection.session["rooms"] = now
    added, removed = workspace.find_changed_rooms(before, now)
    if added:
        connection.subscribe([broadcast.feed_group(room_id) for room_id in added])
    if removed:
        connection.unsubscribe([broadcast.feed_group(room_id) for room_id in removed])


def _read(connection, person, event):
    workspace.read_room(person, event.room, event.offset)


def _read_all(connection, person, event):
    workspace.read_all(person)
    _acknowledge(connection, event)


def _set_level(connection, person, event):
    workspace.set_level(person, event.room, event.level)
    _acknowledge(connection, event)


def _set_favourite(connection, person, event):
    workspace.set_favourite(person, event.room, event.on, event.position)
    _acknowledge(connection, event)


def _acknowledge(connection, event):
    connection.reply(protocol.ack(event.ref, None, None))


def _dismiss(connection, person, event):
    # An announcement that has ended needs no refusal: the page has removed it.
    announcements.dismiss_announcement(person.id, event.id, get_room_ids(person))


HANDLERS = {
    "sync": _sync,
    "level": _set_level,
    "read": _read,
    "read_all": _read_all,
    "favourite": _set_favourite,
    "dismiss": _dismiss,
}
