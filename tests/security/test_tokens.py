"""
The table of tokens: each scope against the calls of the API, the sockets, and the types of frames on sockets and polls.

The expected results are written down here, not read from the code. A new call of the API that is open to tokens needs
a row in CALLS. Without a row, the tests expect that no token may call it. A new type of event needs a row in
ROOM_FRAMES or STREAM_FRAMES.
"""

import json
import re

import pytest
from django.test import Client

from chat import protocol
from chat.consumers.scopes import ROOM_SCOPES, STREAM_SCOPES
from chat.http.urls import api_patterns
from chat.models import Person
from chat.protocol import Post
from chat.services import people, rooms
from tests import wire
from tests.helpers import rolled_back

READ, POST, ROOMS = "read", "post", "rooms"
SCOPES = (READ, POST, ROOMS)
# Calls of the API, and the scope that each one needs. None, or no row: no token may call it.
CALLS = {
    "GET /api/session/": READ,
    "POST /api/session/": None,
    "DELETE /api/session/": None,
    "POST /api/users/": None,
    "POST /api/guests/": None,
    "GET /api/tokens/": None,
    "POST /api/tokens/": None,
    "DELETE /api/tokens/<token_id>/": None,
    "GET /api/people/": READ,
    "GET /api/profile/": None,
    "PATCH /api/profile/": None,
    "DELETE /api/profile/": None,
    "PUT /api/profile/picture/": None,
    "DELETE /api/profile/picture/": None,
    "GET /api/profile/data/": None,
    "GET /api/preferences/": None,
    "PATCH /api/preferences/": None,
    "GET /api/logins/": None,
    "DELETE /api/logins/": None,
    "DELETE /api/logins/<login_id>/": None,
    "GET /api/rooms/": READ,
    "POST /api/rooms/": ROOMS,
    "PUT /api/rooms/<slug>/": ROOMS,
    "DELETE /api/rooms/<slug>/": ROOMS,
    "GET /api/rooms/<slug>/messages/": READ,
    "POST /api/rooms/<slug>/messages/": POST,
    "GET /api/rooms/<slug>/files/": READ,
    "POST /api/rooms/<slug>/files/": POST,
    "POST /api/boards/<board>/files/": POST,
    "GET /api/files/<file_id>/<name>": READ,
    "GET /api/files/<file_id>/thumbnail/": READ,
    "DELETE /api/files/<file_id>/": POST,
    "POST /api/rooms/<slug>/preview/": POST,
    "GET /api/rooms/<slug>/pins/": READ,
    "GET /api/rooms/<slug>/people/": READ,
    "GET /api/rooms/<slug>/threads/<number>/": READ,
    "PUT /api/rooms/<slug>/threads/<number>/": POST,
    "GET /api/threads/": READ,
    "GET /api/rooms/<slug>/poll/": READ,
    "POST /api/rooms/<slug>/poll/": READ,
    "DELETE /api/rooms/<slug>/poll/": READ,
    "GET /api/rooms/<slug>/scheduled/": READ,
    "POST /api/rooms/<slug>/scheduled/": POST,
    "DELETE /api/rooms/<slug>/scheduled/<scheduled_id>/": POST,
    "GET /api/rooms/<slug>/commands/": READ,
    "POST /api/rooms/<slug>/commands/": POST,
    "GET /api/rooms/<slug>/messages/<number>/votes/": READ,
    "GET /api/reminders/": READ,
    "PUT /api/reminders/<reminder_id>/": POST,
    "DELETE /api/reminders/<reminder_id>/": POST,
    "GET /api/rooms/<slug>/tasks/": READ,
    "POST /api/rooms/<slug>/tasks/": READ,
    "GET /api/tasks/<task_id>/": READ,
    "DELETE /api/tasks/<task_id>/": READ,
    "GET /api/tasks/<task_id>/result/": READ,
    "GET /api/rooms/<slug>/invitations/": READ,
    "POST /api/rooms/<slug>/invitations/": ROOMS,
    "DELETE /api/rooms/<slug>/invitations/<invitation_id>/": ROOMS,
    "POST /api/invitations/": POST,
    "GET /api/rooms/<slug>/hooks/": ROOMS,
    "POST /api/rooms/<slug>/hooks/": ROOMS,
    "PATCH /api/rooms/<slug>/hooks/<hook_id>/": ROOMS,
    "DELETE /api/rooms/<slug>/hooks/<hook_id>/": ROOMS,
    "POST /api/rooms/<slug>/hooks/<hook_id>/key/": ROOMS,
    "GET /api/rooms/<slug>/hooks/<hook_id>/deliveries/": ROOMS,
    "POST /api/rooms/<slug>/hooks/<hook_id>/deliveries/": ROOMS,
    "POST /api/rooms/<slug>/hooks/<hook_id>/deliveries/<delivery_id>/": ROOMS,
    "PUT /api/rooms/<slug>/membership/": POST,
    "DELETE /api/rooms/<slug>/membership/": POST,
    "POST /api/rooms/<slug>/read/": POST,
    "POST /api/read/": POST,
    "GET /api/workspace/": READ,
    "GET /api/mentions/": READ,
    "POST /api/directs/": POST,
    "GET /api/blocks/": None,
    "PUT /api/blocks/": None,
    "PUT /api/blocks/<handle>/": None,
    "DELETE /api/blocks/<handle>/": None,
    "GET /api/rooms/<slug>/members/": READ,
    "PUT /api/rooms/<slug>/members/": ROOMS,
    "GET /api/rooms/<slug>/members/<handle>/": READ,
    "PUT /api/rooms/<slug>/members/<handle>/": ROOMS,
    "POST /api/rooms/<slug>/messages/<number>/reports/": POST,
    "GET /api/rooms/<slug>/messages/<number>/history/": READ,
    "GET /api/rooms/<slug>/reports/": READ,
    "PUT /api/rooms/<slug>/reports/<report_id>/": ROOMS,
    "GET /api/rooms/<slug>/audit/": READ,
    "GET /api/search/": READ,
    "DELETE /api/rooms/<slug>/messages/<number>/files/<file_id>/": POST,
    "DELETE /api/rooms/<slug>/messages/<number>/previews/<preview_id>/": POST,
    "GET /api/rooms/<slug>/messages/<number>/previews/<preview_id>/image/": READ,
    "GET /api/emoji/": READ,
    "GET /api/bookmarks/": READ,
    "PUT /api/bookmarks/<slug>/<number>/": POST,
    "DELETE /api/bookmarks/<slug>/<number>/": POST,
    "GET /api/boards/<board>/": READ,
    "GET /api/boards/<board>/visitors/": READ,
    "POST /api/boards/<board>/preview/": POST,
    "GET /api/announcements/": ROOMS,
    "POST /api/announcements/": ROOMS,
    "DELETE /api/announcements/<announcement_id>/": ROOMS,
    "GET /api/announcements/current/": READ,
    "PUT /api/announcements/<announcement_id>/dismissal/": POST,
    "POST /api/whispers/": ROOMS,
    "POST /api/disconnections/": ROOMS,
}


