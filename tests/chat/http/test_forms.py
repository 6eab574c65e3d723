"""Tests of the pages' forms: requirements are told beforehand, and an error stands at its field, with the focus."""

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
def test_requirements_are_told_beforehand(path, name, words):
    page = Fields(Client().get(path).content.decode())
    assert words in page.described(name)
    assert page.invalid() == [] and page.focused() == ["handle"]


@pytest.mark.parametrize("password", ["short", "password123", "x" * 1001])
def test_the_error_of_a_password_stands_at_the_password(password):
    page = submit("/sign-up/", handle="Alice", password=password)
    assert page.invalid() == ["password"] == page.focused()
    assert "password" in page.described("password").lower()
    assert page.inputs["handle"]["value"] == "Alice"


@pytest.mark.parametrize("path", ["/sign-up/", "/guest/"])
@pytest.mark.parametrize(("handle", "words"), [("Alice", "taken"), ("a\u202eb", "'"), ("", "required")])
def test_the_error_of_a_handle_stands_at_the_handle(alice, path, handle, words):
    page = submit(path, handle=handle, password=PASSWORD)
    assert page.invalid() == ["handle"] == page.focused()
    assert words in page.described("handle")
    assert "'handle'" not in page.described("handle")


def test_the_first_of_two_errors_has_the_focus():
    page = submit("/sign-up/", handle="", password="")
    assert page.invalid() == ["handle", "password"] and page.focused() == ["handle"]


def test_an_error_of_no_field_describes_the_first_field(alice):
    page = submit("/sign-in/", handle="Alice", password="wrong")
    assert page.invalid() == [] and page.focused() == ["handle"]
    assert page.described("handle").strip()


def test_the_errors_of_a_new_password_and_of_the_old_one_stand_at_their_fields(alice):
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
def test_the_error_of_a_room_stands_at_its_field(alice, room, slug, name, invalid):
    browser = Client()
    browser.force_login(people.get_person("Alice"))
    page = submit("/rooms/", browser, slug=slug, name=name, topic="")
    assert page.invalid() == [invalid] == page.focused()
