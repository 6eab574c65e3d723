"""Boards over HTTP: creating a board, reading it by its link, its visitors, and previews. No list contains boards."""

import json
import uuid

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from chat.models import Board, Message, Person, Room, Visitor
from tests import wire
from tests.chat.helpers import JSON, NO_BOARDS, Browser, ask, deactivate, key_of, knock

pytestmark = pytest.mark.django_db(transaction=True)


def test_everybody_can_create_a_board_and_owns_it(db, alice):
    for browser, you in ((Browser(), {"handle": "Owner", "guest": True}), (Browser(alice), {"handle": "Alice"})):
        browser.make_board()
        assert browser.owner is True and uuid.UUID(browser.board).version == 4
        assert browser.follow(browser).owner is True
        found = browser.room().seen("joined")[0]["you"]
        assert found == {**you, "role": "owner", "read": 0, "person": found["person"]}


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


def test_the_lobbys_form_creates_a_board_and_redirects_to_it(db):
    client = Client()
    response = client.post("/new_board")
    assert (response.status_code, response.url) == (302, f"/board/{Board.objects.get().uuid}/")
    assert client.get(response.url).status_code == 200


@pytest.mark.parametrize(
    "body, code",
    [
        ({"name": "x" * 81}, "too_long"),
        ({"name": 7}, "invalid_field"),
        ({"handle": "a\u202eb"}, "invalid_field"),
        ([], "not_an_object"),
    ],
)
def test_a_board_with_an_invalid_field_is_refused_as_json(db, body, code):
    response = Client().post("/new_board", json.dumps(body), content_type="application/json", **JSON)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert not Board.objects.exists() and not Person.objects.exists()


def test_creating_a_board_needs_the_csrf_token(db):
    client = Client(enforce_csrf_checks=True)
    response = client.post("/new_board", **JSON)
    assert (response.status_code, response.json()["code"]) == (403, "csrf_failed")
    token = client.get("/api/session/").json()["csrf"]
    assert client.post("/new_board", HTTP_X_CSRFTOKEN=token, **JSON).status_code == 201


def test_boards_and_new_visitors_are_limited_per_address(db, settings, owner):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "rooms": (1, 0.01), "guests": (1, 0.01)}
    visitor = Browser().follow(owner)
    assert visitor.follow(owner) and Client().get(f"/api/boards/{owner.board}/").status_code == 429
    assert Client().post("/new_board", **JSON).status_code == 201
    response = Client().post("/new_board", **JSON)
    assert (response.status_code, response.json()["code"]) == (429, "rate_limited")


def test_each_browser_has_a_session_id_of_its_own_for_each_board(owner, visitor):
    other_board, other_browser = Browser().make_board(), Browser().follow(owner)
    sessions = {owner.session, visitor.session, other_board.session, other_browser.session}
    sessions.add(Browser().follow(owner).session)
    first = visitor.session
    sessions.add(visitor.follow(other_board).session)
    assert len(sessions) == 6 and visitor.owner is False
    assert visitor.follow(owner).session == first
    assert all(len(session) >= 40 for session in sessions)


def test_responses_with_a_session_id_are_not_cached(owner, visitor):
    responses = [owner.client.get(path.format(owner.board)) for path in ("/api/boards/{}/", "/board/{}/")]
    responses.append(owner.client.post("/new_board", **JSON))
    assert all("no-store" in response["Cache-Control"] for response in responses)


def test_session_ids_are_stored_as_digests(admitted):
    stored = [session.session_data for session in Session.objects.all()] + list(
        Visitor.objects.values_list("digest", flat=True)
    )
    assert not [text for text in stored if admitted.session in text]


@pytest.mark.parametrize("path", ["/api/boards/{}/", "/api/boards/{}/visitors/", "/board/{}/"])
@pytest.mark.parametrize("board", [*NO_BOARDS, "shut"])
def test_an_unknown_board_is_not_found(owner, at_door, path, board):
    if board == "shut":
        ask(at_door, "shut")
        board = owner.board
    response = owner.client.get(path.format(board), **JSON)
    assert response.status_code == 404
    # With an empty board id, or one that contains a line end or NUL, the address matches no pattern.
    assert board in ("", "%00", "a%0Ab") or response.json()["detail"] == "There is no such board."