def find_calls():
    """Return {"METHOD path": scope} of all calls of the API, from the code."""
    found = {}
    for pattern in api_patterns:
        path = "/" + re.sub(r"<\w+:", "<", str(pattern.pattern))
        if path.startswith("/api/"):
            found.update({f"{method} {path}": scope for method, scope in pattern.callback.scopes.items()})
    return found


EXPECTED = {call: CALLS.get(call) for call in find_calls()}
# Each type of frame in a room, on a socket or in a poll, with fields that it accepts, and the scope that it needs.
ROOM_FRAMES = {
    "post": (POST, {"body": "Hello"}),
    "edit": (POST, {"id": 1, "body": "Hi"}),
    "remove": (POST, {"id": 1}),
    "react": (POST, {"id": 1, "emoji": "👍", "on": True}),
    "pin": (ROOMS, {"id": 1, "on": True}),
    "typing": (POST, {"on": True}),
    "read": (POST, {"offset": 1}),
    "sync": (READ, {"cursor": 0}),
    "fetch": (READ, {"limit": 1}),
    "start": (READ, {"task": "statistics", "params": {}}),
    "schedule": (POST, {"body": "Hello", "at": "2030-01-31T12:00:00Z"}),
    "dismiss": (POST, {"id": 1}),
    "command": (POST, {"name": "me", "text": "waves"}),
    "vote": (POST, {"id": 1, "options": [0]}),
    "close_poll": (POST, {"id": 1}),
    "remind": (POST, {"id": 1, "at": "2030-01-31T12:00:00Z"}),
}
STREAM_FRAMES = {
    "sync": (READ, {}),
    "level": (POST, {"room": "garden", "level": "none"}),
    "read": (POST, {"room": "garden", "offset": 1}),
    "read_all": (POST, {}),
    "favourite": (POST, {"room": "garden", "on": True}),
    "dismiss": (POST, {"id": 1}),
}
WITHOUT_REF = {"typing", "read", "sync", "dismiss"}


