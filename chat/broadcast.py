"""
Publishing to groups and channels. Only this module names groups.

Callers publish when the transaction has committed (`transaction.on_commit`). A worker sends all messages of a consumer
in one trip to Redis: after the consumer has finished, and before the worker handles the connection's next message. Only
`accept` and `publish_at_once` send during the consumer. Outside a consumer, every message is sent at once. This module
stores nothing and checks no rights. Its functions take the names of channels and groups.
"""

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from asgiref.base_layer import BaseChannelLayer
from channels import DEFAULT_CHANNEL_LAYER, Channel, channel_layers

from channels_transport import Group, send_texts
from chat import protocol

Event = dict[str, Any]
ChannelFull = BaseChannelLayer.ChannelFull

LOBBY_GROUP = "lobby"
DOORS_GROUP = "doors"  # the visitors in the waiting rooms of all boards
PEOPLE_GROUP = "people"  # all people's own streams
OPERATIONS_GROUP = "operations"  # the operators who see the state of the site
DELAY_CHANNEL = "asgi.delay"
REMINDERS_CHANNEL = "chat.reminders"
SCHEDULED_CHANNEL = "chat.scheduled"
TASKS_CHANNEL = "chat.tasks"
# The number of parts of a long response that may wait in Redis for the interface.
MAX_WAITING_PARTS = 20
LONGEST_WAIT_SECONDS = 30


# Names.


def room_group(room_id: int) -> str:
    """Return the group of all connections in a room."""
    return f"room-{room_id}"


def member_group(member_id: int) -> str:
    """Return the group of all connections of one person in one room."""
    return f"member-{member_id}"


def person_group(person_id: int) -> str:
    """Return the group of one person's own streams. Each tab has one, which serves all rooms of the person."""
    return f"person-{person_id}"


def limited_group(person_id: int) -> str:
    """
    Return the group of one person's own streams that tokens for certain rooms opened.

    These streams are not in `person_group`, because its events name all rooms of the person.
    """
    return f"limited-{person_id}"


def feed_group(room_id: int) -> str:
    """Return the group of the own streams of all members of one room. It receives the news of the room."""
    return f"feed-{room_id}"


def credential_group(session_key: str | None = None, token_id: int | None = None) -> str:
    """
    Return the group of all connections that one login session, or one token, admitted.

    The name contains a digest of the session key, so the key itself stays secret. Raise ValueError if both are None.
    """
    if token_id is not None:
        return f"token-{token_id}"
    if session_key is None:
        raise ValueError("A credential is a login session or a token.")
    return f"login-{hashlib.sha256(session_key.encode()).hexdigest()[:40]}"


def operator_group(person_id: int) -> str:
    """Return the group of all connections of one operator's streams."""
    return f"operator-{person_id}"


def operator_rooms_group(person_id: int) -> str:
    """Return the group of one operator's connections that receive the changes of all rooms."""
    return f"operator-rooms-{person_id}"


def board_group(board_id: int) -> str:
    """Return the group of all connections to the waiting room of a board."""
    return f"board-{board_id}"


def owner_group(board_id: int) -> str:
    """Return the group of the owner's connections to the waiting room of a board."""
    return f"owner-{board_id}"


def visitor_group(digest: str) -> str:
    """Return the group of one visitor's connections to a waiting room. `digest` is the digest of the session id."""
    return f"visitor-{digest[:40]}"


def waiting_group(person_id: int) -> str:
    """Return the group of a signed-in person's connections to waiting rooms. They are in no `member_group`."""
    return f"waiting-{person_id}"


# Groups.


def subscribe(channel: str, groups: Collection[str]) -> None:
    """Add a reply channel to groups, in one trip to Redis."""
    _layer().group_add_all(groups, channel)


def resubscribe(channel: str, groups: Collection[str], on_missing: Callable[[], object]) -> None:
    """
    Add a reply channel to its groups again with the next trip to Redis.

    The layer calls `on_missing()` if a group no longer had the channel. Then the connection has missed the events that
    were published to that group in the meantime.
    """
    _layer().group_renew(groups, channel, on_missing)


def resubscribe_many(memberships: Mapping[str, Collection[str]]) -> list[str]:
    """
    Renew {reply channel: its groups} for reply channels of one interface, in one trip to Redis.

    Return the channels that are missing in one of their groups. Unlike `resubscribe`, add no channel again.
    """
    return _layer().group_renew_many(memberships)


def unsubscribe(channel: str, groups: Collection[str]) -> None:
    """Remove a reply channel from groups, with the worker's next trip to Redis."""
    _layer().group_discard_all(groups, channel)


