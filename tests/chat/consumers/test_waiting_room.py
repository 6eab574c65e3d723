"""The waiting room of a board: knocking, deciding, and what each side receives."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import protocol
from chat.models import Change, Member, Message, Person, Visitor
from chat.services import announcements, rooms
from tests.chat.helpers import Browser, ask, key_of, knock, types
from tests.helpers import statements

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_owner_receives_a_knock_and_the_visitor_receives_the_admission(owner, at_door, visitor):
    assert at_door.events == []
    door = visitor.door()
    assert door.events == []
    assert door.say("knock", ref="k1", handle=" Bob ") == [{"type": "ack", "ref": "k1", "id": None, "offset": None}]
    [knocked] = at_door.read()
    assert knocked == {"type": "knocked", "visitor": key_of("Bob"), "handle": "Bob", "guest": True}
    assert knocked["visitor"] not in visitor.session
    assert at_door.say("admit", ref="a1", visitor=knocked["visitor"])[0]["type"] == "ack"
    assert door.read() == [{"type": "admitted", "handle": "Bob"}]
    room = visitor.room()
    you = room.seen("joined")[0]["you"]
    assert you == {"handle": "Bob", "role": "guest", "read": 0, "guest": True, "person": you["person"]}
    assert room.seen("joined")[0]["room"]["name"] == "Plans"


def test_the_room_of_a_board_works_like_every_room(owner, admitted):
    at_owner, at_bob = owner.room(), admitted.room()
    assert {person["handle"] for person in at_bob.seen("joined")[0]["present"]} == {"Olga", "Bob"}
    ack = at_bob.post("p1", "Hello")
    assert (ack["type"], ack["id"]) == ("ack", 1) and at_bob.post("p1", "Hello") == ack
    assert at_owner.seen("message")[0]["author"] == {"handle": "Bob", "guest": True}
    assert at_bob.ask("edit", ref="e1", id=1, body="Hi")["type"] == "ack"
    assert at_owner.ask("react", ref="r1", id=1, emoji="👍", on=True)["offset"] == 3
    at_owner.say("typing", on=True)
    assert at_bob.seen("typing") == [{"type": "typing", "handle": "Olga", "on": True, "guest": True}]
    assert types(at_bob.say("sync", cursor=3)) == ["synced"]
    at_bob.disconnect()
    again = admitted.room(query="cursor=1")
    assert [event["offset"] for event in again.seen("message")] == [3]
    assert again.ask("fetch", ref="f1", limit=10)["messages"][0]["body"] == "Hi"
    assert again.ask("fetch", ref="f2", limit=10, around=1)["messages"][0]["body"] == "Hi"


def test_a_frame_on_a_board_costs_as_many_statements_as_in_a_room(admitted):
    room = admitted.room()
    with CaptureQueriesContext(connection) as queries:
        room.post("p1", "Hello")
    assert [table for _, table in statements(queries)] == ["chat_member", "chat_room", "chat_message", "chat_change"]
    with CaptureQueriesContext(connection) as queries:
        room.say("sync", cursor=1)
    assert [table for _, table in statements(queries)] == ["chat_member"]


def test_a_visitor_at_the_door_receives_announcements_to_everybody(owner, at_door, visitor):
    earlier = announcements.announce("Closing at eight")
    announcements.announce(
        "Only there", slug=rooms.create_room(Person.objects.create(handle="Max"), "attic", "Attic").slug
    )
    door = visitor.door()
    assert [event["text"] for event in door.seen("announcement")] == ["Closing at eight"]
    later = announcements.announce("Closing now", level="urgent")
    assert door.read() == [announcements.describe(later)]
    announcements.withdraw_announcement(earlier.id)
    assert door.read() == [protocol.dismissed(earlier.id)]
    assert at_door.read() == []
    door.disconnect()
    announcements.announce("Too late")
    assert door.read() == []


def test_a_signed_in_visitor_receives_whispers_and_dismissals_at_the_door(owner, charlie):
    charlies_browser = Browser(charlie).follow(owner)
    door = charlies_browser.door()
    whispered, announced = announcements.whisper("Charlie", "For you"), announcements.announce("For all")
    assert door.read() == [announcements.describe(whispered), announcements.describe(announced)]
    announcements.dismiss_announcement(charlie.id, announced.id)
    assert door.read() == [protocol.dismissed(announced.id)]
    assert charlies_browser.door().events == [announcements.describe(whispered)]


def test_an_owner_who_connects_later_receives_the_visitors_who_still_wait(owner, visitor):
    knock(visitor)
    gone = knock(Browser().follow(owner), "Gone")
    gone.disconnect()
    assert owner.door().events == [{"type": "knocked", "visitor": key_of("Bob"), "handle": "Bob", "guest": True}]


def test_the_owner_gets_an_event_when_a_visitors_last_tab_disconnects_or_reconnects(at_door, visitor):
    first, second = knock(visitor), visitor.door()
    bob = {"visitor": key_of("Bob")}
    assert second.events == [{"type": "waiting", "handle": "Bob"}]
    assert types(at_door.read()) == ["knocked"]
    first.disconnect()
    assert at_door.read() == []
    second.disconnect()
    assert at_door.read() == [{"type": "left", **bob}]
    third = visitor.door()
    assert third.events == [{"type": "waiting", "handle": "Bob"}]
    assert at_door.read() == [{"type": "knocked", **bob, "handle": "Bob", "guest": True}]


def test_an_admitted_visitor_who_disconnects_does_not_leave_the_waiting_room(at_door, admitted):
    admitted.auth.disconnect()
    assert at_door.read() == []


def test_a_visitor_who_reconnects_receives_their_state(owner, at_door, admitted):
    assert admitted.door().events == [{"type": "admitted", "handle": "Bob"}]
    ask(at_door, "refuse", visitor=key_of("Bob"))
    assert admitted.door().events == [{"type": "refused"}]
    ask(at_door, "remove", visitor=key_of("Bob"))
    assert admitted.door().events == [{"type": "removed"}]


def test_all_tabs_of_both_sides_receive_a_decision(owner, at_door, visitor):
    first, second, other = knock(visitor), visitor.door(), owner.door()
    at_door.read()
    bob = {"visitor": key_of("Bob")}
    for act, fact in (
        ("admit", {"type": "admitted", "handle": "Bob"}),
        ("refuse", {"type": "refused"}),
        ("remove", {"type": "removed"}),
    ):
        assert types(at_door.say(act, ref=f"d-{act}", **bob)) == ["ack"]
        assert first.read() == [fact] and second.read()[-1:] == [fact]
        mark = {"guest": True} if "handle" in fact else {}
        assert other.read()[-1:] == [{**fact, **mark, **bob}]


@pytest.mark.parametrize("act", ["remove", "refuse"])
def test_a_removed_or_refused_visitor_is_disconnected_in_all_tabs_and_cannot_return(at_door, admitted, act):
    first, second = admitted.room(), admitted.room()
    late = admitted.room()
    ask(at_door, act, visitor=key_of("Bob"))
    for socket in (first, second, late):
        socket.read()
    assert (first.code, second.code) == (4403, 4403)
    # This socket sends as if its close had not arrived.
    late.code = None
    late.say("post", ref="p1", body="Last words")
    assert late.code == 4403 and not Message.objects.exists()
    again = admitted.room()
    assert (again.accepted, again.code, again.events) == (True, 4403, [])


def test_a_removed_visitor_cannot_knock_but_can_be_admitted_again(at_door, admitted):
    ask(at_door, "remove", visitor=key_of("Bob"))
    assert ask(admitted.auth, "knock", handle="Bob")["code"] == "forbidden"
    ask(at_door, "admit", visitor=key_of("Bob"))
    assert admitted.room().seen("joined")


def test_a_refused_visitor_can_knock_again_after_30_seconds(at_door, visitor):
    door = knock(visitor)
    ask(at_door, "refuse", visitor=key_of("Bob"))
    rejected = ask(door, "knock", handle="Bob")
    assert rejected["code"] == "rate_limited" and 0 < rejected["retry_after"] <= 31
    Visitor.objects.filter(person__handle="Bob").update(changed_at=timezone.now() - timedelta(seconds=31))
    assert ask(door, "knock", handle="Robert")["type"] == "ack"
    assert at_door.seen("knocked")[-1]["handle"] == "Robert"


def test_a_waiting_visitor_can_change_the_handle(at_door, visitor):
    door = knock(visitor)
    assert ask(door, "knock", handle="Robert")["type"] == "ack"
    assert [event["handle"] for event in at_door.seen("knocked")] == ["Bob", "Robert"]
    assert len({event["visitor"] for event in at_door.seen("knocked")}) == 1


def test_closing_a_board_closes_all_its_connections(owner, at_door, admitted):
    waiting = knock(Browser().follow(owner), "Carol")
    tabs = [owner.room(), admitted.room()]
    doors = [at_door, owner.door(), admitted.auth, waiting]
    assert types(at_door.say("shut", ref="s1")) == ["knocked", "ack", "shut"]
    for socket in (*tabs, *doors):
        socket.read()
    assert [socket.code for socket in tabs + doors] == [4403] * 6
    assert [types(socket.events)[-1] for socket in doors] == ["shut"] * 4
    # Frames that a client sends before the close arrives are refused, and so are new connections.
    tabs[0].code = None
    tabs[0].say("post", ref="p1", body="Hello")
    assert tabs[0].code == 4403 and not Message.objects.exists()
    waiting.code = None
    waiting.say("knock", ref="k2", handle="Carol")
    assert waiting.code == 4403
    for kind in ("auth", "write"):
        assert owner.socket(kind).connect().code == admitted.socket(kind).connect().code == 4404


def test_a_ref_sent_again_gets_the_same_ack_and_does_nothing_twice(at_door, visitor):
    door = visitor.door()
    ack = door.say("knock", ref="k1", handle="Bob")
    assert door.say("knock", ref="k1", handle="Bob") == ack
    assert len(at_door.seen("knocked")) == 1
    bob = key_of("Bob")
    admit = at_door.say("admit", ref="a1", visitor=bob)
    assert door.read() == [{"type": "admitted", "handle": "Bob"}]
    assert ask(at_door, "admit", visitor=bob)["type"] == "ack"
    at_door.say("remove", ref="r1", visitor=bob)
    assert at_door.say("admit", ref="a1", visitor=bob) == admit
    assert door.read() == [{"type": "removed"}]
    assert Visitor.objects.get(key=bob).state == "removed"
    assert at_door.say("refuse", ref="a1", visitor=bob)[0]["code"] == "ref_conflict"
    assert door.say("knock", ref="k1", handle="Rob")[0]["code"] == "ref_conflict"


def test_a_rejected_knock_stores_nothing(owner, visitor):
    door = visitor.door()
    before = Person.objects.count(), Visitor.objects.count(), Change.objects.count()
    assert ask(door, "knock", handle="OLGA")["code"] == "taken"
    assert (Person.objects.count(), Visitor.objects.count(), Change.objects.count()) == before
    assert ask(door, "knock", handle="Bob")["type"] == "ack"


def test_a_knock_of_an_admitted_visitor_changes_nothing(at_door, admitted):
    assert ask(admitted.auth, "knock", handle="Robert")["type"] == "ack"
    assert len(at_door.seen("knocked")) == 1 and admitted.room().seen("joined")[0]["you"]["handle"] == "Bob"


@pytest.mark.parametrize(
    "text, code, ref",
    [
        ("not json", "invalid_json", None),
        ("[" * 60_000, "invalid_json", None),
        ("[]", "not_an_object", None),
        ('{"type": "knock", "ref": "x", "handle": NaN}', "invalid_json", None),
        ("{}", "missing_type", None),
        ('{"type": "knock", "type": "knock"}', "invalid_json", None),
        ('{"type": "post", "ref": "x", "body": "Hello"}', "unknown_type", "x"),
        ('{"type": "knock", "ref": "x"}', "missing_field", "x"),
        ('{"type": "knock"}', "missing_field", None),
        ('{"type": "knock", "ref": "a b", "handle": "Bob"}', "invalid_field", None),
        ('{"type": "knock", "ref": "x", "handle": 7}', "invalid_field", "x"),
        ('{"type": "knock", "ref": "x", "handle": "a\\u0000"}', "invalid_field", "x"),
        ('{"type": "knock", "ref": "x", "handle": "a\\u202eb"}', "invalid_field", "x"),
        ('{"type": "knock", "ref": "x", "handle": " "}', "empty", "x"),
        (json.dumps({"type": "knock", "ref": "x", "handle": "x" * 33}), "too_long", "x"),
        ('{"type": "admit", "ref": "x", "visitor": ["y"]}', "invalid_field", "x"),
        ('{"type": "shut"}', "missing_field", None),
    ],
)
def test_an_invalid_frame_is_rejected_and_the_next_knock_is_acked(visitor, text, code, ref):
    door = visitor.door()
    [rejected] = door.send(text)
    assert (rejected["type"], rejected["code"], rejected["ref"]) == ("rejected", code, ref)
    assert ask(door, "knock", handle="Bob")["type"] == "ack" and door.code is None


def test_binary_frames_are_not_supported(visitor, admitted):
    for socket in (visitor.door(), admitted.room()):
        [rejected] = [event for event in socket.send(bytes=b"\x00") if event["type"] == "rejected"]
        assert (rejected["code"], rejected["ref"]) == ("binary_not_supported", None)


def test_a_flood_in_the_waiting_room_is_rejected_and_then_closed_with_4429(visitor, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (1, 0.01)}
    settings.CHAT_FLOOD_REFUSALS = 3
    door = visitor.door()
    assert door.send("nonsense")[0]["code"] == "invalid_json"
    answer = ask(door, "knock", handle="Bob")
    assert answer["code"] == "rate_limited" and answer["retry_after"] > 0
    for _ in range(3):
        door.send("nonsense")
    assert door.code == 4429


def test_a_client_can_send_five_types_of_events_to_a_waiting_room(db):
    assert set(protocol.BOARD_EVENTS) == {"knock", "admit", "refuse", "remove", "shut"}
    assert Member.objects.count() == 0
