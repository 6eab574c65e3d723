"""Boards: who is let to the door, who through it, what each hears, and that nothing tells which boards exist."""

import json
import uuid
from datetime import timedelta

import pytest
import redis
from channels import Channel
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat import protocol
from chat.models import Board, Change, Member, Message, Person, Room, Visitor
from chat.services import boards, moderation, people
from tests import wire
from tests.chat.consumers.test_room import fail_with, statements

pytestmark = pytest.mark.django_db(transaction=True)

NO_BOARDS = ["00000000-0000-4000-8000-000000000000", "0", "", "None", "{x}", "x" * 500, "%00", "a%0Ab"]
JSON = {"HTTP_ACCEPT": "application/json"}


class Browser:
    """Somebody's browser: its cookies, and what it knows of one board."""

    def __init__(self, person=None):
        self.client = wire.browser_of(person) if person else Client()

    def make_board(self, **fields):
        answer = self.client.post("/new_board", fields, content_type="application/json", **JSON)
        assert answer.status_code == 201, answer.content
        return self._know(answer.json())

    def follow(self, other):
        """Opens the link that another one has."""
        answer = self.client.get(f"/api/boards/{other.board}/")
        assert answer.status_code == 200, answer.content
        return self._know(answer.json())

    def _know(self, body):
        assert set(body) == {"board", "session", "owner"}
        self.board, self.session, self.owner = body["board"], body["session"], body["owner"]
        return self

    def door(self, **kwargs):
        return self.socket("auth", **kwargs).connect()

    def room(self, **kwargs):
        return self.socket("write", **kwargs).connect()

    def socket(self, kind, board=None, session=None, **kwargs):
        path = f"/{kind}/{self.board if board is None else board}/{self.session if session is None else session}/"
        return wire.Socket(path, self.client, **kwargs)


class Ref:
    number = 0


def ask(socket, type, **fields):
    """Says something under a ref of its own and returns its answer; what else came stays in `events`."""
    Ref.number += 1
    fields.setdefault("ref", f"ref-{Ref.number}")
    answers = [event for event in socket.say(type, **fields) if event["type"] in wire.ANSWERS]
    assert [answer["ref"] for answer in answers] == [fields["ref"]]
    return answers[0]


def knock(browser, handle="Bob", **fields):
    """Comes to the door and knocks. Returns the socket."""
    door = browser.door()
    assert ask(door, "knock", handle=handle, **fields)["type"] == "ack"
    return door


def key_of(handle):
    return Visitor.objects.get(person__handle=handle).key


def types(events):
    return [event["type"] for event in events]


@pytest.fixture
def owner(db):
    return Browser().make_board(name="Plans", handle="Olga")


@pytest.fixture
def at_door(owner):
    """The owner's socket."""
    return owner.door()


@pytest.fixture
def visitor(owner):
    return Browser().follow(owner)


@pytest.fixture
def admitted(at_door, visitor):
    """A visitor, Bob, who was let in, with the socket at the door."""
    visitor.auth = knock(visitor)
    assert ask(at_door, "admit", visitor=key_of("Bob"))["type"] == "ack"
    visitor.auth.read()
    return visitor


# Made and found.


def test_anybody_makes_a_board_and_owns_it(db, alice):
    for browser, handle in ((Browser(), "Owner"), (Browser(alice), "Alice")):
        browser.make_board()
        assert browser.owner is True and uuid.UUID(browser.board).version == 4
        assert browser.follow(browser).owner is True
        assert browser.room().seen("joined")[0]["you"] == {"handle": handle, "role": "owner", "read": 0}


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"content_type": "application/json"},
        {"data": "{}", "content_type": "application/json"},
        {"data": '{"name": null}', "content_type": "application/json"},
    ],
)
def test_a_board_needs_no_name(db, kwargs):
    assert Client().post("/new_board", **kwargs, **JSON).status_code == 201
    assert Room.objects.get().name == "Board"


def test_the_lobbys_form_leads_to_the_board(db):
    client = Client()
    answer = client.post("/new_board")
    assert (answer.status_code, answer.url) == (302, f"/board/{Board.objects.get().uuid}/")
    assert client.get(answer.url).status_code == 200


