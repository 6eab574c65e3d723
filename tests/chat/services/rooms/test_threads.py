"""Threads: replies beside the timeline, who follows them, and the numbers that everybody sees."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chat import broadcast
from chat.models import AdditionBit, Member, Message, Room, Thread, ThreadMember
from chat.protocol import ChatError, Edit, Post, React, Remove
from chat.services import after_commit, blocks, feeds, moderation, retention, rooms, threads, workspace
from tests import wire
from tests.chat.services.rooms.actions import post
from tests.chat.services.uploads.helpers import post as post_files
from tests.chat.services.uploads.helpers import upload
from tests.helpers import statements

pytestmark = pytest.mark.django_db(transaction=True)


def reply(member, ref, root=1, body="Reply"):
    """Post a reply in the thread of a message, run the job that notifies its followers, and return its id."""
    number = rooms.post_message(member, Post(ref, body, thread=root)).ack["id"]
    wire.work()
    return number


@pytest.fixture
def root(member_of, alice):
    """Return the id of a message of Alice."""
    return post(member_of(alice), "root", "Who waters the roses?")["id"]


@pytest.fixture
def stream():
    """Return a function that opens the own stream of a person, and forgets its first event."""

    def stream(person):
        socket = wire.Socket("/me/", wire.browser_of(person)).connect()
        socket.read()
        return socket

    return stream


def summaries(room):
    """Return {id: count of its thread} of the messages that have a thread, as a page shows them."""
    messages, _ = rooms.get_page(room, None, 100)
    return {message["id"]: message["thread"]["count"] for message in messages if "thread" in message}


def refusal(member, **fields):
    """Return the code with which a post is refused."""
    with pytest.raises(ChatError) as raised:
        rooms.post_message(member, Post(ref="refused", body="Hello", **fields))
    return raised.value.code


def unread_of(person):
    """Return (`unread`, `mentions`, unread threads) of a person in the room, as in `workspace`."""
    [found] = workspace.get_rooms(person)
    return found["unread"], found["mentions"], found.get("threads", 0)


def test_a_reply_has_an_offset_and_says_what_its_thread_contains(member_of, alice, bob, root, read_events):
    member = member_of(bob)
    assert reply(member, "r1") == 2 and reply(member_of(alice), "r2") == 3
    first, second = (event for event in read_events() if event["type"] == "message")
    assert first["thread"] == {"root": 1, "offset": 2, "count": 1, "last_at": first["at"], "authors": ["Bob"]}
    assert second["thread"] == {
        "root": 1,
        "offset": 3,
        "count": 2,
        "last_at": second["at"],
        "authors": ["Alice", "Bob"],
    }
    assert second["offset"] == 3
    assert summaries(member.room) == {1: 2, 2: 2, 3: 2}
    # The root itself has not changed.
    assert Message.objects.get(number=1).offset == 1


def test_a_reply_to_a_reply_belongs_to_the_same_thread(member_of, alice, root):
    reply(member_of(alice), "r1")
    assert reply(member_of(alice), "r2", root=2) == 3
    assert Message.objects.get(number=3).thread_root == 1 and Thread.objects.get().count == 2


def test_the_root_must_be_a_message_of_this_room_that_is_not_removed(member_of, alice, root):
    member = member_of(alice)
    other = rooms.create_room(alice, "attic", "The attic")
    assert refusal(rooms.join_room(alice, other.slug), thread=1) == "not_found"
    assert refusal(member, thread=7) == "not_found"
    rooms.remove_message(member, Remove("x1", 1))
    assert refusal(member, thread=1) == "not_found"
    assert not Thread.objects.exists()


def test_a_board_has_no_threads(admitted):
    socket = admitted.room()
    answer = socket.post("p1")
    assert socket.post("p2", thread=answer["id"])["code"] == "forbidden"


def test_the_same_ref_in_another_thread_is_a_conflict(member_of, alice, root):
    member = member_of(alice)
    post(member, "other")
    reply(member, "r1")
    assert reply(member, "r1") == 3
    with pytest.raises(ChatError) as raised:
        reply(member, "r1", root=2)
    assert raised.value.code == "ref_conflict"


def test_replies_do_not_count_as_unread_but_their_mentions_do(member_of, alice, bob, charlie, root):
    member_of(charlie)
    for person in (bob, charlie):
        rooms.mark_read(member_of(person), 1)
    reply(member_of(alice), "r1", body="Nobody yet, @Charlie?")
    assert unread_of(bob) == (0, 0, 0)
    assert unread_of(charlie) == (0, 1, 1)
    assert member_of(bob).room.posts == 1
    socket = wire.Socket("/chat/garden/", wire.browser_of(bob)).connect()
    [joined] = socket.seen("joined")
    assert (joined["unread"], joined["first_unread"]) == (0, None)


def test_authors_of_roots_and_replies_and_mentioned_people_follow_a_thread(member_of, alice, bob, charlie, root):
    for person in (alice, bob, charlie):
        member_of(person)
    reply(member_of(bob), "r1", body="@Charlie knows")
    found = ThreadMember.objects.values_list("person__handle", "state", "read_number")
    assert set(found) == {("Alice", "followed", 1), ("Bob", "followed", 2), ("Charlie", "followed", 1)}
    threads.set_state(charlie, "garden", 1, "muted")
    reply(member_of(alice), "r2", body="@Charlie, do you?")
    assert ThreadMember.objects.get(person=charlie).state == "muted"
    assert unread_of(charlie)[1:] == (2, 0) and unread_of(bob)[2] == 1 and unread_of(alice)[2] == 0


def test_followers_get_the_first_and_the_newest_of_quick_replies_and_mentioned_people_get_a_mention(
    member_of, alice, bob, charlie, root, stream, settings, later
):
    settings.CHAT_FEED_SECONDS = 60
    member_of(charlie)
    reply(member_of(bob), "r1", body="I do")
    sockets = {person.handle: stream(person) for person in (alice, bob, charlie)}
    wire.work()
    threads.notices.forget_pauses()
    for number in range(3):
        reply(member_of(bob), f"b{number}", body=f"Reply {number}")
    [event] = sockets["Alice"].read()
    assert (event["type"], event["room"], event["root"], event["threads"]) == ("thread", "garden", 1, 1)
    assert (event["id"], event["author"], event["text"]) == (3, {"handle": "Bob"}, "Reply 0")
    assert sockets["Bob"].read() == [{"type": "room", "slug": "garden", "threads": 0}] and not sockets["Charlie"].read()
    later.run()
    wire.work()
    assert [event["text"] for event in sockets["Alice"].read()] == ["Reply 2"]
    reply(member_of(bob), "b9", body="@Charlie and @Alice")
    mentions = [event for event in sockets["Charlie"].read() if event["type"] == "mention"]
    assert [(event["id"], event["thread"]) for event in mentions] == [(6, 1)]
    assert [event["type"] for event in sockets["Alice"].read() if event["type"] != "room"] == ["mention"]


def test_a_notice_of_a_reply_without_a_text_names_its_files(member_of, alice, bob, root, stream, own_files):
    socket, row = stream(alice), upload(member_of(bob), "roses.pdf")
    post_files(member_of(bob), "f1", row, thread=root)
    wire.work()
    [event] = [event for event in socket.read() if event["type"] == "thread"]
    assert (event["text"], event["files"]) == ("", [{"name": "roses.pdf", "type": "application/pdf"}])


def test_people_who_block_the_author_or_are_banned_get_no_text(member_of, alice, bob, charlie, root, stream):
    for number, person in enumerate((bob, charlie)):
        reply(member_of(person), f"r{number}")
    blocks.block_person(alice, bob)
    moderation.change_role(alice, member_of(alice).room, charlie, Member.BANNED)
    sockets = [stream(alice), stream(charlie)]
    threads.notices.forget_pauses()
    reply(member_of(bob), "r9")
    assert [event["type"] for event in sockets[0].read()] == ["room"] and sockets[1].read() == []


def test_guests_of_a_room_that_is_closed_to_them_receive_nothing(member_of, alice, charlie, root, stream):
    reply(member_of(charlie), "r1")
    own = stream(charlie)
    rooms.set_guests(alice, "garden", False)
    own.read()
    threads.notices.forget_pauses()
    reply(member_of(alice), "r2")
    assert own.read() == []


def test_a_read_marker_moves_in_all_tabs_of_the_person(member_of, alice, bob, root, stream):
    member_of(alice)
    reply(member_of(bob), "r1")
    own = stream(alice)
    tabs = [wire.Socket("/chat/garden/", wire.browser_of(alice)).connect() for _ in range(2)]
    for tab in tabs:
        tab.read()
    assert tabs[0].say("read", offset=9, thread=1) == []
    assert tabs[1].read() == [{"type": "thread", "root": 1, "state": "followed", "read": 2}]
    assert own.read() == [{"type": "room", "slug": "garden", "threads": 0}]
    assert unread_of(alice)[2] == 0
    tabs[0].say("read", offset=1, thread=1)
    assert own.read() == [] and ThreadMember.objects.get(person=alice).read_number == 2
    # A person who does not follow the thread needs no marker.
    threads.mark_read(member_of(bob), 7, 2)


def test_everything_can_be_marked_as_read(member_of, alice, bob, root, stream):
    reply(member_of(bob), "r1")
    own = stream(alice)
    workspace.read_all(alice)
    assert {"type": "room", "slug": "garden", "threads": 0} in own.read() and unread_of(alice) == (0, 0, 0)


def test_a_removed_reply_no_longer_counts(member_of, alice, bob, root, read_events, stream):
    for number in range(2):
        reply(member_of(bob), f"r{number}")
    own = stream(alice)
    read_events()
    rooms.remove_message(member_of(bob), Remove("x1", 3))
    [event] = read_events()
    assert event["removed"] and event["thread"]["count"] == 1 and event["thread"]["authors"] == ["Bob"]
    assert own.read() == [{"type": "room", "slug": "garden", "threads": 1}]
    rooms.remove_message(member_of(bob), Remove("x2", 2))
    assert own.read() == [{"type": "room", "slug": "garden", "threads": 0}]
    [event] = read_events()
    assert event["thread"] == {"root": 1, "offset": 5, "count": 0, "last_at": None, "authors": []}


def test_a_thread_stays_when_its_root_is_removed(member_of, alice, bob, root):
    reply(member_of(bob), "r1")
    rooms.remove_message(member_of(alice), Remove("x1", 1))
    assert summaries(member_of(bob).room) == {1: 1, 2: 1}
    assert refusal(member_of(bob), thread=2) == "not_found"


def test_the_summary_names_the_last_three_authors(member_of, make_people, alice, root):
    for number, person in enumerate([*make_people(4), alice]):
        reply(member_of(person), f"r{number}")
    messages, _ = rooms.get_page(member_of(alice).room, None, 100)
    assert messages[0]["thread"]["authors"] == ["Alice", "Person 3", "Person 2"]


@pytest.fixture
def make_people():
    """Return a function that creates accounts."""
    from chat.services import people

    return lambda count: [people.sign_up(f"Person {number}", "correct horse") for number in range(count)]


def costs_of(function, *arguments, **fields):
    """Return the statements of a call."""
    with CaptureQueriesContext(connection) as queries:
        function(*arguments, **fields)
    return statements(queries)


def test_a_post_without_a_thread_costs_no_further_statement(member_of, bob, root):
    member = member_of(bob)
    usual = [("UPDATE", "chat_room"), ("INSERT", "chat_message"), ("INSERT", "chat_change")]
    assert costs_of(post, member, "r1") == usual
    reply(member, "r2")
    assert costs_of(post, member, "r3") == usual
    # Only the event reads the summary of the thread. A job notifies the followers.
    costs = costs_of(rooms.post_message, member, Post("r4", "Reply", thread=1))
    assert [table for _, table in costs].count("chat_thread") == 3 and len(costs) == 10


def test_any_number_of_threads_costs_a_page_one_further_statement(member_of, alice):
    member = member_of(alice)
    for number in range(5):
        post(member, f"p{number}")
    usual = costs_of(rooms.get_page, member.room, None, 100)
    for number in range(5):
        reply(member, f"r{number}", root=number + 1)
    assert costs_of(rooms.get_page, member.room, None, 100) == [*usual, ("SELECT", "chat_thread")]


def test_retention_keeps_a_thread_as_long_as_it_has_a_reply(member_of, alice, bob, root):
    reply(member_of(bob), "r1")
    reply(member_of(bob), "r2")
    retention.set_rule("garden", 7, "operator")

    def expire(number):
        Message.objects.filter(number__lte=number).update(created_at=timezone.now() - timedelta(days=9))
        list(retention.run_retention("operator"))

    expire(2)
    assert summaries(member_of(alice).room) == {3: 1}
    page = threads.get_thread(alice, "garden", 1)
    assert page.root is None and [message["id"] for message in page.messages] == [3]
    expire(3)
    assert not Thread.objects.exists() and not ThreadMember.objects.exists()


def test_a_deleted_room_takes_its_threads_with_it(member_of, alice, root):
    reply(member_of(alice), "r1")
    rooms.delete_room(Room.objects.get(slug="garden"))
    assert not Thread.objects.exists()


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(
            ["post", "reply", "reply", "reply", "edit", "remove", "react", "read", "state", "expire", "hold"]
        ),
        st.integers(0, 2),  # the index of the person
        st.integers(1, 9),  # the id of the message
        st.sampled_from(["followed", "muted", "none"]),
    ),
    min_size=5,
    max_size=30,
)


class Reader:
    """The client of a person's stream: it keeps the number of unread threads."""

    def __init__(self):
        self.unread = 0

    def take(self, event):
        """Take an event of the stream."""
        self.unread = event.get("threads", self.unread)


