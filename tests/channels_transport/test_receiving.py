"""Receiving: blocking waits, connections that break, and servers that are too old."""

import os
import resource
import threading
import time

import pytest
import redis

from channels_transport.redis_info import UnsupportedRedis
from channels_transport.waiting import Waiter
from tests.channels_transport.layers import in_a_worker, make_layer, send_frame

pytestmark = pytest.mark.no_database


def test_a_redis_server_that_is_too_old_raises_a_clear_error(valkey_url, monkeypatch):
    layer = make_layer(valkey_url)
    shard = layer.shards[0]
    monkeypatch.setattr(shard, "call", lambda *commands: [b"# Server\r\nredis_version:6.2.14\r\n"])
    with pytest.raises(UnsupportedRedis, match="6.2.14: the channel layer needs 7 or later"):
        layer.receive(["jobs"])


def test_scripts_are_loaded_again_after_the_server_has_lost_them(layer):
    layer.send("jobs", {"number": 1})
    for shard in layer.shards:
        shard.call(("SCRIPT", "FLUSH"))
    for _ in layer.shards:
        layer.send("jobs", {"number": 2})
    assert layer.receive(["jobs"])[1]["number"] in (1, 2)


def test_sending_works_after_the_server_has_closed_the_connection(layer, valkey_url):
    layer.send("jobs", {"number": 1})
    redis.StrictRedis.from_url(valkey_url).execute_command("CLIENT", "KILL", "TYPE", "normal")
    for _ in layer.shards:
        layer.send("jobs", {"number": 2})


def test_a_wait_ends_when_a_message_arrives(layer):
    threading.Timer(0.2, lambda: layer.send("jobs", {"late": True})).start()
    started = time.monotonic()
    assert layer.receive(["jobs", "websocket.receive"], block=True) == ("jobs", {"late": True})
    assert time.monotonic() - started < 0.9 * layer.blpop_timeout


def test_a_wait_is_packed_by_hiredis(layer, monkeypatch):
    layer.receive(["jobs"], block=True)
    # redis-py packs a command in Python, which takes longer.
    monkeypatch.setattr(redis.Connection, "pack_command", lambda *command: pytest.fail("packed by redis-py"))
    assert layer.receive(["jobs"], block=True) == (None, None)


def test_a_wait_ends_when_the_worker_must_stop(layer):
    layer.receiver.wake_up, stop = os.pipe()
    threading.Timer(0.2, os.write, [stop, b"x"]).start()
    started = time.monotonic()
    assert layer.receive(["jobs", "websocket.receive"], block=True) == (None, None)
    assert time.monotonic() - started < 0.9 * layer.blpop_timeout
    os.close(stop)
    os.close(layer.receiver.wake_up)


def test_a_wait_works_with_more_than_a_thousand_open_files(layer):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))
    files = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        threading.Timer(0.2, lambda: layer.send("jobs", {"late": True})).start()
        assert in_a_worker(lambda: layer.receive(["jobs"], block=True)) == ("jobs", {"late": True})
    finally:
        for file in files:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_wait_ends_when_a_frame_arrives(layer):
    threading.Timer(0.2, lambda: send_frame(layer, 0)).start()
    assert layer.receive(["jobs", "websocket.receive"], block=True)[1]["order"] == 0


def test_a_message_that_arrives_while_a_wait_is_cancelled_is_not_lost(valkey_url):
    # A receiver waits on all three shards at once. When one shard gives a message, the receiver cancels its other two
    # waits. The other shards may have given a message at the same moment.
    layer = make_layer(valkey_url, shards=3)
    for number in range(30):
        layer.send("jobs", {"number": number})
    received = [layer.receive(["jobs"], block=True)[1]["number"] for _ in range(30)]
    assert sorted(received) == list(range(30))
    threading.Timer(0.1, lambda: [layer.send("jobs", {"number": number}) for number in range(3)]).start()
    received = [layer.receive(["jobs"], block=True)[1]["number"] for _ in range(3)]
    assert sorted(received) == [0, 1, 2]


@pytest.fixture
def waiter(valkey_url):
    """Return a waiter whose connection is open. Its reads end after half a second."""
    shard = make_layer(valkey_url).shards[0]
    shard.pool.connection_kwargs["socket_timeout"] = 0.5
    waiter = Waiter(shard)
    waiter.begin(["transport:nothing"], 0.001)
    assert waiter.end() is None
    return waiter


def test_a_wait_is_cancelled_although_redis_reads_the_cancellation_first(waiter, monkeypatch):
    send = waiter._connection.send_packed_command

    def send_late(packed):
        threading.Timer(0.05, send, [packed]).start()

    monkeypatch.setattr(waiter._connection, "send_packed_command", send_late)
    waiter.begin(["transport:nothing"], 60)
    assert waiter.cancel() is None


def test_the_cancellation_of_a_wait_on_a_dead_connection_ends(waiter, monkeypatch):
    monkeypatch.setattr("channels_transport.waiting.CANCEL_STEPS", 3)
    monkeypatch.setattr(waiter, "_id", 0)  # the server knows no such connection
    waiter.begin(["transport:nothing"], 60)
    with pytest.raises(redis.TimeoutError):
        waiter.cancel()
