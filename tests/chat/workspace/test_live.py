"""What a person's own stream receives while it is open: messages, mentions, read markers, choices, announcements and
tasks.
"""

import pytest

from chat import protocol
from chat.models import Member, Mention, Message
from chat.services import announcements, blocks, feed_posts, lost_rights, moderation, rooms, tasks, workspace
from chat.store import store
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def in_room(bob, room):
    """Make Bob a member of the room `garden`, and return his Member."""
    return rooms.join_room(bob, "garden")


def test_a_burst_of_messages_is_one_event_now_and_one_later(alice, bob, in_room, stream, post, later, settings):
    settings.CHAT_FEED_SECONDS = 60
    socket = stream(bob)
    post(alice, "one", "two", "three")
    [first] = socket.read()
    assert (first["type"], first["slug"]) == ("room", "garden")
    assert (first["offset"], first["posts"], first["by"]) == (1, 1, ["Alice"])
    settings.CHAT_FEED_SECONDS = 0.001
    wire.layer().channel_layer._paced.clear()
    later.run()
    wire.work()
    [last] = socket.read()
    assert (last["offset"], last["posts"], last["by"]) == (3, 3, ["Alice"] * 3)
    assert last["last_at"] >= first["last_at"]
    later.run()
    wire.work()
    assert socket.read() == []


def test_the_last_state_arrives_once_from_several_workers(alice, bob, in_room, stream, post, later, settings):
    settings.CHAT_FEED_SECONDS = 60
    socket = stream(bob)
    post(alice, "one", "two", "three")
    socket.read()
    # Another worker publishes the newest state first. Then this worker has nothing to add.
    wire.layer().channel_layer._paced.clear()
    feed_posts.publish_newest([in_room.room_id])
    assert [event["posts"] for event in socket.read()] == [3]
    for _ in range(2):
        later.run()
        wire.work()
        assert socket.read() == []
    assert not later.calls


def test_edits_reactions_and_removals_send_nothing_to_the_stream(alice, bob, in_room, stream, post):
    post(alice)
    socket, member = stream(bob), rooms.join_room(alice, "garden")
    rooms.edit_message(member, protocol.Edit("e", 1, "Hi"))
    rooms.set_reaction(member, protocol.React("r", 1, "👍", True))
    rooms.remove_message(member, protocol.Remove("x", 1))
    assert socket.read() == []


def test_a_read_marker_reaches_all_streams_and_the_tabs_in_the_room(alice, bob, in_room, enter, stream, post):
    one, other, tab = stream(bob), stream(bob), enter(bob)
    post(alice, "one", "@Bob two", "three")
    for socket in (one, other, tab):
        socket.read()
    assert one.say("read", room="garden", offset=1) == other.read()
    expected = {"type": "room", "slug": "garden", "read": 1, "unread": 2, "mentions": 1, "posts": 3}
    assert one.seen("room")[-1] == expected
    assert tab.read() == [{"type": "read", "offset": 1}]
    tab.say("read", offset=3)
    assert other.read() == [{**expected, "read": 3, "unread": 0, "mentions": 0}]
    # The marker does not move back.
    assert one.say("read", room="garden", offset=2) == [{**expected, "read": 3, "unread": 0, "mentions": 0}]


def test_all_rooms_are_marked_as_read(alice, bob, in_room, stream, post):
    rooms.create_room(bob, "bar", "The bar")
    post(alice, "one", "@Bob two")
    post(alice, "three", slug="bar")
    socket = stream(bob)
    answers = socket.say("read_all", ref="r1")
    assert answers.pop() == {"type": "ack", "ref": "r1", "id": None, "offset": None}
    assert {(event["slug"], event["read"], event["unread"], event["mentions"]) for event in answers} == {
        ("garden", 2, 0, 0),
        ("bar", 1, 0, 0),
    }
    assert [event["unread"] for event in stream(bob).events[0]["rooms"]] == [0, 0]


def test_a_level_is_kept_and_reaches_all_streams(bob, in_room, stream):
    one, other = stream(bob), stream(bob)
    assert one.ask("level", ref="r1", room="garden", level="none")["type"] == "ack"
    assert other.read() == [{"type": "room", "slug": "garden", "level": "none"}]
    assert stream(bob).events[0]["rooms"][0]["level"] == "none"
    assert one.ask("level", ref="r2", room="unknown", level="all")["code"] == "not_found"


def test_favourites_have_an_order(alice, stream):
    for slug in ("one", "two", "three"):
        rooms.create_room(alice, slug, slug)
    socket = stream(alice)
    for slug in ("one", "two"):
        assert socket.ask("favourite", ref=slug, room=slug, on=True)["type"] == "ack"
    socket.ask("favourite", ref="three", room="three", on=True, position=0)
    order = [(room["slug"], room["favourite"]) for room in stream(alice).events[0]["rooms"]]
    assert order == [("three", 0), ("one", 1), ("two", 2)]
    socket.ask("favourite", ref="end", room="three", on=False)
    order = [(room["slug"], room["favourite"]) for room in stream(alice).events[0]["rooms"]]
    assert order == [("one", 0), ("two", 1), ("three", None)]