@pytest.mark.parametrize(
    "body, code",
    [
        ({"name": "x" * 81}, "too_long"),
        ({"name": 7}, "invalid_field"),
        ({"handle": "a\u202eb"}, "invalid_field"),
        ([], "not_an_object"),
    ],
)
def test_a_board_that_cannot_be_made_is_refused_as_json(db, body, code):
    answer = Client().post("/new_board", json.dumps(body), content_type="application/json", **JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Board.objects.exists() and not Person.objects.exists()


def test_making_a_board_asks_for_the_key_of_the_page(db):
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/new_board", **JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    key = client.get("/api/session/").json()["csrf"]
    assert client.post("/new_board", HTTP_X_CSRFTOKEN=key, **JSON).status_code == 201


def test_boards_and_newcomers_are_counted_per_address(db, settings, owner):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "rooms": (1, 0.01), "guests": (1, 0.01)}
    visitor = Browser().follow(owner)
    assert visitor.follow(owner) and Client().get(f"/api/boards/{owner.board}/").status_code == 429
    assert Client().post("/new_board", **JSON).status_code == 201
    answer = Client().post("/new_board", **JSON)
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")


def test_each_browser_has_a_session_id_of_its_own_for_each_board(owner, visitor):
    other_board, other_browser = Browser().make_board(), Browser().follow(owner)
    sessions = {owner.session, visitor.session, other_board.session, other_browser.session}
    sessions.add(Browser().follow(owner).session)
    first = visitor.session
    sessions.add(visitor.follow(other_board).session)
    assert len(sessions) == 6 and visitor.owner is False
    other_board.board = owner.board
    assert visitor.follow(owner).session == first
    assert all(len(session) >= 40 for session in sessions)


def test_nothing_that_holds_a_session_id_is_kept_by_caches(owner, visitor):
    answers = [owner.client.get(path.format(owner.board)) for path in ("/api/boards/{}/", "/board/{}/")]
    answers.append(owner.client.post("/new_board", **JSON))
    assert all("no-store" in answer["Cache-Control"] for answer in answers)


def test_no_session_id_is_stored_as_it_is(admitted):
    stored = [session.session_data for session in Session.objects.all()] + [v.digest for v in Visitor.objects.all()]
    assert not [text for text in stored if admitted.session in text]


@pytest.mark.parametrize("path", ["/api/boards/{}/", "/api/boards/{}/visitors/", "/board/{}/"])
@pytest.mark.parametrize("board", [*NO_BOARDS, "shut"])
def test_what_is_no_board_is_not_found(owner, at_door, path, board):
    if board == "shut":
        ask(at_door, "shut")
        board = owner.board
    answer = owner.client.get(path.format(board), **JSON)
    assert answer.status_code == 404
    # An empty one is no address of ours.
    assert board in ("", "%00", "a%0Ab") or answer.json()["detail"] == "There is no such board."


def test_the_list_of_visitors_is_the_owners(owner, admitted):
    [bob] = owner.client.get(f"/api/boards/{owner.board}/visitors/").json()["visitors"]
    assert bob == {"visitor": key_of("Bob"), "handle": "Bob", "state": "admitted"}
    for browser in (admitted, Browser(), Browser().make_board()):
        assert browser.client.get(f"/api/boards/{owner.board}/visitors/").status_code == 404


def test_a_boards_room_is_nowhere_else(owner, alice, admitted):
    room = Room.objects.get()
    client = wire.browser_of(alice)
    assert client.get("/api/rooms/").json()["rooms"] == []
    assert client.get(f"/rooms/{room.slug}/").status_code == 404
    assert client.get(f"/api/rooms/{room.slug}/messages/").status_code == 404
    assert wire.Socket(f"/chat/{room.slug}/", client).connect().code == 4404


# The handshake.


@pytest.mark.parametrize("kind", ["auth", "write"])
@pytest.mark.parametrize("board", [*NO_BOARDS[:-2], "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f1"])
def test_a_guessed_board_is_4404(owner, kind, board):
    socket = owner.socket(kind, board=board).connect()
    assert (socket.accepted, socket.code, socket.events) == (True, 4404, [])


@pytest.mark.parametrize("kind", ["auth", "write"])
@pytest.mark.parametrize("session", ["", "x", "x" * 43, "%00", "a" * 5000])
def test_a_guessed_session_id_is_4404(owner, kind, session):
    socket = owner.socket(kind, session=session).connect()
    assert (socket.accepted, socket.code, socket.events) == (True, 4404, [])


@pytest.mark.parametrize("kind", ["auth", "write"])
def test_another_browsers_session_id_is_4404(owner, visitor, admitted, kind):
    for thief in (visitor.client, Client(), None):
        socket = wire.Socket(f"/{kind}/{owner.board}/{owner.session}/", thief).connect()
        assert (socket.accepted, socket.code, socket.events) == (True, 4404, [])


@pytest.mark.parametrize("kind", ["auth", "write"])
def test_a_session_id_of_another_board_is_4404(owner, kind):
    other = Browser()
    other.client = owner.client
    other.make_board()
    assert owner.socket(kind, board=other.board).connect().code == 4404
    assert owner.socket("auth").connect().code is None


