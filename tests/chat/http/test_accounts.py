"""The API of people: login sessions, accounts, guests, and tokens."""

import pytest

from chat.models import Person, Room, Token
from chat.services import people
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

MESSAGES = "/api/rooms/garden/messages/"


def without_csrf(body):
    assert len(body.pop("csrf")) >= 32
    return body


# The next tests are about login sessions, accounts and guests.


def test_the_session_names_the_person_who_is_signed_in(stranger, as_alice, as_charlie):
    assert without_csrf(stranger("GET", "/api/session/")[1]) == {"handle": None, "role": None}
    assert without_csrf(as_alice("GET", "/api/session/")[1]) == {"handle": "Alice", "role": "member"}
    assert without_csrf(as_charlie("GET", "/api/session/")[1]) == {"handle": "Charlie", "role": "guest"}


def test_signing_up_makes_an_account_and_signs_in(stranger):
    status, body = stranger("POST", "/api/users/", {"handle": " Alice ", "password": "correct horse"})
    assert (status, without_csrf(body)) == (201, {"handle": "Alice", "role": "member"})
    assert stranger("GET", "/api/session/")[1]["handle"] == "Alice"


def test_an_account_signs_in_and_out(alice, stranger):
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
def test_a_wrong_handle_or_password_does_not_sign_in(alice, charlie, stranger, handle, password):
    body = {"handle": handle, "password": password}
    assert stranger("POST", "/api/session/", body) == (401, "not_signed_in")


def test_a_guest_needs_only_a_free_handle(stranger, alice):
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
def test_an_invalid_handle_or_password_is_refused_with_its_code(alice, stranger, path, body, code):
    assert stranger("POST", path, body) == (409 if code == "taken" else 400, code)
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    "kind, path",
    [("guests", "/api/guests/"), ("sign_ups", "/api/users/"), ("sign_ins", "/api/session/"), ("rooms", "/api/rooms/")],
)
def test_a_request_above_its_rate_limit_is_refused_and_stores_nothing(as_alice, settings, clock, kind, path):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, kind: (0, 1)}
    body = {"handle": "Dora", "password": "correct horse", "slug": "attic", "name": "Attic"}
    assert as_alice("POST", path, body) == (429, "rate_limited")
    assert Person.objects.count() == 1 and not Room.objects.exists()


# The next tests are about tokens.


def test_a_token_is_shown_once_and_acts_for_its_owner_until_it_is_revoked(alice, room, as_alice):
    status, made = as_alice("POST", "/api/tokens/", {"name": "bot"})
    times = {"created_at", "expires_at", "used_at"}
    fields = {"id", "name", "scopes", "rooms", "survives_password_change", *times}
    assert (status, set(made)) == (201, {*fields, "token"})
    bot = Caller(key=made["token"], enforce_csrf_checks=True)
    assert bot("GET", "/api/session/")[1]["handle"] == "Alice"
    assert bot("POST", MESSAGES, {"ref": "r1", "body": "Hello"})[0] == 201
    [listed] = as_alice("GET", "/api/tokens/")[1]["tokens"]
    assert listed == {**{key: made[key] for key in fields}, "used_at": listed["used_at"]} and listed["used_at"]
    assert as_alice.browser.delete(f"/api/tokens/{made['id']}/").status_code == 204
    assert bot("POST", MESSAGES, {"ref": "r2", "body": "Hello"}) == (401, "not_signed_in")
    assert as_alice("GET", "/api/tokens/")[1] == {"tokens": []}


def test_a_wrong_token_is_refused_even_with_a_valid_cookie(alice):
    caller = Caller(alice)
    caller.headers = {"HTTP_AUTHORIZATION": "Bearer wrong"}
    assert caller("GET", "/api/rooms/") == (401, "not_signed_in")


def test_another_authorization_scheme_is_ignored(alice):
    # A proxy in front may ask for a password of its own. Browsers then send it with every request.
    caller = Caller(alice)
    caller.headers = {"HTTP_AUTHORIZATION": "Basic YTpi"}
    assert caller("GET", "/api/session/")[1]["handle"] == "Alice"


def test_another_authorization_scheme_does_not_replace_the_csrf_token(alice, room):
    caller = Caller(alice, enforce_csrf_checks=True)
    caller.headers = {"HTTP_AUTHORIZATION": "Basic YTpi"}
    assert caller("POST", MESSAGES, {"ref": "r1", "body": "Hello"}) == (403, "csrf_failed")


def test_only_accounts_have_tokens_and_only_the_owner_revokes_them(stranger, as_charlie, as_bob, alice):
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
def test_an_invalid_name_of_a_token_is_refused(as_alice, name, code):
    assert as_alice("POST", "/api/tokens/", {"name": name}) == (400, code)
