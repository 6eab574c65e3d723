"""What is said in rooms: stored once, in order, told on commit, and found again by any cursor."""

import contextlib
import threading
import time

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat import broadcast, markup, protocol
from chat.connections import Connection
from chat.models import Change, Member, Message, Reaction, Room, snapshot
from chat.protocol import ChatError, Edit, Post, React, Remove
from chat.services import after_commit, people, rooms
from tests import wire

pytestmark = pytest.mark.django_db


@pytest.fixture
def hears(room):
    """Returns all events that were told to the room `garden` since it was asked last."""
    socket = wire.Socket("/nowhere/")
    broadcast.subscribe(socket.channel, [broadcast.room_group(room.id), broadcast.LOBBY_GROUP])
    socket.read()
    return socket.read


@pytest.fixture
def standing(room):
    """Returns a person's Member of `garden`, in some role."""

    def standing(person, role=None):
        member = rooms.join_room(person, "garden")
        if role is not None:
            rooms.apply_role(member, role)
            member.role = role
        return member

    return standing


def check_refused(code, function, *arguments):
    with pytest.raises(ChatError) as caught:
        function(*arguments)
    assert caught.value.code == code
    return caught.value


def post(member, ref, body="Hello", reply_to=None):
    return rooms.post_message(member, Post(ref, body, reply_to)).ack


def offset_of(room):
    return Room.objects.get(id=room.id).offset


# Rooms and members.


def test_who_makes_a_room_owns_it(alice, room):
    assert Member.objects.get(room=room).role == "owner"
    assert rooms.join_room(alice, "garden").is_moderator


@pytest.mark.django_db(transaction=True)
def test_the_lobby_hears_of_a_new_room(alice, hears):
    rooms.create_room(alice, "attic", "Attic")
    assert hears() == [{"type": "updated"}]


def test_guests_make_no_rooms(charlie):
    check_refused("forbidden", rooms.create_room, charlie, "attic", "Attic")


@pytest.mark.parametrize(
    "slug, name, topic, code",
    [
        ("garden", "Other", "", "taken"),
        ("Garden", "A", "", "invalid_field"),
        ("attic", " ", "", "empty"),
        ("attic", "x" * 81, "", "too_long"),
        ("attic", "A", "x" * 501, "too_long"),
        ("attic", "a\nb", "", "invalid_field"),
        (None, "A", "", "invalid_field"),
        ("attic", None, "", "invalid_field"),
    ],
)
def test_a_room_needs_a_free_slug_and_proper_texts(alice, room, slug, name, topic, code):
    check_refused(code, rooms.create_room, alice, slug, name, topic)
    assert Room.objects.count() == 1


def test_who_enters_becomes_a_member_once(bob, charlie, room):
    assert rooms.join_room(bob, "garden").role == "member"
    assert rooms.join_room(charlie, "garden").role == "guest"
    assert rooms.join_room(bob, "garden").id == Member.objects.get(person=bob).id


@pytest.mark.parametrize("slug", ["attic", "", "Garden", "garden\n", "a\0", "x" * 60])
def test_there_is_no_other_room(bob, room, slug):
    check_refused("not_found", rooms.join_room, bob, slug)
    check_refused("not_found", rooms.get_readable_room, bob, slug)


def test_the_banned_neither_enter_nor_read(bob, standing):
    standing(bob, Member.BANNED)
    check_refused("forbidden", rooms.join_room, bob, "garden")
    check_refused("forbidden", rooms.get_readable_room, bob, "garden")


def test_rooms_spoken_in_last_come_first_and_silent_ones_last(alice):
    for slug in ("one", "two", "three", "four"):
        rooms.create_room(alice, slug, slug.title(), "silence" if slug == "four" else "")
    post(rooms.join_room(alice, "three"), "r1")
    post(rooms.join_room(alice, "one"), "r2")
    assert [room.slug for room in rooms.find_rooms(AnonymousUser())[0]] == ["one", "three", "four", "two"]


def test_rooms_are_found_by_slug_name_and_topic_in_pages(alice):
    rooms.create_room(alice, "one", "First", "apples")
    rooms.create_room(alice, "two", "Second", "pears")
    for text, slugs in [("ON", ["two", "one"]), ("fir", ["one"]), ("PEAR", ["two"]), ("%", []), ("_", []), ("'", [])]:
        assert [room.slug for room in rooms.find_rooms(AnonymousUser(), text)[0]] == slugs
    pages = [rooms.find_rooms(AnonymousUser(), page=page, size=1) for page in (0, 1)]
    assert [(room.slug, more) for [room], more in pages] == [("two", True), ("one", False)]
    assert rooms.find_rooms(AnonymousUser(), page=2, size=1) == ([], False)


