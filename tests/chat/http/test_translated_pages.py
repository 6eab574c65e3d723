"""Pages and errors of HTTP requests are in the language of the request, except for names and what people wrote."""

import pytest
from django.test import Client

from chat.models import Person
from chat.protocol import Post
from chat.services import invitations, people, rooms
from tests import wire
from tests.chat.services.tasks.helpers import run
from tests.translating import CLOSE, OPEN, Plain, bracketed

pytestmark = pytest.mark.django_db(transaction=True)

# The name of the site, what the tests wrote, and the keys of a shortcut.
NAMES = {
    "Chat",
    "Ctrl K",
    "Alice",
    "Bob",
    "Charlie",
    "Alice: 1",
    "Olga",
    "Robot",
    "The garden",
    "garden",
    "Roses and weeds",
}
NAMES |= {"Plans", "Firefox/150.0 (X11; Linux)"}


@pytest.fixture(autouse=True)
def german():
    with bracketed():
        yield


@pytest.fixture
def operator(room):
    return Person.objects.create_superuser("Olga", "correct horse")


def get(browser, path, status=200, **query):
    response = browser.get(path, query, HTTP_ACCEPT_LANGUAGE="de")
    assert response.status_code == status, response
    return response.content.decode()


def find_plain(page):
    return [text for text in Plain(page).texts if not {part.strip("⁨⁩ ") for part in text.split("·")} <= NAMES]


PUBLIC = ["/", "/?q=nothing", "/sign-in/", "/sign-up/", "/guest/", "/rooms/garden/"]


@pytest.mark.parametrize("path", PUBLIC)
def test_the_pages_of_strangers_are_translated(room, path):
    assert find_plain(get(Client(), path)) == []


@pytest.mark.parametrize(
    "path", ["/", "/rooms/garden/", "/rooms/garden/?pane=1", "/password/", "/settings/", "/settings/two-factor/"]
)
def test_the_pages_of_accounts_are_translated(alice, room, path):
    browser = Client(HTTP_USER_AGENT="Firefox/150.0 (X11; Linux)")
    sign_in(browser, "Alice", "correct horse")
    people.make_token(alice, "Robot")
    assert find_plain(get(browser, path)) == []


@pytest.mark.parametrize("path", ["/", "/rooms/garden/"])
def test_the_pages_of_guests_are_translated(charlie, room, path):
    assert find_plain(get(wire.browser_of(charlie), path)) == []


def sign_in(browser, handle, password):
    response = browser.post("/sign-in/", {"handle": handle, "password": password})
    assert response.status_code == 302
    return browser


def test_the_pages_of_private_rooms_directs_and_invitations_are_translated(alice, bob, charlie):
    rooms.create_room(alice, "garden", "The garden", "", True)
    key = invitations.create_invitation(alice, "garden")[1]
    for browser in (Client(), wire.browser_of(bob)):
        assert find_plain(get(browser, f"/invite/{key}/")) == []
    assert find_plain(get(wire.browser_of(alice), "/rooms/garden/")) == []


def test_the_pages_of_a_board_are_translated(db):
    owner, visitor = Client(), Client()
    path = owner.post("/new_board", {"name": "Plans", "handle": "Olga"})["Location"]
    for browser in (owner, visitor):
        assert find_plain(get(browser, path)) == []


def test_a_board_without_a_name_gets_one_in_the_language_of_its_owner(db):
    browser = Client(HTTP_ACCEPT_LANGUAGE="de")
    page = browser.get(browser.post("/new_board", {})["Location"]).content.decode()
    assert f"{OPEN}Board{CLOSE}" in page


def test_the_page_of_operators_is_translated(operator):
    assert find_plain(get(wire.browser_of(operator), "/operators/rooms/")) == []


@pytest.mark.parametrize(("path", "status"), [("/nothing/", 404), ("/rooms/attic/", 404), ("/new_board", 405)])
def test_the_pages_of_errors_are_translated(alice, path, status):
    assert find_plain(get(wire.browser_of(alice), path, status)) == []


FORMS = [
    ("/sign-up/", {"handle": "", "password": ""}),
    ("/sign-up/", {"handle": "x" * 40, "password": "short"}),
    ("/sign-up/", {"handle": "Alice", "password": "correct horse"}),
    ("/sign-up/", {"handle": "Bob", "password": "short"}),
    ("/sign-in/", {"handle": "Alice", "password": "wrong"}),
    ("/guest/", {"handle": "a\u202eb"}),
]