def test_writing_without_admission_looks_like_no_board(visitor, at_door):
    assert visitor.room().code == 4404
    knock(visitor)
    assert visitor.room().code == 4404
    ask(at_door, "refuse", visitor=key_of("Bob"))
    assert visitor.room().code == 4404


def test_all_that_is_wrong_costs_the_same(owner, visitor):
    costs = []
    for socket in (
        visitor.socket("auth", board=uuid.uuid4()),
        visitor.socket("auth", session=owner.session),
        visitor.socket("write", board="x"),
        visitor.socket("write", session="x"),
    ):
        with CaptureQueriesContext(connection) as queries:
            assert socket.connect().code == 4404
        costs.append([table for _, table in statements(queries)])
    assert costs == [["django_session", "chat_board", "chat_visitor"]] * 4


@pytest.mark.parametrize("kind", ["auth", "write"])
@pytest.mark.parametrize("origin", [None, "null", "http://evil.example"])
def test_a_foreign_page_is_denied(owner, kind, origin):
    assert owner.socket(kind, origin=origin).connect().denied


@pytest.mark.parametrize("kind", ["auth", "write"])
def test_a_handshake_that_fails_is_closed(owner, kind, monkeypatch, caplog):
    monkeypatch.setattr("chat.services.boards.get_visit", fail_with(ZeroDivisionError("on purpose")))
    socket = owner.socket(kind).connect()
    assert (socket.accepted, socket.code) == (True, 1013)
    assert "on purpose" in caplog.text
    socket.disconnect()


def test_one_socket_too_many_is_said(visitor, settings):
    settings.CHAT_MAX_SOCKETS_PER_PERSON = 1
    visitor.door()
    second = visitor.door()
    assert (second.events[0]["code"], second.code) == ("rate_limited", 1013)


# Knocking and deciding.


def test_a_knock_reaches_the_owner_and_admission_the_visitor(owner, at_door, visitor):
    assert at_door.events == []
    door = visitor.door()
    assert door.events == []
    assert door.say("knock", ref="k1", handle=" Bob ") == [{"type": "ack", "ref": "k1", "id": None, "offset": None}]
    [knocked] = at_door.read()
    assert knocked == {"type": "knocked", "visitor": key_of("Bob"), "handle": "Bob"}
    assert knocked["visitor"] not in visitor.session
    assert at_door.say("admit", ref="a1", visitor=knocked["visitor"])[0]["type"] == "ack"
    assert door.read() == [{"type": "admitted", "handle": "Bob"}]
    room = visitor.room()
    assert room.seen("joined")[0]["you"] == {"handle": "Bob", "role": "guest", "read": 0}
    assert room.seen("joined")[0]["room"]["name"] == "Plans"


def test_inside_it_is_a_room(owner, admitted):
    at_owner, at_bob = owner.room(), admitted.room()
    assert {one["handle"] for one in at_bob.seen("joined")[0]["present"]} == {"Olga", "Bob"}
    ack = at_bob.post("p1", "Hello")
    assert (ack["type"], ack["id"]) == ("ack", 1) and at_bob.post("p1", "Hello") == ack
    assert at_owner.seen("message")[0]["author"] == {"handle": "Bob"}
    assert at_bob.ask("edit", ref="e1", id=1, body="Hi")["type"] == "ack"
    assert at_owner.ask("react", ref="r1", id=1, emoji="👍", on=True)["offset"] == 3
    at_owner.say("typing", on=True)
    assert at_bob.seen("typing") == [{"type": "typing", "handle": "Olga", "on": True}]
    assert types(at_bob.say("sync", cursor=3)) == ["synced"]
    at_bob.disconnect()
    again = admitted.room(query="cursor=1")
    assert [event["offset"] for event in again.seen("message")] == [3]
    assert again.ask("fetch", ref="f1", limit=10)["messages"][0]["body"] == "Hi"


def test_frames_on_a_board_cost_what_they_cost_in_a_room(admitted):
    room = admitted.room()
    with CaptureQueriesContext(connection) as queries:
        room.post("p1", "Hello")
    assert [table for _, table in statements(queries)] == ["chat_member", "chat_room", "chat_message", "chat_change"]
    with CaptureQueriesContext(connection) as queries:
        room.say("sync", cursor=1)
    assert [table for _, table in statements(queries)] == ["chat_member"]


def test_an_owner_who_comes_later_hears_who_waits_and_is_there(owner, visitor):
    knock(visitor)
    gone = knock(Browser().follow(owner), "Gone")
    gone.disconnect()
    assert owner.door().events == [{"type": "knocked", "visitor": key_of("Bob"), "handle": "Bob"}]


