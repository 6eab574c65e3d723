"""The pages: their content for each person, and the redirects of the forms."""

import pytest
from django.test import Client

from chat.models import Member, Person, Room
from chat.services import rooms
from tests import wire
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = ["/", "/sign-in/", "/sign-up/", "/guest/", "/rooms/garden/"]


@pytest.fixture
def browser(db):
    return Client()


def text_of(response):
    return response.content.decode()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["get", "head"])
def test_the_pages_open_for_strangers(browser, room, path, method):
    response = getattr(browser, method)(path)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", [*PAGES, "/password/"])
def test_the_pages_open_for_signed_in_people(alice, room, path):
    assert wire.browser_of(alice).get(path).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, "/readyz", "/api/session/"])
def test_the_headers_of_pages_forbid_foreign_scripts(browser, room, path):
    response = browser.get(path)
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
    assert "unsafe-inline" not in policy and "frame-ancestors 'none'" in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert "<script>" not in text_of(response) and "onclick" not in text_of(response)


@pytest.mark.parametrize("path", ["/", "/rooms/garden/"])
def test_an_open_page_can_request_a_pane_without_the_rest_of_the_page(browser, alice, room, path):
    signed_in = wire.browser_of(alice)
    page, pane = text_of(signed_in.get(path)), text_of(signed_in.get(path, {"pane": "1"}))
    element = 'id="room"' if "rooms" in path else 'id="browser"'
    for part in ('id="sidebar"', "<symbol", "modulepreload", "<script"):
        assert part in page and part not in pane
    for part in (element, "<title>", "data-version", "data-person"):
        assert part in page and part in pane
    assert 'id="sidebar"' not in text_of(browser.get(path)) + text_of(browser.get(path, {"pane": "1"}))


# The next tests are about the lobby.


def test_the_lobby_lists_and_searches_rooms(browser, alice, room):
    rooms.create_room(alice, "attic", "<b>Attic</b>", "Dust & <i>mice</i>")
    page = text_of(browser.get("/"))
    assert "The garden" in page and "&lt;b&gt;Attic&lt;/b&gt;" in page and "<b>Attic" not in page
    assert "The garden" not in text_of(browser.get("/?q=mice"))
    assert browser.get("/?q=%00" + "x" * 200).status_code == 200


def test_only_accounts_see_the_form_for_a_room(browser, alice, charlie, room):
    assert 'data-testid="room-form"' in text_of(wire.browser_of(alice).get("/"))
    assert 'data-testid="room-form"' not in text_of(wire.browser_of(charlie).get("/"))
    assert 'data-testid="room-form"' not in text_of(browser.get("/"))


def test_the_form_makes_a_room(alice):
    response = wire.browser_of(alice).post("/rooms/", {"slug": "attic", "name": "Attic", "topic": ""})
    assert (response.status_code, response["Location"]) == (302, "/rooms/attic/")
    assert Member.objects.get().role == "owner"


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"slug": "garden"}, "There is already a room with this slug"),
        ({"slug": "A B"}, "must be 1 to 50"),
        ({"name": ""}, "required"),
        ({"name": "\u200b"}, "contains only invisible characters"),
        ({"slug": "x" * 51}, "at most 50"),
    ],
)
def test_the_error_of_a_room_is_shown_beside_the_form(alice, room, fields, words):
    response = wire.browser_of(alice).post("/rooms/", {"slug": "attic", "name": "Attic", "topic": "", **fields})
    assert response.status_code == 400 and words in text_of(response)
    assert Room.objects.count() == 1


def test_strangers_and_guests_cannot_make_a_room_by_form(browser, charlie):
    fields = {"slug": "attic", "name": "Attic", "topic": ""}
    assert browser.post("/rooms/", fields)["Location"].startswith("/sign-in/")
    assert wire.browser_of(charlie).post("/rooms/", fields).status_code == 400
    assert browser.get("/rooms/")["Location"] == "/"
    assert browser.delete("/rooms/").status_code == 405
    assert not Room.objects.exists()


# The next tests are about the page of a room.


def test_the_page_of_a_room_tells_a_stranger_nothing_about_the_room(browser, room):
    existing, missing = (text_of(browser.get(f"/rooms/{slug}/")) for slug in ("garden", "attic"))
    assert "Roses and weeds" not in existing
    assert existing.count("garden") == missing.count("attic")


def test_a_room_that_does_not_exist_returns_404(alice, room):
    response = wire.browser_of(alice).get("/rooms/attic/")
    assert response.status_code == 404 and "There is no such room" in text_of(response)


def test_a_banned_person_gets_403_for_the_room(bob, room):
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    response = wire.browser_of(bob).get("/rooms/garden/")
    assert response.status_code == 403 and "Roses" not in text_of(response)


