"""Messages are posted, edited, removed and reacted to; each change is published after its commit."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from chat import broadcast, markup, protocol
from chat.models import Member, Message, Reaction
from chat.protocol import ChatError, Edit, Pin, Post, React, Remove
from chat.services import rooms
from tests.chat.helpers import assert_refused
from tests.chat.services.rooms.actions import offset_of, post
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db


def test_a_post_takes_the_next_offset_and_is_acked(alice, bob, member_of, room):
    assert post(member_of(alice), "r1") == {"type": "ack", "ref": "r1", "id": 1, "offset": 1}
    assert post(member_of(bob), "r1") == {"type": "ack", "ref": "r1", "id": 2, "offset": 2}
    assert offset_of(room) == 2


@pytest.mark.django_db(transaction=True)
def test_a_post_is_published_to_the_room_as_it_is_stored(alice, member_of, read_events):
    post(member_of(alice), "r1", "Hello *you*", None)
    post(member_of(alice), "r2", "Again", 1)
    first, second = read_events()
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
        "mentions": [],
    }
    assert first["at"].endswith("Z")
    assert (second["id"], second["reply_to"]) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_published_before_the_commit_or_after_a_rollback(alice, member_of, read_events, room):
    member = member_of(alice)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        post(member, "r1")
        assert read_events() == []
        1 / 0  # noqa: B018
    assert read_events() == []
    assert offset_of(room) == 0
    with transaction.atomic():
        post(member, "r1")
        assert read_events() == []
    assert [event["id"] for event in read_events()] == [1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fails", ["publish", "render"])
def test_a_post_that_cannot_be_published_is_still_stored(alice, member_of, monkeypatch, fails):
    module = {"publish": broadcast, "render": markup}[fails]
    monkeypatch.setattr(module, fails, fail_with(ZeroDivisionError()))
    assert post(member_of(alice), "r1")["id"] == 1
    assert Message.objects.count() == 1


def test_a_reply_must_be_to_a_message_of_the_same_room(alice, member_of, room):
    member = member_of(alice)
    rooms.create_room(alice, "attic", "Attic")
    post(rooms.join_room(alice, "attic"), "r0")
    assert_refused("not_found", post, member, "r1", "Hello", 1)
    assert offset_of(room) == 0
    post(member, "r1")
    assert post(member, "r2", "Hello", 1)["id"] == 2
    rooms.remove_message(member, Remove("r3", 1))
    assert post(member, "r4", "Hello", 1)["id"] == 4


def test_a_muted_member_cannot_change_anything(alice, bob, member_of, room):
    post(member_of(bob), "r1")
    muted = member_of(bob, Member.MUTED)
    for change, event in [
        (rooms.post_message, Post("r2", "Hello")),
        (rooms.edit_message, Edit("r2", 1, "Hi")),
        (rooms.remove_message, Remove("r2", 1)),
        (rooms.set_reaction, React("r2", 1, "👍", True)),
        (rooms.set_pin, Pin("r2", 1, True)),
    ]:
        assert_refused("muted", change, muted, event)
    assert offset_of(room) == 1


@pytest.mark.parametrize("role, is_permitted", [(None, False), ("guest", False), ("moderator", True), ("owner", True)])
@pytest.mark.parametrize(
    "change, event", [(rooms.edit_message, Edit("r2", 1, "Hi")), (rooms.remove_message, Remove("r2", 1))]
)
def test_only_the_author_and_moderators_can_change_a_message(
    alice, bob, member_of, room, role, is_permitted, change, event
):
    post(member_of(alice), "r1")
    member = member_of(bob, role)
    if is_permitted:
        assert change(member, event).ack == {"type": "ack", "ref": "r2", "id": 1, "offset": 2}
    else:
        assert_refused("forbidden", change, member, event)
        assert (offset_of(room), Message.objects.get().body) == (1, "Hello")


def test_guests_can_post_react_and_change_their_own_messages(charlie, member_of):
    member = member_of(charlie)
    post(member, "r1")
    rooms.edit_message(member, Edit("r2", 1, "Hi"))
    rooms.set_reaction(member, React("r3", 1, "👍", True))
    assert rooms.remove_message(member, Remove("r4", 1)).ack["offset"] == 4


@pytest.mark.django_db(transaction=True)
def test_an_edit_keeps_the_id_and_takes_an_offset(alice, member_of, read_events):
    member = member_of(alice)
    post(member, "r1")
    rooms.edit_message(member, Edit("r2", 1, "**Hi**"))
    before, after = read_events()
    assert (after["id"], after["offset"], after["ref"], after["at"]) == (1, 2, "r1", before["at"])
    assert (after["body"], after["html"]) == ("**Hi**", "<p><strong>Hi</strong></p>")
    assert before["edited_at"] is None and after["edited_at"].endswith("Z")


@pytest.mark.django_db(transaction=True)
def test_a_removed_message_keeps_its_row_and_loses_its_body_and_reactions(alice, bob, member_of, read_events):
    post(member_of(alice), "r1", "Secret")
    rooms.set_reaction(member_of(bob), React("r2", 1, "👍", True))
    rooms.remove_message(member_of(alice), Remove("r3", 1))
    event = read_events()[-1]
    assert (event["id"], event["offset"], event["removed"]) == (1, 3, True)
    assert (event["body"], event["html"], event["reactions"]) == ("", "", {})
    assert (Message.objects.get().body, Reaction.objects.count()) == ("", 0)


def test_a_removed_or_unknown_message_cannot_be_changed(alice, member_of, room):
    member = member_of(alice)
    post(member, "r1")
    rooms.remove_message(member, Remove("r2", 1))
    for number in (0, 1, 2, 3, 2**53 - 1):
        assert_refused("not_found", rooms.edit_message, member, Edit("r3", number, "Hi"))
        assert_refused("not_found", rooms.remove_message, member, Remove("r3", number))
        assert_refused("not_found", rooms.set_reaction, member, React("r3", number, "👍", True))
    assert offset_of(room) == 2


@pytest.mark.django_db(transaction=True)
def test_reactions_are_grouped_by_emoji_in_the_order_of_their_arrival(alice, bob, charlie, member_of, read_events):
    post(member_of(alice), "r1")
    for number, (person, emoji) in enumerate([(charlie, "👍"), (alice, "❤️"), (bob, "👍"), (alice, "👍")]):
        rooms.set_reaction(member_of(person), React(f"x{number}", 1, emoji, True))
    assert read_events()[-1]["reactions"] == {"👍": ["Charlie", "Bob", "Alice"], "❤️": ["Alice"]}
    rooms.set_reaction(member_of(bob), React("x9", 1, "👍", False))
    [event] = read_events()
    assert (event["offset"], event["reactions"]) == (6, {"👍": ["Charlie", "Alice"], "❤️": ["Alice"]})


@pytest.mark.django_db(transaction=True)
def test_a_reaction_that_changes_nothing_is_acked_with_the_current_offset(alice, bob, member_of, room, read_events):
    member = member_of(alice)
    post(member, "r1")
    rooms.set_reaction(member, React("r2", 1, "👍", True))
    post(member, "r3")
    read_events()
    for ref, emoji, on in [("r4", "👍", True), ("r5", "👎", False)]:
        ack = rooms.set_reaction(member, React(ref, 1, emoji, on)).ack
        assert ack == {"type": "ack", "ref": ref, "id": 1, "offset": 2}
        assert rooms.set_reaction(member, React(ref, 1, emoji, on)).ack == ack
        assert_refused("ref_conflict", rooms.set_reaction, member, React(ref, 1, emoji, not on))
    assert read_events() == []
    assert (offset_of(room), Reaction.objects.count()) == (3, 1)
    assert post(member, "r6")["id"] == 4


@pytest.mark.django_db(transaction=True)
def test_an_operator_can_remove_messages_of_any_room(alice, bob, root, member_of, read_events):
    for number in range(3):
        post(member_of(alice), f"r{number}")
    assert rooms.remove_as_operator(root, Message.objects.filter(number__lt=3)) == 2
    assert rooms.remove_as_operator(root, Message.objects.all()) == 1
    assert [event["removed"] for event in read_events()] == [False] * 3 + [True] * 3


def test_a_message_that_another_person_removed_first_is_not_counted(alice, member_of, monkeypatch):
    post(member_of(alice), "r1")
    monkeypatch.setattr(rooms.changes, "get_present_message", fail_with(ChatError("not_found", "Gone.")))
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
def test_the_first_statement_of_a_change_takes_the_offset(alice, member_of, change, event):
    # The room's row is locked until the commit, so the statements after it read the latest rows.
    member = member_of(alice)
    post(member, "r1")
    with CaptureQueriesContext(connection) as queries:
        change(member, event)
    statements = [query["sql"] for query in queries if not query["sql"].startswith("BEGIN")]
    assert statements[0].startswith('UPDATE chat_room SET "offset" = "offset" + 1')
    assert len([sql for sql in statements if "chat_room" in sql.split("WHERE")[0]]) == 1


def test_a_person_can_put_at_most_twenty_emoji_on_a_message(room, alice):
    member = rooms.join_room(alice, "garden")
    rooms.post_message(member, protocol.Post(ref="p", body="x"))
    emoji = [chr(code) for code in range(0x1F600, 0x1F600 + rooms.MAX_REACTIONS + 1)]
    for number, symbol in enumerate(emoji[:-1]):
        rooms.set_reaction(member, protocol.React(ref=f"r{number}", id=1, emoji=symbol, on=True))
    last = protocol.React(ref="last", id=1, emoji=emoji[-1], on=True)
    assert_refused("forbidden", rooms.set_reaction, member, last)
    assert rooms.get_room("garden").offset == rooms.MAX_REACTIONS + 1
