"""Fixtures for the tests of webhooks: the owner of the room `garden`, and a server that receives deliveries."""

import http.server
import ipaddress
import json
import threading

import pytest

from chat.models import Member
from chat.services import hooks
from tests import wire


@pytest.fixture
def owner(room, alice, set_role):
    """Return Alice, who owns the room `garden`."""
    set_role(alice, Member.OWNER)
    return alice


@pytest.fixture
def owner_browser(owner):
    return wire.browser_of(owner)


@pytest.fixture
def incoming(owner):
    """Return (an incoming hook with the name CI, its key)."""
    return hooks.make_hook(owner, "garden", "incoming", hooks.HookFields(name="CI"))


class Receiver:
    """A server that receives deliveries. `requests` has (headers, body) of each; `answers` are its next responses."""

    def __init__(self):
        self.requests, self.answers = [], []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append((dict(self.headers), body))
                status, answer = receiver.answers.pop(0) if receiver.answers else (200, b"")
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/in"

    @property
    def bodies(self):
        return [json.loads(body) for _, body in self.requests]

    @property
    def texts(self):
        return [body["text"] for body in self.bodies]


@pytest.fixture
def receiver(settings):
    """Return a Receiver that the site may reach."""
    settings.OUTGOING_NETWORKS = [ipaddress.ip_network("127.0.0.0/8")]
    found = Receiver()
    thread = threading.Thread(target=found.server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


@pytest.fixture
def make_outgoing(owner, receiver):
    """Return a function that makes an outgoing hook to the receiver, and returns (the hook, its secret)."""

    def make(trigger="every", words=(), name="Robot"):
        fields = hooks.HookFields(name=name, url=receiver.url, trigger=trigger, words=list(words))
        return hooks.make_hook(owner, "garden", "outgoing", fields)

    return make