def test_the_owner_hears_who_left_with_the_last_tab_and_who_came_back(at_door, visitor):
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
    assert at_door.read() == [{"type": "knocked", **bob, "handle": "Bob"}]


def test_who_was_admitted_and_goes_has_not_left_the_waiting_room(at_door, admitted):
    admitted.auth.disconnect()
    assert at_door.read() == []


def test_who_comes_back_hears_how_they_stand(owner, at_door, admitted):
    assert admitted.door().events == [{"type": "admitted", "handle": "Bob"}]
    ask(at_door, "refuse", visitor=key_of("Bob"))
    assert admitted.door().events == [{"type": "refused"}]
    ask(at_door, "remove", visitor=key_of("Bob"))
    assert admitted.door().events == [{"type": "removed"}]


def test_all_tabs_hear_a_decision(owner, at_door, visitor):
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
        assert other.read()[-1:] == [{**fact, **bob}]


@pytest.mark.parametrize("act", ["remove", "refuse"])
def test_who_is_sent_out_is_out_at_once_in_all_tabs_and_for_good(at_door, admitted, act):
    first, second = admitted.room(), admitted.room()
    under_way = admitted.room()
    ask(at_door, act, visitor=key_of("Bob"))
    for socket in (first, second, under_way):
        socket.read()
    assert (first.code, second.code) == (4403, 4403)
    under_way.code = None
    under_way.say("post", ref="p1", body="Last words")
    assert under_way.code == 4403 and not Message.objects.exists()
    again = admitted.room()
    assert (again.accepted, again.code, again.events) == (True, 4403, [])


def test_the_removed_do_not_knock_again_but_may_be_let_in_again(at_door, admitted):
    ask(at_door, "remove", visitor=key_of("Bob"))
    assert ask(admitted.auth, "knock", handle="Bob")["code"] == "forbidden"
    ask(at_door, "admit", visitor=key_of("Bob"))
    assert admitted.room().seen("joined")


def test_the_refused_knock_again_after_a_while(at_door, visitor):
    door = knock(visitor)
    ask(at_door, "refuse", visitor=key_of("Bob"))
    rejected = ask(door, "knock", handle="Bob")
    assert rejected["code"] == "rate_limited" and 0 < rejected["retry_after"] <= 31
    Visitor.objects.filter(person__handle="Bob").update(changed_at=timezone.now() - timedelta(seconds=31))
    assert ask(door, "knock", handle="Robert")["type"] == "ack"
    assert at_door.seen("knocked")[-1]["handle"] == "Robert"


def test_who_waits_may_change_their_mind_about_the_name(at_door, visitor):
    door = knock(visitor)
    assert ask(door, "knock", handle="Robert")["type"] == "ack"
    assert [event["handle"] for event in at_door.seen("knocked")] == ["Bob", "Robert"]
    assert len({event["visitor"] for event in at_door.seen("knocked")}) == 1


def test_shutting_ends_everything_at_once(owner, at_door, admitted):
    waiting = knock(Browser().follow(owner), "Carol")
    rooms = [owner.room(), admitted.room()]
    doors = [at_door, owner.door(), admitted.auth, waiting]
    assert types(at_door.say("shut", ref="s1")) == ["knocked", "ack", "shut"]
    for socket in (*rooms, *doors):
        socket.read()
    assert [socket.code for socket in rooms + doors] == [4403] * 6
    assert [types(socket.events)[-1] for socket in doors] == ["shut"] * 4
    # What was under way, and whoever comes back.
    rooms[0].code = None
    rooms[0].say("post", ref="p1", body="Hello")
    assert rooms[0].code == 4403 and not Message.objects.exists()
    waiting.code = None
    waiting.say("knock", ref="k2", handle="Carol")
    assert waiting.code == 4403
    for kind in ("auth", "write"):
        assert owner.socket(kind).connect().code == admitted.socket(kind).connect().code == 4404


# Acts are done once.


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


def test_a_knock_that_was_rejected_leaves_nothing(owner, visitor):
    door = visitor.door()
    before = Person.objects.count(), Visitor.objects.count(), Change.objects.count()
    assert ask(door, "knock", handle="OLGA")["code"] == "taken"
    assert (Person.objects.count(), Visitor.objects.count(), Change.objects.count()) == before
    assert ask(door, "knock", handle="Bob")["type"] == "ack"


def test_the_admitted_knock_in_vain_and_in_peace(at_door, admitted):
    assert ask(admitted.auth, "knock", handle="Robert")["type"] == "ack"
    assert len(at_door.seen("knocked")) == 1 and admitted.room().seen("joined")[0]["you"]["handle"] == "Bob"


