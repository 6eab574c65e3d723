"""Speaking from outside: announced to all or to a room, whispered to one; once each, and to those who come later."""

import importlib
import threading
from datetime import timedelta

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import protocol
from chat.management.service_command import parse_duration
from chat.models import Announcement, Member, Person, Receipt, Room
from chat.protocol import ChatError
from chat.services import announcements, people, presence, rooms
from tests import wire
from tests.chat.helpers import Browser

pytestmark = pytest.mark.django_db(transaction=True)


def heard(socket):
    return [event["text"] for event in socket.seen("announcement")]


def ids(socket):
    return [event["id"] for event in socket.seen("announcement")]


@pytest.fixture
def attic(alice):
    return rooms.create_room(alice, "attic", "Attic")


@pytest.fixture
def enter_attic(attic):
    return lambda person, query="": wire.Socket("/chat/attic/", wire.browser_of(person), query=query).connect()


def refusal(function, *arguments, **fields):
    with pytest.raises(ChatError) as caught:
        function(*arguments, **fields)
    return caught.value.code


# Who hears what.


def test_the_event_is_as_the_contract_gives_it(alice, enter):
    socket = enter(alice)
    said = announcements.announce("We close at six.", "urgent")
    event = {
        "type": "announcement",
        "id": said.id,
        "text": "We close at six.",
        "level": "urgent",
        "at": protocol.format_time(said.created_at),
    }
    assert socket.seen("announcement") == [event]
    whisper = announcements.whisper("alice", "Psst")
    assert socket.seen("announcement")[1] == {
        "type": "announcement",
        "id": whisper.id,
        "text": "Psst",
        "level": "info",
        "private": True,
        "at": protocol.format_time(whisper.created_at),
    }


def test_an_announcement_is_heard_in_every_room_and_tab(alice, bob, enter, enter_attic):
    sockets = enter(alice), enter(alice), enter_attic(bob)
    announcements.announce("Hello all")
    assert [heard(socket) for socket in sockets] == [["Hello all"]] * 3


def test_an_announcement_to_a_room_is_heard_there_only(alice, bob, enter, enter_attic):
    here, elsewhere = enter(alice), enter_attic(bob)
    announcements.announce("Roses", slug="garden")
    assert (heard(here), heard(elsewhere)) == (["Roses"], [])
    assert heard(enter_attic(alice)) == []
    assert heard(enter(bob)) == ["Roses"]


def test_a_whisper_is_heard_by_one_person_in_all_their_tabs(alice, bob, enter, enter_attic):
    tabs, other = (enter(bob), enter_attic(bob)), enter(alice)
    announcements.whisper("BOB", "For you")
    assert [heard(tab) for tab in tabs] == [["For you"]] * 2
    assert heard(other) == [] and heard(enter(alice)) == []
    assert Receipt.objects.count() == 1


def test_whoever_comes_later_hears_it_once(alice, bob, enter, enter_attic):
    announcements.announce("Hello all")
    assert heard(enter(bob)) == ["Hello all"]
    assert heard(enter(bob)) == heard(enter_attic(bob)) == []
    assert heard(enter(alice)) == ["Hello all"]


def test_whoever_was_there_does_not_hear_it_again(alice, bob, enter, enter_attic):
    enter(alice)
    announcements.announce("Hello all")
    assert heard(enter(alice)) == heard(enter_attic(alice)) == []


def test_a_whisper_waits_for_whom_it_is_for(alice, bob, enter, enter_attic):
    announcements.whisper("Bob", "For you")
    assert heard(enter(alice)) == []
    assert heard(enter_attic(bob)) == ["For you"]
    assert heard(enter(bob)) == []


