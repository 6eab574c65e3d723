"""The numbers of the services: changes of messages, searches and sign-ins, by their kind or reason."""

import pytest
from django.http import HttpRequest
from django.test import Client

from channels_transport import counting
from chat.protocol import Edit, Post, React, Remove
from chat.services import rooms
from chat.services.people import second_factor
from tests import wire
from tests.chat import factors
from tests.chat.helpers import assert_refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_numbers():
    counting.forget()
    yield
    counting.forget()


def read(name):
    """Return {the last label: the value, or the number of measured times} of a metric with labels."""
    found = counting.read().get(name, [])
    return {label: value if isinstance(value, (int, float)) else sum(value[0]) for (*_, label), value in found}


def test_each_stored_change_of_a_message_is_counted_once(author_member):
    for event, change in (
        (Post("a", "Hello"), rooms.post_message),
        (Post("a", "Hello"), rooms.post_message),  # the same ref again
        (Edit("b", 2, "Hi"), rooms.edit_message),
        (React("c", 2, "👍", True), rooms.set_reaction),
        (React("d", 2, "👍", True), rooms.set_reaction),  # changes nothing
        (Remove("e", 2), rooms.remove_message),
    ):
        change(author_member, event)
    assert read("message_changes") == {"post": 2, "edit": 1, "react": 1, "remove": 1}  # the fixture posts one


def test_sign_ins_are_counted_by_their_kind_or_by_the_reason_of_their_failure(alice, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "wrong_passwords_here": (2, 0.001)}
    assert factors.sign_in(Client()).status_code == 200
    assert factors.post(Client(), "/api/guests/", handle="Gus").status_code == 201
    statuses = [factors.sign_in(Client(), password="wrong").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    assert factors.sign_in(Client(), handle="Nobody").status_code == 401
    assert Client().get("/api/session/", HTTP_AUTHORIZATION="Bearer made-up").status_code == 401
    assert read("sign_ins") == {"account": 1, "guest": 1}
    assert read("sign_in_failures") == {"wrong_password": 3, "limited": 1, "invalid_token": 1}


def test_a_wrong_code_of_a_second_factor_is_counted(alice, monkeypatch):
    monkeypatch.setattr(second_factor, "is_code_accepted", lambda request, person, text: False)
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = "10.0.0.1"
    assert_refused("second_factor_required", second_factor.check_code, request, alice, "000000")
    assert read("sign_in_failures") == {"wrong_code": 1}


def test_searches_are_measured(alice, room):
    for query in ("hello", "in:nowhere hello"):
        wire.browser_of(alice).get("/api/search/", {"q": query})
    counts, total = counting.read()["search_seconds"][0][1]
    assert sum(counts) == 2 and total > 0
