"""Fixtures of the tests of pushes: a push service, browsers that have subscribed, and the jobs of pushes."""

import ipaddress

import pytest

from chat.models import PushSubscription
from chat.protocol import Post
from chat.services import rooms
from tests import wire
from tests.push_service import KEY, PushBrowser, run_push_service


@pytest.fixture(scope="module")
def running_service():
    with run_push_service() as service:
        yield service


@pytest.fixture
def service(running_service, settings):
    """Let the site send pushes, and return a push service that has received none yet."""
    settings.CHAT_VAPID_KEY, settings.CHAT_VAPID_CONTACT = KEY, "mailto:chat@example.com"
    settings.CHAT_PUSH_SERVICES = ["127.0.0.1"]
    settings.OUTGOING_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    running_service.pushes, running_service.answers, running_service.pause = [], [], 0
    return running_service


@pytest.fixture
def subscribe(service):
    """Return a function that subscribes a browser of a person: it returns (PushBrowser, the test client)."""

    def subscribe(person, name="phone", **fields):
        browser, client = PushBrowser(service, name), wire.browser_of(person)
        response = client.post("/api/push/", {**browser.fields, **fields}, content_type="application/json")
        assert response.status_code == 201, response.content
        return browser, client

    return subscribe


@pytest.fixture
def phone(bob, room, subscribe):
    """Return the phone of Bob, a member of the room `garden`."""
    rooms.join_room(bob, "garden")
    return subscribe(bob)[0]


@pytest.fixture
def work(later):
    """Return a function that runs the jobs of new messages, as if some seconds had passed."""

    def work():
        later.run()
        wire.work()

    return work


@pytest.fixture
def say(alice, room):
    """Return a function with which Alice says something in the room."""
    refs = iter(range(1000))

    def say(body, slug="garden", author=alice):
        return rooms.post_message(rooms.join_room(author, slug), Post(f"r{next(refs)}", body)).ack

    return say


@pytest.fixture
def reply(alice):
    """Return a function with which Alice replies in a thread of the room."""
    refs = iter(range(1000))

    def reply(root, body):
        return rooms.post_message(rooms.join_room(alice, "garden"), Post(f"reply{next(refs)}", body, thread=root)).ack

    return reply


@pytest.fixture
def wait():
    """Return a function that runs the jobs that were started for later, and returns their delays in seconds."""

    def wait():
        delays = []
        while (found := wire.layer().receive(["asgi.delay"])[1]) is not None:
            delays.append(found["delay"] / 1000)
            wire.layer().send(found["channel"], found["content"])
        wire.work()
        return delays

    return wait


@pytest.fixture
def subscription(phone):
    """Return a function that reads the row of Bob's phone, or None."""
    return lambda: PushSubscription.objects.filter(endpoint=phone.fields["endpoint"]).first()
