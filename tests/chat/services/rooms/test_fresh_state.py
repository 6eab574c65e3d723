"""A client with an old state gets the fresh state by a `sync`, even if the client has lost events."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat import broadcast
from chat.models import Room
from chat.protocol import ChatError, Edit, Pin, Post, React, Remove
from chat.services import after_commit, rooms
from tests.chat.services.rooms.actions import offset_of

pytestmark = pytest.mark.django_db


class Reader:
    """A client that follows docs/protocol.md: it keeps messages by id and moves its cursor by the rules."""

    def __init__(self):
        self.messages, self.cursor = {}, 0
        self.threads = {}  # {root: the newest field `thread`}

    def take(self, event):
        """Store an event, unless a later version of its message is known."""
        summary = event.get("thread")
        if summary and summary["offset"] >= self.threads.get(summary["root"], summary)["offset"]:
            self.threads[summary["root"]] = summary
        known = self.messages.get(event["id"])
        if known is None or known["offset"] < event["offset"]:
            self.messages[event["id"]] = event

    def show(self):
        """Return the messages as a page shows them: each message of a thread with what the thread contains now."""
        return {
            id: {**event, "thread": self.threads[root]}
            if (root := event.get("thread", {}).get("root", id)) in self.threads
            else event
            for id, event in self.messages.items()
        }

    def hear(self, event):
        """Take a published event, and move the cursor if no change is missing."""
        self.take(event)
        if event["offset"] == self.cursor + 1:
            self.cursor += 1

    def sync(self, room):
        """Take the backlog after the cursor, in as many parts as it has."""
        more = True
        while more:
            backlog = rooms.get_backlog(room, self.cursor)
            assert not backlog.reset and len(backlog.messages) <= rooms.reading.MAX_BACKLOG
            for event in backlog.messages:
                self.take(event)
            self.cursor, more = backlog.offset, backlog.more


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["post", "post", "reply", "edit", "remove", "react", "pin", "sync", "resend"]),
        st.integers(0, 2),  # the index of the person
        st.integers(1, 12),  # the id of the message, or the number of an earlier change
        st.booleans(),
    ),
    min_size=5,
    max_size=40,
)


HANDLERS = {
    Post: rooms.post_message,
    Edit: rooms.edit_message,
    Remove: rooms.remove_message,
    React: rooms.set_reaction,
    Pin: rooms.set_pin,
}


def make_event(kind, ref, number, target, on):
    """Return the event of a change, or None for `sync` and `resend`."""
    return {
        "post": Post(ref, f"body {number}"),
        "reply": Post(ref, f"reply {number}", thread=target),
        "edit": Edit(ref, target, f"edit {number}"),
        "remove": Remove(ref, target),
        "pin": Pin(ref, target, on),
        "react": React(ref, target, "👍👎❤"[target % 3], on),
    }.get(kind)


def read_fresh_state(room):
    """Return the messages that a new client reads, {id: event}. Check that a page has the same messages."""
    fresh = Reader()
    fresh.sync(room)
    page, more = rooms.get_page(room, None, 100)
    assert {event["id"]: event for event in page} == fresh.messages and not more
    assert fresh.show() == fresh.messages
    return fresh.messages


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, lost=st.sets(st.integers(0, 40)), limit=st.integers(1, 5))
def test_a_client_that_lost_events_has_the_fresh_state_after_a_sync(
    alice, bob, charlie, changes, lost, limit, monkeypatch
):
    with transaction.atomic():
        room = rooms.create_room(alice, f"room-{Room.objects.count()}", "A room")
        published = []
        monkeypatch.setattr(rooms.reading, "MAX_BACKLOG", limit)
        group_of_room = broadcast.room_group(room.id)

        def record(group, event):
            if group == group_of_room:
                published.append(event)

        monkeypatch.setattr(after_commit.broadcast, "publish", record)
        # This transaction never commits, so the functions that wait for its commit run at once.
        monkeypatch.setattr(after_commit.transaction, "on_commit", lambda function: function())
        live, lossy = Reader(), Reader()
        made = []
        for number, (kind, person_index, target, on) in enumerate(changes):
            member = rooms.join_room([alice, bob, charlie][person_index], room.slug)
            ref = f"{room.slug}-{number}"
            event = make_event(kind, ref, number, target, on)
            if kind == "resend" and made:
                member, event = made[target % len(made)]
                member = rooms.join_room(member.person, room.slug)
            if kind == "sync":
                lossy.sync(room)
            if event is None:
                continue
            try:
                outcome = HANDLERS[type(event)](member, event)
            except ChatError as error:
                assert error.code in ("not_found", "forbidden")
            else:
                made.append((member, event))
                assert outcome.is_new == (kind != "resend")
        offset = offset_of(room)
        assert [event["offset"] for event in published] == list(range(1, offset + 1))
        for number, event in enumerate(published):
            live.hear(event)
            if number not in lost:
                lossy.hear(event)
        assert live.cursor == offset
        lossy.sync(room)
        assert live.show() == lossy.show() == read_fresh_state(room)
        transaction.set_rollback(True)
