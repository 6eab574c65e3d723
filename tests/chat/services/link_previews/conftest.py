"""Fixtures for the tests of link previews: a small web, which the server may reach, and posts with links."""

import ipaddress

import pytest

from chat.models import Message
from chat.services import rooms
from tests import wire
from tests.chat.services.rooms.actions import post

from .web import PAGE, Web, make_image, make_page


@pytest.fixture(scope="module")
def shared_web():
    web = Web()
    yield web
    web.close()


@pytest.fixture
def web(shared_web, settings, own_files):
    """Return the Web, empty. Previews are on, and the server may connect to 127.0.0.1."""
    settings.CHAT_LINK_PREVIEWS = True
    settings.OUTGOING_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]
    shared_web.pages.clear()
    shared_web.moved.clear()
    shared_web.asked.clear()
    more = (
        '<meta property="og:image" content="/rose.png"><meta property="og:site_name" content="Flowers">'
        '<meta name="description" content="All about roses.">'
    )
    shared_web.pages["/roses"] = (PAGE, make_page(more=more))
    shared_web.pages["/rose.png"] = ("image/png", make_image())
    shared_web.pages["/weeds"] = (PAGE, make_page("Weeds"))
    return shared_web


@pytest.fixture
def read_message(room):
    """Return a function that returns a message of `garden` as its event."""

    def read_message(number=1):
        found = Message.objects.complete().get(room=room, number=number)
        return rooms.describe_messages([found])[0]

    return read_message


@pytest.fixture
def say(room, alice, read_message):
    """Return a function that posts a body as Alice, runs the jobs, and returns the message."""

    def say(body, ref="r1"):
        number = post(rooms.join_room(alice, "garden"), ref, body)["id"]
        wire.work()
        return read_message(number)

    return say
