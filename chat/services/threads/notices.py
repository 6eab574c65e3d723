"""
Notices of threads: the events that followers receive on their own streams when somebody replies, or removes a reply.

Each process publishes at most one reply of a thread in CHAT_FEED_SECONDS, and always the newest one in the end. A
client that missed an event gets the right number of unread threads with the next event, or with the next `workspace`.

This module writes no rows and checks no rights: only members of the room are followers.
"""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Count, F

from chat import broadcast, protocol
from chat.models import Follower, Member, Mention, Message, Room, Thread, ThreadMember, find_followers
from chat.services import blocks, uploads
from chat.services.after_commit import after_commit
from chat.services.feed_posts import FEED_CHANNEL
from chat.services.pauses import Pauses


def publish_reply(thread_id: int) -> None:
    """Publish a new reply to the followers of its thread after the commit, or at the end of the thread's pause."""
    after_commit(f"publish a reply in thread {thread_id}", lambda: _publish_reply(thread_id))


def _publish_reply(thread_id: int) -> None:
    # If the thread has a pause, a job publishes the newest reply at its end. A thread may have many followers, so the
    # author of the reply does not wait for their events: a job publishes them.
    if not _pauses.mark_behind(thread_id):
        _pauses.begin(thread_id, settings.CHAT_FEED_SECONDS)
        broadcast.start_job(FEED_CHANNEL, {"threads": [thread_id]})


def publish_newest(thread_ids: Iterable[int]) -> None:
    """Publish the newest replies of threads to their followers. A job calls this."""
    for thread_id in thread_ids:
        thread = Thread.objects.select_related("room").filter(id=thread_id).first()
        if thread is not None and thread.count:
            _publish_newest(thread)


def _publish_newest(thread: Thread) -> None:
    found = Message.objects.filter(room=thread.room_id, number=thread.last_number).select_related("author")
    message = found.first()
    if message is None:
        return  # the message was deleted meanwhile
    followers = find_followers(thread)
    quiet = _find_quiet(thread.room, message, followers)
    files = uploads.find_notice_files([message]).get(message.number)
    for follower in followers:
        if follower.person_id in quiet:
            _publish_count(thread, follower)
        else:
            event = protocol.thread_reply(
                thread.room.slug,
                thread.number,
                follower.unread,
                message.number,
                protocol.person(message.author.handle, message.author.is_guest),
                message.body,
                message.created_at,
                files,
            )
            broadcast.publish(broadcast.person_group(follower.person_id), event)


def _find_quiet(room: Room, message: Message, followers: list[Follower]) -> set[int]:
    """
    Return the ids of the followers who get only the number of unread threads.

    These are the author, people who block the author or want no notices of the room, and people who get a `mention` of
    the message. In a direct conversation, everybody gets a `mention` of each message.
    """
    ids = [follower.person_id for follower in followers]
    if room.access == Room.DIRECT:
        return set(ids)
    quiet = {follower.person_id for follower in followers if follower.level == Member.NONE}
    if message.mentioned:
        mentioned = Mention.objects.filter(room=room, number=message.number, silent=False)
        quiet.update(mentioned.values_list("person_id", flat=True))
    return quiet | {message.author_id} | blocks.find_blockers(message.author_id, ids)


def publish_counts(thread_id: int) -> None:
    """Publish to each follower of a thread, after the commit, how many threads of the room have unread replies."""
    after_commit(f"publish a change of thread {thread_id}", lambda: _publish_counts(thread_id))


def _publish_counts(thread_id: int) -> None:
    thread = Thread.objects.select_related("room").filter(id=thread_id).first()
    if thread is not None:
        for follower in find_followers(thread):
            _publish_count(thread, follower)


def publish_end(room: Room, followers: Iterable[Follower]) -> None:
    """
    Publish to each follower of a deleted thread, after the commit, how many threads of the room have unread replies.
    """
    person_ids = [follower.person_id for follower in followers]
    if person_ids:
        after_commit(f"publish the end of a thread of room {room.id}", lambda: _publish_remaining(room, person_ids))


def _publish_remaining(room: Room, person_ids: list[int]) -> None:
    unread = ThreadMember.objects.filter(
        room=room, state=ThreadMember.FOLLOWED, thread__last_number__gt=F("read_number")
    )
    counts = dict(unread.order_by().values_list("person").annotate(Count("id")))
    for person_id in person_ids:
        event = protocol.room(room.slug, threads=counts.get(person_id, 0))
        broadcast.publish(broadcast.person_group(person_id), event)


def publish_own_count(thread: Thread, person_id: int) -> None:
    """Publish to one person's streams, after the commit, how many threads of a room have unread replies."""
    after_commit(f"publish a read marker in thread {thread.id}", lambda: _publish_own_count(thread, person_id))


def _publish_own_count(thread: Thread, person_id: int) -> None:
    for follower in find_followers(thread, person_id):
        _publish_count(thread, follower)


def _publish_count(thread: Thread, follower: Follower) -> None:
    event = protocol.room(thread.room.slug, threads=follower.unread)
    broadcast.publish(broadcast.person_group(follower.person_id), event)


def _end_pauses(end: float) -> None:
    # A worker reads the newest replies, because other workers may handle replies of these threads too.
    behind = _pauses.finish(end)
    if behind:
        broadcast.start_job(FEED_CHANNEL, {"threads": behind})


_pauses = Pauses("threads", _end_pauses)


def forget_pauses() -> None:
    """End all pauses of this process. Only tests call this."""
    _pauses.clear()