# Handles.


def test_a_handle_is_one_visitors_on_a_board_ignoring_case(owner, admitted):
    door = Browser().follow(owner).door()
    assert ask(door, "knock", handle="bOB")["code"] == "taken"
    elsewhere = Browser().make_board()
    assert ask(Browser().follow(elsewhere).door(), "knock", handle="Bob")["type"] == "ack"
    assert people.sign_up_guest("Bob").handle == "Bob"


def test_the_handle_of_one_who_went_away_waiting_is_free(owner, at_door, visitor):
    gone = knock(visitor)
    other = Browser().follow(owner)
    assert ask(other.door(), "knock", handle="Bob")["code"] == "taken"
    gone.disconnect()
    knock(other)
    assert visitor.door().events == [] and at_door.seen("knocked")[-1]["visitor"] == key_of("Bob")


def test_the_handle_of_the_refused_is_free_and_they_are_not_let_in_under_it(owner, at_door, visitor):
    knock(visitor)
    first = key_of("Bob")
    ask(at_door, "refuse", visitor=first)
    knock(Browser().follow(owner))
    assert ask(at_door, "admit", visitor=first)["code"] == "taken"


def test_who_is_signed_in_speaks_under_their_own_handle(owner, at_door, alice):
    browser = Browser(alice).follow(owner)
    knock(browser, "Somebody else")
    assert at_door.read()[0]["handle"] == "Alice"
    ask(at_door, "admit", visitor=key_of("Alice"))
    room = browser.room()
    assert room.seen("joined")[0]["you"] == {"handle": "Alice", "role": "member", "read": 0}
    assert room.post("p1")["type"] == "ack" and Message.objects.get().author == alice


def test_one_person_may_come_with_two_browsers(owner, at_door, alice):
    first, second = Browser(alice).follow(owner), Browser(alice).follow(owner)
    doors = [knock(first), knock(second)]
    for visitor in Visitor.objects.filter(person=alice):
        ask(at_door, "admit", visitor=visitor.key)
    assert [types(door.read())[-1] for door in doors] == ["admitted"] * 2
    assert first.room().seen("joined") and second.room().seen("joined")


def test_each_browser_of_a_person_is_let_in_by_itself(owner, at_door, alice):
    first, second = Browser(alice).follow(owner), Browser(alice).follow(owner)
    knock(first)
    ask(at_door, "admit", visitor=key_of("Alice"))
    knock(second)
    assert second.room().code == 4404 and first.room().seen("joined")
    Person.objects.filter(id=alice.id).update(is_active=False)
    assert first.room().code == first.door().code == 4404


def test_a_login_that_is_over_does_not_come_in_as_the_person_it_was(owner, at_door, alice):
    browser = Browser(alice).follow(owner)
    knock(browser)
    ask(at_door, "admit", visitor=key_of("Alice"))
    alice.set_password("another long one")
    alice.save()
    assert browser.door().code == browser.room().code == 4404


def test_owners_do_not_send_themselves_out(alice):
    owner, phone = Browser(alice).make_board(), Browser(alice)
    at_door = owner.door()
    assert ask(at_door, "knock", handle="Alice")["code"] == "forbidden"
    knock(phone.follow(owner))
    key = Visitor.objects.get(state="waiting").key
    assert ask(at_door, "admit", visitor=key)["type"] == "ack"
    assert ask(at_door, "remove", visitor=key)["code"] == "forbidden"
    assert ask(at_door, "remove", visitor=Visitor.objects.get(state="owner").key)["code"] == "forbidden"
    assert phone.room().seen("joined")[0]["you"]["role"] == "owner"


# Who may do what.


@pytest.mark.parametrize("act", ["admit", "refuse", "remove", "shut"])
def test_visitors_decide_nothing(owner, at_door, visitor, admitted, act):
    newcomer = Browser().follow(owner)
    for door in (newcomer.door(), knock(newcomer, "Carol"), admitted.door()):
        assert ask(door, act, visitor=key_of("Bob"))["code"] == "forbidden"
    assert Visitor.objects.get(person__handle="Bob").state == "admitted" and Board.objects.get().shut_at is None


@pytest.mark.parametrize("key", ["", "x", "x" * 1000, "é"])
def test_an_unknown_visitor_is_not_found(at_door, admitted, key):
    for act in ("admit", "refuse", "remove"):
        assert ask(at_door, act, visitor=key)["code"] == "not_found"