def test_the_first_room_is_made_where_there_is_none(db, capsys):
    call_command("firstroom")
    call_command("firstroom")
    assert [room.slug for room in Room.objects.all()] == ["welcome"]
    assert capsys.readouterr().out.count("/rooms/welcome/") == 1


@pytest.mark.django_db(transaction=True)
def test_a_deleted_room_closes_its_sockets(enter, alice, room):
    socket = enter(alice)
    rooms.delete_room(room)
    socket.read()
    assert socket.code == 4404


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL: bin/test --postgres")
@pytest.mark.django_db(transaction=True)
def test_a_room_in_which_people_talk_can_be_deleted(alice, room, standing):
    member, said = standing(alice), []
    thread = threading.Thread(target=talk_until_it_is_gone, args=[member, said])
    thread.start()
    while thread.is_alive() and len(said) < 300:
        time.sleep(0.01)
    rooms.delete_room(room)
    thread.join(30)
    assert not thread.is_alive() and not Room.objects.exists()


def talk_until_it_is_gone(member, said):
    with contextlib.suppress(Room.DoesNotExist), contextlib.closing(connection):
        while True:
            said.append(post(member, f"r{len(said)}"))


# Posting.


def test_a_post_takes_the_next_offset_and_is_acked(alice, bob, standing, room):
    assert post(standing(alice), "r1") == {"type": "ack", "ref": "r1", "id": 1, "offset": 1}
    assert post(standing(bob), "r1") == {"type": "ack", "ref": "r1", "id": 2, "offset": 2}
    assert offset_of(room) == 2


