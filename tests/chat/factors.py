"""Helpers for the tests of the second factor: an app on a person's phone, and its set-up."""

import pyotp
from django.test import Client

from chat.services import people

# A time at which a step of 30 seconds begins.
NOON = 1_800_000_000


class App:
    """The app of a person. `now` is the clock of the phone, which the tests share with the server."""

    def __init__(self, secret):
        self.totp, self.now = pyotp.TOTP(secret), NOON

    def code(self, steps=0):
        """Return the code that the app shows some steps from now."""
        return self.totp.at(self.now + 30 * steps)


class FakeTime:
    """The clock of the server. It stands still until a test moves it."""

    def __init__(self):
        self.now = NOON

    def time(self):
        """Return the seconds since 1970."""
        return self.now


def post(browser, path, **fields):
    """Send JSON and return the response."""
    return browser.post(path, fields, content_type="application/json")


def sign_in(browser, handle="Alice", password="correct horse", **fields):
    """Sign a browser in through the API and return the response."""
    return post(browser, "/api/session/", handle=handle, password=password, **fields)


def set_up(browser, password="correct horse"):
    """Set a second factor up on the pages, and return (the app, the recovery codes)."""
    assert browser.post("/settings/two-factor/start/", {"proof": password}).status_code == 302
    page = browser.get("/settings/two-factor/")
    app = App(page.context["setup"].secret)
    response = browser.post("/settings/two-factor/confirm/", {"code": app.code()})
    assert response.status_code == 200, response.content
    return app, response.context["codes"]


def browser_with_factor(handle="Alice"):
    """Return (a signed-in browser, the app, the recovery codes) of a person who has just set a second factor up."""
    browser = Client()
    assert sign_in(browser, handle).status_code == 200
    return browser, *set_up(browser)


def is_signed_in(browser):
    """Return whether a browser has a login session."""
    return browser.get("/api/session/").json()["handle"] is not None


def has_factor(person):
    """Return whether the second factor of a person is on."""
    return people.find_second_factor(person) is not None
