"""Fixtures: a clock, a mail server, and callers of the API in addition to those in tests/conftest.py."""

import pytest

from tests.chat.factors import FakeTime
from tests.mail_server import MailServer
from tests.wire import Caller


@pytest.fixture
def stranger(db):
    """Return a function that calls the API as a browser without a login."""
    return Caller()


@pytest.fixture
def as_charlie(charlie):
    """Return a function that calls the API as the guest Charlie."""
    return Caller(charlie)


@pytest.fixture
def time(monkeypatch):
    """Replace the clock of second factors and of links in mails by one that only the test moves, and return it."""
    stand_in = FakeTime()
    for module in ("second_factor", "second_factor_changes", "sign_in_steps", "password_resets"):
        monkeypatch.setattr(f"chat.services.people.{module}.time", stand_in)
    return stand_in


@pytest.fixture(scope="module")
def mail_server():
    """Run a mail server for the tests of a module."""
    with MailServer() as server:
        yield server


@pytest.fixture
def mailbox(mail_server, settings):
    """Let the site send its mails to the mail server, and return the server without mails."""
    settings.EMAIL_URL = mail_server.setting
    mail_server.mails.clear()
    return mail_server
