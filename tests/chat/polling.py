"""A client that polls the room `garden`, and helpers for its tests."""

import json

from django.conf import settings as django_settings
from django.middleware.csrf import _get_new_csrf_token

from chat.models import Member
from chat.services import rooms
from tests import wire

PATH = "/api/rooms/garden/poll/"


class Poller:
    """A client that polls a room, with the cookies of a browser or the headers of a bot."""

    def __init__(self, person=None, path=PATH, headers=(), send_csrf=True):
        self.path, self.headers = path, dict(headers)
        self.browser = wire.browser_of(person) if person is not None else None
        if self.browser is not None and send_csrf:
            csrf_token = _get_new_csrf_token()
            self.browser.cookies[django_settings.CSRF_COOKIE_NAME] = csrf_token
            self.headers["x-csrftoken"] = csrf_token
        self.poll = self.cursor = None

    def request(self, method, query="", body=b""):
        return wire.Request(method, self.path, self.browser, query, body, self.headers).run()

    def start(self, query=""):
        """Send the first request. Return its events."""
        response = self.request("GET", query)
        assert response.status == 200, response.body
        self.poll = response.body["poll"]
        return self.take(response)

    def poll_again(self, **parameters):
        """Send the next request of the poll. Return the request; its `status` is None while it waits for a response."""
        parameters = {"poll": self.poll, "cursor": self.cursor, **parameters}
        query = "&".join(f"{name}={value}" for name, value in parameters.items() if value is not None)
        response = self.request("GET", query)
        if response.status == 200:
            self.take(response)
        return response

    def take(self, response):
        """Store the cursor of a response. Return its events."""
        events = response.body["events"]
        for event in events:
            if event["type"] == "synced":
                self.cursor = event["offset"]
        return events

    def say(self, *events, query=None):
        """Send one event, or several at once. Return the response."""
        body = json.dumps(events[0] if len(events) == 1 else list(events)).encode()
        return self.request("POST", f"poll={self.poll}" if query is None else query, body)


def post(ref, body="Hello"):
    return {"type": "post", "ref": ref, "body": body}


def channels_of(group):
    """Return the channels in a group, sorted."""
    return sorted(wire.layer().group_channels(group))


def ban(person):
    rooms.apply_role(rooms.join_room(person, "garden"), Member.BANNED)
