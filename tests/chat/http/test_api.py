"""The JSON API: every call, its statuses, its codes and its shapes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import protocol
from chat.models import Member, Message, Person, Room, Token
from chat.services import people, rooms
from tests.helpers import fail_with, statements
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = [
    ("/api/session/", {"GET", "POST", "DELETE"}),
    ("/api/users/", {"POST"}),
    ("/api/guests/", {"POST"}),
    ("/api/tokens/", {"GET", "POST"}),
    ("/api/tokens/1/", {"DELETE"}),
    ("/api/rooms/", {"GET", "POST"}),
    ("/api/rooms/garden/messages/", {"GET", "POST"}),
    ("/api/rooms/garden/scheduled/", {"GET", "POST"}),
    ("/api/rooms/garden/scheduled/1/", {"DELETE"}),
    ("/api/rooms/garden/invitations/1/", {"DELETE"}),
    ("/api/invitations/", {"POST"}),
    ("/api/rooms/garden/membership/", {"DELETE"}),
]
MESSAGES = "/api/rooms/garden/messages/"


@pytest.fixture
def stranger(db):
    return Caller()


@pytest.fixture
def as_charlie(charlie):
    return Caller(charlie)


def without_csrf(body):
    assert len(body.pop("csrf")) >= 32
    return body


# Who one is.


def test_the_session_says_who_one_is(stranger, as_alice, as_charlie):
    assert without_csrf(stranger("GET", "/api/session/")[1]) == {"handle": None, "role": None}
    assert without_csrf(as_alice("GET", "/api/session/")[1]) == {"handle": "Alice", "role": "member"}
    assert without_csrf(as_charlie("GET", "/api/session/")[1]) == {"handle": "Charlie", "role": "guest"}


def test_one_signs_up_and_is_in(stranger):
    status, body = stranger("POST", "/api/users/", {"handle": " Alice ", "password": "correct horse"})
    assert (status, without_csrf(body)) == (201, {"handle": "Alice", "role": "member"})
    assert stranger("GET", "/api/session/")[1]["handle"] == "Alice"


def test_one_signs_in_and_out(alice, stranger):
    body = {"handle": "aLICE", "password": "correct horse"}
    assert stranger("POST", "/api/session/", body)[1]["handle"] == "Alice"
    status, body = stranger("DELETE", "/api/session/")
    assert (status, body["handle"]) == (200, None)
    assert stranger("GET", "/api/session/")[1]["handle"] is None
    assert stranger("DELETE", "/api/session/")[0] == 200


@pytest.mark.parametrize(
    "handle, password",
    [("Alice", "wrong"), ("Nobody", "correct horse"), ("Charlie", ""), ("", ""), ("x" * 5000, "x" * 5000)],
)
def test_others_do_not_sign_in(alice, charlie, stranger, handle, password):
    body = {"handle": handle, "password": password}
    assert stranger("POST", "/api/session/", body) == (401, "not_signed_in")


def test_a_guest_only_picks_a_handle(stranger, alice):
    assert stranger("POST", "/api/guests/", {"handle": "ALICE"}) == (409, "taken")
    status, body = stranger("POST", "/api/guests/", {"handle": "Charlie"})
    assert (status, without_csrf(body)) == (201, {"handle": "Charlie", "role": "guest"})
    assert Caller()("POST", "/api/guests/", {"handle": "charlie"}) == (409, "taken")


@pytest.mark.parametrize(
    "path, body, code",
    [
        ("/api/users/", {"handle": "Alice", "password": "correct horse"}, "taken"),
        ("/api/users/", {"handle": "Dora", "password": "short"}, "invalid_field"),
        ("/api/users/", {"handle": "Dora", "password": "x" * 1001}, "too_long"),
        ("/api/users/", {"handle": "Dora", "password": None}, "invalid_field"),
        ("/api/users/", {"handle": "x" * 33, "password": "correct horse"}, "too_long"),
        ("/api/users/", {"handle": " ", "password": "correct horse"}, "empty"),
        ("/api/users/", {"handle": "a\u202eb", "password": "correct horse"}, "invalid_field"),
        ("/api/users/", {"handle": "Dora"}, "missing_field"),
        ("/api/users/", {}, "missing_field"),
        ("/api/guests/", {"handle": 5}, "invalid_field"),
        ("/api/guests/", {"handle": "a\0"}, "invalid_field"),
        ("/api/guests/", '{"handle": "\\ud800"}', "invalid_field"),
        ("/api/session/", {"handle": ["Alice"], "password": "correct horse"}, "invalid_field"),
        ("/api/session/", {"handle": "Alice"}, "missing_field"),
        ("/api/session/", {"handle": "Alice", "password": "a\0"}, "invalid_field"),
    ],
)
def test_what_is_wrong_with_a_person_is_told(alice, stranger, path, body, code):
    assert stranger("POST", path, body) == (409 if code == "taken" else 400, code)
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    "path", ["/api/session/", "/api/users/", "/api/guests/", "/api/tokens/", "/api/rooms/", MESSAGES]
)
@pytest.mark.parametrize(
    "body, code",
    [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        (b"\xff", "invalid_json"),
        ("a=1", "invalid_json"),
        ('{"a": 1, "a": 2}', "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ("[]", "not_an_object"),
        ("null", "not_an_object"),
        ("{}", "missing_field"),
    ],
)
def test_what_is_no_object_is_told_apart(room, as_alice, path, body, code):
    assert as_alice("POST", path, body) == (400, code)


# Cross-site forgery.


@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", "/api/session/"),
        ("DELETE", "/api/session/"),
        ("POST", "/api/users/"),
        ("POST", "/api/guests/"),
        ("POST", "/api/tokens/"),
        ("POST", "/api/rooms/"),
        ("POST", MESSAGES),
        ("DELETE", "/api/tokens/1/"),
    ],
)
def test_a_cookie_alone_changes_nothing(alice, room, method, path):
    caller = Caller(alice, enforce_csrf_checks=True)
    body = {"ref": "r1", "body": "Hello", "slug": "attic", "name": "Attic"}
    assert caller(method, path, body) == (403, "csrf_failed")
    assert not Message.objects.exists() and Room.objects.count() == 1


def test_with_the_sessions_csrf_value_it_does(alice, room):
    caller = Caller(alice, enforce_csrf_checks=True)
    csrf = caller("GET", "/api/session/")[1]["csrf"]
    body = {"ref": "r1", "body": "Hello"}
    assert caller("POST", MESSAGES, body, HTTP_X_CSRFTOKEN=csrf)[0] == 201
    assert caller("POST", MESSAGES, body, HTTP_X_CSRFTOKEN="x" * 64) == (403, "csrf_failed")


def test_signing_up_gives_the_next_csrf_value(db):
    caller = Caller(enforce_csrf_checks=True)
    csrf = caller("GET", "/api/session/")[1]["csrf"]
    body = {"handle": "Alice", "password": "correct horse"}
    csrf = caller("POST", "/api/users/", body, HTTP_X_CSRFTOKEN=csrf)[1]["csrf"]
    body = {"slug": "attic", "name": "Attic"}
    assert caller("POST", "/api/rooms/", body, HTTP_X_CSRFTOKEN=csrf)[0] == 201


# Tokens.


def test_a_bot_gets_a_token_uses_it_and_loses_it(alice, room, as_alice):
    status, made = as_alice("POST", "/api/tokens/", {"name": "bot"})
    assert (status, sorted(made)) == (201, ["created_at", "id", "name", "token"])
    bot = Caller(key=made["token"], enforce_csrf_checks=True)
    assert bot("GET", "/api/session/")[1]["handle"] == "Alice"
    assert bot("POST", MESSAGES, {"ref": "r1", "body": "Hello"})[0] == 201
    [listed] = as_alice("GET", "/api/tokens/")[1]["tokens"]
    assert listed == {key: made[key] for key in ("id", "name", "created_at")}
    assert as_alice.browser.delete(f"/api/tokens/{made['id']}/").status_code == 204
    assert bot("POST", MESSAGES, {"ref": "r2", "body": "Hello"}) == (401, "not_signed_in")
    assert as_alice("GET", "/api/tokens/")[1] == {"tokens": []}


def test_a_wrong_token_is_told_at_once_whoever_the_cookie_is(alice):
    caller = Caller(alice)
    caller.headers = {"HTTP_AUTHORIZATION": "Bearer wrong"}
    assert caller("GET", "/api/rooms/") == (401, "not_signed_in")


def test_another_scheme_is_not_for_us(alice):
    # A proxy in front may ask for a password of its own, which browsers then send with everything.
    caller = Caller(alice)
    caller.headers = {"HTTP_AUTHORIZATION": "Basic YTpi"}
    assert caller("GET", "/api/session/")[1]["handle"] == "Alice"


def test_another_scheme_is_no_way_around_csrf(alice, room):
    caller = Caller(alice, enforce_csrf_checks=True)
    caller.headers = {"HTTP_AUTHORIZATION": "Basic YTpi"}
    assert caller("POST", MESSAGES, {"ref": "r1", "body": "Hello"}) == (403, "csrf_failed")


def test_tokens_are_for_signed_in_people(stranger, as_charlie, as_bob, alice):
    assert stranger("POST", "/api/tokens/", {"name": "bot"}) == (401, "not_signed_in")
    assert stranger("GET", "/api/tokens/") == (401, "not_signed_in")
    assert stranger("DELETE", "/api/tokens/1/") == (401, "not_signed_in")
    assert as_charlie("POST", "/api/tokens/", {"name": "bot"}) == (403, "forbidden")
    token, _ = people.make_token(alice, "bot")
    assert as_bob("DELETE", f"/api/tokens/{token.id}/") == (404, "not_found")
    assert as_bob("DELETE", "/api/tokens/99999999999999999999999/") == (404, "not_found")
    assert as_bob("DELETE", "/api/tokens/4294967296/") == (404, "not_found")
    assert Token.objects.count() == 1


@pytest.mark.parametrize("name, code", [("", "empty"), ("x" * 81, "too_long"), (5, "invalid_field")])
def test_a_tokens_name_has_bounds(as_alice, name, code):
    assert as_alice("POST", "/api/tokens/", {"name": name}) == (400, code)


# Rooms.


def test_the_list_of_rooms_is_for_everybody(stranger, room, enter, alice):
    enter(alice).post("r1")
    status, body = stranger("GET", "/api/rooms/")
    [listed] = body["rooms"]
    assert status == 200 and body["more"] is False
    assert listed.pop("last_at").endswith("Z")
    assert listed == {"slug": "garden", "name": "The garden", "topic": "Roses and weeds", "offset": 1, "online": 1}


def test_the_list_is_paged_and_searched(stranger, alice):
    for number in range(51):
        rooms.create_room(alice, f"room-{number}", f"Room {number}", "odd" if number % 2 else "even")
    first, second = (stranger("GET", f"/api/rooms/?page={page}")[1] for page in (0, 1))
    assert (len(first["rooms"]), first["more"], len(second["rooms"]), second["more"]) == (50, True, 1, False)
    assert stranger("GET", "/api/rooms/?page=9007199254740991")[1] == {"rooms": [], "more": False}
    assert [found["slug"] for found in stranger("GET", "/api/rooms/?q=ROOM+50")[1]["rooms"]] == ["room-50"]
    assert len(stranger("GET", "/api/rooms/?q=odd")[1]["rooms"]) == 25
    assert stranger("GET", "/api/rooms/?q=%25")[1]["rooms"] == []


@pytest.mark.parametrize(
    "query, code",
    [
        ("q=%00", "invalid_field"),
        ("q=" + "x" * 81, "too_long"),
        ("page=-1", "invalid_field"),
        ("page=x", "invalid_field"),
        ("page=", "invalid_field"),
        ("page=1.5", "invalid_field"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(stranger, query, code):
    assert stranger("GET", f"/api/rooms/?{query}") == (400, code)


def test_a_room_is_made_by_signed_in_people(as_alice, as_charlie, stranger):
    body = {"slug": "attic", "name": " Attic "}
    assert stranger("POST", "/api/rooms/", body) == (401, "not_signed_in")
    assert as_charlie("POST", "/api/rooms/", body) == (403, "forbidden")
    status, made = as_alice("POST", "/api/rooms/", body)
    assert (status, made) == (
        201,
        {"slug": "attic", "name": "Attic", "topic": "", "offset": 0, "online": 0, "last_at": None},
    )
    assert as_alice("POST", "/api/rooms/", body) == (409, "taken")
    assert as_alice("POST", "/api/rooms/", {**body, "slug": "b", "topic": "Dust"})[1]["topic"] == "Dust"
    assert as_alice("POST", "/api/rooms/", {**body, "slug": "c", "topic": None})[1]["topic"] == ""


@pytest.mark.parametrize(
    "fields, code",
    [
        ({"slug": "A"}, "invalid_field"),
        ({"slug": ""}, "invalid_field"),
        ({"slug": None}, "invalid_field"),
        ({"slug": "x" * 51}, "invalid_field"),
        ({"name": ""}, "empty"),
        ({"name": "x" * 81}, "too_long"),
        ({"name": 5}, "invalid_field"),
        ({"topic": 0}, "invalid_field"),
        ({"topic": False}, "invalid_field"),
        ({"topic": []}, "invalid_field"),
        ({"topic": "x" * 501}, "too_long"),
        ({"topic": "a\nb"}, "invalid_field"),
    ],
)
def test_a_room_that_makes_no_sense_is_refused(as_alice, fields, code):
    assert as_alice("POST", "/api/rooms/", {"slug": "attic", "name": "Attic", **fields}) == (400, code)
    assert not Room.objects.exists()


# Messages.


def test_a_post_is_stored_acked_and_told(as_bob, alice, enter):
    tab = enter(alice)
    status, ack = as_bob("POST", MESSAGES, {"ref": "r1", "body": " Hello "})
    assert (status, ack) == (201, {"ref": "r1", "id": 1, "offset": 1})
    [event] = tab.seen("message")
    assert (event["author"], event["body"]) == ({"handle": "Bob"}, "Hello")
    assert Member.objects.filter(person__handle="Bob", role="member").exists()


def test_the_same_ref_again_is_200_with_the_same(as_bob, alice, enter):
    tab = enter(alice)
    body = {"ref": "r1", "body": "Hello"}
    assert as_bob("POST", MESSAGES, body) == (201, {"ref": "r1", "id": 1, "offset": 1})
    assert as_bob("POST", MESSAGES, body) == (200, {"ref": "r1", "id": 1, "offset": 1})
    assert as_bob("POST", MESSAGES, {**body, "body": "Other"}) == (409, "ref_conflict")
    assert len(tab.seen("message")) == 1


def test_a_socket_and_the_api_share_their_refs(alice, enter, as_alice):
    enter(alice).post("r1", "Hello")
    assert as_alice("POST", MESSAGES, {"ref": "r1", "body": "Hello"}) == (200, {"ref": "r1", "id": 1, "offset": 1})


@pytest.mark.parametrize(
    "fields, status, code",
    [
        ({"ref": "a b"}, 400, "invalid_field"),
        ({"ref": None}, 400, "invalid_field"),
        ({"body": ""}, 400, "empty"),
        ({"body": "x" * 4001}, 400, "too_long"),
        ({"body": 5}, 400, "invalid_field"),
        ({"body": "\0"}, 400, "invalid_field"),
        ({"reply_to": 9}, 404, "not_found"),
        ({"reply_to": -1}, 400, "invalid_field"),
        ({"reply_to": True}, 400, "invalid_field"),
        ({"reply_to": 2**53}, 400, "invalid_field"),
    ],
)
def test_a_post_that_makes_no_sense_is_refused(as_alice, room, fields, status, code):
    assert as_alice("POST", MESSAGES, {"ref": "r1", "body": "Hello", **fields}) == (status, code)
    assert not Message.objects.exists()


def test_a_refused_post_says_which(as_alice, room):
    as_alice("POST", MESSAGES, {"ref": "r1", "body": ""})
    assert as_alice.answer.json()["ref"] == "r1"
    as_alice("POST", MESSAGES, {"ref": "r1", "body": "Hello", "reply_to": 9})
    assert as_alice.answer.json()["ref"] == "r1"


def test_who_may_not_post_is_told_why(stranger, bob, as_bob, room):
    body = {"ref": "r1", "body": "Hello"}
    assert stranger("POST", MESSAGES, body) == (401, "not_signed_in")
    assert as_bob("POST", "/api/rooms/attic/messages/", body) == (404, "not_found")
    member = rooms.join_room(bob, "garden")
    rooms.apply_role(member, Member.MUTED)
    assert as_bob("POST", MESSAGES, body) == (403, "muted")
    rooms.apply_role(member, Member.BANNED)
    assert as_bob("POST", MESSAGES, body) == (403, "forbidden")
    assert as_bob("GET", MESSAGES) == (403, "forbidden")


def test_too_much_is_429_with_the_time_to_wait(as_bob, room, settings, clock):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (1, 0.5)}
    settings.CHAT_FLOOD_REFUSALS = 1
    body = {"ref": "r1", "body": "Hello"}
    assert as_bob("POST", MESSAGES, body)[0] == 201
    for retry_after in (2.0, 10.0):  # the second: where a socket would be closed
        assert as_bob("POST", MESSAGES, {**body, "ref": "r2"}) == (429, "rate_limited")
        assert as_bob.answer.json()["retry_after"] == retry_after
        assert as_bob.answer["Retry-After"] == str(int(retry_after))
    clock.pass_by(2)
    assert as_bob("POST", MESSAGES, {**body, "ref": "r2"})[0] == 201


@pytest.mark.parametrize(
    "kind, path",
    [("guests", "/api/guests/"), ("sign_ups", "/api/users/"), ("sign_ins", "/api/session/"), ("rooms", "/api/rooms/")],
)
def test_an_address_asks_only_so_much(as_alice, settings, clock, kind, path):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, kind: (0, 1)}
    body = {"handle": "Dora", "password": "correct horse", "slug": "attic", "name": "Attic"}
    assert as_alice("POST", path, body) == (429, "rate_limited")
    assert Person.objects.count() == 1 and not Room.objects.exists()


def fill(person, count):
    member = rooms.join_room(person, "garden")
    for number in range(1, count + 1):
        rooms.post_message(member, protocol.Post(f"p{number}", str(number)))
    return member


def page(caller, query):
    status, body = caller("GET", f"{MESSAGES}?{query}")
    assert status == 200
    return [message["id"] for message in body["messages"]], body["offset"], body["more"]


def test_history_goes_back_by_id_and_forward_by_offset(alice, as_bob, room):
    member = fill(alice, 5)
    rooms.edit_message(member, protocol.Edit("e1", 2, "Hi"))
    assert page(as_bob, "") == ([1, 2, 3, 4, 5], 6, False)
    assert page(as_bob, "limit=2") == ([4, 5], 6, True)
    assert page(as_bob, "before=4&limit=2") == ([2, 3], 6, True)
    assert page(as_bob, "before=2") == ([1], 6, False)
    assert page(as_bob, "after=0") == ([1, 3, 4, 5, 2], 6, False)
    assert page(as_bob, "after=3&limit=2") == ([4, 5], 5, True)
    assert page(as_bob, "after=5") == ([2], 6, False)
    assert page(as_bob, "after=6") == page(as_bob, "after=99") == ([], 6, False)


def test_messages_look_as_on_the_wire(alice, as_bob, enter):
    tab = enter(alice)
    tab.post("r1", "*Hello*")
    assert as_bob("GET", MESSAGES)[1]["messages"] == tab.seen("message")


def test_reading_by_the_api_makes_nobody_a_member(as_bob, room):
    page(as_bob, "")
    assert not Member.objects.filter(person__handle="Bob").exists()


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=",
        "after=-1",
        "after=x",
        "before=1.5",
        "before=",
        "after=1&before=2",
        "after=9007199254740992",
    ],
)
def test_a_page_that_makes_no_sense_is_refused(as_alice, room, query):
    assert as_alice("GET", f"{MESSAGES}?{query}") == (400, "invalid_field")


def test_only_signed_in_people_read(stranger, room):
    assert stranger("GET", MESSAGES) == (401, "not_signed_in")
    assert stranger("GET", "/api/rooms/attic/messages/") == (401, "not_signed_in")


# Errors.


@pytest.mark.parametrize("path, methods", CALLS)
def test_every_call_refuses_other_methods_as_json(as_alice, room, path, methods):
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} - methods:
        assert as_alice(method, path) == (405, "method_not_allowed")
        assert as_alice.answer["Allow"] == ", ".join(sorted(methods))
    if "GET" in methods:
        assert as_alice.browser.head(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/nothing/",
        "/api/rooms/garden/",
        "/api/tokens/x/",
        "/api/session",
        "/api/rooms/a/b/messages/",
        "/api/rooms/%00/messages/",
        "/api/rooms/Ä/messages/",
        "/api/rooms/garden%0A/messages/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_elsewhere_there_is_nothing_as_json(as_alice, path, method):
    status, code = as_alice(method, path, {"ref": "r1", "body": "Hello"})
    assert (status, code) in [(404, "not_found"), (405, "method_not_allowed")]


@pytest.mark.parametrize(
    "method, path, place",
    [
        ("GET", "/api/rooms/", "chat.services.rooms.find_rooms"),
        ("GET", MESSAGES, "chat.services.rooms.get_page"),
        ("POST", MESSAGES, "chat.services.rooms.post_message"),
        ("GET", "/api/session/", "chat.http.api.accounts.get_token"),
    ],
)
def test_a_fault_of_ours_is_500_without_a_trace(as_alice, room, monkeypatch, caplog, method, path, place):
    monkeypatch.setattr(place, fail_with(ZeroDivisionError("on purpose")))
    assert as_alice(method, path, {"ref": "r1", "body": "Hello"}) == (500, "internal")
    assert b"purpose" not in as_alice.answer.content and b"Traceback" not in as_alice.answer.content
    assert "on purpose" in caplog.text


def test_a_body_that_is_too_large_is_413(as_alice, room, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert as_alice("POST", MESSAGES, {"ref": "r1", "body": "x" * 2000}) == (413, "too_large")


def test_a_host_that_is_not_ours_is_400(as_alice):
    assert as_alice("GET", "/api/rooms/", HTTP_HOST="evil.example") == (400, "invalid_field")


# What a request costs.


def test_a_post_by_cookie_costs_seven_statements(as_alice, room, enter, alice):
    as_alice("POST", MESSAGES, {"ref": "r0", "body": "Hello"})
    for number in range(3):
        enter(people.sign_up_guest(f"Guest {number}"))
    with CaptureQueriesContext(connection) as queries:
        assert as_alice("POST", MESSAGES, {"ref": "r1", "body": "Hello"})[0] == 201
    assert statements(queries) == [
        ("SELECT", "django_session"),
        ("SELECT", "chat_person"),  # who the session is
        ("SELECT", "chat_room"),  # which room the slug is
        ("SELECT", "chat_member"),  # their standing there
        ("UPDATE", "chat_room"),  # the next offset, with RETURNING
        ("INSERT", "chat_message"),
        ("INSERT", "chat_change"),  # the ref is used up
    ]


def test_a_post_by_token_costs_six_statements(alice, room):
    bot = Caller(key=people.make_token(alice, "bot")[1])
    bot("POST", MESSAGES, {"ref": "r0", "body": "Hello"})
    with CaptureQueriesContext(connection) as queries:
        assert bot("POST", MESSAGES, {"ref": "r1", "body": "Hello"})[0] == 201
    # The token brings its person along; then as by cookie.
    assert [table for _, table in statements(queries)] == [
        "chat_token",
        "chat_room",
        "chat_member",
        "chat_room",
        "chat_message",
        "chat_change",
    ]


def test_the_list_of_rooms_costs_one_statement(stranger, alice):
    for number in range(5):
        rooms.create_room(alice, f"room-{number}", "A room")
    with CaptureQueriesContext(connection) as queries:
        stranger("GET", "/api/rooms/")
    assert statements(queries) == [("SELECT", "chat_room")]
