"""Polls: everybody sees the same counts, each vote is a change of the message, and the votes go with the message."""

import random
import threading

import pytest
from django.db import connection, connections
from django.utils import timezone

from chat.models import Member, Message, Poll, PollOption, PollVote, Room
from chat.protocol import ClosePoll, Command, Edit, Post, Remove, Vote
from chat.services import commands, people, polls, rooms
from tests.chat.helpers import assert_refused
from tests.wire import Caller

pytestmark = pytest.mark.django_db


def post_poll(person, flags="", ref="p1"):
    """Post a poll in the room `garden`."""
    event = Command(ref, "poll", f'"Lunch?" "Pizza" "Sushi" "Soup" {flags}')
    return commands.run_command(rooms.join_room(person, "garden"), event).ack


def vote(person, *options, ref=None, id=1):
    """Vote in a poll, and return the `ack`."""
    ref = ref or f"v{random.getrandbits(64):x}"
    return polls.vote(rooms.join_room(person, "garden"), Vote(ref, id, list(options))).ack


def close(person, ref="c1"):
    """Close the poll, and return the `ack`."""
    return polls.close_poll(rooms.join_room(person, "garden"), ClosePoll(ref, 1)).ack


def read_poll():
    """Return the field `poll` of the first message."""
    return rooms.describe(Message.objects.complete().get(number=1)).get("poll")


def test_a_poll_is_a_message_with_the_question_and_the_options(bob, room):
    assert post_poll(bob)["id"] == 1
    assert Message.objects.get().body == "📊 Lunch?\n\n- Pizza\n- Sushi\n- Soup"
    assert read_poll() == {
        "question": "Lunch?",
        "options": [{"text": text, "votes": 0, "voters": []} for text in ("Pizza", "Sushi", "Soup")],
        "multiple": False,
        "anonymous": False,
        "closed": False,
        "people": 0,
    }


def test_the_same_ref_gets_the_same_poll(bob, room):
    assert post_poll(bob) == post_poll(bob) and Poll.objects.count() == 1
    assert_refused("ref_conflict", post_poll, bob, "--multiple")


def test_a_resent_poll_is_answered_after_its_end(bob, room):
    ack = post_poll(bob, "--until 2026-12-24", ref="p1")
    Poll.objects.update(closes_at=timezone.now())
    assert post_poll(bob, "--until 2026-12-24", ref="p1") == ack


def test_a_vote_takes_the_next_offset_and_names_the_voter(alice, bob, room):
    post_poll(bob)
    ack = vote(alice, 1)
    assert (ack["id"], ack["offset"]) == (1, 2)
    assert read_poll()["options"][1] == {"text": "Sushi", "votes": 1, "voters": ["Alice"]}
    assert read_poll()["people"] == 1


def test_a_second_vote_replaces_the_first(alice, bob, room):
    post_poll(bob)
    vote(alice, 0)
    vote(alice, 2)
    assert [option["votes"] for option in read_poll()["options"]] == [0, 0, 1]
    vote(alice)
    assert [option["votes"] for option in read_poll()["options"]] == [0, 0, 0]


def test_a_vote_that_changes_nothing_takes_no_offset(alice, bob, room):
    post_poll(bob)
    assert vote(alice, 0)["offset"] == vote(alice, 0)["offset"] == 2
    assert Room.objects.get(id=room.id).offset == 2


def test_a_vote_is_stored_once_for_each_ref(alice, bob, room):
    post_poll(bob)
    first = vote(alice, 0, ref="v1")
    vote(alice, 1)
    assert vote(alice, 0, ref="v1") == first
    assert_refused("ref_conflict", vote, alice, 1, ref="v1")
    assert [option["votes"] for option in read_poll()["options"]] == [0, 1, 0]


def test_several_options_need_a_poll_that_allows_them(alice, bob, room):
    post_poll(bob)
    assert_refused("invalid_field", vote, alice, 0, 1)
    post_poll(bob, "--multiple", "p2")
    vote(alice, 0, 1, id=2)
    assert PollVote.objects.count() == 2


def test_an_option_that_does_not_exist_is_refused(alice, bob, room):
    post_poll(bob)
    assert_refused("invalid_field", vote, alice, 3)
    rooms.post_message(rooms.join_room(bob, "garden"), Post("r1", "Hello"))
    assert_refused("not_found", vote, alice, 0, id=2)
    assert_refused("not_found", vote, alice, 0, id=9)