def test_visitors_of_another_board_are_not_found(admitted):
    other = Browser().make_board()
    assert ask(other.door(), "remove", visitor=key_of("Bob"))["code"] == "not_found"


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
def test_every_bad_frame_is_rejected_and_the_next_knock_is_acked(visitor, text, code, ref):
    door = visitor.door()
    [rejected] = door.send(text)
    assert (rejected["type"], rejected["code"], rejected["ref"]) == ("rejected", code, ref)
    assert ask(door, "knock", handle="Bob")["type"] == "ack" and door.code is None


def test_binary_frames_are_not_supported(visitor, admitted):
    for socket in (visitor.door(), admitted.room()):
        [rejected] = [event for event in socket.send(bytes=b"\x00") if event["type"] == "rejected"]
        assert (rejected["code"], rejected["ref"]) == ("binary_not_supported", None)


def test_who_floods_the_door_is_told_and_then_closed(visitor, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (1, 0.01)}
    settings.CHAT_FLOOD_REFUSALS = 3
    door = visitor.door()
    assert door.send("nonsense")[0]["code"] == "invalid_json"
    answer = ask(door, "knock", handle="Bob")
    assert answer["code"] == "rate_limited" and answer["retry_after"] > 0
    for _ in range(3):
        door.send("nonsense")
    assert door.code == 4429


# Failures, and ends.


def test_with_the_database_away_one_may_try_again(visitor, monkeypatch):
    door = visitor.door()
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.boards.request_to_join", fail_with(OperationalError("locked")))
        assert ask(door, "knock", handle="Bob")["code"] == "unavailable"
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.boards.request_to_join", fail_with(ZeroDivisionError("on purpose")))
        assert ask(door, "knock", handle="Bob")["code"] == "internal"
    assert ask(door, "knock", handle="Bob")["type"] == "ack"


def test_signing_out_ends_a_signed_in_visitors_sockets(owner, at_door, alice):
    browser = Browser(alice).follow(owner)
    door = knock(browser)
    ask(at_door, "admit", visitor=key_of("Alice"))
    room = browser.room()
    browser.client.post("/sign-out/")
    door.read(), room.read()
    assert (door.code, room.code) == (4401, 4401)
    assert browser.socket("auth").connect().code == browser.socket("write").connect().code == 4404


def test_signing_in_keeps_what_one_was_on_the_board(owner, admitted, alice, later):
    sockets = [admitted.door(), admitted.room()]
    asking = admitted.door()
    admitted.client.post("/sign-in/", {"handle": "Alice", "password": "correct horse"})
    asking.say("knock", ref="k9", handle="Bob")
    later.run()
    for socket in sockets:
        socket.read()
    # The login session has another key now; whoever comes back is known by the same secret.
    assert [socket.code for socket in (*sockets, asking)] == [4408] * 3
    again = admitted.follow(owner).room()
    assert again.seen("joined")[0]["you"]["handle"] == "Bob" and again.post("p1")["type"] == "ack"


def test_somebody_elses_login_in_the_same_browser_is_somebody_else(owner, alice, bob):
    browser = Browser(alice).follow(owner)
    knock(browser)
    session = browser.session
    browser.client.force_login(bob, backend=people.BACKEND)
    assert browser.follow(owner).session != session
    assert browser.socket("auth", session=session).connect().code == 4404


@pytest.mark.parametrize("how", ["deactivated", "new password"])
def test_at_the_door_rights_are_judged_anew_for_each_frame(owner, alice, how):
    browser = Browser(alice).follow(owner)
    door = browser.door()
    if how == "deactivated":
        Person.objects.filter(id=alice.id).update(is_active=False)
    else:
        alice.set_password("another long one")
        alice.save()
    door.say("knock", ref="k1", handle="Alice")
    assert door.code == {"deactivated": 4403, "new password": 4408}[how]
    assert not Visitor.objects.filter(person=alice).exists()


def test_nothing_is_left_of_sockets_that_ended(owner, at_door, admitted):
    room = admitted.room()
    for socket in (room, admitted.auth, at_door):
        socket.disconnect()
        socket.disconnect()
    groups = wire.layer().channel_layer._groups
    gone = {room.channel, admitted.auth.channel, at_door.channel}
    assert not [group for group, channels in groups.items() if gone & set(channels)]
    assert not wire.layer().channel_layer.channel_session_backend._items


def test_a_disconnect_of_a_socket_that_never_was_is_nothing(owner):
    for kind in ("auth", "write"):
        owner.socket(kind).disconnect()
        socket = owner.socket(kind, session="x").connect()
        socket.disconnect()


def test_who_waits_for_hours_in_silence_is_still_known(clock, visitor, at_door):
    door = knock(visitor)
    clock.pass_by(23 * 3600)
    door.disconnect()
    assert types(at_door.read()) == ["knocked", "left"]