class Site:
    """Alice, an operator, with the room `garden`, a board, and tokens with several sets of scopes."""

    def __init__(self):
        self.alice = people.sign_up("Alice", "correct horse")
        Person.objects.filter(id=self.alice.id).update(is_staff=True)
        self.room = rooms.create_room(self.alice, "garden", "The garden")
        rooms.post_message(rooms.join_room(self.alice, "garden"), Post("p1", "Hello"))
        body = {"name": "Plans", "handle": "Olga"}
        made = Client().post("/new_board", body, content_type="application/json", HTTP_ACCEPT="application/json")
        self.board = made.json()
        sets = [(READ,), (POST,), (ROOMS,), (READ, POST), (READ, ROOMS), SCOPES]
        self.keys = {" ".join(scopes): self._make_key(scopes) for scopes in sets}

    def _make_key(self, scopes):
        return people.make_token(self.alice, " ".join(scopes), people.TokenLimits(scopes=scopes))[1]

    def headers(self, scopes):
        return {"authorization": f"Bearer {self.keys[scopes]}"}

    def socket(self, path, scopes):
        return wire.Socket(path, origin=None, headers=self.headers(scopes)).connect()

    def call(self, scopes, call):
        """Send a request without a body. Return its response."""
        method, path = call.split(" ")
        path = path.replace("<slug>", "garden").replace("<board>", self.board["board"]).replace("<handle>", "alice")
        path = re.sub(r"<\w+>", "1", path)
        browser = wire.calm(Client(HTTP_AUTHORIZATION=f"Bearer {self.keys[scopes]}"))
        return browser.generic(method, path)


@pytest.fixture(scope="module")
def built_site(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), rolled_back():
        yield Site()


@pytest.fixture
def site(built_site):
    """Yield the site of all tests of this module. The changes of a test are rolled back."""
    with rolled_back():
        yield built_site


def is_refusal(detail, scope):
    """Return whether the sentence of an error says that a token does not have the scope."""
    return detail == (
        "A token cannot do this. Sign in with a browser."
        if scope is None
        else f"This token does not have the scope '{scope}'."
    )


# The API.


def test_each_call_of_the_api_has_the_scope_of_the_table():
    assert find_calls() == EXPECTED and CALLS.keys() <= EXPECTED.keys()


@pytest.mark.parametrize("scopes", [*SCOPES, "read post rooms"])
@pytest.mark.parametrize("call", EXPECTED)
def test_a_token_may_call_only_what_its_scopes_name(site, call, scopes):
    response = site.call(scopes, call)
    body = json.loads(response.content) if response.status_code >= 400 else {}
    scope = EXPECTED[call]
    is_refused = body.get("code") == "forbidden" and is_refusal(body["detail"], scope)
    assert is_refused == (scope is None or scope not in scopes.split()), response.content
    assert not is_refused or response.status_code == 403
    # Only a request that comes through the layer can begin a poll: see the tests of frames.
    assert response.status_code < 500 or call == "GET /api/rooms/<slug>/poll/"
    if call.split("/")[-2] == "poll" and is_refused:
        assert body["close"] == 4403


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_address_that_does_not_exist_gets_404_whatever_the_scope_of_the_token(site, method):
    assert site.call("post", f"{method} /api/nothing/").status_code == 404
    assert site.call("post", f"{method} /api/").status_code == 404


def test_a_head_request_needs_the_scope_of_a_get_request(site):
    assert site.call("post", "HEAD /api/rooms/").status_code == 403
    assert site.call("read", "HEAD /api/rooms/").status_code == 200


def test_another_method_gets_the_same_answer_with_and_without_a_token(site):
    response = site.call("read", "PUT /api/rooms/")
    assert (response.status_code, response["Allow"]) == (405, "GET, POST")


# Sockets.

# The close code of a handshake for each set of scopes: None means that the socket stays open.
HANDSHAKES = {
    "/chat/garden/": {"read": None, "post": 4403, "rooms": 4403, "read post rooms": None},
    "/me/": {"read": None, "post": 4403, "rooms": 4403, "read post rooms": None},
    "/lobby/": dict.fromkeys(["read", "post", "rooms", "read post rooms"]),
    "/operators/rooms/": dict.fromkeys(["read", "post", "rooms", "read post rooms"], 4403),
    "/operators/health/": dict.fromkeys(["read", "post", "rooms", "read post rooms"], 4403),
    "/auth/{board}/{session}/": dict.fromkeys(["read", "post", "rooms", "read post rooms"], 4403),
    "/write/{board}/{session}/": dict.fromkeys(["read", "post", "rooms", "read post rooms"], 4403),
}
CELLS = [(path, scopes, code) for path, row in HANDSHAKES.items() for scopes, code in row.items()]


