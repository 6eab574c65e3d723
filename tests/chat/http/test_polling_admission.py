"""Polling: the first poll of a client, and which requests are refused."""

import json

import pytest
from django.middleware.csrf import _get_new_csrf_token

from chat import protocol
from chat.models import Room
from chat.services import people, presence, rooms
from tests import wire
from tests.chat.helpers import types
from tests.chat.polling import PATH, Poller, ban, post

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_poll_gets_the_events_that_a_socket_gets(enter, poller, alice, bob):
    socket = enter(alice)
    socket.post("a1")
    polled = poller(bob).start()
    streamed = enter(bob).events
    assert types(polled) == types(streamed) == ["joined", "message", "synced"]
    assert polled[1:] == streamed[1:]
    joined = polled[0]
    assert {**joined, "present": streamed[0]["present"]} == streamed[0]
    assert {"handle": "Bob", "role": "member"} in joined["present"] and joined["count"] == 2


def test_the_room_gets_an_event_when_a_polling_client_enters_or_leaves(enter, poller, alice, bob, clock):
    socket, bobs_client = enter(alice), poller(bob)
    clock.pass_by(2)
    bobs_client.start()
    assert socket.seen("presence")[-1]["came"] == ["Bob"]
    clock.pass_by(2)
    assert bobs_client.request("DELETE", f"poll={bobs_client.poll}").status == 204
    assert socket.seen("presence")[-1]["went"] == ["Bob"]


@pytest.mark.parametrize(
    "query, offset, is_reset",
    [("cursor=0", 2, False), ("cursor=1", 2, False), ("cursor=9", 2, True), ("cursor=x", 2, True)],
)
def test_a_first_poll_with_a_cursor_gets_the_changes_after_it_or_a_reset(poller, alice, query, offset, is_reset):
    owner = rooms.join_room(alice, "garden")
    for number in range(2):
        rooms.post_message(owner, protocol.Post(f"r{number}", "Hello"))
    joined, *changes, synced = poller(alice).start(query)
    assert joined.get("reset", False) is is_reset
    assert [event["offset"] for event in changes] == ([2] if query == "cursor=1" else [1, 2])
    assert synced["offset"] == offset


def test_a_bot_polls_with_its_token(room, bob):
    _, key = people.make_token(bob, "bot")
    bot = Poller(headers={"authorization": f"Bearer {key}"})
    assert bot.start()[0]["you"]["handle"] == "Bob"
    assert types(bot.say(post("b1")).body["events"]) == ["ack"]
    people.revoke_token(bob, bob.tokens.get().id)
    response = bot.poll_again()
    assert (response.status, response.body["code"], response.body["close"]) == (401, "not_signed_in", 4401)


def test_responses_are_not_cached_and_not_shared_with_other_sites(poller, bob):
    response = poller(bob).request("GET")
    assert response.headers[b"Cache-Control"] == b"no-store"
    assert response.headers[b"Content-Type"] == b"application/json"
    assert response.headers[b"X-Content-Type-Options"] == b"nosniff"
    assert not [name for name in response.headers if name.lower().startswith(b"access-control")]


def make_private(room):
    Room.objects.filter(id=room.id).update(access=Room.PRIVATE)


REFUSED = {
    "banned": (403, "forbidden", 4403),
    "private": (404, "not_found", 4404),
    "unknown": (404, "not_found", 4404),
    "slug": (404, "not_found", 4404),
    "stranger": (401, "not_signed_in", 4401),
}


@pytest.mark.parametrize("method", ["GET", "GET later", "POST", "DELETE"])
@pytest.mark.parametrize("why", REFUSED)
def test_an_error_has_the_code_that_would_close_a_socket(room, bob, why, method):
    slugs = {"unknown": "forest", "slug": "No%20slug"}
    path = PATH.replace("garden", slugs.get(why, "garden"))
    poller = Poller(None if why == "stranger" else bob, path)
    if why == "stranger":
        poller.browser = wire.browser_of(bob)
        poller.browser.cookies.clear()
        poller.browser.cookies["csrftoken"] = poller.headers["x-csrftoken"] = _get_new_csrf_token()
    if why == "banned":
        ban(bob)
    if why == "private":
        make_private(room)
    poller.poll = "abc"
    response = {
        "GET": lambda: poller.request("GET"),
        "GET later": lambda: poller.poll_again(cursor=0),
        "POST": lambda: poller.say(post("b1")),
        "DELETE": lambda: poller.request("DELETE", "poll=abc"),
    }[method]()
    assert (response.status, response.body["code"], response.body["close"]) == REFUSED[why]
    assert response.body["detail"] and response.later is None
    assert room.messages.count() == 0


