"""Both sites use the same rows: logins, sessions, passwords, migrations and delayed messages."""

import contextlib
import json

import pytest

from tests.leaving.clients import Browser, open_socket, receive, say, wait_until
from tests.leaving.conftest import PASSWORD

pytestmark = [pytest.mark.process, pytest.mark.no_database]

COUNT_DELAYED = 'SELECT count(*) FROM "channels.delay_delayedmessage"'
ORDERS = [("before", "after"), ("after", "before")]


@pytest.mark.parametrize("first, second", ORDERS)
def test_a_login_on_one_site_is_valid_on_both(both, first, second):
    first, second = getattr(both, first), getattr(both, second)
    browser = Browser()
    assert browser.log_in(first, "alice", PASSWORD) == (200, "welcome")
    # Each site reads what the other one has written in the session.
    visits = [browser.get(site, "/who/") for site in (first, second, first, second)]
    assert visits == [(200, f"alice {number}") for number in (1, 2, 3, 4)]
    for site in (first, second):
        with open_socket(site, session=browser.session) as socket:
            assert json.loads(receive(socket)[0])["user"] == "alice"


@pytest.mark.parametrize("first, second", ORDERS)
def test_a_form_of_one_site_can_be_posted_to_the_other(both, first, second):
    first, second = getattr(both, first), getattr(both, second)
    assert Browser().log_in(second, "bob", PASSWORD, token_from=first) == (200, "welcome")


def test_logins_on_both_sites_do_not_end_each_other(both):
    stored = both.query("SELECT password FROM auth_user WHERE username = 'alice'")
    browsers = [Browser(), Browser(), Browser()]
    for browser, site in zip(browsers, (both.before, both.after, both.before), strict=True):
        browser.log_in(site, "alice", PASSWORD)
    assert both.query("SELECT password FROM auth_user WHERE username = 'alice'") == stored
    for browser in browsers:
        for site in (both.before, both.after):
            assert browser.get(site, "/who/")[1].startswith("alice")


def test_neither_site_wants_another_migration(both):
    for site in (both.before, both.after):
        assert "No changes" in site.manage("makemigrations", "--check", "--dry-run", "talk")


@contextlib.contextmanager
def delay_server(site):
    """Run the delay server of a site within a `with` block."""
    process = site.add("rundelay")
    try:
        yield
    finally:
        process.end()
        site.others.remove(process)


def remind(socket, text, milliseconds):
    say(socket, ref="r", remind=text, milliseconds=milliseconds)


def reminders(*sockets):
    return [json.loads(receive(socket)[0])["text"] for socket in sockets]


def test_the_delay_server_of_either_site_sends_reminders_to_both(both):
    with open_socket(both.before, session=both.alice) as old, open_socket(both.after, session=both.bob) as new:
        receive(old), receive(new)
        with delay_server(both.before):
            remind(old, "from the old site", 10)
            assert reminders(old, new) == ["from the old site"] * 2
            remind(new, "from the new site", 10)
            assert reminders(old, new) == ["from the new site"] * 2
            # The old delay server stores this reminder, and the new one sends it.
            remind(old, "much later", 1500)
            wait_until(lambda: both.query(COUNT_DELAYED) == [(1,)], "the reminder is stored")
        with delay_server(both.after):
            assert reminders(old, new) == ["much later"] * 2
            remind(new, "the last one", 10)
            assert reminders(old, new) == ["the last one"] * 2