def test_what_is_over_is_heard_by_nobody_more(alice, enter):
    said = announcements.announce("Soon over", expires_in=3600)
    Announcement.objects.filter(id=said.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert heard(enter(alice)) == []


def test_what_was_withdrawn_is_heard_by_nobody_more(alice, enter):
    said = announcements.announce("A mistake")
    announcements.withdraw(said.id)
    assert heard(enter(alice)) == []
    assert refusal(announcements.withdraw, said.id) == refusal(announcements.withdraw, 2**60) == "not_found"


def test_several_come_in_their_order_before_synced(alice, enter):
    for text in ("one", "two", "three"):
        announcements.announce(text)
    socket = enter(alice)
    kinds = [event["type"] for event in socket.events]
    assert heard(socket) == ["one", "two", "three"]
    assert kinds[0] == "joined" and kinds.index("synced") > kinds.index("announcement")


def test_a_private_rooms_announcement_is_heard_by_its_members_only(alice, bob, enter_attic, attic):
    Room.objects.filter(id=attic.id).update(access=Room.PRIVATE)
    announcements.announce("Among us", slug="attic")
    outsider = enter_attic(bob)
    assert (outsider.code, heard(outsider)) == (4404, [])
    assert heard(enter_attic(alice)) == ["Among us"]


def test_a_boards_visitors_hear_what_is_said_to_all(alice, bob, enter_attic, attic):
    visitor = enter_attic(bob)
    Room.objects.filter(id=attic.id).update(access=Room.BOARD)
    announcements.announce("Hello all")
    assert heard(visitor) == ["Hello all"]


def test_the_banned_hear_nothing_of_their_room(alice, bob, enter, room):
    socket = enter(bob)
    rooms.apply_role(Member.objects.get(room=room, person=bob), Member.BANNED)
    wire.work()
    socket.disconnect()
    announcements.announce("Roses", slug="garden")
    again = enter(bob)
    assert (heard(socket), heard(again), again.code) == ([], [], 4403)
    assert not Receipt.objects.exists()


def test_those_whose_connection_vanished_hear_it_when_they_come(alice, bob, enter, room):
    enter(alice)
    gone = enter(bob)
    # As an interface that died: its sockets are in no group, and their leases in the room have not ended yet.
    wire.layer().group_discard(f"room-{room.id}", gone.channel)
    assert presence.get_present(room.id)[1] == 2
    announcements.announce("Hello all")
    assert heard(enter(bob)) == ["Hello all"] and heard(enter(alice)) == []


def test_it_outlives_the_deactivated_and_goes_with_its_room(alice, bob, enter, room):
    enter(bob)
    announcements.announce("Roses", slug="garden", by=alice)
    Person.objects.filter(id=bob.id).update(is_active=False)
    assert Receipt.objects.filter(person=bob).count() == 1
    rooms.delete_room(room)
    assert not Announcement.objects.exists() and not Receipt.objects.exists()


# Coming back.


def test_joined_names_the_newest_announcement(alice, enter):
    assert enter(alice).seen("joined")[0]["announced"] == 0
    said = announcements.announce("Hello all")
    assert enter(alice).seen("joined")[0]["announced"] == said.id


def test_who_comes_back_hears_all_after_what_they_were_told(alice, enter):
    first = announcements.announce("one")
    enter(alice)
    for text in ("two", "three"):
        announcements.announce(text)
    # The line was dead by then; that it counts as told does not help.
    assert Receipt.objects.filter(person=alice).count() == 3
    assert heard(enter(alice)) == []
    assert heard(enter(alice, query=f"announced={first.id}")) == ["two", "three"]
    assert heard(enter(alice, query=f"cursor=0&announced={first.id + 2}")) == []


@pytest.mark.parametrize("nonsense", ["", "-1", "x", "99999999999999999999", "1.5", "%00"])
def test_nonsense_about_what_was_announced_is_none(alice, enter, nonsense):
    announcements.announce("one")
    enter(alice)
    socket = enter(alice, query=f"announced={nonsense}")
    assert (heard(socket), socket.code) == ([], None)


def test_nobody_gets_anothers_words_by_asking(alice, bob, enter, attic):
    announcements.whisper("Alice", "For Alice")
    announcements.announce("Attic only", slug="attic")
    assert heard(enter(bob, query="announced=0")) == []


# While somebody connects.


@pytest.mark.parametrize(
    "step",
    [
        "presence.arrive",
        "announcements.get_newest_id",
        "broadcast.accept",
        "broadcast.subscribe",
        "rooms.get_join_state",
        "rooms.get_backlog",
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("private", [False, True])
def test_nothing_said_in_the_middle_of_a_connect_is_missed(alice, bob, enter, monkeypatch, step, when, private):
    enter(alice)
    place, name = step.split(".")
    place = importlib.import_module("chat.broadcast" if place == "broadcast" else f"chat.services.{place}")
    real = getattr(place, name)

    def speak():
        monkeypatch.setattr(place, name, real)
        announcements.whisper("Bob", "Now") if private else announcements.announce("Now")

    def speak_meanwhile(*arguments, **fields):
        if when == "before":
            speak()
        result = real(*arguments, **fields)
        if when == "after":
            speak()
        return result

    monkeypatch.setattr(place, name, speak_meanwhile)
    socket = enter(bob)
    # Twice to the same socket does no harm: pages and clients go by the id.
    assert set(heard(socket)) == {"Now"}
    assert heard(enter(bob)) == []


@pytest.mark.parametrize("step", ["presence.get_listeners", "people.find_ids", "broadcast.publish"])
def test_nobody_who_comes_in_the_middle_of_an_announcement_misses_it(alice, bob, enter, monkeypatch, step):
    enter(alice)
    place, name = step.split(".")
    place = importlib.import_module("chat.broadcast" if place == "broadcast" else f"chat.services.{place}")
    real, came = getattr(place, name), []

    def come_meanwhile(*arguments, **fields):
        monkeypatch.setattr(place, name, real)
        # In another worker: it has a thread of its own here.
        other = threading.Thread(target=lambda: came.append(enter(bob)))
        other.start(), other.join()
        return real(*arguments, **fields)

    monkeypatch.setattr(place, name, come_meanwhile)
    announcements.announce("Now")
    assert set(heard(came[0])) == {"Now"}
    assert heard(enter(bob)) == []


# What goes wrong.


@pytest.mark.parametrize("error", [redis.ConnectionError("away"), KeyError("a bug")])
def test_what_could_not_be_told_is_heard_by_all_when_they_come_back(alice, enter, monkeypatch, caplog, error):
    def fail(*arguments):
        raise error

    socket = enter(alice)
    with monkeypatch.context() as patch:
        patch.setattr("chat.broadcast.publish", fail)
        said = announcements.announce("Hello all")
    assert f"Announcement {said.id} waits for people to come back" in caplog.text
    assert ("Traceback" in caplog.text) == isinstance(error, KeyError)
    assert heard(socket) == [] and heard(enter(alice)) == ["Hello all"]


def test_a_database_that_fails_after_the_row_is_no_failure(alice, enter, monkeypatch, caplog):
    def fail(*arguments, **fields):
        raise OperationalError("locked")

    enter(alice)
    with monkeypatch.context() as patch:
        patch.setattr(Receipt.objects.__class__, "bulk_create", fail)
        patch.setattr("django.db.models.query.QuerySet.delete", fail)
        announcements.announce("Hello all")
    assert "locked" in caplog.text
    assert heard(enter(alice)) == ["Hello all"]


def test_nothing_is_said_by_a_transaction_that_is_rolled_back(alice, enter):
    socket = enter(alice)
    with pytest.raises(DatabaseError), transaction.atomic():
        announcements.announce("Never said")
        raise DatabaseError
    assert heard(socket) == [] and heard(enter(alice)) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": ""}, "empty"),
        ({"text": " \u200b "}, "empty"),
        ({"text": "x" * 1001}, "too_long"),
        ({"text": 5}, "invalid_field"),
        ({"text": "a\0b"}, "invalid_field"),
        ({"level": "loud"}, "invalid_field"),
        ({"level": ["info"]}, "invalid_field"),
        ({"expires_in": 0}, "invalid_field"),
        ({"expires_in": 10**9}, "invalid_field"),
        ({"expires_in": "1h"}, "invalid_field"),
    ],
)
def test_what_may_not_be_said_is_not(alice, fields, code):
    text = fields.pop("text", "Hello")
    assert refusal(announcements.announce, text, **fields) == code
    assert refusal(announcements.whisper, "Alice", text, **fields) == code
    assert not Announcement.objects.exists()


def test_nobody_and_nowhere_is_said_so(alice, charlie, room):
    Person.objects.filter(id=charlie.id).update(is_active=False)
    for handle in ("Nobody", "Charlie", "", "x" * 100):
        assert refusal(announcements.whisper, handle, "Hello") == "not_found"
        assert refusal(people.disconnect, handle) == "not_found"
    assert refusal(people.disconnect, "a\0b") == "invalid_field"
    assert refusal(announcements.announce, "Hello", slug="nowhere") == "not_found"
    assert refusal(people.disconnect, "Alice", "nowhere") == "not_found"
    assert refusal(people.disconnect, "Alice", "../x") == "not_found"


def test_the_levels_are_the_wires():
    assert [level for level, _ in Announcement.LEVELS] == list(protocol.LEVELS)


# What it costs.


def test_a_connect_asks_twice_and_writes_nothing_where_nothing_stands(alice, enter):
    enter(alice)
    with CaptureQueriesContext(connection) as queries:
        enter(alice)
    asked = [query["sql"] for query in queries if "announcement" in query["sql"]]
    assert len(asked) == 2 and all(sql.split()[0] == "SELECT" for sql in asked)


def test_a_heartbeat_asks_nothing_of_it(alice, enter):
    socket = enter(alice)
    announcements.announce("Hello all")
    with CaptureQueriesContext(connection) as queries:
        socket.say("sync", cursor=0)
    assert not [query for query in queries if "announcement" in query["sql"]]


@pytest.mark.parametrize("listeners", [3, 30])
def test_telling_costs_the_same_however_many_listen(alice, enter, listeners):
    for number in range(listeners):
        enter(people.sign_up_guest(f"Guest {number}"))
    with CaptureQueriesContext(connection) as queries:
        announcements.announce("Hello all")
    statements = [query["sql"].split()[0] for query in queries if query["sql"].split()[0] in ("SELECT", "INSERT")]
    assert statements == ["INSERT", "SELECT", "SELECT", "INSERT"]
    assert Receipt.objects.count() == listeners


# Disconnected.


def test_a_person_is_disconnected_everywhere_and_may_come_again(alice, bob, enter, enter_attic):
    tabs, elsewhere, other = (enter(bob), enter(bob)), enter_attic(bob), enter(alice)
    assert people.disconnect("bob") == bob
    for socket in (*tabs, elsewhere, other):
        socket.read()
    assert [socket.code for socket in (*tabs, elsewhere, other)] == [4403, 4403, 4403, None]
    assert enter(bob).code is None


def test_a_person_is_disconnected_from_one_room(bob, enter, enter_attic):
    here, elsewhere = enter(bob), enter_attic(bob)
    people.disconnect("bob", "garden")
    here.read(), elsewhere.read()
    assert (here.code, elsewhere.code) == (4403, None)


# Swept.


def test_what_is_over_is_swept_with_its_receipts(alice, enter, monkeypatch):
    kept = announcements.announce("stands")
    for text in ("one", "two"):
        announcements.announce(text)
    enter(alice)
    Announcement.objects.exclude(id=kept.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(announcements, "SWEPT_AT_ONCE", 1)
    assert [announcements.sweep_announcements() for _ in range(4)] == [0, 0, 2, 0]
    assert [said.id for said in Announcement.objects.all()] == [kept.id]
    assert Receipt.objects.count() == 1


# Commands.


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("30m", 1800), ("24h", 86400), ("7d", 604800), (" 1w ", 604800), (None, None)],
)
def test_lengths_of_time_are_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1y", "-1h", "1.5h", "١h", "9999999999s"])
def test_what_is_no_length_of_time_is_said_so(text):
    with pytest.raises(CommandError, match="is not a duration"):
        parse_duration(text)