@pytest.mark.django_db(transaction=True)
def test_a_post_is_told_to_the_room_as_it_is_stored(alice, standing, hears):
    post(standing(alice), "r1", "Hello *you*", None)
    post(standing(alice), "r2", "Again", 1)
    first, second = hears()
    assert {**first, "at": "then"} == {
        "type": "message",
        "id": 1,
        "offset": 1,
        "ref": "r1",
        "author": {"handle": "Alice"},
        "body": "Hello *you*",
        "html": "<p>Hello <em>you</em></p>",
        "at": "then",
        "edited_at": None,
        "removed": False,
        "reactions": {},
        "reply_to": None,
    }
    assert first["at"].endswith("Z")
    assert (second["id"], second["reply_to"]) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_before_the_commit_or_after_a_rollback(alice, standing, hears, room):
    member = standing(alice)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        post(member, "r1")
        assert hears() == []
        1 / 0  # noqa: B018
    assert hears() == []
    assert offset_of(room) == 0
    with transaction.atomic():
        post(member, "r1")
        assert hears() == []
    assert [event["id"] for event in hears()] == [1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", ["publish", "render"])
def test_a_post_that_cannot_be_told_is_stored_all_the_same(alice, standing, monkeypatch, fails):
    def fail(*arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(*{"publish": (broadcast, "publish"), "render": (markup, "render")}[fails], fail)
    assert post(standing(alice), "r1")["id"] == 1
    assert Message.objects.count() == 1


def test_a_reply_is_to_a_message_of_this_room(alice, standing, room):
    member = standing(alice)
    rooms.create_room(alice, "attic", "Attic")
    post(rooms.join_room(alice, "attic"), "r0")
    check_refused("not_found", post, member, "r1", "Hello", 1)
    assert offset_of(room) == 0
    post(member, "r1")
    assert post(member, "r2", "Hello", 1)["id"] == 2
    rooms.remove_message(member, Remove("r3", 1))
    assert post(member, "r4", "Hello", 1)["id"] == 4


def test_the_muted_say_nothing(alice, bob, standing, room):
    post(standing(bob), "r1")
    muted = standing(bob, Member.MUTED)
    for change, event in [
        (rooms.post_message, Post("r2", "Hello")),
        (rooms.edit_message, Edit("r2", 1, "Hi")),
        (rooms.remove_message, Remove("r2", 1)),
        (rooms.set_reaction, React("r2", 1, "👍", True)),
    ]:
        check_refused("muted", change, muted, event)
    assert offset_of(room) == 1


# Refs.


def test_a_resend_gets_the_same_ack_and_changes_nothing(alice, standing, room):
    member = standing(alice)
    first = rooms.post_message(member, Post("r1", "Hello"))
    again = rooms.post_message(member, Post("r1", "Hello"))
    assert first.ack == again.ack
    assert (first.is_new, again.is_new) == (True, False)
    assert (offset_of(room), Message.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_a_resend_is_not_told_again(alice, standing, hears):
    member = standing(alice)
    post(member, "r1")
    post(member, "r1")
    assert len(hears()) == 1


@pytest.mark.parametrize(
    "change, event",
    [
        (rooms.post_message, Post("r1", "Other")),
        (rooms.post_message, Post("r1", "Hello", 1)),
        (rooms.edit_message, Edit("r1", 1, "Hello")),
        (rooms.remove_message, Remove("r1", 1)),
        (rooms.set_reaction, React("r1", 1, "👍", True)),
    ],
)
def test_a_used_ref_with_another_content_or_type_is_a_conflict(alice, standing, room, change, event):
    member = standing(alice)
    post(member, "r1")
    check_refused("ref_conflict", change, member, event)
    message = Message.objects.get()
    assert (offset_of(room), message.body, message.offset, message.is_removed) == (1, "Hello", 1, False)


def test_a_ref_is_used_up_in_all_rooms(alice, standing):
    rooms.create_room(alice, "attic", "Attic")
    ack = post(standing(alice), "r1")
    check_refused("ref_conflict", post, rooms.join_room(alice, "attic"), "r1")
    assert post(standing(alice), "r1") == ack


def test_a_ref_is_ones_own(alice, bob, standing):
    post(standing(alice), "r1")
    assert post(standing(bob), "r1", "Other")["id"] == 2


def test_a_resend_gets_its_ack_whatever_happened_since(alice, bob, standing, room):
    member = standing(bob)
    acks = [post(member, "r1"), rooms.edit_message(member, Edit("r2", 1, "Hi")).ack]
    acks.append(rooms.set_reaction(member, React("r3", 1, "👍", True)).ack)
    rooms.edit_message(standing(alice), Edit("r4", 1, "Ho"))
    rooms.remove_message(standing(alice), Remove("r5", 1))
    member = standing(bob, Member.MUTED)
    assert [
        post(member, "r1"),
        rooms.edit_message(member, Edit("r2", 1, "Hi")).ack,
        rooms.set_reaction(member, React("r3", 1, "👍", True)).ack,
    ] == acks
    check_refused("ref_conflict", post, member, "r1", "Hi")
    assert Message.objects.get().body == "" and offset_of(room) == 5


def test_a_resent_removal_is_acked_though_the_message_is_gone(alice, standing):
    member = standing(alice)
    post(member, "r1")
    ack = rooms.remove_message(member, Remove("r2", 1)).ack
    assert rooms.remove_message(member, Remove("r2", 1)).ack == ack
    check_refused("not_found", rooms.remove_message, member, Remove("r3", 1))


def test_a_rejected_ref_may_be_sent_again(alice, standing):
    member = standing(alice, Member.MUTED)
    check_refused("muted", post, member, "r1")
    member = standing(alice, Member.MEMBER)
    check_refused("not_found", post, member, "r1", "Hello", 9)
    assert post(member, "r1", "Other")["id"] == 1
    assert Change.objects.count() == 1


def test_a_database_that_is_away_uses_up_no_ref(alice, standing, room, monkeypatch):
    member = standing(alice)

    def fail(*arguments, **fields):
        raise OperationalError("database is locked")

    with monkeypatch.context() as broken:
        broken.setattr(rooms.changes, "insert", fail)
        with pytest.raises(OperationalError):
            post(member, "r1")
    assert (offset_of(room), Message.objects.count()) == (0, 0)
    assert post(member, "r1")["id"] == 1


# Editing, removing, reacting.


@pytest.mark.parametrize("role, may", [(None, False), ("guest", False), ("moderator", True), ("owner", True)])
@pytest.mark.parametrize(
    "change, event", [(rooms.edit_message, Edit("r2", 1, "Hi")), (rooms.remove_message, Remove("r2", 1))]
)
def test_only_author_and_moderators_change_a_message(alice, bob, standing, room, role, may, change, event):
    post(standing(alice), "r1")
    member = standing(bob, role)
    if may:
        assert change(member, event).ack == {"type": "ack", "ref": "r2", "id": 1, "offset": 2}
    else:
        check_refused("forbidden", change, member, event)
        assert (offset_of(room), Message.objects.get().body) == (1, "Hello")


def test_guests_post_react_and_change_their_own(charlie, standing):
    member = standing(charlie)
    post(member, "r1")
    rooms.edit_message(member, Edit("r2", 1, "Hi"))
    rooms.set_reaction(member, React("r3", 1, "👍", True))
    assert rooms.remove_message(member, Remove("r4", 1)).ack["offset"] == 4


@pytest.mark.django_db(transaction=True)
def test_an_edit_keeps_the_id_and_takes_an_offset(alice, standing, hears):
    member = standing(alice)
    post(member, "r1")
    rooms.edit_message(member, Edit("r2", 1, "**Hi**"))
    before, after = hears()
    assert (after["id"], after["offset"], after["ref"], after["at"]) == (1, 2, "r1", before["at"])
    assert (after["body"], after["html"]) == ("**Hi**", "<p><strong>Hi</strong></p>")
    assert before["edited_at"] is None and after["edited_at"].endswith("Z")


@pytest.mark.django_db(transaction=True)
def test_a_removed_message_keeps_its_row_and_loses_all_it_said(alice, bob, standing, hears):
    post(standing(alice), "r1", "Secret")
    rooms.set_reaction(standing(bob), React("r2", 1, "👍", True))
    rooms.remove_message(standing(alice), Remove("r3", 1))
    event = hears()[-1]
    assert (event["id"], event["offset"], event["removed"]) == (1, 3, True)
    assert (event["body"], event["html"], event["reactions"]) == ("", "", {})
    assert (Message.objects.get().body, Reaction.objects.count()) == ("", 0)


def test_what_was_removed_or_never_was_cannot_be_changed(alice, standing, room):
    member = standing(alice)
    post(member, "r1")
    rooms.remove_message(member, Remove("r2", 1))
    for number in (0, 1, 2, 3, 2**53 - 1):
        check_refused("not_found", rooms.edit_message, member, Edit("r3", number, "Hi"))
        check_refused("not_found", rooms.remove_message, member, Remove("r3", number))
        check_refused("not_found", rooms.set_reaction, member, React("r3", number, "👍", True))
    assert offset_of(room) == 2


@pytest.mark.django_db(transaction=True)
def test_reactions_are_told_by_emoji_in_the_order_they_came(alice, bob, charlie, standing, hears):
    post(standing(alice), "r1")
    for number, (person, emoji) in enumerate([(charlie, "👍"), (alice, "❤️"), (bob, "👍"), (alice, "👍")]):
        rooms.set_reaction(standing(person), React(f"x{number}", 1, emoji, True))
    assert hears()[-1]["reactions"] == {"👍": ["Charlie", "Bob", "Alice"], "❤️": ["Alice"]}
    rooms.set_reaction(standing(bob), React("x9", 1, "👍", False))
    [event] = hears()
    assert (event["offset"], event["reactions"]) == (6, {"👍": ["Charlie", "Alice"], "❤️": ["Alice"]})


@pytest.mark.django_db(transaction=True)
def test_a_reaction_that_changes_nothing_is_acked_with_the_present_offset(alice, bob, standing, room, hears):
    member = standing(alice)
    post(member, "r1")
    rooms.set_reaction(member, React("r2", 1, "👍", True))
    post(member, "r3")
    hears()
    for ref, emoji, on in [("r4", "👍", True), ("r5", "👎", False)]:
        ack = rooms.set_reaction(member, React(ref, 1, emoji, on)).ack
        assert ack == {"type": "ack", "ref": ref, "id": 1, "offset": 2}
        assert rooms.set_reaction(member, React(ref, 1, emoji, on)).ack == ack
        check_refused("ref_conflict", rooms.set_reaction, member, React(ref, 1, emoji, not on))
    assert hears() == []
    assert (offset_of(room), Reaction.objects.count()) == (3, 1)
    assert post(member, "r6")["id"] == 4


@pytest.mark.django_db(transaction=True)
def test_an_operator_removes_messages_of_any_room(alice, bob, standing, hears):
    for number in range(3):
        post(standing(alice), f"r{number}")
    root = people.sign_up("Root", "a long password")
    assert rooms.remove_as_operator(root, Message.objects.filter(number__lt=3)) == 2
    assert rooms.remove_as_operator(root, Message.objects.all()) == 1
    assert [event["removed"] for event in hears()] == [False] * 3 + [True] * 3


def test_an_operator_who_comes_second_removes_nothing(alice, standing, monkeypatch):
    post(standing(alice), "r1")

    def refuse(member, event):
        raise ChatError("not_found", "Gone.")

    monkeypatch.setattr(rooms.changes, "remove_message", refuse)
    assert rooms.remove_as_operator(alice, Message.objects.all()) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "change, event",
    [
        (rooms.post_message, Post("x", "Hello")),
        (rooms.edit_message, Edit("x", 1, "Hi")),
        (rooms.remove_message, Remove("x", 1)),
        (rooms.set_reaction, React("x", 1, "👍", True)),
    ],
)
def test_the_first_statement_of_every_change_takes_the_offset(alice, standing, change, event):
    # The room's row is locked from here to the commit, so what is read after it is the latest there is.
    member = standing(alice)
    post(member, "r1")
    with CaptureQueriesContext(connection) as queries:
        change(member, event)
    asked = [query["sql"] for query in queries if not query["sql"].startswith("BEGIN")]
    assert asked[0].startswith('UPDATE chat_room SET "offset" = "offset" + 1')
    assert len([sql for sql in asked if "chat_room" in sql.split("WHERE")[0]]) == 1


# Reading.


def fill(member, count, start=1):
    for number in range(start, start + count):
        post(member, f"p{number}", str(number))


def ids(messages):
    return [message["id"] for message in messages]


def test_without_a_cursor_one_gets_the_newest_50_by_id(alice, standing, room):
    member = standing(alice)
    assert rooms.get_backlog(room, None) == rooms.Backlog([], 0)
    fill(member, 51)
    rooms.edit_message(member, Edit("e1", 1, "Hi"))
    rooms.edit_message(member, Edit("e2", 20, "Hi"))
    backlog = rooms.get_backlog(room, None)
    assert ids(backlog.messages) == list(range(2, 52))
    assert (backlog.offset, backlog.more, backlog.reset) == (53, False, False)


def test_after_a_cursor_one_gets_what_changed_in_offset_order(alice, standing, room):
    member = standing(alice)
    fill(member, 5)
    rooms.edit_message(member, Edit("e1", 2, "Hi"))
    backlog = rooms.get_backlog(room, 3)
    assert [(message["id"], message["offset"]) for message in backlog.messages] == [(4, 4), (5, 5), (2, 6)]
    assert (backlog.offset, backlog.more, backlog.reset) == (6, False, False)
    assert rooms.get_backlog(room, 6) == rooms.Backlog([], 6)


def test_superseded_offsets_are_holes_in_a_backlog(alice, standing, room):
    member = standing(alice)
    fill(member, 2)
    for number in range(5):
        rooms.edit_message(member, Edit(f"e{number}", 1, str(number)))
    backlog = rooms.get_backlog(room, 0)
    assert [message["offset"] for message in backlog.messages] == [2, 7]
    assert backlog.offset == 7


def test_a_cursor_from_the_future_is_a_reset(alice, standing, room):
    fill(standing(alice), 3)
    backlog = rooms.get_backlog(room, 4)
    assert (ids(backlog.messages), backlog.offset, backlog.reset) == ([1, 2, 3], 3, True)


@pytest.mark.parametrize("limit, more", [(3, True), (4, False), (5, False)])
def test_a_backlog_says_whether_there_is_more(alice, standing, room, monkeypatch, limit, more):
    monkeypatch.setattr(rooms.reading, "MAX_BACKLOG", limit)
    fill(standing(alice), 4)
    backlog = rooms.get_backlog(room, 0)
    assert ids(backlog.messages) == list(range(1, 5))[:limit]
    assert (backlog.offset, backlog.more) == (3 if more else 4, more)


def test_a_cut_backlog_is_complete_up_to_its_offset(alice, standing, room, monkeypatch):
    monkeypatch.setattr(rooms.reading, "MAX_BACKLOG", 2)
    member = standing(alice)
    fill(member, 4)
    rooms.edit_message(member, Edit("e1", 2, "Hi"))
    backlog = rooms.get_backlog(room, 0)
    assert (ids(backlog.messages), backlog.offset, backlog.more) == ([1, 3], 3, True)
    rest = rooms.get_backlog(room, backlog.offset)
    assert (ids(rest.messages), rest.offset, rest.more) == ([4, 2], 5, False)


def test_the_wires_backlog_is_200_changes():
    assert rooms.reading.MAX_BACKLOG == protocol.MAX_BACKLOG == 200


def test_pages_go_back_by_id(alice, standing, room):
    fill(standing(alice), 5)
    assert [
        (ids(messages), more)
        for messages, more in [
            rooms.get_page(room, None, 2),
            rooms.get_page(room, 4, 2),
            rooms.get_page(room, 2, 2),
            rooms.get_page(room, 4, 3),
            rooms.get_page(room, 1, 2),
            rooms.get_page(room, 0, 2),
            rooms.get_page(room, 2**53 - 1, 5),
        ]
    ] == [
        ([4, 5], True),
        ([2, 3], True),
        ([1], False),
        ([1, 2, 3], False),
        ([], False),
        ([], False),
        ([1, 2, 3, 4, 5], False),
    ]


@pytest.mark.parametrize("size", [1, 8])
def test_a_backlog_takes_three_queries_however_long(alice, standing, room, django_assert_num_queries, size):
    fill(standing(alice), size)
    # The room's offset, the messages with their authors, their reactions with who reacted.
    with django_assert_num_queries(3):
        rooms.get_backlog(room, 0)


@pytest.mark.django_db(transaction=True)
def test_a_backlog_is_read_in_one_snapshot(alice, standing, room, monkeypatch):
    seen = []
    monkeypatch.setattr(rooms.reading, "snapshot", lambda: seen.append(1) or snapshot())
    rooms.get_backlog(room, 0)
    rooms.get_page(room, None, 1)
    rooms.get_changes(room, 0, 1)
    assert len(seen) == 3


def test_a_read_marker_goes_forward_and_not_beyond_the_room(alice, standing):
    fill(standing(alice), 3)
    for offset, marker in [(2, 2), (1, 2), (99, 3), (0, 3)]:
        rooms.mark_read(standing(alice), offset, Connection("nobody", {}, "unknown"))
        assert Member.objects.get(person=alice).read_offset == marker


# Old state + events = fresh state.


class Reader:
    """A client as the contract wants it: holds messages by id and moves its cursor by the rule."""

    def __init__(self):
        self.messages, self.cursor = {}, 0

    def take(self, event):
        held = self.messages.get(event["id"])
        if held is None or held["offset"] < event["offset"]:
            self.messages[event["id"]] = event

    def hear(self, event):
        self.take(event)
        if event["offset"] == self.cursor + 1:
            self.cursor += 1

    def sync(self, room):
        more = True
        while more:
            backlog = rooms.get_backlog(room, self.cursor)
            assert not backlog.reset and len(backlog.messages) <= rooms.reading.MAX_BACKLOG
            for event in backlog.messages:
                self.take(event)
            self.cursor, more = backlog.offset, backlog.more


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["post", "post", "edit", "remove", "react", "sync", "resend"]),
        st.integers(0, 2),  # who
        st.integers(1, 12),  # which message, or which earlier change
        st.booleans(),
    ),
    min_size=5,
    max_size=40,
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, lost=st.sets(st.integers(0, 40)), limit=st.integers(1, 5))
def test_old_state_and_events_are_fresh_state(alice, bob, charlie, changes, lost, limit, monkeypatch):
    with transaction.atomic():
        room = rooms.create_room(alice, f"room-{Room.objects.count()}", "A room")
        told = []
        monkeypatch.setattr(rooms.reading, "MAX_BACKLOG", limit)
        monkeypatch.setattr(after_commit.broadcast, "publish", lambda group, event: told.append(event))
        # Django's tests never commit, so what was put off until then is done now.
        monkeypatch.setattr(after_commit.transaction, "on_commit", lambda function: function())
        live, lossy = Reader(), Reader()
        made = []
        for number, (kind, who, which, on) in enumerate(changes):
            member = rooms.join_room([alice, bob, charlie][who], room.slug)
            ref = f"{room.slug}-{number}"
            event = {
                "post": Post(ref, f"body {number}"),
                "edit": Edit(ref, which, f"edit {number}"),
                "remove": Remove(ref, which),
                "react": React(ref, which, "👍👎❤"[which % 3], on),
            }.get(kind)
            if kind == "resend" and made:
                member, event = made[which % len(made)]
                member = rooms.join_room(member.person, room.slug)
            if kind == "sync":
                lossy.sync(room)
            if event is None:
                continue
            try:
                outcome = {
                    Post: rooms.post_message,
                    Edit: rooms.edit_message,
                    Remove: rooms.remove_message,
                    React: rooms.set_reaction,
                }[type(event)](member, event)
            except ChatError as refusal:
                assert refusal.code in ("not_found", "forbidden")
            else:
                made.append((member, event))
                assert outcome.is_new == (kind != "resend")
        offset = offset_of(room)
        assert [event["offset"] for event in told] == list(range(1, offset + 1))
        for number, event in enumerate(told):
            live.hear(event)
            if number not in lost:
                lossy.hear(event)
        assert live.cursor == offset
        lossy.sync(room)
        fresh = Reader()
        fresh.sync(room)
        assert live.messages == lossy.messages == fresh.messages
        page, more = rooms.get_page(room, None, 100)
        assert {event["id"]: event for event in page} == fresh.messages and not more
        transaction.set_rollback(True)


