"""Guests cannot enter a room or a site that is closed to guests, whichever page, request or socket they use."""

import json
import re

import pytest
from django.test import Client

from chat.http.urls import api_patterns, page_patterns
from chat.models import Bookmark, Member, Message, Person, Room, Task
from chat.protocol import ChatError, Post
from chat.services import invitations, people, rooms
from tests import wire
from tests.chat.helpers import Browser, knock
from tests.chat.polling import Poller

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "The roses are ready"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Requests that a guest may still send, because they only delete the guest's own things: {(method, path): status}
HARMLESS = {
    ("DELETE", "bookmarks/<slug>/<number>/"): 204,  # the person's own bookmark
    ("DELETE", "tasks/<task_id>/"): 200,  # the person's own task
}
# The fields of all requests together. Each request ignores those that it does not know.
BODY = {
    "ref": "x",
    "body": "Hello",
    "kind": "incoming",
    "at": "2100-01-01T12:00:00Z",
    "task": "export",
    "params": {"format": "json"},
    "handle": "Alice",
    "role": "muted",
    "action": "dismiss",
    "reason": "x",
    "offset": 1,
    "level": "all",
    "name": "me",
    "text": "waves",
    "state": "followed",
}


@pytest.fixture
def garden(alice, charlie, room):
    """Return the room `garden`, which was open to the guest Charlie, with everything that Charlie has kept of it."""
    member = rooms.join_room(charlie, "garden")
    author = rooms.join_room(alice, "garden")
    rooms.post_message(author, Post("r1", f"@Charlie {SECRET}"))
    message = Message.objects.get()
    Bookmark.objects.create(person=charlie, message=message)
    fields = {"kind": "export", "ref": "t1", "params": "{}", "upto": 1, "expires_at": "2100-01-01 00:00Z"}
    Task.objects.create(person=charlie, room=room, **fields)
    rooms.set_guests(alice, "garden", False)
    assert Member.objects.filter(id=member.id).exists()
    return room


def find_addresses():
    """Return each route of the API and the pages that contains the slug of a room or the id of a task."""
    routes = [str(pattern.pattern) for pattern in [*api_patterns, *page_patterns]]
    routes = [re.sub(r"<\w+:", "<", route).removeprefix("api/") for route in routes]
    return [route for route in routes if "<slug>" in route or "<task_id>" in route]


def fill(route, message, task):
    values = {"slug": "garden", "number": message.number, "task_id": task.id, "handle": "Alice"}
    path = re.sub(r"<(\w+)>", lambda found: str(values.get(found[1], 1)), route)
    is_page = any(str(pattern.pattern).replace("<row_id:", "<") == route for pattern in page_patterns)
    return f"/{path}" if is_page else f"/api/{path}"


def test_every_address_of_a_closed_room_refuses_a_guest(garden, charlie):
    browser = wire.calm(wire.browser_of(charlie))
    message, task = Message.objects.get(), Task.objects.get()
    body = json.dumps(BODY)
    wrong = []
    for route in find_addresses():
        for method in METHODS:
            path = fill(route, message, task)
            response = browser.generic(method, path, body, content_type="application/json")
            expected = HARMLESS.get((method, route))
            if response.status_code not in (403, 404, 405) and response.status_code != expected:
                wrong.append((method, path, response.status_code))
            content = b"".join(response.streaming_content) if response.streaming else response.content
            assert SECRET not in content.decode(), (method, path)
    assert not wrong and len(find_addresses()) > 20
    assert not Message.objects.exclude(id=message.id).exists()


@pytest.mark.parametrize(
    "path",
    [
        "bookmarks/",
        "mentions/",
        "workspace/",
        "search/?q=roses",
        "rooms/",
        "people/?q=ali&room=garden",
        "announcements/current/",
    ],
)
def test_no_list_shows_a_guest_a_closed_room_from_inside(garden, charlie, path):
    text = wire.browser_of(charlie).get(f"/api/{path}").content.decode()
    assert SECRET not in text and "Alice" not in text


def test_the_sockets_and_the_poll_of_a_closed_room_refuse_a_guest(garden, charlie):
    browser = wire.browser_of(charlie)
    assert wire.Socket("/chat/garden/", browser).connect().code == 4403
    response = Poller(charlie).request("GET")
    assert (response.status, response.body["close"]) == (403, 4403)
    stream = wire.Socket("/me/", browser).connect()
    assert SECRET not in json.dumps(stream.events) and "garden" not in json.dumps(stream.events)


