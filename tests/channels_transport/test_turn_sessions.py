"""A connection's channel session arrives with its frame."""

import pytest

from channels_transport.session_backends import RedisBackend, session_key
from tests.channels_transport.layers import FRAME, in_a_worker, pop_turn, send_frame, wait_for_turn

pytestmark = pytest.mark.no_database


def test_the_first_message_of_a_connection_has_no_session(layer):
    send_frame(layer, 0)
    layer.receive(["websocket.receive"])
    assert layer.receiver.reply == "daphne.response.abc!x"
    assert layer.receiver.session is None


def test_a_turn_that_ends_a_wait_contains_its_session(layer):
    key = f"{layer.prefix}session:{session_key(FRAME['reply_channel'])}"
    layer.shards[layer.consistent_hash("daphne.response.abc!")].call(("SET", key, "x\0", "EX", 60))
    send_frame(layer, 0)
    assert wait_for_turn(layer) == 0
    assert (layer.receiver.reply, layer.receiver.session) == ("daphne.response.abc!x", b"x\0")


def test_a_turn_without_a_copy_gets_its_session_from_the_claim(layer):
    key = f"{layer.prefix}session:{session_key(FRAME['reply_channel'])}"
    index = layer.consistent_hash("daphne.response.abc!")
    layer.shards[index].call(("SET", key, "x", "EX", 60))
    layer.shards[index].call(("RPUSH", f"{layer.prefix}websocket.receive", b"M0000000000000\0"))
    send_frame(layer, 0)
    layer.shards[index].call(("LPOP", f"{layer.prefix}websocket.receive"))
    item = pop_turn(layer)
    assert b"\0?\0" in item
    assert layer.receiver._open_popped(index, "websocket.receive", item)[1]["order"] == 0
    assert layer.receiver.session == b"x"


def test_reading_never_shortens_the_lease_of_a_session(layer):
    send_frame(layer, 0)
    key = f"{layer.prefix}session:{session_key(FRAME['reply_channel'])}"
    shard = layer.shards[layer.consistent_hash("daphne.response.abc!")]
    shard.call(("SET", key, "x", "EX", 86400))
    layer.receive(["websocket.receive"], block=True)
    assert layer.receiver.session == b"x"
    assert shard.call(("TTL", key))[0] > 80000


def test_another_thread_saves_a_session_where_its_connection_reads_it(layer):
    backend, key = RedisBackend(layer), session_key(FRAME["reply_channel"])
    send_frame(layer, 0)
    send_frame(layer, 1)
    layer.receive(["websocket.receive"])
    assert backend.save(key, "from within", 60, must_create=True)
    layer.receiver.finish()
    assert in_a_worker(lambda: backend.save(key, "from without", 60, must_create=False))
    assert not in_a_worker(lambda: backend.save(key, "a second one", 60, must_create=True))
    layer.receive(["websocket.receive"])
    assert backend.load(key) == "from without"