def subscribe_members(group: str, source: str) -> None:
    """Add all connections of the group `source` to a group, in one trip to Redis."""
    _layer().group_add_members(group, source)


def unsubscribe_members(group: str, source: str) -> None:
    """Remove all connections of the group `source` from a group, in one trip to Redis."""
    _layer().group_discard_members(group, source)


def publish(group: str, event: Event) -> None:
    """Send an event to every connection of a group."""
    Group(group).send({"text": protocol.encode(event)})


def publish_at_once(group: str, event: Event) -> None:
    """Send an event to every connection of a group at once, even from a consumer that runs for a long time."""
    Group(group).send({"text": protocol.encode(event)}, immediately=True)


def publish_paced(group: str, event: Event, number: int, seconds: float, on_held: Callable[[int], object]) -> None:
    """
    Send an event to every connection of a group, at most one such event in `seconds`.

    The worker sends the command with its next trip to Redis. `number` is this event's number. If the group has had such
    an event within `seconds`, the layer does not send this event. It calls `on_held` with the earlier event's number.
    """
    _layer().send_group_paced(group, {"text": protocol.encode(event)}, number, seconds, on_held)


def publish_to_others(group: str, event: Event, *channels: str) -> None:
    """Send an event to every connection of a group except `channels`."""
    Group(group).send({"text": protocol.encode(event)}, except_channels=channels)


def publish_except(group: str, event: Event, but: Iterable[str]) -> None:
    """Send an event to every connection of a group, except the connections that are also in one of the groups `but`."""
    publish_to_others(group, event, *_find_channels(but))


def find_joined(groups: Collection[str]) -> list[str]:
    """Return the groups that have connections, in one trip to Redis. Connections of a dead interface may count."""
    return _layer().find_joined(groups)


def _find_channels(groups: Iterable[str]) -> set[str]:
    return {channel for group in groups for channel in _layer().group_channels(group)}


def close_group(group: str, code: int, but: Iterable[str] = ()) -> None:
    """Close every connection of a group, except the connections that are also in one of the groups `but`."""
    Group(group).send({"close": code}, except_channels=_find_channels(but))


# One connection.


def accept(channel: str, event: Event | None = None, close: int | None = None, groups: Collection[str] = ()) -> None:
    """
    Complete a handshake at once, with the first event in the same message, or with a close code.

    Then add the reply channel to `groups`, in the same trip to Redis.
    """
    content: dict[str, Any] = {"accept": True}
    if event is not None:
        content["text"] = protocol.encode(event)
    if close is not None:
        content["close"] = close
    if groups:
        _layer().send_and_join(channel, content, groups)
    else:
        Channel(channel).send(content, immediately=True)


def reply(channel: str, event: Event) -> None:
    """Send an event to one connection."""
    Channel(channel).send({"text": protocol.encode(event)})


def reply_all(channel: str, events: Iterable[Event]) -> None:
    """Send several events to one connection, in this order, with one message."""
    send_texts(Channel(channel), [protocol.encode(event) for event in events])


def send_text(channel: str, text: str) -> None:
    """Send a text frame to one connection as it is."""
    Channel(channel).send({"text": text})


def close(channel: str, code: int) -> None:
    """Close one connection."""
    Channel(channel).send({"close": code})


def respond(channel: str, response: dict[str, Any]) -> None:
    """Answer an HTTP request with one message in the form of `http.response`."""
    Channel(channel).send(response)


def wait_for_capacity(channel: str) -> None:
    """
    Block while more than MAX_WAITING_PARTS messages are in Redis for the interface that reads `channel`.

    This keeps only a few parts of a long response in the memory of Redis. The wait ends after LONGEST_WAIT_SECONDS.
    """
    layer = _layer()
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while layer.count_waiting(channel) > MAX_WAITING_PARTS and time.monotonic() < deadline:
        time.sleep(0.02)


# Jobs.


def start_job(channel: str, content: dict[str, Any]) -> None:
    """Put a job on a channel `chat.*`. The job may be lost, so work that must not be lost needs a row."""
    Channel(channel).send(content)


def start_job_later(channel: str, content: dict[str, Any], seconds: float) -> None:
    """Put a job on a channel after some seconds, through the delay server. The job may be lost, as in `start_job`."""
    job = {"channel": channel, "content": content, "delay": round(seconds * 1000)}
    Channel(DELAY_CHANNEL).send(job)


def _layer() -> Any:
    return channel_layers[DEFAULT_CHANNEL_LAYER]