def test_one_person_puts_twenty_emoji_on_a_message_and_no_more(room, alice):
    member = rooms.join_room(alice, "garden")
    rooms.post_message(member, protocol.Post(ref="p", body="x"))
    emoji = [chr(code) for code in range(0x1F600, 0x1F600 + rooms.MAX_REACTIONS + 1)]
    for number, one in enumerate(emoji[:-1]):
        rooms.set_reaction(member, protocol.React(ref=f"r{number}", id=1, emoji=one, on=True))
    with pytest.raises(protocol.ChatError) as refused:
        rooms.set_reaction(member, protocol.React(ref="last", id=1, emoji=emoji[-1], on=True))
    assert refused.value.code == "forbidden"
    assert rooms.get_room("garden").offset == rooms.MAX_REACTIONS + 1


# Rooms that are not for everybody.


@pytest.fixture
def closed_room(room):
    def close(access):
        Room.objects.filter(id=room.id).update(access=access)

    return close


def test_a_private_room_is_for_those_who_have_a_standing_in_it(alice, bob, closed_room):
    closed_room(Room.PRIVATE)
    assert rooms.join_room(alice, "garden").role == Member.OWNER
    assert rooms.get_readable_room(alice, "garden").slug == "garden"
    for enter in (rooms.join_room, rooms.get_readable_room):
        with pytest.raises(ChatError) as refused:
            enter(bob, "garden")
        with pytest.raises(ChatError) as unknown:
            enter(bob, "nowhere")
        assert (refused.value.code, refused.value.detail) == (unknown.value.code, unknown.value.detail)
    assert not Member.objects.filter(person=bob).exists()


