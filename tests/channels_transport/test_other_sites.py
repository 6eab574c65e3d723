"""Consumers and tests of other sites, written as the documentation of Channels 1.1.8 describes."""

import os
import subprocess
import sys

import channels.generic.websockets
import channels.sessions
import channels.test
import pytest
from asgiref.inmemory import ChannelLayer as StockMemoryChannelLayer
from channels import Channel, Group, channel_layers, route, route_class
from channels.asgi import ChannelLayerWrapper
from channels.delay.models import DelayedMessage
from channels.message import Message
from django.core.management import CommandError, call_command
from django.test import Client

import channels_transport
from channels_transport import JsonWebsocketConsumer, WebsocketConsumer, checks
from channels_transport.delay import DelayServer
from channels_transport.memory import MemoryChannelLayer
from channels_transport.worker import Worker
from chat.models import Person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alice():
    return Person.objects.create(handle="Alice", handle_key="alice")


def make_cookie_header(person):
    """Return the headers of a browser in which a person is logged in."""
    browser = Client()
    browser.force_login(person)
    return [[b"cookie", f"sessionid={browser.cookies['sessionid'].value}".encode()]]


# The next tests use layers of other aliases.


@pytest.fixture
def other_layers(monkeypatch):
    """Return (own layer, other layer): two layers in memory, with the aliases `default` and `other`."""
    layers = {}
    for alias in ("default", "other"):
        layers[alias] = ChannelLayerWrapper(MemoryChannelLayer(), alias, [])
        monkeypatch.setitem(channel_layers.backends, alias, layers[alias])
    return layers["default"], layers["other"]


def run_worker(layer, consumer):
    layer.routing = [route("jobs", consumer)]
    layer.router = channels.routing.Router(layer.routing)
    layer.send("jobs", {"reply_channel": "replies.1"})
    worker = Worker(layer, signal_handlers=False, max_messages=1)
    layer.channel_layer.receiver = type("Receiver", (), {"finish": staticmethod(lambda: None), "name": "me"})
    worker._handle(*layer.receive(["jobs"]))


def test_a_consumer_sends_to_the_layer_that_it_names(other_layers):
    own, other = other_layers

    def consumer(message):
        Channel("things", alias="other").send({"number": 1})
        Channel("things", channel_layer=channel_layers["other"]).send({"number": 2})
        Group("all", alias="other").send({"number": 3})
        channels_transport.Group("all", alias="other").send({"number": 4}, except_channels=["left-out"])
        Channel("things").send({"number": 5})
        message.reply_channel.send({"number": 6})

    for name in ("member", "left-out"):
        other.group_add("all", name)
    run_worker(own, consumer)
    found = []
    while (answer := other.receive(["things", "member", "left-out"]))[0]:
        found.append((answer[0], answer[1]["number"]))
    assert sorted(found) == [("left-out", 3), ("member", 3), ("member", 4), ("things", 1), ("things", 2)]
    assert own.receive(["things"])[1] == {"number": 5} and own.receive(["things"]) == (None, None)
    assert own.receive(["replies.1"])[1] == {"number": 6}


def test_a_worker_of_another_alias_sends_to_the_default_layer(other_layers):
    own, other = other_layers
    run_worker(other, lambda message: Channel("things").send({"number": 1}))
    assert own.receive(["things"])[1] == {"number": 1} and other.receive(["things"]) == (None, None)


# The next tests are about the user of a class-based consumer.


def run(consumer, kind, order=None, headers=(), reply="replies.1"):
    content = {"reply_channel": reply, "path": "/things/", "headers": list(headers)}
    if order is not None:
        content["order"] = order
    consumer(Message({**content, "text": "{}"}, f"websocket.{kind}", channel_layers["default"]))


@pytest.mark.parametrize("attribute", ["http_user", "http_user_and_session"])
@pytest.mark.parametrize("base", [WebsocketConsumer, JsonWebsocketConsumer])
def test_each_handler_has_the_user_of_the_handshake(attribute, base, alice):
    seen = []

    class Consumer(base):
        def connect(self, message):
            seen.append(str(message.user))

        def receive(self, *arguments, **kwargs):
            seen.append((str(self.message.user), self.message.user.is_authenticated))
            session = getattr(self.message, "http_session", None)
            assert (session is not None) == (attribute == "http_user_and_session")
            if session is not None:
                assert session["_auth_user_id"] == str(alice.pk)

        def disconnect(self, message):
            seen.append(str(message.user))

    setattr(Consumer, attribute, True)
    run(Consumer, "connect", 0, make_cookie_header(alice))
    run(Consumer, "receive", 1)
    run(Consumer, "disconnect", 2)
    assert seen == ["Alice", ("Alice", True), "Alice"]


@pytest.mark.parametrize("attribute", ["http_user", "http_user_and_session"])
@pytest.mark.parametrize("engine", ["signed_cookies", "cache", "db"])
def test_the_engine_of_login_sessions_may_differ_from_that_of_channel_sessions(attribute, engine, alice, settings):
    # Channels' own decorator for both sessions finds no user after the handshake, whatever the engines are.
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    seen = []

    class Consumer(WebsocketConsumer):
        def connect(self, message):
            seen.append(str(message.user))

        def receive(self, *arguments, **kwargs):
            seen.append(str(self.message.user))

    setattr(Consumer, attribute, True)
    run(Consumer, "connect", 0, make_cookie_header(alice))
    run(Consumer, "receive", 1)
    assert seen == ["Alice", "Alice"]


