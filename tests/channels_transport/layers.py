"""Helpers of the tests of the channel layer in Redis. They act as interfaces and workers, and move clocks."""

import threading

from channels_transport import scripts
from channels_transport.items import read_expiry
from channels_transport.layer import RedisChannelLayer

FRAME = {"reply_channel": "daphne.response.abc!x", "path": "/"}
CHANNELS = ["websocket.connect", "websocket.receive", "websocket.disconnect"]
# The tests set the clock back by this time (ms). Every lease in Redis then ends later by the same time.
SET_BACK_MS = 25 * 3600 * 1000


def make_layer(url, shards=1, **options):
    hosts = [f"{url.rsplit('/', 1)[0]}/{number}" for number in range(shards)]
    layer = RedisChannelLayer(hosts=hosts, **options)
    layer.flush()
    return layer


def send_frame(layer, order, channel="websocket.receive", reply=FRAME["reply_channel"], **content):
    layer.send(channel, {**FRAME, "reply_channel": reply, "order": order, **content})


def receive_orders(layer, count, channels=("websocket.receive",)):
    """Return the orders of the next messages that this thread receives."""
    return [layer.receive(channels)[1]["order"] for _ in range(count)]


def in_a_worker(function):
    """Run a function in a new thread, like another worker, and return its result."""
    result = []
    thread = threading.Thread(target=lambda: result.append(function()))
    thread.start()
    thread.join()
    return result[0]


def end_turn_lease(layer, reply="daphne.response.abc!x"):
    """End the lease of a connection's turn, and reclaim. Return the reply channels that lost a frame."""
    shard = layer.shards[layer.consistent_hash("daphne.response.abc!")]
    shard.call(("ZADD", f"{layer.prefix}turns", 1, reply))
    (lost,) = shard.call(layer.command(scripts.RECLAIM, 100))
    return lost


def pop_turn(layer):
    """Pop and return the first turn of the channel's list, like a worker's blocking pop."""
    shard = layer.shards[layer.consistent_hash("daphne.response.abc!")]
    (item,) = shard.call(("LPOP", f"{layer.prefix}websocket.receive"))
    assert item.startswith(b"T")
    return item


def wait_for_turn(layer):
    """Let this thread wait for a turn, like an idle worker. Return the order of the turn's frame, or None."""
    receiver = layer.receiver
    assert receiver._wait(["websocket.receive"])
    found = receiver._open_popped(*receiver._popped.popleft())
    return found and found[1]["order"]


def open_connection(layer, process, name, frames=0):
    """Send the handshake and the first frames of a connection. Return its reply channel."""
    reply = f"{process}{name}"
    send_frame(layer, 0, reply=reply, channel="websocket.connect", path=f"/{name}/")
    for order in range(1, frames + 1):
        send_frame(layer, order, reply=reply)
    return reply


def renew_interface(layer, process, milliseconds):
    """Renew an interface's lease. Return for each shard whether the interface has counted as dead there."""
    command = layer.command(scripts.LEASE_INTERFACE, process, milliseconds)
    return [shard.call(command)[0][0] for shard in layer.shards]


def reclaim(layer):
    for shard in layer.shards:
        shard.call(layer.command(scripts.RECLAIM, 100))


def receive_all(layer):
    """Return {reply channel: [(channel, order), ...]} of all frames."""
    found = {}
    while True:
        channel, message = layer.receive(CHANNELS)
        if channel is None:
            return found
        found.setdefault(message["reply_channel"], []).append((channel, message["order"]))


def pass_time(layer, seconds):
    """Let every message, membership and key of a layer end `seconds` earlier, as if this time had passed."""
    for shard in layer.shards:
        for key in shard.call(("KEYS", f"{layer.prefix}*"))[0]:
            _end_earlier(shard, key, round(seconds * 1000))


def _end_earlier(shard, key, milliseconds):
    kind, time_left = shard.call(("TYPE", key), ("PTTL", key))
    if kind == b"list":
        for index, item in enumerate(shard.call(("LRANGE", key, 0, -1))[0]):
            shard.call(("LSET", key, index, b"%b%013d%b" % (item[:1], read_expiry(item) - milliseconds, item[14:])))
    elif kind == b"zset":
        for member in shard.call(("ZRANGE", key, 0, -1))[0]:
            shard.call(("ZINCRBY", key, -milliseconds, member))
    if time_left > 0:
        # Redis deletes a key that has no time left.
        shard.call(("PEXPIRE", key, time_left - milliseconds))


def set_clock_back(layer):
    """Change all times that the layer has stored, as if the clock of Redis had been set back by SET_BACK_MS."""
    for shard in layer.shards:
        prefix = layer.prefix
        for leases in ("interfaces", "turns"):
            for holder in shard.call(("ZRANGE", prefix + leases, 0, -1))[0]:
                shard.call(("ZINCRBY", prefix + leases, SET_BACK_MS, holder))
        for moment in ("at", "from"):
            if shard.call(("HGET", f"{prefix}reclaim", moment))[0] not in (None, b"0"):
                shard.call(("HINCRBY", f"{prefix}reclaim", moment, SET_BACK_MS))