def test_a_boards_room_is_no_room_of_the_lobby_not_even_for_its_members(alice, closed_room):
    closed_room(Room.BOARD)
    for enter in (rooms.join_room, rooms.get_readable_room):
        with pytest.raises(ChatError, match="no such room"):
            enter(alice, "garden")
    assert rooms.find_rooms(alice) == ([], False)


def test_the_list_of_rooms_holds_the_private_ones_that_one_may_enter(alice, bob, charlie, closed_room):
    rooms.join_room(bob, "garden")
    rooms.apply_role(rooms.join_room(charlie, "garden"), Member.BANNED)
    closed_room(Room.PRIVATE)
    found = {person: len(rooms.find_rooms(person)[0]) for person in (alice, bob, charlie, AnonymousUser())}
    assert list(found.values()) == [1, 1, 0, 0]


# What has a ref and is no message.


def test_what_has_a_ref_is_done_once_and_gets_the_same_answer(alice, room):
    member, made = rooms.join_room(alice, "garden"), []

    def make():
        made.append(len(made) + 7)
        return made[-1]

    asked = Post("r1", "some work")
    assert [rooms.record_once(member, asked, make) for _ in range(2)] == [(7, True), (7, False)]
    check_refused("ref_conflict", rooms.record_once, member, Post("r1", "other work"), make)
    assert Room.objects.get().offset == 0


def test_what_is_refused_leaves_its_ref_free(alice, room):
    member = rooms.join_room(alice, "garden")

    def refuse():
        raise ChatError("forbidden", "Not today.")

    check_refused("forbidden", rooms.record_once, member, Post("r1", "some work"), refuse)
    assert rooms.record_once(member, Post("r1", "some work"), lambda: 3) == (3, True)
