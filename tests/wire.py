"""
The client's side of a socket, and a worker, both in this process on the in-memory layer.

`Socket` puts messages on the layer and reads the answers, as an interface does. `work` runs the routed consumers, as
`runworker` does, until no message waits.
"""

import itertools
import json

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.exceptions import ConsumeLater, DenyConnection
from channels.message import Message
from channels.signals import consumer_finished, consumer_started
from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.http import HttpRequest
from django.test import Client

from chat.services import people

ORIGIN = "http://testserver"
# Django and Channels close the connections to the database at these signals.
CLOSING = (request_started, request_finished, consumer_finished)
ANSWERS = ("ack", "rejected", "page")


def layer():
    return channel_layers[DEFAULT_CHANNEL_LAYER]


def work():
    """Run the consumers of all messages that wait on the layer, and of the messages that these consumers send."""
    while True:
        channel, content = layer().receive(sorted(layer().router.channels))
        if channel is None:
            return
        run(channel, content)


def run(channel, content):
    """Run the consumer of one message as a worker does, but raise the exceptions that a worker only logs."""
    message = Message(content, channel, layer())
    consumer, kwargs = layer().router.match(message)
    consumer_started.send(sender=run, environ={})
    # Requests and the end of a consumer must not close the database connection of the test.
    for signal in CLOSING:
        signal.disconnect(close_old_connections)
    try:
        consumer(message, **kwargs)
    except DenyConnection:
        assert channel == "websocket.connect", "only a handshake can be denied"
        message.reply_channel.send({"close": True})
    except ConsumeLater:
        layer().send(channel, content)
    finally:
        consumer_finished.send(sender=run)
        for signal in CLOSING:
            signal.connect(close_old_connections)


def browser_of(person, **kwargs):
    """Return a Django test client in which the person is logged in."""
    browser, request = Client(**kwargs), HttpRequest()
    # `Client.force_login` would store an anonymous session first, and replace it: four more statements.
    request.session = SessionStore()
    login(request, person, backend=people.BACKEND)
    request.session.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
    return browser


def calm(browser):
    """Make a test client return the response to a failure instead of raising the failure. Return the client."""
    browser.store_exc_info = lambda **kwargs: None
    return browser


def encode_headers(fields, browser):
    """Return headers as an interface sends them, with the cookies of a test client, if any. Leave out None fields."""
    if browser is not None:
        fields["cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in browser.cookies.items())
    return [[name.encode(), value.encode()] for name, value in fields.items() if value is not None]


class Socket:
    """One websocket, from the client's side. `events`, `accepted`, `denied` and `code` say what it has received."""

    _numbers = itertools.count(1)

    def __init__(self, path, browser=None, origin=ORIGIN, query="", headers=(), address="127.0.0.1"):
        self.path = path
        self.channel = f"replies.{next(self._numbers)}"
        self.order = 0
        self.accepted, self.denied, self.code = False, False, None
        self.events = []
        headers = encode_headers({"host": "testserver", "origin": origin, **dict(headers)}, browser)
        self.handshake = {"headers": headers, "query_string": query.encode(), "client": [address, 4711]}

    def put(self, channel, **content):
        """Put a message on the layer as the interface does, but run no consumer."""
        content = {"reply_channel": self.channel, "path": self.path, "order": self.order, **content}
        self.order += 1
        layer().send(channel, content)
        return content

    def connect(self):
        """Send the handshake, and return this socket with the events that it received."""
        self.put("websocket.connect", **self.handshake)
        work()
        self.read()
        return self

    def send(self, text=None, bytes=None):
        """Send one frame, and return the events that arrived since the last read."""
        self.put("websocket.receive", text=text, bytes=bytes)
        work()
        return self.read()

    def say(self, type, **fields):
        """Send one event, and return the events that arrived since the last read."""
        return self.send(json.dumps({"type": type, **fields}))

    def ask(self, type, **fields):
        """Send an event that has an answer, and return the answer."""
        [answer] = [event for event in self.say(type, **fields) if event["type"] in ANSWERS]
        assert answer["ref"] == fields["ref"]
        return answer

    def post(self, ref, body="Hello", **fields):
        return self.ask("post", ref=ref, body=body, **fields)

    def disconnect(self, code=1000):
        self.put("websocket.disconnect", code=code)
        work()

    def read(self):
        """Return the events that arrived since the last read. Record whether the socket was accepted or closed."""
        fresh = []
        while True:
            _, content = layer().receive([self.channel])
            if content is None:
                break
            self.accepted = self.accepted or bool(content.get("accept"))
            if content.get("text"):
                fresh.append(json.loads(content["text"]))
            if content.get("close"):
                self.denied = not self.accepted
                self.code = self.code or content["close"]
        self.events += fresh
        return fresh

    def seen(self, type):
        """Return all events of a type that have arrived."""
        self.read()
        return [event for event in self.events if event["type"] == type]


class Request:
    """
    One HTTP request that goes through the layer to its consumer. `status`, `headers` and `body` are the response.
    `later` is what the interface received if the request waits.
    """

    _numbers = itertools.count(1)

    def __init__(self, method, path, browser=None, query="", body=b"", headers=()):
        self.channel, self.path = f"requests.{next(self._numbers)}", path
        self.status, self.headers, self.body, self.later = None, {}, None, None
        layer().send(
            "http.request",
            {
                "reply_channel": self.channel,
                "http_version": "1.1",
                "method": method,
                "path": path,
                "scheme": "http",
                "query_string": query.encode(),
                "body": body,
                "client": ["127.0.0.1", 4711],
                "server": ["testserver", 80],
                "headers": encode_headers({"host": "testserver", **dict(headers)}, browser),
            },
        )

    def run(self):
        """Run the consumers, and read what they sent to the request."""
        work()
        self.read()
        return self

    def read(self):
        """Return the messages that groups sent to the request. Record its response, or `later`."""
        messages = []
        while (content := layer().receive([self.channel])[1]) is not None:
            if "later" in content:
                self.later = content["later"]
            elif "status" in content:
                self.status, self.headers = content["status"], dict(content["headers"])
                self.body = json.loads(content["content"] or b"null")
            else:
                messages.append(content)
        return messages

    def end(self, answered):
        """End the wait, as the interface does."""
        context = {"context": self.later["context"], "answered": answered} if self.later else {}
        layer().send("http.disconnect", {"reply_channel": self.channel, "path": self.path, **context})
        work()


class Caller:
    """A function that calls the API as a page or a bot does. It returns (status, body), or (status, error code)."""

    def __init__(self, person=None, key=None, **kwargs):
        self.browser = browser_of(person, **kwargs) if person else Client(**kwargs)
        self.headers = {"HTTP_AUTHORIZATION": f"Bearer {key}"} if key else {}

    def __call__(self, method, path, body=None, **headers):
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        call = getattr(self.browser, method.lower())
        kwargs = {} if method in ("GET", "HEAD") else {"data": content, "content_type": "application/json"}
        self.response = call(path, **kwargs, **self.headers, **headers)
        assert self.response["Content-Type"] == "application/json", self.response.content
        body = json.loads(self.response.content)
        if self.response.status_code >= 400:
            assert set(body) <= {"code", "detail", "retry_after", "ref"} and body["detail"]
            return self.response.status_code, body["code"]
        return self.response.status_code, body