@pytest.mark.parametrize(("path", "fields"), FORMS)
def test_the_errors_of_forms_are_translated(alice, path, fields):
    page = Client().post(path, fields, HTTP_ACCEPT_LANGUAGE="de").content.decode()
    assert "errors" in page and find_plain(page) == []


OWN_FORMS = [
    ("/rooms/", {"name": "x" * 81, "slug": "A B", "topic": ""}),
    ("/rooms/", {"name": "Garden", "slug": "garden", "topic": ""}),
    ("/password/", {"old_password": "wrong", "new_password": "correct horse 2"}),
    ("/settings/profile/", {"time_zone": "Mars", "name": "x" * 100}),
    ("/settings/preferences/", {"theme": "pink", "quiet_from": "x"}),
    ("/settings/preferences/", {"theme": "dark", "notify": "all", "opens_at": "last", "quiet_from": "22:30"}),
    ("/settings/picture/", {}),
    ("/settings/token/", {"name": "x" * 100}),
    ("/settings/two-factor/start/", {"proof": "wrong"}),
    ("/settings/delete/", {"password": "wrong"}),
]


@pytest.mark.parametrize(("path", "fields"), OWN_FORMS)
def test_the_errors_of_an_accounts_forms_are_translated(alice, room, path, fields):
    page = wire.browser_of(alice).post(path, fields, HTTP_ACCEPT_LANGUAGE="de").content.decode()
    assert "errors" in page and find_plain(page) == []


SETTINGS = [
    ("profile", {"name": "Alice"}),
    ("preferences", {"theme": "dark", "notify": "all", "opens_at": "last"}),
    ("token", {"name": "Robot", "scopes": ["read"], "expires": "90"}),
]


@pytest.mark.parametrize(("section", "fields"), SETTINGS)
def test_the_confirmations_of_the_settings_are_translated(alice, section, fields):
    browser = wire.browser_of(alice, HTTP_ACCEPT_LANGUAGE="de")
    page = browser.post(f"/settings/{section}/", fields, follow=True).content.decode()
    assert "flashes" in page and find_plain(page) == []


def test_the_confirmation_of_a_changed_language_is_in_the_new_language(alice):
    browser = wire.browser_of(alice, HTTP_ACCEPT_LANGUAGE="en")
    fields = {"theme": "dark", "notify": "all", "opens_at": "last"}
    page = browser.post("/settings/preferences/", {**fields, "language": "de"}, follow=True).content.decode()
    assert "flashes" in page and find_plain(page) == []
    assert '<option value="de" selected lang="de">Deutsch</option>' in page
    page = browser.post("/settings/preferences/", {**fields, "language": ""}, follow=True).content.decode()
    assert "Your preferences are changed." in page and OPEN not in page


@pytest.mark.parametrize(("language", "start", "end"), [("de", OPEN, CLOSE), ("", "", "")])
def test_the_api_translates_the_sentence_of_an_error_and_keeps_its_values(db, language, start, end):
    body = {"handle": "x" * 40, "password": "correct horse"}
    response = Client(HTTP_ACCEPT_LANGUAGE=language).post("/api/users/", body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "too_long")
    assert response.json()["detail"] == f"{start}'handle' has 40 characters; at most 32 are allowed.{end}"


def test_a_socket_has_english_sentences(alice, room):
    browser = wire.browser_of(alice)
    get(browser, "/")
    socket = wire.Socket("/chat/garden/", browser, headers={"accept-language": "de"}).connect()
    assert socket.ask("post", ref="r1", body="")["detail"] == "'body' must not be empty."


@pytest.mark.parametrize("kind", ["export", "statistics"])
def test_the_page_of_a_task_is_in_the_language_of_its_request(alice, charlie, room, kind):
    rooms.post_message(rooms.join_room(alice, "garden"), Post("r1", "27"))
    rooms.post_message(rooms.join_room(charlie, "garden"), Post("r2", "28", reply_to=1))
    page = run(alice, kind, format="html", language="de")
    assert '<html lang="de">' in page and find_plain(page) == []
    assert OPEN not in run(alice, kind, format="html")