def test_commands_speak(alice, bob, enter, capsys):
    socket, other = enter(alice), enter(bob)
    call_command("announce", "To all", "--level", "urgent", "--expires", "30m")
    call_command("announce", "To the garden", "--room", "garden")
    call_command("whisper", "alice", "To you", "--level", "warning", "--expires", "1h")
    assert (heard(socket), heard(other)) == (["To all", "To the garden", "To you"], ["To all", "To the garden"])
    assert [event["level"] for event in socket.seen("announcement")] == ["urgent", "info", "warning"]
    printed = capsys.readouterr().out.splitlines()
    assert [line.split("(")[0].strip() for line in printed] == ["Announced", "Announced", "Announced to Alice alone"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["announce", ""],
        ["announce", "x" * 1001],
        ["announce", "x", "--level", "loud"],
        ["announce", "x", "--room", "no"],
        ["announce", "x", "--expires", "soon"],
        ["announce", "x", "--expires", "0s"],
        ["whisper", "Nobody", "x"],
        ["whisper", "Alice", ""],
        ["whisper", "Alice", "x", "--level", "loud"],
        ["whisper", "Alice", "\udcff"],
    ],
)
def test_commands_refuse_in_a_sentence(alice, arguments):
    with pytest.raises(CommandError) as refused:
        call_command(*arguments)
    assert str(refused.value)[-1] == "." and not Announcement.objects.exists()


