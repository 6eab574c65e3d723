"""
Posts in feeds: what the own streams of a room's members receive when somebody posts in the room.

The feed of a room gets at most one item in CHAT_FEED_SECONDS from all workers together, and always the last state.
After an item, this process pauses the room for CHAT_FEED_SECONDS. During the pause, a post publishes nothing: the
process only notes that there are newer posts. The pauses of many rooms end together, and rooms that nobody follows then
need no more work.

This module writes no rows and checks no rights.
"""

from collections.abc import Iterable
from functools import partial

from django.conf import settings

from chat import broadcast, protocol
from chat.models import Message, Newest, Room, find_newest

from .after_commit import after_commit
from .pauses import Pauses

FEED_CHANNEL = "chat.feeds"
MAX_AUTHORS = 50  # authors of the newest messages that an item names
MAX_ROOMS_PER_JOB = 50


def publish_post(room: Room, message: Message, posts: int) -> None:
    """
    Publish a new message to the room's feed after the commit.

    `posts` is the room's number of messages, including this message.
    """
    after_commit(f"publish it to the feed of room {room.id}", lambda: _publish_post(room, message, posts))


def _publish_post(room: Room, message: Message, posts: int) -> None:
    # If the room has a pause, a job publishes the newest state at its end. That state contains this message.
    if not _pauses.mark_behind(room.id):
        authors = [message.author.handle]
        _publish(Newest(room.id, room.slug, message.offset, posts, message.created_at, authors))


def publish_newest(room_ids: Iterable[int]) -> None:
    """
    Publish the present states of rooms to their feeds. A job calls this.

    A feed that got an item within the last CHAT_FEED_SECONDS gets none now. If that item lacks the present state, the
    state follows later.
    """
    for room_id in room_ids:
        newest = find_newest(room_id, MAX_AUTHORS)
        if newest is not None:
            _publish(newest)


def _publish(newest: Newest) -> None:
    event = protocol.room(
        newest.slug,
        offset=newest.offset,
        posts=newest.posts,
        last_at=protocol.format_time(newest.last_at),
        by=newest.authors,
    )
    group, on_held = broadcast.feed_group(newest.room_id), partial(_check_held, newest.room_id, newest.posts)
    _pauses.begin(newest.room_id, settings.CHAT_FEED_SECONDS)
    broadcast.publish_paced(group, event, newest.posts, settings.CHAT_FEED_SECONDS, on_held)


def _check_held(room_id: int, posts: int, published: int) -> None:
    """
    Publish the newest state later if the feed lacks it.

    `posts` belongs to the item that was not sent. `published` belongs to the item that the feed has instead.
    """
    if published < posts:
        _pauses.begin(room_id, settings.CHAT_FEED_SECONDS, is_behind=True)


def _end_pauses(end: float) -> None:
    # From now on, a new message is published at once. The jobs read the state later, so it has every earlier message.
    rooms = {broadcast.feed_group(room_id): room_id for room_id in _pauses.finish(end)}
    if not rooms:
        return
    # A stream that joins a feed later reads the newest state itself.
    followed = [rooms[group] for group in broadcast.find_joined(rooms)]
    for start in range(0, len(followed), MAX_ROOMS_PER_JOB):
        # A worker reads the newest states, because other workers may handle messages of these rooms too.
        broadcast.start_job(FEED_CHANNEL, {"rooms": followed[start : start + MAX_ROOMS_PER_JOB]})


_pauses = Pauses("feeds", _end_pauses)


def forget_pauses() -> None:
    """End all pauses of this process. Only tests call this."""
    _pauses.clear()