def test_a_frame_whose_handler_does_not_ask_for_the_user_needs_no_query(alice, django_assert_num_queries):
    class Consumer(WebsocketConsumer):
        http_user = True

    run(Consumer, "connect", 0, make_cookie_header(alice))
    with django_assert_num_queries(0):
        run(Consumer, "receive", 1)


@pytest.mark.parametrize("attribute", ["strict_ordering", "channel_session_user", "http_user_and_session"])
def test_a_class_based_consumer_accepts_the_attributes_of_channels(attribute):
    seen = []

    class Consumer(WebsocketConsumer):
        def receive(self, text=None, bytes=None):
            seen.append(getattr(self.message, "user", None))

    setattr(Consumer, attribute, True)
    run(Consumer, "connect", 0)
    run(Consumer, "receive", 1)
    assert len(seen) == 1 and (attribute == "strict_ordering" or seen[0].is_anonymous)
    assert type("Other", (Consumer,), {attribute: True})


def test_strict_ordering_refuses_a_message_without_order(caplog):
    class Consumer(WebsocketConsumer):
        strict_ordering = True

    run(Consumer, "connect")
    assert "no `order`" in caplog.text


# The next test is about the classes of Channels that keep the order.


def test_the_strict_classes_of_channels_use_the_ordering_of_this_package():
    heard = []

    class Strict(channels.generic.websockets.WebsocketConsumer):
        strict_ordering = True

        def receive(self, text=None, bytes=None):
            heard.append(self.message["order"])
            if self.message["order"] == 1:
                raise ZeroDivisionError("on purpose")

    run(Strict, "connect", 0)
    with pytest.raises(ZeroDivisionError):
        run(Strict, "receive", 1)
    run(Strict, "receive", 2)  # Channels' own decorator would wait for the first frame
    assert heard == [1, 2]
    assert channels.sessions.enforce_ordering is channels_transport.enforce_ordering


# The next tests use the test client of Channels.


class Echo(WebsocketConsumer):
    http_user = True

    def receive(self, text=None, bytes=None):
        self.send(text=f"{self.message.user} {text}")


@channels_transport.channel_session_user_from_http
def greet(message):
    message.reply_channel.send({"accept": True, "text": str(message.user)})


ROUTES = [route_class(Echo, path="^/echo/"), route("websocket.connect", greet, path="^/greet/")]


@pytest.fixture(params=["of this package", "of asgiref"])
def client(request, monkeypatch):
    """Return the class of Channels' test client, with a default layer in memory."""
    layer = MemoryChannelLayer() if request.param == "of this package" else StockMemoryChannelLayer()
    wrapper = ChannelLayerWrapper(layer, "default", ROUTES)
    monkeypatch.setitem(channel_layers.backends, "default", wrapper)
    return channels.test.WSClient


@pytest.mark.parametrize("ordered", [False, True])
def test_the_test_client_is_accepted_and_answered(client, ordered):
    socket = client(ordered=ordered)
    socket.send_and_consume("websocket.connect", path="/echo/")
    for number in range(2):
        socket.send_and_consume("websocket.receive", text=f"Hello {number}", path="/echo/")
        assert socket.receive(json=False) == f"AnonymousUser Hello {number}"
    socket.send_and_consume("websocket.disconnect", path="/echo/")


def test_a_consumer_has_the_user_of_the_test_client(client, alice):
    socket = client()
    socket.force_login(alice)
    socket.send_and_consume("websocket.connect", path="/echo/")
    socket.send_and_consume("websocket.receive", text="Hello", path="/echo/")
    assert socket.receive(json=False) == "Alice Hello"
    socket = client()
    alice.set_password("correct horse")
    alice.save()
    assert socket.login(username="alice", password="correct horse") and not client().login(username="x", password="y")
    socket.send_and_consume("websocket.connect", path="/greet/", check_accept=False)
    assert socket.receive(json=False) == "Alice"


# The next tests are about settings.


def test_the_delay_server_works_without_time_zones(settings):
    settings.USE_TZ = False
    layer = MemoryChannelLayer()
    server = DelayServer(layer, signal_handlers=False)
    layer.send("asgi.delay", {"channel": "things", "content": {"number": 1}, "delay": 0})
    server._run_once()
    server._send_due()
    assert layer.receive(["things"])[1] == {"number": 1} and not DelayedMessage.objects.exists()


def test_the_order_of_the_apps_is_checked(monkeypatch):
    assert checks.check_commands() == []
    owners = dict.fromkeys(checks.COMMANDS, "channels")
    owners["rundelay"] = "channels.delay"
    monkeypatch.setattr(checks, "get_commands", lambda: owners)
    found = checks.check_commands()
    assert len(found) == 3 and all(error.is_serious() for error in found)
    assert 'Put "channels_transport" before "channels"' in found[0].hint


def test_a_delay_server_names_the_missing_app(monkeypatch):
    monkeypatch.setattr("channels_transport.management.commands.rundelay.apps.is_installed", lambda name: False)
    with pytest.raises(CommandError, match=r"channels\.delay"):
        call_command("rundelay")


MODULES = ["layer", "memory", "worker", "interface", "sessions", "ordering", "generic", "scripts", "leases", "doctor"]


def test_the_layer_can_be_used_without_settings(valkey_url):
    code = (
        "import "
        + ", ".join(f"channels_transport.{name}" for name in MODULES)
        + f"""
layer = channels_transport.layer.RedisChannelLayer(hosts=[{valkey_url!r}], prefix="bare:")
layer.send("things", {{"number": 1}})
assert layer.receive(["things"]) == ("things", {{"number": 1}})
"""
    )
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
