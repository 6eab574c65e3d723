"""The pages of the admin open for operators, and for no other person."""

import pytest

from chat.models import Member, Message
from chat.services import people
from tests import wire

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "page",
    [
        "",
        "chat/room/",
        "chat/person/",
        "chat/member/",
        "chat/message/",
        "chat/token/",
        "chat/room/add/",
        "chat/member/add/",
    ],
)
def test_the_pages_of_the_admin_open(admin_browser, enter, alice, page):
    enter(alice).post("r1", "<script>alert(1)</script>")
    people.make_token(alice, "bot")
    response = admin_browser.get(f"/admin/{page}", {"q": "a"} if page.count("/") == 2 else {})
    assert response.status_code in (200, 302)
    assert b"<script>alert" not in response.content


def test_the_pages_of_rows_of_the_admin_open(admin_browser, enter, alice, room):
    enter(alice).post("r1")
    token, _ = people.make_token(alice, "bot")
    rows = [
        ("room", room),
        ("person", alice),
        ("member", Member.objects.get()),
        ("token", token),
        ("message", Message.objects.get()),
    ]
    for name, row in rows:
        assert admin_browser.get(f"/admin/chat/{name}/{row.id}/change/").status_code == 200
    assert token.digest.encode() not in admin_browser.get(f"/admin/chat/token/{token.id}/change/").content


def test_only_operators_open_the_admin(alice, charlie):
    for person in (alice, charlie):
        assert wire.browser_of(person).get("/admin/")["Location"].startswith("/admin/login/")


def test_an_operator_signs_in_by_handle(root, client):
    client.post("/admin/login/", {"username": "ROOT", "password": "a long password"})
    assert client.get("/admin/").status_code == 200


def test_only_a_form_signs_an_operator_out_of_the_admin_and_closes_the_sockets(admin_browser):
    socket = wire.Socket("/me/", admin_browser).connect()
    assert admin_browser.get("/admin/logout/").status_code == 405
    assert admin_browser.get("/admin/").status_code == 200
    assert admin_browser.post("/admin/logout/")["Location"] == "/"
    socket.read()
    assert socket.code == 4401 and admin_browser.get("/admin/").status_code == 302


def test_the_page_of_a_token_shows_what_it_allows(admin_browser, alice, room):
    token, _ = people.make_token(alice, "bot", people.TokenLimits(scopes=["read"], rooms=["garden"]))
    for path in ("/admin/chat/token/", f"/admin/chat/token/{token.id}/change/"):
        assert b"read" in admin_browser.get(path).content
    assert b"garden" in admin_browser.get(f"/admin/chat/token/{token.id}/change/").content
