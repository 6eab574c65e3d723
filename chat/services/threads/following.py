"""
Follow threads, mute them, and mark them as read.

This module writes ThreadMember. It publishes the changes of one thread to the person's other connections in the room,
and the number of unread threads to the person's own streams.
"""

from collections.abc import Collection

from django.db.models import F, OuterRef, Subquery

from chat import broadcast, protocol
from chat.connections import Connection
from chat.models import Member, Person, Thread, ThreadMember
from chat.protocol import ChatError
from chat.services import feeds, rooms
from chat.services.after_commit import after_commit
from chat.services.rights import Action

from .notices import publish_own_count


def mark_read(member: Member, root: int, number: int, connection: Connection | None = None) -> None:
    """
    Move a person's read marker in a thread forward to the reply `number`, but not beyond the last reply.

    Do nothing for a person without a marker: the person has never followed or muted the thread. `root` is the number of
    the first message. `connection` sent the request, and does not receive the event.
    """
    mine = ThreadMember.objects.filter(room=member.room_id, thread__number=root, person=member.person_id)
    entry = mine.select_related("thread").first()
    if entry is None:
        return
    read = min(number, entry.thread.last_number)
    if ThreadMember.objects.filter(id=entry.id, read_number__lt=read).update(read_number=read):
        entry.read_number = read
        _publish(member.id, entry, [connection.name] if connection else [])


def set_state(person: Person, slug: str, root: int, state: str) -> tuple[str, int]:
    """
    Store the state of a person in a thread: one of the states of ThreadMember.

    Return (the state, the number of the last reply that the person has read). For a person who begins to follow, the
    earlier replies count as read. Raise `not_found` or `forbidden` for the room; `not_found` for a person who is not in
    the room, and for a message without replies.
    """
    room = rooms.get_room_for(person, slug, Action.KEEP)
    member = Member.objects.filter(room=room, person=person).first()
    thread = Thread.objects.filter(room=room, number=root).first()
    if member is None or thread is None:
        raise ChatError("not_found", "Nobody has replied to this message.")
    defaults = {"room": room, "state": state, "read_number": thread.last_number}
    entry, is_new = ThreadMember.objects.get_or_create(thread=thread, person=person, defaults=defaults)
    if not is_new and entry.state != state:
        entry.state = state
        if state == ThreadMember.FOLLOWED:
            entry.read_number = max(entry.read_number, thread.last_number)
        entry.save(update_fields=["state", "read_number"])
    entry.thread = thread
    _publish(member.id, entry, [])
    return entry.state, entry.read_number


def mark_all_read(person: Person, room_ids: Collection[int] | None = None) -> None:
    """Mark the threads that a person follows as read: in these rooms, or in all rooms (None)."""
    unread = ThreadMember.objects.filter(
        person=person, state=ThreadMember.FOLLOWED, read_number__lt=F("thread__last_number")
    )
    if room_ids is not None:
        unread = unread.filter(room__in=room_ids)
    found = list(unread.values_list("id", "room_id", "room__slug"))
    if not found:
        return
    newest = Thread.objects.filter(id=OuterRef("thread_id")).values("last_number")
    ThreadMember.objects.filter(id__in=[entry_id for entry_id, _, _ in found]).update(read_number=Subquery(newest))
    inside = set(Member.objects.filter(person=person).exclude(role=Member.BANNED).values_list("room_id", flat=True))
    for slug in {slug for _, room_id, slug in found if room_id in inside}:
        feeds.publish_to_person(person.id, slug, threads=0)


def _publish(member_id: int, entry: ThreadMember, but: Collection[str]) -> None:
    event = protocol.thread_state(entry.thread.number, entry.state, entry.read_number)
    group = broadcast.member_group(member_id)
    after_commit(f"publish it to {group}", lambda: broadcast.publish_to_others(group, event, *but))
    publish_own_count(entry.thread, entry.person_id)
