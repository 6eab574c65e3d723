"""
A frame of a room's connection: read, judged, handled, answered; the same for every way that leads into a room.

In this module `message` is always the Channels message; rows never come here.
"""

import logging
from contextlib import contextmanager

from django.contrib.auth import HASH_SESSION_KEY
from django.utils.crypto import constant_time_compare

from channels_transport import OUTAGES, LogThrottle
from chat import broadcast, protocol
from chat.services import limits, presence, rooms, scheduled, tasks

from .arrivals import groups, send_backlog

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)


def answer_frame(message):
    """
    Takes one frame of a connection that was let into a room, and gives it exactly one answer where its type has one.

    It raises nothing: a refusal is answered, a failure is answered, and the connection goes on.
    """
    with answering(message) as asked:
        event, refusal = _read_event(message)
        asked.ref = getattr(event or refusal, "ref", None)
        member = get_member(message)
        _check_limit(member, event, asked.ref)
        if refusal is not None:
            raise refusal
        HANDLERS[event.type](message, member, event)


class Asked:
    """What is asked in one frame: its `ref`, once that is known."""

    ref = None


@contextmanager
def answering(message):
    """Within it, whatever is raised is answered, with the `ref` of the Asked that it gives. It lets nothing out."""
    asked = Asked()
    try:
        yield asked
    except protocol.CloseConnection as dismissal:
        broadcast.close(message.reply_channel, dismissal.code)
    except protocol.ChatError as refusal:
        refusal.ref = asked.ref
        broadcast.reply(message.reply_channel, protocol.rejected(refusal))
    # A reply that finds no room counts as an outage: what is stored is stored, and asking again is harmless.
    except (message.channel_layer.ChannelFull, *OUTAGES) as outage:
        throttle.warning("Frames cannot be handled for now: %s", outage)
        _reply_failure(message, protocol.ChatError("unavailable", "Try again in a moment.", asked.ref, retry_after=1.0))
    except Exception:
        logger.exception("A frame could not be handled")
        _reply_failure(message, protocol.ChatError("internal", "This failed, and it is our fault.", asked.ref))


def _read_event(message):
    """Returns (event, None) or (None, the refusal): who floods with nonsense is counted like everybody else."""
    try:
        if message.content.get("text") is None:
            raise protocol.ChatError("binary_not_supported", "Send text frames.")
        return protocol.parse(message.content["text"]), None
    except protocol.ChatError as refusal:
        return None, refusal


def get_member(message):
    """Return the member behind a frame. Raises CloseConnection with the code of the reason why it must end."""
    session = message.channel_session
    if "member" not in session:
        raise protocol.CloseConnection(protocol.CLOSE_CONNECTION_LOST)
    member = rooms.find_member(session["member"], session["login"], session["token"])
    if member is None:
        raise protocol.CloseConnection(protocol.CLOSE_NOT_FOUND)
    if not member.is_signed_in or not member.person.is_active:
        raise protocol.CloseConnection(protocol.CLOSE_NOT_SIGNED_IN)
    if not _has_todays_password(member, session):
        # It may be the browser that changed it, whose session goes on: the next handshake knows.
        raise protocol.CloseConnection(protocol.CLOSE_CONNECTION_LOST)
    if member.role == member.BANNED:
        raise protocol.CloseConnection(protocol.CLOSE_FORBIDDEN)
    return member


def _check_limit(member, event, ref):
    if isinstance(event, protocol.Sync):
        limits.check_heartbeat(member.person_id)
    else:
        limits.check_event(member.person_id, ref)


def _has_todays_password(member, session):
    """Whether the login is of after the last change of the password, which ends all others. Guests have none."""
    return (
        member.person.is_guest
        or session["token"] is not None
        or constant_time_compare(session.get(HASH_SESSION_KEY, ""), member.person.get_session_auth_hash())
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
    if not member.is_muted:
        group = broadcast.room_group(member.room_id)
        broadcast.publish_to_others(group, protocol.typing(member.handle, event.on), message.reply_channel)


def _mark_read(message, member, event):
    rooms.mark_read(member, event.offset, message.reply_channel)


def _sync(message, member, event):
    # The heartbeat is what renews all that would otherwise end by itself. Nobody waits for it: all of it goes with the
    # worker's next trip to Redis.
    session = message.channel_session
    limits.renew_socket(session["person"], session["address"], message.reply_channel.name)
    broadcast.resubscribe(message.reply_channel, groups(session), lambda: _send_missed(message, member, event.cursor))
    presence.touch(member, message.reply_channel)
    send_backlog(message, rooms.catch_up(member.room, event.cursor))


def _send_missed(message, member, cursor):
    """What was said after `_sync` had read the room, and before its connection was in the group again."""
    send_backlog(message, rooms.get_backlog(member.room, cursor))


def _fetch(message, member, event):
    messages, more = rooms.get_page(member.room, event.before, event.limit)
    broadcast.reply(message.reply_channel, protocol.page(event.ref, messages, more))


def _start_task(message, member, event):
    started = tasks.start_task(member, event)
    broadcast.reply(message.reply_channel, started.ack)
    tasks.publish_task(started.task_id)


def _schedule(message, member, event):
    # No message yet, so neither an id nor an offset of one.
    scheduled_id, _ = scheduled.schedule_message(member, event)
    broadcast.reply(message.reply_channel, protocol.ack(event.ref, None, None, scheduled_id=scheduled_id))


HANDLERS = {
    "post": _answer(rooms.post_message),
    "edit": _answer(rooms.edit_message),
    "remove": _answer(rooms.remove_message),
    "react": _answer(rooms.set_reaction),
    "typing": _tell_typing,
    "read": _mark_read,
    "sync": _sync,
    "fetch": _fetch,
    "start": _start_task,
    "schedule": _schedule,
}
