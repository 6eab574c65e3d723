"""
Parse, check, handle and answer the frames of a room's connection. Sockets, boards and polling use the same code.
"""

import logging
from contextlib import contextmanager

from channels_transport import OUTAGES, LogThrottle, count, describe_counter, get_current_id
from chat import broadcast, protocol
from chat.services import (
    access,
    announcements,
    budgets,
    commands,
    limits,
    polls,
    presence,
    reminders,
    rights,
    rooms,
    scheduled,
    tasks,
    threads,
)
from chat.services.scopes import check_scope, get_room_ids

from .admission import get_groups, send_backlog
from .scopes import ROOM_SCOPES

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)
describe_counter("events", "Events of clients on websockets and in polls that workers handled, by type", "type")
describe_counter("rejects", "Refusals that workers sent to websockets and polls, by their code", "code")


def answer_frame(connection, text):
    """
    Handle one frame of an admitted connection. If its type has an answer, send exactly one answer.

    `text` is None for a binary frame. No exception leaves this function. It answers a refusal or a failure, and the
    connection continues. Only a CloseConnection closes the connection.
    """
    handle_frame(connection, text, protocol.EVENTS, access.get_speaking_member, HANDLERS, ROOM_SCOPES)


def handle_frame(connection, text, events, get_sender, handlers, scopes):
    """
    Check and handle one frame, as `answer_frame` describes, on any kind of connection.

    - `events`: the types of events that this kind accepts: {type: class}.
    - `get_sender(connection)`: returns the sender, or raises CloseConnection.
    - `handlers`: {type: a function (connection, sender, event)}.
    - `scopes`: {type: the scope that a token needs}. A type without a scope is refused to tokens.
    """
    with answering(connection) as request:
        event, refusal = parse_frame(text, events)
        request.ref = getattr(event or refusal, "ref", None)
        sender = get_sender(connection)
        person_id = connection.session["person"]
        # Invalid frames count against the rate limit too.
        limits.check_frame(person_id, request.ref)
        if refusal is not None:
            raise refusal
        check_scope(getattr(sender, "person", sender), scopes.get(event.type))
        # A command may post its text.
        if isinstance(body := getattr(event, "body", getattr(event, "text", None)), str):
            budgets.check_markup(person_id, body)
        handlers[event.type](connection, sender, event)
        count("events", (event.type,))


class FrameRequest:
    """The frame that is being answered. It holds the `ref`, once the `ref` is known."""

    ref = None


@contextmanager
def answering(connection):
    """
    Answer each exception of the block with the `ref` of the block's FrameRequest. No exception leaves the block.

    A CloseConnection has no answer: it closes the connection.
    """
    request = FrameRequest()
    try:
        yield request
    except protocol.CloseConnection as closing:
        connection.close(closing.code)
    except protocol.ChatError as refusal:
        count("rejects", (refusal.code,))
        refusal.ref = request.ref
        connection.reply(protocol.rejected(refusal))
    # A full reply channel counts as an outage. A stored change stays stored, so the client can safely send it again.
    except (broadcast.ChannelFull, *OUTAGES) as outage:
        throttle.warning("Frames cannot be handled for now: %s", outage)
        _reply_failure(connection, protocol.unavailable_error(request.ref))
    except Exception:
        logger.exception("A frame could not be handled")
        _reply_failure(connection, protocol.internal_error(request.ref, get_current_id()))


def parse_frame(text, events):
    """Return (event, None) or (None, the refusal). `text` is None for a binary frame; `events` is {type: class}."""
    try:
        if text is None:
            raise protocol.ChatError("binary_not_supported", "Send text frames.")
        return protocol.parse(text, events), None
    except protocol.ChatError as refusal:
        return None, refusal


def _reply_failure(connection, refusal):
    count("rejects", (refusal.code,))
    try:
        connection.reply(protocol.rejected(refusal))
    except Exception:
        # Without Redis no answer can be sent. The client sends the frame again after its own timeout.
        logger.warning("A failure could not be reported to %s", connection.name)


def _acknowledge(change):
    """Return a handler that makes a change and answers with its `ack`."""

    def handle(connection, member, event):
        connection.reply(change(member, event).ack)

    return handle


def _publish_typing(connection, member, event):
    if rights.may(member.person, rights.Action.TYPE, member.room, member):
        typing = protocol.typing(member.handle, event.on, member.person.is_guest, event.thread)
        broadcast.publish_to_others(broadcast.room_group(member.room_id), typing, connection.name)


def _mark_read(connection, member, event):
    if event.thread is None:
        rooms.mark_read(member, event.offset, connection)
    else:
        threads.mark_read(member, event.thread, event.offset, connection)


def _sync(connection, member, event):
    # A heartbeat that finds nothing new costs no read, so the limit of reads never refuses it.
    if event.cursor != member.room.offset:
        budgets.check_reads(member.person_id, connection.address)
    # The heartbeat renews every lease. No code waits for the renewals: the worker's next trip to Redis sends them.
    connection.resubscribe(get_groups(connection), lambda: _send_missed(connection, member, event.cursor))
    presence.touch(member, connection)
    send_backlog(connection, rooms.catch_up(member.room, event.cursor))


def _send_missed(connection, member, cursor):
    """Send what was published after `_sync` had read the room and before the connection was in its groups again."""
    send_backlog(connection, rooms.get_backlog(member.room, cursor))


def _fetch(connection, member, event):
    budgets.check_reads(member.person_id, connection.address)
    if event.around is not None:
        page = rooms.get_page_around(member.room, event.around, event.limit)
        messages, more, more_after = page.messages, page.more_before, page.more_after
    else:
        (messages, more), more_after = rooms.get_page(member.room, event.before, event.limit), None
    budgets.count_reads(member.person_id, connection.address, max(1, len(messages)))
    connection.reply(protocol.page(event.ref, messages, more, more_after))


def _start_task(connection, member, event):
    started = tasks.start_task(member, event)
    connection.reply(started.ack)
    tasks.publish_task(started.task_id)


def _schedule(connection, member, event):
    # No message exists yet, so the `ack` has neither an id nor an offset.
    scheduled_id, _ = scheduled.schedule_message(member, event)
    connection.reply(protocol.ack(event.ref, None, None, scheduled_id=scheduled_id))


def _dismiss(connection, member, event):
    # An announcement that has ended needs no refusal: the page has removed it.
    announcements.dismiss_announcement(member.person_id, event.id, get_room_ids(member.person))


HANDLERS = {
    "post": _acknowledge(rooms.post_message),
    "edit": _acknowledge(rooms.edit_message),
    "remove": _acknowledge(rooms.remove_message),
    "react": _acknowledge(rooms.set_reaction),
    "pin": _acknowledge(rooms.set_pin),
    "typing": _publish_typing,
    "read": _mark_read,
    "sync": _sync,
    "fetch": _fetch,
    "start": _start_task,
    "schedule": _schedule,
    "dismiss": _dismiss,
    "command": _acknowledge(commands.run_command),
    "vote": _acknowledge(polls.vote),
    "close_poll": _acknowledge(polls.close_poll),
    "remind": _acknowledge(reminders.remind_of_message),
}