def test_a_frame_whose_session_is_lost_resumes(visitor):
    door = visitor.door()
    wire.layer().channel_layer.channel_session_backend._items.clear()
    door.say("knock", ref="k1", handle="Bob")
    assert door.code == 4408


# Swept.


def test_boards_that_are_over_are_swept_with_all_that_was_on_them(owner, at_door, admitted, alice):
    admitted.room().post("p1")
    knock(Browser(alice).follow(owner))
    kept = Browser().make_board()
    assert boards.sweep_boards() == 0
    ask(at_door, "shut")
    assert boards.sweep_boards() == 0
    Board.objects.exclude(shut_at=None).update(shut_at=timezone.now() - timedelta(hours=2))
    assert boards.sweep_boards() == 1
    assert [str(board.uuid) for board in Board.objects.all()] == [kept.board]
    assert Room.objects.count() == 1 and not Message.objects.exists() and not Visitor.objects.filter(person=alice)
    assert set(Person.objects.values_list("handle", flat=True)) == {"Owner", "Alice"}


def test_a_board_is_idle_when_nobody_came_and_nobody_spoke(owner, visitor, settings):
    long_ago = timezone.now() - timedelta(days=settings.CHAT_BOARD_DAYS + 1)
    Board.objects.update(seen_at=long_ago)
    Room.objects.update(last_at=timezone.now())
    assert boards.sweep_boards() == 0
    Room.objects.update(last_at=long_ago)
    visitor.door()
    assert boards.sweep_boards() == 0
    Board.objects.update(seen_at=long_ago)
    assert boards.sweep_boards() == 1 and not Person.objects.exists()


def test_a_board_to_which_somebody_comes_while_it_is_about_to_be_swept_stays(owner, at_door, visitor, monkeypatch):
    Board.objects.update(seen_at=timezone.now() - timedelta(days=400))
    delete_board = boards.lifecycle._delete_board

    def be_overtaken(found):
        visitor.door()
        return delete_board(found)

    monkeypatch.setattr(boards.lifecycle, "_delete_board", be_overtaken)
    assert boards.sweep_boards() == 0 and Board.objects.count() == 1


def test_visitors_who_never_came_in_are_swept(owner, at_door, admitted, alice):
    for number in range(5):
        knock(Browser().follow(owner), f"Guest {number}")
    knock(Browser(alice).follow(owner))
    ask(at_door, "refuse", visitor=key_of("Guest 1"))
    ask(at_door, "refuse", visitor=key_of("Bob"))
    Visitor.objects.exclude(state="owner").update(changed_at=timezone.now() - timedelta(days=3))
    with CaptureQueriesContext(connection) as queries:
        assert boards.sweep_boards() == 6
    assert len(queries) < 30
    assert set(Person.objects.values_list("handle", flat=True)) == {"Olga", "Bob", "Alice"}
    assert boards.sweep_boards() == 0


def test_every_act_is_known_on_the_wire(db):
    assert set(protocol.BOARD_EVENTS) == {"knock", "admit", "refuse", "remove", "shut"}
    assert Member.objects.count() == 0


@pytest.mark.parametrize(
    "path, allowed", [("/new_board", "POST"), ("/api/boards/x/", "GET"), ("/api/boards/x/visitors/", "GET")]
)
def test_other_methods_are_refused(db, path, allowed):
    answer = Client().delete(path, **JSON)
    assert (answer.status_code, answer["Allow"], answer.json()["code"]) == (405, allowed, "method_not_allowed")


def test_a_knock_that_was_under_way_does_not_undo_a_removal(at_door, visitor, monkeypatch):
    door = knock(visitor)
    recheck_visit = boards.recheck_visit

    def be_overtaken(*arguments):
        visit = recheck_visit(*arguments)
        Visitor.objects.filter(person__handle="Bob").update(state="removed")
        return visit

    monkeypatch.setattr(boards, "recheck_visit", be_overtaken)
    assert ask(door, "knock", handle="Robert")["code"] == "forbidden"
    assert Visitor.objects.get(person__handle="Bob").state == "removed"


def test_who_was_forgotten_meanwhile_knocks_anew(at_door, visitor, monkeypatch):
    door = knock(visitor)
    recheck_visit = boards.recheck_visit

    def be_overtaken(*arguments):
        visit = recheck_visit(*arguments)
        boards.visitors.delete_outsiders(Visitor.objects.all())
        return visit

    monkeypatch.setattr(boards, "recheck_visit", be_overtaken)
    assert ask(door, "knock", handle="Robert")["type"] == "ack"
    assert [event["handle"] for event in at_door.seen("knocked")] == ["Bob", "Robert"]