def test_a_guest_who_polls_loses_the_room_when_it_closes(alice, charlie, room):
    poller = Poller(charlie)
    poller.start()
    rooms.set_guests(alice, "garden", False)
    response = poller.poll_again(wait=0)
    assert response.body.get("close") == 4403 or (response.status, response.body["code"]) == (403, "forbidden")


def test_an_invitation_admits_no_guest_to_a_closed_room(alice, charlie):
    rooms.create_room(alice, "cellar", "The cellar", is_private=True, guests=False)
    key = invitations.create_invitation(alice, "cellar")[1]
    browser = wire.browser_of(charlie)
    assert browser.post(f"/invite/{key}/").status_code == 403
    assert browser.post("/api/invitations/", {"key": key}, "application/json").status_code == 403
    page = Client().get(f"/invite/{key}/").content.decode()
    assert 'data-testid="guest-form"' not in page and "To join, sign in or create an account." in page


def test_a_message_to_a_closed_room_mentions_no_guest(garden, alice, charlie):
    member = rooms.join_room(alice, "garden")
    before = feeds_of(charlie)
    rooms.post_message(member, Post("r2", "@Charlie again"))
    assert feeds_of(charlie) == before


def feeds_of(person):
    return wire.browser_of(person).get("/api/mentions/").json()


def test_new_rooms_are_closed_to_guests_if_the_setting_says_so(settings, as_alice):
    settings.CHAT_NEW_ROOMS_GUESTS = False
    assert as_alice("POST", "/api/rooms/", {"slug": "attic", "name": "Attic"})[1]["guests"] is False
    assert "guests" not in as_alice("POST", "/api/rooms/", {"slug": "cellar", "name": "Cellar", "guests": True})[1]
    as_alice.browser.post("/rooms/", {"slug": "shed", "name": "Shed"})
    assert Room.objects.get(slug="shed").closed_to_guests is True


# The next tests are about a site that is closed to guests.


def test_nobody_becomes_a_guest_of_a_closed_site(settings, room):
    settings.CHAT_GUESTS = False
    browser = Client()
    form = {"handle": "Dora", "next": "/rooms/garden/"}
    assert "closed to guests" in browser.post("/guest/", form).content.decode()
    assert browser.post("/api/guests/", form, content_type="application/json").status_code == 403
    with pytest.raises(ChatError, match="closed to guests"):
        people.sign_up_guest("Dora")
    board = browser.post("/new_board", {}, content_type="application/json", HTTP_ACCEPT="application/json")
    assert board.status_code == 403
    assert not Person.objects.filter(is_guest=True).exists()


def test_the_pages_of_a_closed_site_offer_no_guests_form(settings, room):
    settings.CHAT_GUESTS = False
    browser = Client()
    for path in ("/", "/sign-in/", "/sign-up/", "/rooms/garden/"):
        page = browser.get(path).content.decode()
        assert "guest-form" not in page and "/guest/" not in page and "new-board" not in page, path
    assert "To join, sign in or create an account." in browser.get("/rooms/garden/").content.decode()
    assert "guest-form" not in browser.get("/guest/").content.decode()


def test_guests_lose_their_login_while_the_site_is_closed_to_guests(settings, charlie, room):
    browser = wire.browser_of(charlie)
    socket = wire.Socket("/chat/garden/", browser).connect()
    stream = wire.Socket("/me/", browser).connect()
    assert socket.accepted and stream.accepted
    settings.CHAT_GUESTS = False
    assert browser.get("/api/session/").json()["handle"] is None
    socket.say("post", ref="r1", body="Hello")
    stream.say("sync", ref="s1")
    assert (socket.code, stream.code) == (4401, 4401) and not Message.objects.exists()
    assert wire.Socket("/chat/garden/", browser).connect().code == 4401
    assert browser.get("/api/rooms/garden/messages/").status_code == 401
    settings.CHAT_GUESTS = True
    assert browser.get("/api/session/").json()["handle"] == "Charlie"


def test_strangers_cannot_enter_a_board_of_a_site_that_is_closed_to_guests(settings, alice):
    owner, visitor = Browser(alice).make_board(name="Plans"), Browser()
    visitor.follow(owner)
    waiting = knock(visitor)
    settings.CHAT_GUESTS = False
    assert visitor.client.get(f"/board/{owner.board}/")["Location"] == f"/sign-in/?next=/board/{owner.board}/"
    assert visitor.client.get(f"/api/boards/{owner.board}/").status_code == 403
    assert visitor.door().code == 4404 and visitor.room().code == 4404
    waiting.say("knock", ref="k2", handle="Bob")
    assert waiting.code == 4403
    assert owner.door().code is None, "people with an account still use boards"
