"""CHAT_SECOND_FACTOR: people who must have a second factor, and have none, can only set it up."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat.protocol import CLOSE_NOT_SIGNED_IN
from chat.services import people
from tests import wire
from tests.chat.factors import set_up, sign_in
from tests.helpers import statements

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("time")]
PAGE = "/settings/two-factor/"
CLOSED = ["/", "/rooms/garden/", "/settings/", "/password/", "/guest/"]


def is_sent_to_the_set_up(browser, path):
    response = browser.get(path)
    return response.status_code == 302 and response["Location"] == PAGE


def test_an_account_can_only_set_the_second_factor_up(alice, room, settings):
    settings.CHAT_SECOND_FACTOR = "everyone"
    browser = Client()
    assert sign_in(browser).status_code == 200
    assert all(is_sent_to_the_set_up(browser, path) for path in CLOSED)
    response = browser.get("/api/rooms/garden/messages/")
    assert (response.status_code, response.json()["code"]) == (401, "second_factor_required")
    assert browser.get("/api/rooms/garden/poll/").json()["close"] == CLOSE_NOT_SIGNED_IN
    for path in ("/chat/garden/", "/me/"):
        socket = wire.Socket(path, browser).connect()
        assert socket.code == CLOSE_NOT_SIGNED_IN, path
    assert browser.get(PAGE).status_code == 200
    set_up(browser)
    assert browser.get("/rooms/garden/").status_code == 200
    assert wire.Socket("/chat/garden/", browser).connect().code is None
    assert browser.post(f"{PAGE}off/", {"proof": "correct horse"}).status_code == 400


def test_a_person_who_must_set_it_up_can_sign_out(alice, settings):
    settings.CHAT_SECOND_FACTOR = "everyone"
    browser = wire.browser_of(alice)
    assert browser.post("/sign-out/")["Location"] == "/"
    assert browser.get("/").status_code == 200


def test_guests_strangers_and_bots_need_none(alice, charlie, room, settings):
    settings.CHAT_SECOND_FACTOR = "everyone"
    _, key = people.make_token(alice, "bot")
    headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    assert Client().get("/api/rooms/garden/messages/", **headers).status_code == 200
    assert wire.browser_of(charlie).get("/rooms/garden/").status_code == 200
    assert Client().get("/").status_code == 200
    bot = wire.Socket("/chat/garden/", None, None, headers=[("authorization", f"Bearer {key}")]).connect()
    assert bot.code is None


def test_operators_need_one_and_others_do_not(alice, root, room, settings):
    settings.CHAT_SECOND_FACTOR = "operators"
    operator = wire.browser_of(root)
    assert all(is_sent_to_the_set_up(operator, path) for path in ["/admin/", "/operators/rooms/", "/rooms/garden/"])
    assert operator.get("/api/announcements/").status_code == 401
    assert wire.Socket("/operators/rooms/", operator).connect().code == CLOSE_NOT_SIGNED_IN
    assert wire.browser_of(alice).get("/rooms/garden/").status_code == 200
    set_up(operator, "a long password")
    assert operator.get("/admin/").status_code == 200


def test_a_new_operator_loses_the_connections_until_the_set_up(alice, root, room, settings, enter):
    settings.CHAT_SECOND_FACTOR = "operators"
    operator = wire.browser_of(root)
    set_up(operator, "a long password")
    socket = enter(alice)
    response = operator.post(f"/admin/chat/person/{alice.id}/change/", {"is_active": "on", "is_staff": "on"})
    assert response.status_code == 302
    socket.read()
    assert socket.code == CLOSE_NOT_SIGNED_IN


@pytest.mark.parametrize("setting, number", [("optional", 0), ("operators", 0), ("everyone", 1)])
def test_a_page_reads_the_second_factor_only_if_everyone_must_have_one(alice, room, settings, setting, number):
    settings.CHAT_SECOND_FACTOR = setting
    browser = wire.browser_of(alice)
    with CaptureQueriesContext(connection) as queries:
        browser.get("/rooms/garden/")
    assert [table for _, table in statements(queries)].count("chat_secondfactor") == number