@example(changes=[("post", 0, 1, "none"), ("reply", 1, 1, "none"), ("expire", 0, 4, "none")])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES)
def test_the_numbers_are_those_of_the_rows_after_any_changes(alice, bob, charlie, changes, monkeypatch):
    with transaction.atomic():
        room = rooms.create_room(alice, f"room-{Room.objects.count()}", "A room")
        people = [alice, bob, charlie]
        readers = {broadcast.person_group(person.id): Reader() for person in people}
        seen = {}

        def record(group, event, *but):
            if group in readers and event["type"] in ("thread", "room"):
                readers[group].take(event)
            if event["type"] == "message" and "thread" in event:
                # The rule of clients: the newest offset tells what the thread contains.
                root = event["thread"]["root"]
                if seen.get(root, {"offset": -1})["offset"] <= event["thread"]["offset"]:
                    seen[root] = event["thread"]

        monkeypatch.setattr(after_commit.broadcast, "publish", record)
        monkeypatch.setattr(after_commit.broadcast, "publish_to_others", record)
        monkeypatch.setattr(after_commit.transaction, "on_commit", lambda function: function())
        monkeypatch.setattr(threads.notices._pauses, "mark_behind", lambda thread_id: False)
        monkeypatch.setattr(broadcast, "start_job", lambda channel, content: threads.publish_newest(content["threads"]))
        for person in people:
            rooms.join_room(person, room.slug)
        is_held = False
        for number, (kind, person_index, target, state) in enumerate(changes):
            member = rooms.join_room(people[person_index], room.slug)
            ref = f"{room.slug}-{number}"
            try:
                if kind in ("post", "reply"):
                    body = f"@{people[target % 3].handle}" if number % 4 == 0 else "Hello"
                    rooms.post_message(member, Post(ref, body, thread=target if kind == "reply" else None))
                elif kind == "edit":
                    rooms.edit_message(member, Edit(ref, target, "Other"))
                elif kind == "remove":
                    rooms.remove_message(member, Remove(ref, target))
                elif kind == "react":
                    rooms.set_reaction(member, React(ref, target, "👍", True))
                elif kind == "read":
                    threads.mark_read(member, target, target + 2)
                elif kind == "state":
                    threads.set_state(member.person, room.slug, target, state)
                elif kind == "hold" and not is_held:
                    retention.place_hold(room.slug, None, "a case", "operator")
                    is_held = True
                elif kind == "hold":
                    retention.release_hold(room.slug, None, "operator")
                    is_held = False
                elif kind == "expire" and not is_held:
                    old = timezone.now() - timedelta(days=9)
                    Message.objects.filter(room=room, number__lte=target // 2).update(created_at=old)
                    retention.set_rule(room.slug, 7, "operator")
                    list(retention.run_retention("operator"))
                    seen.clear()
            except ChatError as error:
                assert error.code in ("not_found", "forbidden")
        check_numbers(room, people, readers, seen)
        transaction.set_rollback(True)


def check_numbers(room, people, readers, seen):
    """Compare the numbers of threads and people with the rows."""
    for thread in Thread.objects.filter(room=room):
        present = Message.objects.filter(room=room, thread_root=thread.number, removed_at=None)
        numbers = list(present.order_by("-number").values_list("number", "author_id"))
        assert (thread.count, thread.last_number) == (len(numbers), numbers[0][0] if numbers else 0)
        root = Message.objects.filter(room=room, number=thread.number).first()
        assert root is None or root.additions & AdditionBit.THREAD
        for entry in thread.members.all():
            assert entry.replied == next((number for number, author in numbers if author == entry.person_id), None)
    messages, _ = rooms.get_page(Room.objects.get(id=room.id), None, 100)
    for event in messages:
        if "thread" in event and event["thread"]["root"] in seen:
            assert seen[event["thread"]["root"]] == event["thread"]
    for person in people:
        followed = ThreadMember.objects.filter(person=person, room=room, state="followed").select_related("thread")
        unread = sum(entry.thread.last_number > entry.read_number for entry in followed)
        [place] = feeds.find_places(person, room.id)
        assert place.threads == unread == readers[broadcast.person_group(person.id)].unread