# The next tests are about the forms for accounts and guests.


def test_the_forms_sign_up_out_and_in(browser):
    form = {"handle": "Alice", "password": "correct horse"}
    assert browser.post("/sign-up/", form).status_code == 302
    assert browser.get("/api/session/").json()["handle"] == "Alice"
    assert browser.post("/sign-out/")["Location"] == "/"
    assert browser.get("/api/session/").json()["handle"] is None
    assert browser.post("/sign-in/", {**form, "handle": "aLICE"}).status_code == 302
    assert browser.get("/api/session/").json()["handle"] == "Alice"
    assert browser.get("/sign-out/").status_code == 405


def test_the_form_makes_a_guest(browser):
    assert browser.post("/guest/", {"handle": "Charlie", "next": "/rooms/garden/"})["Location"] == "/rooms/garden/"
    assert browser.get("/api/session/").json()["role"] == "guest"


@pytest.mark.parametrize(
    "path, form, words",
    [
        ("/sign-in/", {"handle": "Alice", "password": "wrong"}, "There is no account"),
        ("/sign-in/", {"handle": "Alice", "password": ""}, "required"),
        ("/sign-up/", {"handle": "alice", "password": "correct horse"}, "This handle is taken"),
        ("/sign-up/", {"handle": "Dora", "password": "password1"}, "too common"),
        ("/sign-up/", {"handle": "Dora", "password": "short"}, "too short"),
        ("/sign-up/", {"handle": "a\u202eb", "password": "correct horse"}, "control or format"),
        ("/sign-up/", {"handle": "x" * 33, "password": "correct horse"}, "at most 32"),
        ("/guest/", {"handle": "ALICE"}, "This handle is taken"),
        ("/guest/", {"handle": "a\0"}, "Null characters"),
    ],
)
def test_the_error_of_an_account_is_shown_beside_the_form(browser, alice, path, form, words):
    response = browser.post(path, form)
    assert response.status_code == 400 and words in text_of(response)
    assert Person.objects.count() == 1


def test_the_next_page_survives_an_error_in_the_form(browser, alice):
    response = browser.post("/sign-in/?next=/rooms/garden/", {"handle": "Alice", "password": "wrong"})
    assert 'value="/rooms/garden/"' in text_of(response)


def test_only_accounts_change_a_password(browser, charlie, alice):
    for other in (browser, wire.browser_of(charlie)):
        assert other.get("/password/")["Location"] == "/sign-in/?next=/password/"
    account_browser = wire.browser_of(alice)
    response = account_browser.post("/password/", {"old_password": "correct horse", "new_password": "horse correct"})
    assert response.status_code == 302
    assert account_browser.get("/api/session/").json()["handle"] == "Alice"


def test_a_form_without_its_csrf_token_is_refused_with_a_page(alice):
    browser = Client(enforce_csrf_checks=True)
    response = browser.post("/sign-in/", {"handle": "Alice", "password": "correct horse"})
    assert response.status_code == 403 and "reload, and try again" in text_of(response)


def test_each_address_has_a_rate_limit_for_passwords(browser, alice, settings, clock):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "sign_ins": (2, 1)}
    for password in ("wrong", "wronger"):
        browser.post("/sign-in/", {"handle": "Alice", "password": password})
    response = browser.post("/sign-in/", {"handle": "Alice", "password": "correct horse"})
    assert "Too much at once" in text_of(response)
    assert browser.get("/api/session/").json()["handle"] is None


# The next tests are about errors.


def test_an_unknown_address_returns_404_as_a_page(browser):
    response = browser.get("/nothing/here/")
    assert response.status_code == 404 and "There is nothing at this address" in text_of(response)
    assert response["Content-Type"].startswith("text/html")


def test_an_unknown_host_name_returns_400_as_a_page(browser):
    response = browser.get("/", HTTP_HOST="evil.example")
    assert response.status_code == 400 and "evil" not in text_of(response)


def test_a_bug_returns_500_as_a_page_without_a_traceback(browser, monkeypatch):
    monkeypatch.setattr("chat.services.rooms.find_rooms", fail_with(ZeroDivisionError("on purpose")))
    response = wire.calm(browser).get("/")
    assert response.status_code == 500 and "an error in the server" in text_of(response)
    assert "purpose" not in text_of(response) and "Traceback" not in text_of(response)


# The next test is about escaping.


def test_the_name_and_the_topic_of_a_room_are_escaped(alice):
    rooms.create_room(alice, "attic", '"><script>alert(1)</script>', "' onmouseover='alert(1)")
    for path in ("/", "/rooms/attic/"):
        page = text_of(wire.browser_of(alice).get(path))
        assert "<script>alert" not in page and "' onmouseover" not in page