def test_the_disconnect_command_needs_the_sites_redis(bob, monkeypatch, capsys, enter):
    with pytest.raises(CommandError, match="REDIS_URL"):
        call_command("disconnect", "Bob")
    monkeypatch.setattr("chat.store.store.is_shared", True, raising=False)
    socket = enter(bob)
    call_command("disconnect", "Bob", "--room", "garden")
    socket.read()
    assert socket.code == 4403 and capsys.readouterr().out == "Closed the sockets of Bob in garden.\n"
    for arguments in (["Nobody"], ["Bob", "--room", "nowhere"]):
        with pytest.raises(CommandError, match="There is no"):
            call_command("disconnect", *arguments)


def test_a_command_says_that_the_database_is_away(monkeypatch):
    def fail(*arguments, **fields):
        raise OperationalError("server\nclosed")

    monkeypatch.setattr(announcements, "announce", fail)
    with pytest.raises(CommandError, match="try again later. The cause: server closed"):
        call_command("announce", "x")


# Boards, where handles are unique on that board alone.


def test_who_has_the_handle_of_somebody_on_a_board_is_told_all_the_same(alice, room):
    board = Browser().make_board(handle="Alice").room()
    announcements.announce("We close at six.")
    assert heard(board) == ["We close at six."]
    socket = wire.Socket("/chat/garden/", wire.browser_of(alice)).connect()
    assert heard(socket) == ["We close at six."]


def test_who_heard_it_on_a_board_is_not_told_again(db):
    owner = Browser().make_board(handle="Alice")
    socket = owner.room()
    announcements.announce("We close at six.")
    assert heard(socket) == ["We close at six."]
    assert heard(owner.room()) == []