def test_the_position_of_a_favourite_does_not_count_rooms_that_the_person_cannot_see(alice, charlie, stream):
    for slug in ("banned", "closed", "one", "two", "three"):
        rooms.create_room(alice, slug, slug)
        rooms.join_room(charlie, slug)
        workspace.set_favourite(charlie, slug, True)
    rooms.apply_role(Member.objects.get(room__slug="banned", person=charlie), Member.BANNED)
    rooms.set_guests(alice, "closed", False)
    socket = stream(charlie)
    assert socket.ask("favourite", ref="r", room="one", on=True, position=2)["type"] == "ack"
    assert [room["slug"] for room in stream(charlie).events[0]["rooms"]] == ["two", "three", "one"]


def test_a_mentioned_person_is_notified_once(alice, bob, in_room, stream, post):
    socket = stream(bob)
    post(alice, "Hello\n@bob  and @Bob")
    [mention] = socket.seen("mention")
    assert mention.pop("at").endswith("Z")
    assert mention == {
        "type": "mention",
        "room": "garden",
        "id": 1,
        "author": {"handle": "Alice"},
        "text": "Hello @bob and @Bob",
    }


def test_an_edit_notifies_only_people_who_were_not_mentioned_before(alice, bob, charlie, in_room, stream, post):
    of_bob, of_charlie = stream(bob), stream(charlie)
    post(alice, "@Bob")
    rooms.edit_message(rooms.join_room(alice, "garden"), protocol.Edit("e1", 1, "@Bob and @Charlie"))
    assert len(of_bob.seen("mention")) == len(of_charlie.seen("mention")) == 1
    assert Mention.objects.count() == 2


def test_the_notice_of_an_edit_contains_the_new_text(alice, bob, in_room, stream, post):
    socket = stream(bob)
    post(alice, "a secret")
    rooms.edit_message(rooms.join_room(alice, "garden"), protocol.Edit("e1", 1, "Hello @Bob"))
    assert [mention["text"] for mention in socket.seen("mention")] == ["Hello @Bob"]


def test_a_moderators_edit_of_a_blocked_persons_message_sends_no_notice(alice, bob, charlie, in_room, stream, post):
    blocks.block_person(bob, charlie)
    socket = stream(bob)
    post(charlie, "hello")
    rooms.edit_message(rooms.join_room(alice, "garden"), protocol.Edit("e1", 1, "hello @Bob"))
    assert socket.seen("mention") == []


def test_the_edit_of_a_message_whose_mentions_are_not_stored_sends_no_second_notice(alice, bob, in_room, stream, post):
    post(alice, "@Bob hello")
    Mention.objects.all().delete()
    Message.objects.update(mentioned=None)
    socket = stream(bob)
    rooms.edit_message(rooms.join_room(alice, "garden"), protocol.Edit("e1", 1, "@Bob Hello"))
    assert socket.seen("mention") == []


def test_an_edit_calls_neither_all_members_nor_the_people_who_are_present(
    alice, bob, charlie, in_room, enter, stream, post
):
    rooms.join_room(charlie, "garden")
    of_bob, of_charlie = stream(bob), stream(charlie)
    tab = enter(bob)
    post(alice, "hello", "@here hello")
    assert len(of_bob.seen("mention")) == 1
    # At the edit, another person is present.
    tab.disconnect()
    enter(charlie)
    author = rooms.join_room(alice, "garden")
    rooms.edit_message(author, protocol.Edit("e1", 1, "@here hello"))
    rooms.edit_message(author, protocol.Edit("e2", 2, "@here Hello"))
    assert len(of_bob.seen("mention")) == 1 and of_charlie.seen("mention") == []
    assert list(Mention.objects.values_list("number", "person__handle", "is_named")) == [(2, "Bob", False)]
    assert [message.get("audience") for message in rooms.get_page(in_room.room, None, 2)[0]] == [None, "here"]


@pytest.mark.parametrize("reason", ["self", "blocked", "none", "banned", "outside"])
def test_people_who_must_not_or_do_not_want_to_be_notified_get_no_notice(
    alice, bob, charlie, in_room, stream, post, reason
):
    slug, author = "garden", alice
    if reason == "self":
        author = bob
    elif reason == "blocked":
        blocks.block_person(bob, alice)
    elif reason == "none":
        Member.objects.filter(person=bob).update(level=Member.NONE)
    elif reason == "banned":
        moderation.change_role(alice, in_room.room, bob, Member.BANNED)
    else:
        slug = "attic"
        rooms.create_room(alice, slug, "The attic", is_private=True)
    socket = stream(bob)
    post(author, "@Bob", slug=slug)
    assert socket.seen("mention") == []
    shown = rooms.get_page(rooms.get_room(slug), None, 1)[0][0]["mentions"]
    assert shown == ["Bob"]


