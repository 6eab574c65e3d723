"""The mark of a guest stands beside each handle: in events, in the API and in exports."""

import csv
import io
import json

import pytest
from django.db import connection

from chat import protocol
from chat.models import Member
from chat.services import presence, rooms
from tests import wire
from tests.chat.services.tasks.helpers import run

pytestmark = pytest.mark.django_db(transaction=True)


def speak(person, ref, body="Hello"):
    return rooms.post_message(rooms.join_room(person, "garden"), protocol.Post(ref=ref, body=body))


def react(person, ref, number):
    rooms.set_reaction(rooms.join_room(person, "garden"), protocol.React(ref=ref, id=number, emoji="👍", on=True))


def test_a_message_says_that_its_author_is_a_guest(alice, charlie, enter):
    watcher = enter(alice)
    speak(charlie, "c1")
    speak(alice, "a1")
    assert [event["author"] for event in watcher.seen("message")] == [
        {"handle": "Charlie", "guest": True},
        {"handle": "Alice"},
    ]


def test_a_backlog_and_a_page_mark_guests_in_old_messages(alice, charlie, enter):
    speak(charlie, "c1")
    socket = enter(alice)
    assert socket.seen("message")[0]["author"] == {"handle": "Charlie", "guest": True}
    (page,) = socket.say("fetch", ref="f1", before=None, limit=10)
    assert page["messages"][0]["author"] == {"handle": "Charlie", "guest": True}


def test_a_changed_message_still_marks_its_author(alice, charlie, enter):
    watcher = enter(alice)
    speak(charlie, "c1")
    react(alice, "a1", 1)
    rooms.edit_message(rooms.join_room(charlie, "garden"), protocol.Edit(ref="c2", id=1, body="Hi"))
    rooms.remove_message(rooms.join_room(alice, "garden"), protocol.Remove(ref="a2", id=1))
    assert [event["author"].get("guest") for event in watcher.seen("message")] == [True] * 4


def test_a_message_names_the_guests_who_reacted(alice, charlie, enter):
    watcher = enter(alice)
    speak(alice, "a1")
    react(alice, "a2", 1)
    react(charlie, "c1", 1)
    events = watcher.seen("message")
    assert events[-1]["reactions"] == {"👍": ["Alice", "Charlie"]} and events[-1]["guests"] == ["Charlie"]
    assert "guests" not in events[-2]


def test_presence_names_the_guests_who_came(alice, bob, charlie, enter, second):
    watcher = enter(alice)
    second()
    guest = enter(charlie)
    second()
    enter(bob)
    second()
    guest.disconnect()
    events = watcher.seen("presence")[1:]
    assert [(event["came"], event.get("guests"), event["went"]) for event in events] == [
        (["Charlie"], ["Charlie"], []),
        (["Bob"], None, []),
        ([], None, ["Charlie"]),
    ]


def test_a_heartbeat_does_not_add_a_guest_again(alice, charlie, enter, second):
    guest = enter(charlie)
    second()
    guest.say("sync", cursor=0)
    room_id = rooms.get_room("garden").id
    assert presence.get_present(room_id) == ([{"handle": "Charlie", "role": "guest", "guest": True}], 1)


def test_a_muted_guest_is_still_marked_in_joined(alice, charlie, enter):
    enter(charlie)
    rooms.apply_role(rooms.join_room(charlie, "garden"), Member.MUTED)
    joined = enter(alice).seen("joined")[0]
    assert {"handle": "Charlie", "role": "muted", "guest": True} in joined["present"]
    assert "guest" not in joined["you"] and enter(charlie).seen("joined")[0]["you"]["guest"] is True


def test_typing_and_a_new_role_mark_a_guest(alice, charlie, enter):
    watcher, guest = enter(alice), enter(charlie)
    guest.say("typing", on=True)
    rooms.apply_role(rooms.join_room(charlie, "garden"), Member.MODERATOR)
    assert watcher.seen("typing")[-1] == {"type": "typing", "handle": "Charlie", "on": True, "guest": True}
    assert watcher.seen("member")[-1]["guest"] is True


def test_the_api_marks_guests_in_messages_members_and_reports(alice, bob, charlie, room):
    speak(charlie, "c1")
    browser = wire.browser_of(alice)
    messages = browser.get("/api/rooms/garden/messages/").json()["messages"]
    assert messages[0]["author"] == {"handle": "Charlie", "guest": True}
    members = browser.get("/api/rooms/garden/members/").json()["members"]
    assert {member["handle"]: member.get("guest") for member in members} == {"Alice": None, "Charlie": True}
    address = "/api/rooms/garden/messages/1/reports/"
    wire.browser_of(bob).post(address, json.dumps({"reason": "Spam"}), "application/json")
    (report,) = browser.get("/api/rooms/garden/reports/").json()["reports"]
    assert report["author"] == {"handle": "Charlie", "guest": True} and report["reporter"] == {"handle": "Bob"}


def test_exports_mark_guests(alice, charlie, room):
    speak(charlie, "c1")
    react(charlie, "c2", 1)
    speak(alice, "a1")
    first, second = json.loads(run(alice, "export", format="json"))["messages"]
    assert first["author"] == {"handle": "Charlie", "guest": True} and first["guests"] == ["Charlie"]
    assert second["author"] == {"handle": "Alice"}
    rows = list(csv.DictReader(io.StringIO(run(alice, "export", format="csv"), newline="")))
    assert [(row["author"], row["guest"], row["reactions"]) for row in rows] == [
        ("Charlie", "true", "👍 Charlie (guest)"),
        ("Alice", "false", ""),
    ]
    page = run(alice, "export", format="html")
    assert '<b dir="auto">Charlie</b> <span>guest</span>' in page and 'title="Charlie (guest)"' in page
    assert '<b dir="auto">Alice</b> <a' in page


def test_the_statistics_mark_guests(alice, charlie, room):
    speak(charlie, "c1")
    assert "Charlie (guest)" in run(alice, "statistics")


def test_the_mark_needs_no_further_statement(alice, charlie, room, django_assert_num_queries):
    for number in range(3):
        speak(charlie, f"c{number}")
        react(charlie, f"r{number}", 2 * number + 1)
    # The statements read the messages with their authors, and the reactions with their people. On SQLite, BEGIN counts.
    with django_assert_num_queries(3 if connection.vendor == "sqlite" else 2):
        messages, _ = rooms.get_page(room, None, 10)
    assert all(message["author"]["guest"] and message["guests"] == ["Charlie"] for message in messages)