@pytest.mark.parametrize("path, scopes, code", CELLS)
def test_a_token_opens_only_the_sockets_that_its_scopes_name(site, path, scopes, code):
    socket = site.socket(path.format(**site.board), scopes)
    assert (socket.accepted, socket.code) == (True, code)
    if code is not None:
        [rejected] = socket.events
        scope = READ if path in ("/chat/garden/", "/me/") else None
        assert (rejected["type"], rejected["code"], rejected["ref"]) == ("rejected", "forbidden", None)
        assert is_refusal(rejected["detail"], scope)


@pytest.mark.parametrize("path", HANDSHAKES)
def test_a_wrong_token_opens_no_socket(site, path):
    headers = {"authorization": "Bearer wrong"}
    socket = wire.Socket(path.format(**site.board), wire.browser_of(site.alice), origin=None, headers=headers).connect()
    assert socket.code == (None if path == "/lobby/" else 4401)


# Frames.


def test_each_type_of_frame_has_a_row_in_the_table():
    assert set(ROOM_FRAMES) == set(protocol.EVENTS) and set(STREAM_FRAMES) == set(protocol.WORKSPACE_EVENTS)
    assert {name: row[0] for name, row in ROOM_FRAMES.items()} == ROOM_SCOPES
    assert {name: row[0] for name, row in STREAM_FRAMES.items()} == STREAM_SCOPES


def make_frame(name, fields):
    return {"type": name, **fields, **({} if name in WITHOUT_REF else {"ref": "r1"})}


def check_answers(answers, name, scope, scopes):
    """Check that a frame was rejected only if the token does not have its scope."""
    refused = [answer for answer in answers if answer["type"] == "rejected" and is_refusal(answer["detail"], scope)]
    assert bool(refused) == (scope not in scopes.split()), answers
    if refused:
        assert [answer["code"] for answer in answers] == ["forbidden"]
        assert answers[0]["ref"] == (None if name in WITHOUT_REF else "r1")


READERS = ["read", "read post", "read rooms", "read post rooms"]


@pytest.mark.parametrize("scopes", READERS)
@pytest.mark.parametrize("name", ROOM_FRAMES)
def test_a_frame_on_a_rooms_socket_needs_its_scope(site, name, scopes):
    scope, fields = ROOM_FRAMES[name]
    socket = site.socket("/chat/garden/", scopes)
    check_answers(socket.say(**make_frame(name, fields)), name, scope, scopes)
    assert socket.code is None


@pytest.mark.parametrize("scopes", READERS)
@pytest.mark.parametrize("name", ROOM_FRAMES)
def test_a_frame_in_a_poll_needs_its_scope(site, name, scopes):
    scope, fields = ROOM_FRAMES[name]
    path, headers = "/api/rooms/garden/poll/", site.headers(scopes)
    poll = wire.Request("GET", path, headers=headers).run().body["poll"]
    body = json.dumps(make_frame(name, fields)).encode()
    response = wire.Request("POST", path, None, f"poll={poll}", body, headers).run()
    assert response.status == 200 and "close" not in response.body
    check_answers(response.body["events"], name, scope, scopes)


@pytest.mark.parametrize("scopes", READERS)
@pytest.mark.parametrize("name", STREAM_FRAMES)
def test_a_frame_on_the_own_stream_needs_its_scope(site, name, scopes):
    scope, fields = STREAM_FRAMES[name]
    socket = site.socket("/me/", scopes)
    check_answers(socket.say(**make_frame(name, fields)), name, scope, scopes)
    assert socket.code is None


@pytest.mark.parametrize("name, fields", [("edit", {"id": 1, "body": "Hi"}), ("remove", {"id": 1})])
@pytest.mark.parametrize("scopes, answer", [("read post", "rejected"), ("read post rooms", "ack")])
def test_a_token_needs_the_scope_rooms_to_change_the_message_of_another_person(site, name, fields, scopes, answer):
    author = rooms.join_room(people.sign_up_guest("Bob"), "garden")
    message = rooms.post_message(author, Post("b1", "Hello")).ack["id"]
    socket = site.socket("/chat/garden/", scopes)
    found = socket.ask(name, ref="r1", **{**fields, "id": message})
    assert found["type"] == answer
    if answer == "rejected":
        assert found["code"] == "forbidden" and is_refusal(found["detail"], ROOMS)
