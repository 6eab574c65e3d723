"""The cost of each event in Redis: it is the same with 1,000 connections in the room as with 10."""

import json
from datetime import timedelta

import pytest
import redis
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.asgi import ChannelLayerWrapper
from django.utils import timezone

from channels_transport.layer import RedisChannelLayer
from channels_transport.worker import Worker
from chat import broadcast
from chat.protocol import EVENTS, format_time
from chat.services import rooms
from chat.store import RedisStore
from tests import wire
from tests.redis_commands import CommandCount

pytestmark = pytest.mark.django_db(transaction=True)

MODULES = ("limits", "presence", "boards.waiting_room")
REPLY = "daphne.response.abc!alice"
FRAMES = {
    "dismiss": {"id": 1},
    "post": {"ref": "r1", "body": "Hello"},
    "edit": {"ref": "r2", "id": 1, "body": "Hi"},
    "react": {"ref": "r3", "id": 1, "emoji": "👍", "on": True},
    "pin": {"ref": "r8", "id": 1, "on": True},
    "remove": {"ref": "r4", "id": 2},
    "typing": {"on": True},
    "read": {"offset": 1},
    "sync": {"cursor": 0},
    "fetch": {"ref": "r5", "limit": 10},
    "start": {"ref": "r6", "task": "export", "params": {"format": "json", "from": None, "to": None}},
    "schedule": {"ref": "r7", "body": "Later", "at": "tomorrow"},
}


class Site:
    """One worker on a real Valkey, and a socket of Alice in the room `garden`."""

    def __init__(self, url, person):
        self.url = url
        self.worker = Worker(channel_layers[DEFAULT_CHANNEL_LAYER], signal_handlers=False)
        self.socket = wire.Socket("/chat/garden/", wire.browser_of(person))
        self.socket.channel = REPLY
        self.run("websocket.connect", **self.socket.handshake)

    def run(self, channel, **content):
        """Put a message on the layer as an interface does, and let the worker handle it."""
        self.socket.put(channel, **content)
        self.work(channel)

    def work(self, channel):
        """Let the worker handle one message and ask for the next one. The same trip sends what the worker wrote."""
        # With several channels, the worker would begin with a random one, and the number of commands would vary.
        found = self.worker.layer.receive([channel])
        self.worker._handle(*found)
        self.worker.layer.receive([channel])

    def read(self):
        """Return everything that waits for the interface, as bytes."""
        items = redis.StrictRedis.from_url(self.url).lrange(f"transport:{REPLY.partition('!')[0]}!", 0, -1)
        assert items
        return b"".join(items)

    def fill(self, room, member, number):
        """Put this number of other connections of one interface into the room's groups."""
        for index in range(number):
            groups = [broadcast.room_group(room.id), broadcast.member_group(member.id)]
            self.worker.layer.group_add_all(groups, f"daphne.response.abc!{index}")


@pytest.fixture
def make_site(valkey_url, alice, room, monkeypatch):
    """Return a function that makes a Site with a number of other connections in the room."""

    def make_site(number):
        wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
        layer = RedisChannelLayer(hosts=[valkey_url], capacity=10**6)
        layer.flush()
        own = ChannelLayerWrapper(layer, DEFAULT_CHANNEL_LAYER, wrapper.routing)
        monkeypatch.setitem(channel_layers.backends, DEFAULT_CHANNEL_LAYER, own)
        store = RedisStore(valkey_url)
        store.clear()
        for module in MODULES:
            monkeypatch.setattr(f"chat.services.{module}.store", store)
        site = Site(valkey_url, alice)
        site.fill(room, rooms.join_room(alice, "garden"), number)
        # Whether a post publishes to the feed must not depend on the speed of the machine: the feed has had an item.
        layer.shards[0].call(("SET", f"transport:paced:{broadcast.feed_group(room.id)}", 10**6))
        return site

    return make_site


def count(site, url, monkeypatch, type, fields):
    """Return {command: number} and the round trips of one frame, with its answer and everything that it publishes."""
    site.socket.put("websocket.receive", text=json.dumps({"type": type, **fields}))
    with CommandCount(url, monkeypatch) as counted:
        site.work("websocket.receive")
    return counted.calls, counted.trips


def prepare(site):
    """Post two messages, so that Redis has loaded every script and the caches are filled."""
    for number in range(2):
        text = json.dumps({"type": "post", "ref": f"before-{number}", "body": "Hello"})
        site.run("websocket.receive", text=text)
    for type in ("typing", "sync"):
        site.run("websocket.receive", text=json.dumps({"type": type, "on": False, "cursor": 0}))


def test_the_costs_of_every_event_are_counted():
    assert FRAMES.keys() == EVENTS.keys()


@pytest.mark.parametrize("type", FRAMES)
def test_an_event_costs_the_same_with_10_and_with_1000_connections(make_site, valkey_url, monkeypatch, type):
    costs = []
    for number in (10, 1000):
        site = make_site(number)
        prepare(site)
        fields = dict(FRAMES[type])
        if "ref" in fields:
            fields["ref"] += f"-{number}"
        if type == "edit":
            fields["body"] = f"Hi {number}"
        if type in ("react", "pin"):
            fields["on"] = number == 10
        if type == "schedule":
            fields["at"] = format_time(timezone.now() + timedelta(days=1))
        if type in ("remove", "read"):
            fields.update({"id": number // 1000 + 1, "offset": number // 1000 + 1})
        costs.append(count(site, valkey_url, monkeypatch, type, fields))
        assert b"rejected" not in site.read()
    assert costs[0] == costs[1]


def test_a_post_waits_for_one_trip_to_redis(make_site, valkey_url, monkeypatch):
    site = make_site(10)
    prepare(site)
    _, trips = count(site, valkey_url, monkeypatch, "post", {"ref": "one", "body": "Hello"})
    # One trip fetches the frame. The other trip carries the answer, the broadcast and the token.
    assert trips == 2