def test_a_moderator_calls_all_members_with_one_event(alice, bob, charlie, in_room, stream, post):
    rooms.join_room(charlie, "garden")
    sockets = [stream(bob), stream(charlie)]
    post(alice, "@all come")
    for socket in sockets:
        [mention] = socket.seen("mention")
        assert mention["audience"] == "all"
    assert not Mention.objects.exists()
    assert stream(bob).events[0]["rooms"][0]["mentions"] == 1
    assert stream(alice).events[0]["rooms"][0]["mentions"] == 0
    assert rooms.get_page(in_room.room, None, 1)[0][0]["audience"] == "all"
    post(bob, "@all really")
    assert "audience" not in rooms.get_page(in_room.room, None, 1)[0][0]


def test_a_moderator_calls_the_people_who_are_present(alice, bob, charlie, in_room, enter, stream, post):
    rooms.join_room(charlie, "garden")
    of_bob, of_charlie = stream(bob), stream(charlie)
    enter(bob)
    post(alice, "@here look")
    assert len(of_bob.seen("mention")) == 1 and of_charlie.seen("mention") == []
    message = rooms.get_page(in_room.room, None, 1)[0][0]
    assert (message["audience"], message["mentions"]) == ("here", [])


def test_announcements_reach_the_stream(alice, bob, in_room, stream):
    socket = stream(bob)
    announcements.announce("to all")
    announcements.announce("to the garden", slug="garden")
    announcements.whisper(bob, "to Bob")
    assert [event["text"] for event in socket.read()] == ["to all", "to the garden", "to Bob"]
    again = stream(bob)
    assert [event["text"] for event in again.seen("announcement")] == ["to all", "to the garden", "to Bob"]
    assert socket.say("dismiss", id=again.seen("announcement")[0]["id"]) == again.read()
    assert len(stream(bob).seen("announcement")) == 2
    assert store.is_shared is False


def test_a_call_to_everybody_does_not_reach_people_who_block_its_author(alice, bob, charlie, in_room, stream, post):
    rooms.join_room(charlie, "garden")
    blocks.block_person(bob, alice)
    of_bob, of_charlie = stream(bob), stream(charlie)
    post(alice, "@all come")
    assert of_bob.seen("mention") == [] and len(of_charlie.seen("mention")) == 1
    assert stream(bob).events[0]["rooms"][0]["mentions"] == 0


def test_a_person_who_was_banned_in_the_database_receives_nothing_after_a_sweep(bob, alice, in_room, stream, post):
    socket = stream(bob)
    Member.objects.filter(person=bob).update(role=Member.BANNED)
    lost_rights.sweep_banned_members()
    post(alice)
    assert socket.read() == []


def test_a_message_in_a_burst_costs_no_trip_for_the_feed(alice, in_room, post, monkeypatch, later, settings):
    settings.CHAT_FEED_SECONDS = 60
    post(alice, "one", "two")
    calls = []
    monkeypatch.setattr("chat.broadcast.publish_paced", lambda *arguments: calls.append(arguments))
    post(alice, "three")
    assert calls == []
    later.run()
    post(alice, "four")
    assert len(calls) == 1


def test_bursts_in_rooms_that_nobody_follows_start_no_job(alice, in_room, post, monkeypatch, later):
    jobs = []
    monkeypatch.setattr("chat.broadcast.start_job", lambda *job: jobs.append(job))
    post(alice, "one", "two")
    later.run()
    assert jobs == [] and not later.calls


def test_one_job_publishes_the_bursts_of_several_rooms(
    alice, bob, in_room, stream, post, monkeypatch, later, settings, django_assert_num_queries
):
    settings.CHAT_FEED_SECONDS = 3600  # so the pauses of all rooms end together
    other = rooms.create_room(None, "kitchen", "Kitchen")
    rooms.join_room(bob, "kitchen")
    socket = stream(bob)
    post(alice, "one", "two")
    for ref in ("a", "b"):
        rooms.post_message(rooms.join_room(alice, "kitchen"), protocol.Post(ref, "Hi"))
    socket.read()
    jobs = []
    monkeypatch.setattr("chat.broadcast.start_job", lambda *job: jobs.append(job))
    later.run()
    assert jobs == [("chat.feeds", {"rooms": [in_room.room_id, other.id]})]
    wire.layer().channel_layer._paced.clear()
    with django_assert_num_queries(2):
        feed_posts.publish_newest([in_room.room_id, other.id])
    assert [(event["slug"], event["posts"]) for event in socket.read()] == [("garden", 2), ("kitchen", 2)]


def test_the_state_of_a_task_reaches_the_stream(alice, room, stream):
    socket, member = stream(alice), rooms.join_room(alice, "garden")
    started = tasks.start_task(member, protocol.Start("t1", "export", {"format": "json", "from": None, "to": None}))
    tasks.publish_task(started.task_id)
    [task] = socket.seen("task")
    assert (task["room"], task["ref"], task["state"]) == ("garden", "t1", "queued")
