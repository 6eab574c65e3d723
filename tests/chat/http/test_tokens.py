"""The API of tokens: what a new token may do, and for how long."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from chat.models import Token
from chat.protocol import format_time
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)


def make(caller, **fields):
    return caller("POST", "/api/tokens/", {"name": "bot", **fields})


def test_a_token_without_other_fields_has_all_scopes_and_never_expires(as_alice):
    status, token = make(as_alice)
    assert (status, token["scopes"], token["rooms"]) == (201, ["read", "post", "rooms"], None)
    assert (token["expires_at"], token["used_at"], token["survives_password_change"]) == (None, None, False)


def test_the_fields_of_a_token_are_stored_and_listed(as_alice, room):
    fields = {"scopes": ["post", "read", "post"], "rooms": ["garden"], "survives_password_change": True}
    status, token = make(as_alice, **fields, expires_in=3600)
    assert (status, token["scopes"], token["rooms"]) == (201, ["read", "post"], ["garden"])
    left = parse_datetime(token["expires_at"]) - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1) and token["survives_password_change"] is True
    del token["token"]
    assert as_alice("GET", "/api/tokens/") == (200, {"tokens": [token]})


def test_a_token_ends_at_the_time_that_the_request_names(as_alice):
    ends = format_time(timezone.now().replace(microsecond=0) + timedelta(days=400))
    assert parse_datetime(make(as_alice, expires_at=ends)[1]["expires_at"]) == parse_datetime(ends)
    assert make(as_alice, expires_at=None, expires_in=None)[1]["expires_at"] is None


@pytest.mark.parametrize(
    "fields",
    [
        {"scopes": "read"},
        {"scopes": []},
        {"scopes": ["admin"]},
        {"scopes": [1]},
        {"rooms": "garden"},
        {"rooms": []},
        {"rooms": [None]},
        {"expires_in": 0},
        {"expires_in": "1"},
        {"expires_in": 367 * 24 * 3600},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "9999-01-01T00:00:00Z"},
        {"expires_at": "tomorrow"},
        {"expires_at": 5},
        {"expires_in": 60, "expires_at": "2030-01-01T00:00:00Z"},
        {"survives_password_change": 1},
    ],
)
def test_an_invalid_field_is_refused(as_alice, room, fields):
    assert make(as_alice, **fields) == (400, "invalid_field")
    assert not Token.objects.exists()


@pytest.mark.parametrize("slug", ["nowhere", "No Slug", "\u00e4"])
def test_a_room_that_does_not_exist_is_refused(as_alice, slug):
    assert make(as_alice, rooms=[slug]) == (404, "not_found")


def test_a_token_makes_lists_and_revokes_no_tokens(as_alice):
    made = make(as_alice)[1]
    bot = Caller(key=made["token"])
    assert make(bot) == (403, "forbidden")
    assert bot("GET", "/api/tokens/") == (403, "forbidden")
    assert bot("DELETE", f"/api/tokens/{made['id']}/") == (403, "forbidden")
    assert Token.objects.count() == 1
