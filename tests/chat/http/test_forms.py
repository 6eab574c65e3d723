"""The forms of the pages: a field shows its requirements in advance, and an invalid field shows its error."""

from html.parser import HTMLParser

import pytest
from django.test import Client

from chat.services import people

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"


class Fields(HTMLParser):
    """The inputs of a page by their names, and the texts of the elements with an id."""

    def __init__(self, text):
        super().__init__()
        self.inputs, self.texts, self._id = {}, {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "input":
            self.inputs.setdefault(attributes.get("name"), attributes)
        self._id = attributes.get("id") or self._id

    def handle_data(self, data):
        self.texts[self._id] = self.texts.get(self._id, "") + data

    def described(self, name):
        """Return the text that describes a field."""
        ids = self.inputs[name].get("aria-describedby", "").split()
        return " ".join(self.texts[id] for id in ids)

    def invalid(self):
        return [name for name, attributes in self.inputs.items() if attributes.get("aria-invalid") == "true"]

    def focused(self):
        return [name for name, attributes in self.inputs.items() if "autofocus" in attributes]


def submit(path, browser=None, **fields):
    return Fields((browser or Client()).post(path, fields).content.decode())


@pytest.mark.parametrize(
    ("path", "name", "words"),
    [
        ("/sign-up/", "handle", "1 to 32 characters"),
        ("/sign-up/", "password", "At least 8 characters"),
        ("/guest/", "handle", "1 to 32 characters"),
    ],
)
def test_a_field_shows_its_requirements_before_the_form_is_sent(path, name, words):
    page = Fields(Client().get(path).content.decode())
    assert words in page.described(name)
    assert page.invalid() == [] and page.focused() == ["handle"]


@pytest.mark.parametrize("password", ["short", "password123", "x" * 1001])
def test_the_field_of_an_invalid_password_shows_the_error_and_has_the_focus(password):
    page = submit("/sign-up/", handle="Alice", password=password)
    assert page.invalid() == ["password"] == page.focused()
    assert "password" in page.described("password").lower()
    assert page.inputs["handle"]["value"] == "Alice"


@pytest.mark.parametrize("path", ["/sign-up/", "/guest/"])
@pytest.mark.parametrize(("handle", "words"), [("Alice", "taken"), ("a\u202eb", "'"), ("", "required")])
def test_the_field_of_an_invalid_handle_shows_the_error_and_has_the_focus(alice, path, handle, words):
    page = submit(path, handle=handle, password=PASSWORD)
    assert page.invalid() == ["handle"] == page.focused()
    assert words in page.described("handle")
    assert "'handle'" not in page.described("handle")


def test_the_first_of_two_errors_has_the_focus():
    page = submit("/sign-up/", handle="", password="")
    assert page.invalid() == ["handle", "password"] and page.focused() == ["handle"]


def test_the_first_field_shows_an_error_that_belongs_to_no_field(alice):
    page = submit("/sign-in/", handle="Alice", password="wrong")
    assert page.invalid() == [] and page.focused() == ["handle"]
    assert page.described("handle").strip()


def test_the_fields_of_the_old_and_the_new_password_show_their_own_errors(alice):
    browser = Client()
    browser.force_login(alice)
    page = submit("/password/", browser, old_password="wrong", new_password=PASSWORD)
    assert page.invalid() == ["old_password"] == page.focused()
    page = submit("/password/", browser, old_password="correct horse", new_password="short")
    assert page.invalid() == ["new_password"] == page.focused()


@pytest.mark.parametrize(
    ("slug", "name", "invalid"),
    [("garden", "A room", "slug"), ("UPPER", "A room", "slug"), ("new", "x" * 81, "name")],
)
def test_the_invalid_field_of_a_room_shows_the_error_and_has_the_focus(alice, room, slug, name, invalid):
    browser = Client()
    browser.force_login(people.get_person("Alice"))
    page = submit("/rooms/", browser, slug=slug, name=name, topic="")
    assert page.invalid() == [invalid] == page.focused()


BOUNDARIES = ["", "; boundary=", "; boundary=é"]


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("headers", [{}, {"HTTP_ACCEPT": "application/json"}])
def test_a_form_in_parts_without_a_valid_boundary_gets_400(boundary, headers):
    browser = Client(enforce_csrf_checks=True)
    browser.get("/sign-in/")  # sets the cookie of the CSRF check, which then reads the form
    response = browser.generic("POST", "/sign-in/", b"--b--", f"multipart/form-data{boundary}", **headers)
    assert response.status_code == 400 and "Traceback" not in response.content.decode()