def test_an_invalid_token_is_not_replaced_by_a_cookie(room, bob):
    poller = Poller(bob, headers={"authorization": "Bearer nonsense"})
    response = poller.request("GET")
    assert (response.status, response.body["code"], response.body["close"]) == (401, "not_signed_in", 4401)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_request_without_a_csrf_token_is_refused(room, bob, method):
    poller = Poller(bob, send_csrf=False)
    response = poller.request(method, "poll=abc", json.dumps(post("b1")).encode())
    assert (response.status, response.body["code"]) == (403, "csrf_failed")
    assert room.messages.count() == 0


@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "HEAD", "PATCH"])
def test_other_methods_are_refused_and_create_no_presence(poller, bob, method):
    response = poller(bob).request(method)
    assert (response.status, response.body["code"]) == (405, "method_not_allowed")
    assert presence.count_present([Room.objects.get().id]) == [0]


@pytest.mark.parametrize("query", ["poll=", "poll=a%20b", f"poll={'a' * 65}"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_invalid_poll_id_is_refused(poller, bob, method, query):
    response = poller(bob).request(method, query, b"{}")
    assert (response.status, response.body["code"]) == (400, "invalid_field")


@pytest.mark.parametrize("wait", ["x", "-1", "1.5", ""])
def test_an_invalid_wait_is_refused(poller, bob, wait):
    bobs_client = poller(bob)
    bobs_client.start()
    response = bobs_client.poll_again(wait=wait)
    assert (response.status, response.body["code"]) == (400, "invalid_field")


def test_polls_and_sockets_of_a_person_are_counted_together(enter, poller, alice, bob, settings):
    settings.CHAT_MAX_SOCKETS_PER_PERSON = 2
    enter(bob)
    first, second = poller(bob), poller(bob)
    first.start()
    refused = second.request("GET")
    assert (refused.status, refused.body["code"]) == (429, "rate_limited")
    assert refused.body["retry_after"] > 0 and b"Retry-After" in refused.headers
    # An invented poll id does not avoid the limit. A client that was admitted before can continue.
    second.poll = "invented"
    assert second.poll_again(cursor=0).status == 429
    assert first.poll_again().later is not None
    assert first.request("DELETE", f"poll={first.poll}").status == 204
    second.start()


def test_polls_over_the_rate_limit_are_refused_with_retry_after(poller, bob, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (2, 0.5)}
    bobs_client = poller(bob)
    bobs_client.start()
    bobs_client.poll_again(wait=0)
    response = bobs_client.poll_again(wait=0)
    assert (response.status, response.body["code"]) == (429, "rate_limited")
    assert 0 < response.body["retry_after"] <= 2 and "close" not in response.body


def test_a_flood_of_polls_gets_close_4429(poller, bob, settings):
    settings.CHAT_LIMITS, settings.CHAT_FLOOD_REFUSALS = {**settings.CHAT_LIMITS, "events": (2, 0.01)}, 3
    bobs_client = poller(bob)
    bobs_client.start()
    response = bobs_client.say(*[{"type": "typing", "on": True}] * 9)
    assert response.body["close"] == 4429 and types(response.body["events"]) == ["rejected"] * 3
    response = bobs_client.poll_again()
    assert (response.status, response.body["code"], response.body["close"]) == (429, "rate_limited", 4429)


def test_first_polls_count_against_the_limit_of_handshakes(poller, bob, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "handshakes": (1, 0.01)}
    bobs_client = poller(bob)
    bobs_client.start()
    assert bobs_client.poll_again().later is not None
    assert poller(bob).request("GET").status == 429