def test_only_the_owner_sees_the_list_of_visitors(owner, admitted):
    [bob] = owner.client.get(f"/api/boards/{owner.board}/visitors/").json()["visitors"]
    assert bob == {"visitor": key_of("Bob"), "handle": "Bob", "guest": True, "state": "admitted"}
    for browser in (admitted, Browser(), Browser().make_board()):
        assert browser.client.get(f"/api/boards/{owner.board}/visitors/").status_code == 404


def test_the_room_of_a_board_cannot_be_found_as_a_room(owner, alice, admitted):
    room = Room.objects.get()
    client = wire.browser_of(alice)
    assert client.get("/api/rooms/").json()["rooms"] == []
    assert client.get(f"/rooms/{room.slug}/").status_code == 404
    assert client.get(f"/api/rooms/{room.slug}/messages/").status_code == 404
    assert wire.Socket(f"/chat/{room.slug}/", client).connect().code == 4404


@pytest.mark.parametrize(
    "path, allowed",
    [
        ("/new_board", "POST"),
        ("/api/boards/x/", "GET"),
        ("/api/boards/x/visitors/", "GET"),
        ("/api/boards/x/preview/", "POST"),
    ],
)
def test_other_methods_are_refused(db, path, allowed):
    response = Client().delete(path, **JSON)
    assert (response.status_code, response["Allow"], response.json()["code"]) == (405, allowed, "method_not_allowed")


def test_an_owner_whose_account_is_deactivated_cannot_see_the_visitors(alice):
    owner = Browser(alice).make_board()
    visitors = f"/api/boards/{owner.board}/visitors/"
    assert owner.client.get(visitors).status_code == 200
    deactivate("Alice")
    assert owner.client.get(visitors).status_code == 404
    assert owner.client.get(f"/api/boards/{owner.board}/").json()["owner"] is False


def test_a_request_for_visitors_counts_against_the_limit_of_guests(owner, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "guests": (1, 0.0001)}
    found = [Client().get(f"/api/boards/{owner.board}/visitors/").status_code for _ in range(3)]
    assert found == [404, 429, 429]


def preview(browser, board, body="**Hello** <b>", **headers):
    """Ask for a preview on a board. Return the status, and the HTML or the code of the error."""
    path = f"/api/boards/{board}/preview/"
    response = browser.client.post(path, {"body": body}, content_type="application/json", **JSON, **headers)
    return response.status_code, response.json().get("html") or response.json()["code"]


def test_the_owner_and_admitted_visitors_see_previews_of_their_messages(owner, admitted):
    for browser in (owner, admitted):
        assert preview(browser, owner.board) == (200, "<p><strong>Hello</strong> &lt;b&gt;</p>")
        assert preview(browser, owner.board, " ") == (400, "empty")
        assert preview(browser, owner.board, 5) == (400, "invalid_field")
    assert not Message.objects.exists()


def test_people_who_are_not_on_the_board_get_no_preview(owner, visitor, alice):
    knock(visitor)
    for browser in (visitor, Browser(), Browser(alice), Browser().make_board()):
        assert preview(browser, owner.board) == (404, "not_found")
    assert preview(owner, NO_BOARDS[0]) == (404, "not_found")


def test_a_removed_visitor_and_visitors_of_a_closed_board_get_no_preview(owner, at_door, admitted):
    ask(at_door, "remove", visitor=key_of("Bob"))
    assert preview(admitted, owner.board) == (403, "forbidden")
    ask(at_door, "shut")
    assert preview(owner, owner.board) == (404, "not_found")


def test_previews_on_a_board_count_as_events_of_the_visitor(owner, admitted, settings):
    settings.CHAT_LIMITS_ON = True
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (2, 0.001)}
    assert [preview(admitted, owner.board)[0] for _ in range(3)] == [200, 200, 429]
    # The limit is the visitor's own.
    assert preview(owner, owner.board)[0] == 200


def test_a_preview_on_a_board_needs_the_csrf_token(owner):
    owner.client.handler.enforce_csrf_checks = True
    assert preview(owner, owner.board) == (403, "csrf_failed")
    token = owner.client.get("/api/session/").json()["csrf"]
    assert preview(owner, owner.board, HTTP_X_CSRFTOKEN=token)[0] == 200
