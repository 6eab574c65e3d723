"""
Replies: the Addition THREAD, which stores and describes the thread of a message.

Its functions run when a reply is posted, removed or deleted, and when a message of a thread is described.

This module writes Thread, ThreadMember, and `Message.additions` of the first message, in the transaction of the
message's change. That transaction has locked the room, so the numbers of a thread always agree with its rows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Max
from django.db.models.functions import Coalesce

from chat import protocol
from chat.models import AdditionBit, Member, Mention, Message, Thread, ThreadMember, find_followers, find_summaries
from chat.protocol import ChatError
from chat.services import rooms
from chat.services.rights import Action, check_may

from .notices import publish_counts, publish_end, publish_reply

MAX_LAST_AUTHORS = 3  # people whom the summary of a thread names


@dataclass(frozen=True)
class Root:
    """The first message of a thread. `is_new`: nobody has replied to it yet."""

    number: int
    author_id: int
    is_new: bool


def _prepare(member: Member, event: Any) -> Root | None:
    """Return the root of the thread in which an event posts, or None. Raise as `get_root` does."""
    return None if event.thread is None else get_root(member, event.thread)


def get_root(member: Member, number: int) -> Root:
    """
    Return the root of the thread that a message begins or replies in, for a member who wants to reply.

    Raise `not_found`, also if the root was removed; or the error of `rights.check_may`, such as `forbidden` on a board.
    """
    check_may(member.person, Action.REPLY, member.room, member)
    return _find_root(member.room_id, number)


def _find_root(room_id: int, number: int) -> Root:
    names = ("number", "author_id", "thread_root", "additions", "removed_at")
    in_room = Message.objects.filter(room=room_id).only(*names)
    message = in_room.filter(number=number).first()
    if message is not None and message.thread_root is not None:
        message = in_room.filter(number=message.thread_root).first()
    if message is None:
        raise rooms.make_no_message_error()
    if message.is_removed:
        raise ChatError("not_found", "The first message of this thread was removed, so nobody can reply in it.")
    return Root(message.number, message.author_id, not (message.additions or 0) & AdditionBit.THREAD)


def _store(message: Message, root: Root) -> None:
    """Count a reply, let the authors and the mentioned people follow the thread, and notify its followers."""
    if root.is_new:
        thread = _create_thread(message.room_id, root.number)
    else:
        thread = Thread.objects.get(room=message.room_id, number=root.number)
    thread.count += 1
    thread.last_number, thread.last_at = message.number, message.created_at
    thread.offset = message.offset
    _note_author(thread, message)
    new_followers = set(_find_mentioned(message))
    if root.is_new:
        new_followers.add(root.author_id)
    _let_follow(thread, new_followers - {message.author_id})
    thread.authors_from = _find_authors_from(thread)
    thread.save()
    publish_reply(thread.id)


def _create_thread(room_id: int, root: int) -> Thread:
    bits = Coalesce(F("additions"), 0).bitor(int(AdditionBit.THREAD))
    Message.objects.filter(room=room_id, number=root).update(additions=bits)
    return Thread.objects.create(room_id=room_id, number=root)


def _note_author(thread: Thread, message: Message) -> None:
    """Let the author of a reply follow the thread, unless the author has muted it. The author has read the thread."""
    fields = {"replied": message.number, "read_number": message.number}
    mine = ThreadMember.objects.filter(thread=thread, person=message.author_id)
    if not mine.update(**fields):
        who = {"room_id": thread.room_id, "thread": thread, "person_id": message.author_id}
        ThreadMember.objects.create(**who, state=ThreadMember.FOLLOWED, **fields)
    mine.filter(state=ThreadMember.NONE).update(state=ThreadMember.FOLLOWED)


def _find_mentioned(message: Message) -> list[int]:
    """Return the ids of the people whom a message names and notifies. Run no query if it mentions nobody."""
    if not message.mentioned:
        return []
    named = Mention.objects.filter(room=message.room_id, number=message.number, is_named=True, silent=False)
    return list(named.values_list("person_id", flat=True))


def _let_follow(thread: Thread, person_ids: Collection[int]) -> None:
    """
    Let people follow a thread from now on, unless they have muted it.

    For people without a read marker in the thread, the earlier replies count as read.
    """
    if not person_ids:
        return
    entries = ThreadMember.objects.filter(thread=thread, person__in=person_ids)
    known = dict(entries.values_list("person_id", "state"))
    entries.filter(state=ThreadMember.NONE).update(state=ThreadMember.FOLLOWED)
    ThreadMember.objects.bulk_create(
        ThreadMember(
            room_id=thread.room_id,
            thread=thread,
            person_id=person_id,
            state=ThreadMember.FOLLOWED,
            read_number=thread.last_number - 1,
        )
        for person_id in sorted(set(person_ids) - set(known))
    )


def _find_authors_from(thread: Thread) -> int:
    replied = ThreadMember.objects.filter(thread=thread, replied__isnull=False).order_by("-replied")
    newest = list(replied.values_list("replied", flat=True)[:MAX_LAST_AUTHORS])
    return newest[-1] if newest else 0


def _removed(message: Message) -> None:
    """If the removed message is a reply, count the replies of its thread again."""
    if message.thread_root is not None:
        thread = _recount(message.room_id, message.thread_root)
        if thread is not None:
            Thread.objects.filter(id=thread.id).update(offset=message.offset)
            _note_newest(thread, [message.author_id])
            publish_counts(thread.id)


def _delete(room_id: int, numbers: Sequence[int]) -> None:
    """
    Count the replies again without messages that are deleted now, because they are too old.

    A thread stays without its first message as long as it has a reply.
    """
    replies = Message.objects.filter(room=room_id, number__in=numbers, thread_root__isnull=False)
    authors: dict[int, set[int]] = {}
    for root, author_id in replies.values_list("thread_root", "author_id"):
        authors.setdefault(root, set()).add(author_id)
    roots = Thread.objects.filter(room=room_id, number__in=numbers).values_list("number", flat=True)
    for root in {*authors, *roots}:
        thread = _recount(room_id, root, numbers)
        if thread is not None:
            _note_newest(thread, authors.get(root, ()), numbers)
            publish_counts(thread.id)


def _recount(room_id: int, root: int, deleted: Collection[int] = ()) -> Thread | None:
    """
    Store the numbers of a thread again, without the messages `deleted`. Return the thread.

    Return None for a thread that is deleted, because it has neither a root nor a reply.
    """
    thread = Thread.objects.get(room=room_id, number=root)
    replies = Message.objects.filter(room=room_id, thread_root=root).exclude(number__in=deleted)
    is_rooted = root not in deleted and Message.objects.filter(room=room_id, number=root).exists()
    if not is_rooted and not replies.exists():
        followers = find_followers(thread)
        thread.delete()
        publish_end(thread.room, followers)
        return None
    present = replies.filter(removed_at=None)
    last = present.order_by("-number").values_list("number", "created_at").first() or (0, None)
    thread.count = present.count()
    thread.last_number, thread.last_at = last
    thread.save()
    return thread


def _note_newest(thread: Thread, author_ids: Collection[int], deleted: Collection[int] = ()) -> None:
    """Store the newest reply of each of these people again, and the people whom the summary names."""
    replies = Message.objects.filter(room=thread.room_id, thread_root=thread.number, removed_at=None)
    replies = replies.exclude(number__in=deleted)
    for author_id in author_ids:
        newest = replies.filter(author=author_id).aggregate(newest=Max("number"))["newest"]
        ThreadMember.objects.filter(thread=thread, person=author_id).update(replied=newest)
    Thread.objects.filter(id=thread.id).update(authors_from=_find_authors_from(thread))


def _describe(messages: Sequence[Message]) -> dict[int, dict]:
    """Return {number: {"thread": summary}} for roots and replies of one room, with one query."""
    roots = {message.number: message.thread_root or message.number for message in messages}
    summaries = find_summaries(messages[0].room_id, roots.values())
    return {
        number: {"thread": protocol.thread_summary(*summaries[root])}
        for number, root in roots.items()
        if root in summaries
    }


ADDITION = rooms.Addition(
    bit=AdditionBit.THREAD,
    describe=_describe,
    prepare=_prepare,
    columns=lambda root: {"thread_root": root.number},
    store=_store,
    removed=_removed,
    delete=_delete,
    stays=True,
)
rooms.register_addition(ADDITION)