def test_who_is_back_before_their_leaving_was_told_is_heard_last(at_door, visitor, monkeypatch):
    first = knock(visitor)
    notify_owner, waiting_room = boards.waiting_room.notify_owner, boards.waiting_room

    def come_back(board_id, event):
        notify_owner(board_id, event)
        if event["type"] == "left":
            monkeypatch.setattr(waiting_room, "notify_owner", notify_owner)
            waiting_room.store.add_entry(
                waiting_room._roster(Visitor.objects.get(state="waiting").digest), "visitor", "x", 9
            )

    monkeypatch.setattr(waiting_room, "notify_owner", come_back)
    first.disconnect()
    assert types(at_door.read()) == ["knocked", "left", "knocked"]


def test_who_comes_while_their_only_other_tab_leaves_is_heard_last(at_door, visitor, monkeypatch):
    first = knock(visitor)
    enter = boards.waiting_room.store.add_entry

    def be_overtaken(*arguments):
        monkeypatch.undo()
        waiting = Visitor.objects.get(state="waiting")
        boards.leave_waiting_room(waiting.board_id, waiting.digest, Channel(first.channel))
        return enter(*arguments)

    monkeypatch.setattr(boards.waiting_room.store, "add_entry", be_overtaken)
    visitor.door()
    assert types(at_door.read()) == ["knocked", "left", "knocked"]


def test_a_decision_is_acked_though_the_owners_other_tabs_cannot_be_told(at_door, visitor, monkeypatch, caplog):
    door = knock(visitor)
    monkeypatch.setattr("chat.broadcast.publish_to_others", fail_with(redis.ConnectionError("away")))
    assert types(at_door.say("admit", ref="a1", visitor=key_of("Bob"))) == ["knocked", "ack"]
    assert types(door.read()) == ["admitted"]
    assert "could not tell the other connections of the owner: away" in caplog.text


def deactivate(handle):
    Person.objects.filter(handle=handle).update(is_active=False)


def test_an_owner_who_is_deactivated_decides_and_sees_nothing_more(owner):
    knock(Browser().follow(owner))
    door = owner.door()
    deactivate("Olga")
    assert door.say("admit", ref="r1", visitor=key_of("Bob")) == [] and door.code == 4403
    assert owner.door().code == owner.room().code == 4404
    assert owner.client.get(f"/api/boards/{owner.board}/visitors/").status_code == 404
    assert Visitor.objects.get(person__handle="Bob").state == Visitor.WAITING


def test_a_visitor_who_is_deactivated_knocks_no_more(owner):
    browser = Browser().follow(owner)
    door = knock(browser)
    deactivate("Bob")
    assert door.say("knock", ref="r1", handle="Bob") == [] and door.code == 4403
    assert browser.door().code == 4404


def test_who_owns_a_board_with_an_account_sees_its_visitors_only_with_it(alice):
    owner = Browser(alice).make_board()
    visitors = f"/api/boards/{owner.board}/visitors/"
    assert owner.client.get(visitors).status_code == 200
    deactivate("Alice")
    assert owner.client.get(visitors).status_code == 404
    assert owner.client.get(f"/api/boards/{owner.board}/").json()["owner"] is False


def test_who_asks_for_visitors_is_counted_as_a_newcomer(owner, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "guests": (1, 0.0001)}
    found = [Client().get(f"/api/boards/{owner.board}/visitors/").status_code for _ in range(3)]
    assert found == [404, 429, 429]


def test_the_door_of_who_is_deactivated_by_an_operator_is_closed(alice, later):
    owner = Browser(alice).make_board()
    door, other = owner.door(), Browser().follow(owner).door()
    people.close_sockets(alice)
    for socket in (door, other):
        socket.read()
    assert (door.code, other.code) == (4401, None)


def test_who_was_inside_and_lost_their_standing_is_not_forgotten(owner):
    browser = Browser().follow(owner)
    knock(browser)
    ask(owner.door(), "admit", visitor=key_of("Bob"))
    browser.room().post("r1")
    moderation.remove_member(None, Member.objects.get(person__handle="Bob"))
    assert ask(owner.door(), "refuse", visitor=key_of("Bob"))["type"] == "ack"
    Visitor.objects.filter(person__handle="Bob").update(changed_at=timezone.now() - timedelta(days=3))
    knock(Browser().follow(owner), "Carol")
    Visitor.objects.filter(person__handle="Carol").update(changed_at=timezone.now() - timedelta(days=3))
    assert boards.sweep_boards() == 1
    assert Message.objects.get().author.handle == "Bob"
    Board.objects.update(shut_at=timezone.now() - timedelta(days=1))
    assert boards.sweep_boards() == 1
    assert not Person.objects.filter(handle__in=["Bob", "Olga", "Carol"]).exists()
