"""A worker on a real Valkey. Tests count its Redis commands. The fixture `make_site` makes it."""

import json

import redis
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.asgi import ChannelLayerWrapper

from channels_transport.layer import RedisChannelLayer
from channels_transport.worker import Worker
from chat import broadcast
from chat.services import rooms
from chat.store import RedisStore
from tests import wire
from tests.redis_commands import CommandCount

# The services that keep a store in a name of their module.
MODULES = ("budgets", "limits", "presence", "boards.waiting_room")
REPLY = "daphne.response.abc!alice"


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


def open_site(url, person, room, number, monkeypatch):
    """Put the chat on an empty Valkey, and return a Site with this number of other connections in the room."""
    wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
    layer = RedisChannelLayer(hosts=[url], capacity=10**6)
    layer.flush()
    own = ChannelLayerWrapper(layer, DEFAULT_CHANNEL_LAYER, wrapper.routing)
    monkeypatch.setitem(channel_layers.backends, DEFAULT_CHANNEL_LAYER, own)
    store = RedisStore(url)
    store.clear()
    for module in MODULES:
        monkeypatch.setattr(f"chat.services.{module}.store", store)
    site = Site(url, person)
    site.fill(room, rooms.join_room(person, "garden"), number)
    # Whether a post publishes to the feed must not depend on the speed of the machine: the feed has had an item.
    layer.shards[0].call(("SET", f"transport:paced:{broadcast.feed_group(room.id)}", 10**6))
    return site


def count(site, url, monkeypatch, type, fields):
    """Return {command: number} and the round trips of one frame, with its answer and everything that it publishes."""
    site.socket.put("websocket.receive", text=json.dumps({"type": type, **fields}))
    with CommandCount(url, monkeypatch) as counted:
        site.work("websocket.receive")
    return counted.calls, counted.trips


def prepare(site):
    """Post two messages and send two other frames, so that Redis has loaded the scripts and the caches are filled."""
    for number in range(2):
        text = json.dumps({"type": "post", "ref": f"before-{number}", "body": "Hello"})
        site.run("websocket.receive", text=text)
    for type in ("typing", "sync"):
        site.run("websocket.receive", text=json.dumps({"type": type, "on": False, "cursor": 0}))
