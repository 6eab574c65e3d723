"""The API of a room's messages: posting, pages of history, changes after an offset, and pins."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import protocol
from chat.models import Member, Message
from chat.services import people, rooms
from tests.helpers import statements
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGES = "/api/rooms/garden/messages/"


# The next tests post messages.


def test_a_post_is_stored_acknowledged_and_published(as_bob, alice, enter):
    tab = enter(alice)
    status, ack = as_bob("POST", MESSAGES, {"ref": "r1", "body": " Hello "})
    assert (status, ack) == (201, {"ref": "r1", "id": 1, "offset": 1})
    [event] = tab.seen("message")
    assert (event["author"], event["body"]) == ({"handle": "Bob"}, "Hello")
    assert Member.objects.filter(person__handle="Bob", role="member").exists()


def test_the_same_ref_again_is_200_with_the_same_body(as_bob, alice, enter):
    tab = enter(alice)
    body = {"ref": "r1", "body": "Hello"}
    assert as_bob("POST", MESSAGES, body) == (201, {"ref": "r1", "id": 1, "offset": 1})
    assert as_bob("POST", MESSAGES, body) == (200, {"ref": "r1", "id": 1, "offset": 1})
    assert as_bob("POST", MESSAGES, {**body, "body": "Other"}) == (409, "ref_conflict")
    assert len(tab.seen("message")) == 1


def test_a_ref_is_the_same_on_a_socket_and_in_the_api(alice, enter, as_alice):
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
def test_a_post_with_an_invalid_field_is_refused(as_alice, room, fields, status, code):
    assert as_alice("POST", MESSAGES, {"ref": "r1", "body": "Hello", **fields}) == (status, code)
    assert not Message.objects.exists()


def test_the_error_of_a_post_names_its_ref(as_alice, room):
    as_alice("POST", MESSAGES, {"ref": "r1", "body": ""})
    assert as_alice.response.json()["ref"] == "r1"
    as_alice("POST", MESSAGES, {"ref": "r1", "body": "Hello", "reply_to": 9})
    assert as_alice.response.json()["ref"] == "r1"


def test_a_post_without_permission_is_refused_with_the_code_of_the_reason(stranger, bob, as_bob, room):
    body = {"ref": "r1", "body": "Hello"}
    assert stranger("POST", MESSAGES, body) == (401, "not_signed_in")
    assert as_bob("POST", "/api/rooms/attic/messages/", body) == (404, "not_found")
    member = rooms.join_room(bob, "garden")
    rooms.apply_role(member, Member.MUTED)
    assert as_bob("POST", MESSAGES, body) == (403, "muted")
    rooms.apply_role(member, Member.BANNED)
    assert as_bob("POST", MESSAGES, body) == (403, "forbidden")
    assert as_bob("GET", MESSAGES) == (403, "forbidden")


def test_a_request_over_the_rate_limit_returns_429_with_the_time_to_wait(as_bob, room, settings, clock):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (1, 0.5)}
    settings.CHAT_FLOOD_REFUSALS = 1
    body = {"ref": "r1", "body": "Hello"}
    assert as_bob("POST", MESSAGES, body)[0] == 201
    for retry_after in (2.0, 10.0):  # a socket would be closed at the second refusal
        assert as_bob("POST", MESSAGES, {**body, "ref": "r2"}) == (429, "rate_limited")
        assert as_bob.response.json()["retry_after"] == retry_after
        assert as_bob.response["Retry-After"] == str(int(retry_after))
    clock.pass_by(2)
    assert as_bob("POST", MESSAGES, {**body, "ref": "r2"})[0] == 201


# The next tests read messages.


def fill(person, count):
    member = rooms.join_room(person, "garden")
    for number in range(1, count + 1):
        rooms.post_message(member, protocol.Post(f"p{number}", str(number)))
    return member


def page(caller, query):
    status, body = caller("GET", f"{MESSAGES}?{query}")
    assert status == 200
    return [message["id"] for message in body["messages"]], body["offset"], body["more"]


def test_history_pages_backward_by_id_and_forward_by_offset(alice, as_bob, room):
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


def test_a_page_around_a_message_says_whether_there_is_more_on_each_side(alice, as_bob, room):
    fill(alice, 5)
    assert page(as_bob, "around=3&limit=3") == ([2, 3, 4], 5, True)
    assert page(as_bob, "around=1&limit=2") == ([1, 2], 5, False)
    assert page(as_bob, "around=5") == ([1, 2, 3, 4, 5], 5, False)
    for query, before, after in [
        ("around=3&limit=1", True, True),
        ("around=1&limit=4", False, True),
        ("around=5", False, False),
    ]:
        body = as_bob("GET", f"{MESSAGES}?{query}")[1]
        assert (body["more_before"], body["more_after"]) == (before, after)
    assert as_bob("GET", f"{MESSAGES}?around=6") == (404, "not_found")


def test_only_readers_of_a_room_get_pages_around_its_messages(alice, bob, as_bob, stranger, room):
    fill(alice, 2)
    private = rooms.create_room(alice, "attic", "Attic", is_private=True)
    rooms.post_message(rooms.join_room(alice, "attic"), protocol.Post("a1", "Secret"))
    assert stranger("GET", f"{MESSAGES}?around=1") == (401, "not_signed_in")
    assert as_bob("GET", f"/api/rooms/{private.slug}/messages/?around=1") == (404, "not_found")
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    assert as_bob("GET", f"{MESSAGES}?around=1") == (403, "forbidden")


def test_the_api_returns_messages_in_the_format_of_the_socket(alice, as_bob, enter):
    tab = enter(alice)
    tab.post("r1", "*Hello*")
    assert as_bob("GET", MESSAGES)[1]["messages"] == tab.seen("message")


def test_reading_creates_no_membership(as_bob, room):
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
        "around=1&before=2",
        "after=1&around=2",
        "around=-1",
        "around=",
        "around=1&limit=101",
        "after=9007199254740992",
    ],
)
def test_an_invalid_query_for_messages_is_refused(as_alice, room, query):
    assert as_alice("GET", f"{MESSAGES}?{query}") == (400, "invalid_field")


def test_only_signed_in_people_can_read_messages(stranger, room):
    assert stranger("GET", MESSAGES) == (401, "not_signed_in")
    assert stranger("GET", "/api/rooms/attic/messages/") == (401, "not_signed_in")


# The next tests count the statements of a request.


def test_a_post_by_cookie_costs_six_statements(as_alice, room, enter, alice):
    as_alice("POST", MESSAGES, {"ref": "r0", "body": "Hello"})
    for number in range(3):
        enter(people.sign_up_guest(f"Guest {number}"))
    with CaptureQueriesContext(connection) as queries:
        assert as_alice("POST", MESSAGES, {"ref": "r1", "body": "Hello"})[0] == 201
    assert statements(queries) == [
        ("SELECT", "django_session"),
        ("SELECT", "chat_person"),  # of the session
        ("SELECT", "chat_room"),  # of the slug, with the person's role in the room
        ("UPDATE", "chat_room"),  # the next offset, with RETURNING
        ("INSERT", "chat_message"),
        ("INSERT", "chat_change"),  # the ref, which cannot be used again
    ]


def test_a_post_by_token_costs_five_statements(alice, room):
    bot = Caller(key=people.make_token(alice, "bot")[1])
    bot("POST", MESSAGES, {"ref": "r0", "body": "Hello"})
    with CaptureQueriesContext(connection) as queries:
        assert bot("POST", MESSAGES, {"ref": "r1", "body": "Hello"})[0] == 201
    # One statement reads the token with its person and its rooms; a post by cookie has the others too.
    assert [table for _, table in statements(queries)] == [
        "chat_token_rooms",
        "chat_room",
        "chat_room",
        "chat_message",
        "chat_change",
    ]


# The next tests read the page at a time, and the pins.


def test_a_day_leads_to_its_first_message_in_the_requested_time_zone(as_alice, enter, alice):
    tab = enter(alice)
    for number, at in enumerate(("2026-02-27T12:00Z", "2026-02-28T23:30Z", "2026-03-01T12:00Z"), 1):
        tab.post(f"r{number}")
        Message.objects.filter(number=number).update(created_at=protocol.parse_moment(at))
    status, body = as_alice("GET", f"{MESSAGES}?at=2026-03-01")
    assert status == 200 and body["id"] == 3
    assert [message["id"] for message in body["messages"]] == [1, 2, 3]
    assert (body["more"], body["more_before"], body["more_after"], body["offset"]) == (False, False, False, 3)
    assert as_alice("GET", f"{MESSAGES}?at=2026-03-01&zone=Europe/Berlin")[1]["id"] == 2
    assert as_alice("GET", f"{MESSAGES}?at=2026-02-28T23:30:00Z&limit=1")[1]["id"] == 2
    after_all = as_alice("GET", f"{MESSAGES}?at=2026-03-02&limit=2")[1]
    assert after_all["id"] is None and [message["id"] for message in after_all["messages"]] == [2, 3]


@pytest.mark.parametrize("query", ["at=x", "at=", "at=2026-03-01&zone=Mars", "at=2026-03-01&before=1"])
def test_an_invalid_query_for_a_time_is_refused(as_alice, room, query):
    assert as_alice("GET", f"{MESSAGES}?{query}") == (400, "invalid_field")


def test_readers_get_the_pins_of_a_room(as_bob, stranger, alice, enter):
    tab = enter(alice)
    tab.post("r1", "Rules")
    assert tab.ask("pin", ref="x1", id=1, on=True) == {"type": "ack", "ref": "x1", "id": 1, "offset": 2}
    [pin] = as_bob("GET", "/api/rooms/garden/pins/")[1]["pins"]
    assert (pin["message"]["body"], pin["message"]["pinned"], pin["by"]) == ("Rules", True, {"handle": "Alice"})
    assert pin["at"].endswith("Z")
    assert stranger("GET", "/api/rooms/garden/pins/") == (401, "not_signed_in")
