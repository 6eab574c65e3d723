"""
A hidden thing and a missing thing take the same time: nobody can tell them apart by a stopwatch.

The tests measure only the time in which this thread computes, so other processes hardly change that time. The requests
alternate. The medians of REQUESTS requests of each kind may differ by a few times their own uncertainty, and a
difference must show twice.
"""

import itertools
import json
import statistics
import time

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import override_settings

from chat.models import Person
from chat.services import limits, people
from chat.store import store
from tests import wire
from tests.chat.helpers import Browser
from tests.helpers import rolled_back
from tests.security.world import open_world

pytestmark = [
    pytest.mark.large,
    pytest.mark.no_database,
]  # the time that a database server needs is not among these times

REQUESTS = 500
SIGMAS = 5  # standard errors of the difference of two medians
LEAST = 0.03  # of a median; a smaller difference is less than the noise of any network


class FewRounds(PBKDF2PasswordHasher):
    """The hasher of the site, with fewer rounds."""

    iterations = 2000


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with open_world(django_db_blocker.unblock) as found:
        yield found


def measure(*requests):
    """Send each request REQUESTS times, in turns. Return the seconds of each: [[seconds]]."""
    for request in requests:
        request()  # this fills the caches
    times = [[] for _ in requests]
    for number in range(REQUESTS):
        # Each round begins with another request.
        for index in range(len(requests)):
            index = (index + number) % len(requests)
            store.clear()
            limits.forget_people()
            start = time.thread_time()
            requests[index]()
            times[index].append(time.thread_time() - start)
    return times


def find_difference(one, other):
    """Return a text if the medians of two lists of seconds differ by more than their uncertainty, else None."""
    medians = statistics.median(one), statistics.median(other)
    bound = max(SIGMAS * sum(estimate_error(times) ** 2 for times in (one, other)) ** 0.5, LEAST * min(medians))
    if abs(medians[0] - medians[1]) <= bound:
        return None
    return f"medians of {medians[0] * 1e6:.0f} and {medians[1] * 1e6:.0f} us, more than {bound * 1e6:.0f} us apart"


def estimate_error(times):
    """Return the standard error of the median of a list of seconds."""
    median = statistics.median(times)
    deviation = 1.4826 * statistics.median(abs(seconds - median) for seconds in times)
    return 1.2533 * deviation / len(times) ** 0.5


def assert_same_time(*requests):
    """Check that requests take the same time. A difference must show in two measurements."""
    for _ in range(2):
        times = measure(*requests)
        found = [difference for other in times[1:] if (difference := find_difference(times[0], other))]
        if not found:
            return
    raise AssertionError("; ".join(found))


def asking(browser, method, path, body=None):
    """Return a function that sends a request."""
    content = "" if body is None else json.dumps(body)
    return lambda: browser.generic(method, path, content, "application/json")


@pytest.mark.parametrize("path", ["/rooms/{}/", "/api/rooms/{}/messages/"])
def test_a_hidden_room_takes_as_long_as_a_missing_room(world, path):
    browser = world.browsers["outsider"]
    assert_same_time(*(asking(browser, "GET", path.format(slug)) for slug in ("room-private", "room-priv4te")))


def test_a_handshake_of_a_hidden_room_takes_as_long_as_one_of_a_missing_room(world):
    def connect(slug):
        return lambda: wire.Socket(f"/chat/{slug}/", world.browsers["outsider"]).connect()

    with rolled_back():
        assert_same_time(connect("room-private"), connect("room-priv4te"))


@pytest.fixture
def sign_ins(world):
    """Yield functions that sign in with a wrong password as nobody, an account, a guest, and an older account."""
    hasher = f"{__name__}.FewRounds"
    with rolled_back(), override_settings(PASSWORD_HASHERS=[hasher]):
        people.sign_up("Newer", "correct horse")
        older = people.sign_up("Older", "correct horse")
        encoded = FewRounds().encode("correct horse", "salt", iterations=500)
        Person.objects.filter(id=older.id).update(password=encoded)
        browser = Browser().client
        handles = ("Nobody", "Newer", "Mx Guest", "Older")
        yield [
            asking(browser, "POST", "/api/session/", {"handle": handle, "password": "battery staple"})
            for handle in handles
        ]


def test_a_wrong_password_takes_as_long_as_an_unknown_handle(sign_ins):
    assert_same_time(*sign_ins)


def test_the_measurement_finds_a_difference(world):
    def work(steps):
        return lambda: sum(itertools.repeat(1, steps))

    times = measure(work(100_000), work(120_000))
    assert find_difference(*times) is not None