def test_an_anonymous_poll_names_nobody_but_each_person_can_read_their_own_vote(alice, bob, room):
    post_poll(bob, "--anonymous")
    vote(alice, 1)
    assert "Alice" not in str(read_poll()) and read_poll()["options"][1] == {"text": "Sushi", "votes": 1}
    path = "/api/rooms/garden/messages/1/votes/"
    assert Caller(alice)("GET", path) == (200, {"options": [1]})
    assert Caller(bob)("GET", path) == (200, {"options": []})
    assert Caller(bob)("GET", "/api/rooms/garden/messages/2/votes/") == (404, "not_found")


def test_a_poll_with_many_votes_names_nobody(alice, bob, room, monkeypatch):
    monkeypatch.setattr("chat.services.polls.stored.MAX_NAMED_VOTES", 1)
    post_poll(bob)
    vote(alice, 1)
    assert read_poll()["options"][1]["voters"] == ["Alice"]
    vote(bob, 1)
    assert read_poll()["options"][1] == {"text": "Sushi", "votes": 2}


def test_a_muted_member_cannot_vote(alice, bob, set_role):
    post_poll(bob)
    set_role(alice, Member.MUTED)
    assert_refused("muted", vote, alice, 0)


def test_the_author_and_moderators_close_a_poll(bob, charlie, root, set_role, room):
    post_poll(bob)
    assert_refused("forbidden", close, charlie)
    set_role(root, Member.MODERATOR)
    assert close(root)["offset"] == 2 and read_poll()["closed"]
    assert close(bob, "c2")["offset"] == 2
    assert_refused("forbidden", vote, charlie, 0)


def test_nobody_votes_after_the_end_of_a_poll(alice, bob, room):
    post_poll(bob, "--until 2h")
    assert not read_poll()["closed"] and read_poll()["closes_at"].endswith("Z")
    Poll.objects.update(closes_at=timezone.now())
    assert read_poll()["closed"]
    assert_refused("forbidden", vote, alice, 0)


def test_a_poll_cannot_be_edited(bob, room):
    post_poll(bob)
    assert_refused("forbidden", rooms.edit_message, rooms.join_room(bob, "garden"), Edit("e1", 1, "Dinner?"))


def test_the_votes_are_deleted_with_the_message(alice, bob, room):
    post_poll(bob)
    vote(alice, 0)
    rooms.remove_message(rooms.join_room(bob, "garden"), Remove("d1", 1))
    assert not Poll.objects.exists() and not PollOption.objects.exists() and not PollVote.objects.exists()
    assert read_poll() is None
    assert_refused("not_found", vote, alice, 0)


def test_polls_of_a_page_need_three_statements(alice, bob, room, django_assert_num_queries):
    for number in range(3):
        post_poll(bob, ref=f"p{number}")
    vote(alice, 0)
    messages = list(Message.objects.complete())
    with django_assert_num_queries(3):
        assert len(rooms.describe_additions(messages)) == 3


@pytest.mark.django_db(transaction=True)
def test_a_vote_is_published_to_the_room(alice, bob, enter, room):
    watcher, voter = enter(alice), enter(bob)
    bob_ack = voter.ask("command", ref="p1", name="poll", text='"Lunch?" "Pizza" "Sushi"')
    assert bob_ack["id"] == 1 and watcher.seen("message")[-1]["poll"]["question"] == "Lunch?"
    assert voter.ask("vote", ref="v1", id=1, options=[0])["offset"] == 2
    assert watcher.seen("message")[-1]["poll"]["options"][0]["voters"] == ["Bob"]
    assert voter.ask("close_poll", ref="c1", id=1)["offset"] == 3
    assert watcher.seen("message")[-1]["poll"]["closed"] is True


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL: bin/test --postgres")
@pytest.mark.django_db(transaction=True)
def test_the_counts_equal_the_rows_after_votes_that_race(bob, room):
    post_poll(bob, "--multiple")
    voters = [people.sign_up_guest(f"Voter {number}") for number in range(4)]

    def vote_often(person):
        chooser = random.Random(person.id)
        try:
            for _ in range(5):
                vote(person, *[position for position in range(3) if chooser.random() < 0.5])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=vote_often, args=(person,)) for person in voters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection.close()
    counted = [option["votes"] for option in read_poll()["options"]]
    assert counted == [PollVote.objects.filter(option__position=position).count() for position in range(3)]
    stored = {(vote.person_id, vote.option_id) for vote in PollVote.objects.all()}
    assert len(stored) == PollVote.objects.count()
    assert Message.objects.get().offset == Room.objects.get(id=room.id).offset
