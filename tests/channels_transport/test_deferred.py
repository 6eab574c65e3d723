"""Deferred commands: a worker sends them with its next trip to Redis."""

import pytest
import redis

from channels_transport import scripts
from channels_transport.shards import Unsent
from tests.channels_transport.layers import FRAME, make_layer, receive_orders, send_frame

pytestmark = pytest.mark.no_database


def test_deferred_messages_are_sent_with_the_next_trip(layer):
    for group in "abcdef":
        layer.group_add(group, "daphne.response.abc!x")
    for group in "abcdef":
        layer.send_group_later(group, {"text": group})
    layer.send_later("daphne.response.abc!x", {"text": "g"})
    layer.receiver.finish()
    assert [layer.receive(["daphne.response.abc!"])[1]["text"] for _ in range(7)] == list("abcdefg")


def test_deferred_messages_wait_while_there_is_no_connection(layer, monkeypatch):
    layer.send_later("daphne.response.abc!x", {"text": "hello"})
    for shard in layer.shards:
        monkeypatch.setitem(shard.pool.connection_kwargs, "port", 1)
        shard.pool.reset()
    with pytest.raises(Unsent):
        layer.receiver.finish()
    monkeypatch.undo()
    for shard in layer.shards:
        shard.pool.reset()
    layer.receiver.finish()
    assert layer.receive(["daphne.response.abc!"])[1] == {"text": "hello"}


def test_a_redis_without_memory_refuses_sends_and_still_delivers_messages(valkey_url, caplog):
    layer = make_layer(valkey_url)
    server = redis.StrictRedis.from_url(valkey_url)
    send_frame(layer, 0)
    send_frame(layer, 1)
    assert receive_orders(layer, 1) == [0]
    layer.send_later("jobs", {})
    server.config_set("maxmemory", 1)
    try:
        assert receive_orders(layer, 1) == [1]
        renewed, lost, _ = layer.shards[0].call(
            layer.receiver.claim_command()[1],
            layer.command(scripts.RECLAIM, 100),
            layer.command(scripts.LEASE_INTERFACE, "daphne.response.abc!", 10000),
        )
    finally:
        server.config_set("maxmemory", 0)
    assert (renewed, lost) == (0, [])
    assert "refused a consumer's message" in caplog.text


def test_the_next_turn_begins_before_the_answers_of_deferred_commands_are_handled(valkey_url):
    # One trip brings the next turn and the answers of the deferred commands. If the handler of an answer fails, the
    # turn must not be lost.
    layer = make_layer(valkey_url)
    send_frame(layer, 0)
    connections_at_the_answer = []
    layer.receiver.deferred.add(0, ("PING",), lambda answer: connections_at_the_answer.append(layer.receiver.reply))
    layer.receive(["websocket.receive"])
    assert connections_at_the_answer == ["daphne.response.abc!x"]


def test_a_frame_can_be_sent_later(layer):
    layer.send_later("websocket.receive", {**FRAME, "order": 0})
    layer.receiver.finish()
    assert receive_orders(layer, 1) == [0]


def test_a_deferred_command_takes_no_trip_of_its_own(valkey_url, count_commands):
    layer, answers = make_layer(valkey_url), []
    for order in range(2):
        send_frame(layer, order)
    layer.receive(["websocket.receive"])
    with count_commands() as counted:
        layer.group_renew(["room"], "daphne.response.abc!x", lambda: None)
        layer.run_later(0, ("INCR", "number"), answers.append)
    assert (counted.calls, answers) == ({}, [])
    layer.receive(["websocket.receive"])
    assert (layer.group_channels("room"), answers) == (["daphne.response.abc!x"], [1])


def test_without_a_current_message_a_deferred_command_runs_at_once(valkey_url):
    layer, answers = make_layer(valkey_url), []
    layer.group_renew(["room"], "daphne.response.abc!x", lambda: None)
    layer.run_later(0, ("INCR", "number"), answers.append)
    assert (layer.group_channels("room"), answers) == (["daphne.response.abc!x"], [1])


def test_a_written_command_that_redis_refuses_is_logged_and_its_sender_is_told(valkey_url, caplog):
    layer, failures = make_layer(valkey_url), []
    layer.receiver.deferred.write_after_waiting(0, ("INCRBY", "number", "x"), lambda: failures.append("number"))
    layer.receiver.deferred.add(0, ("PING",))
    layer.receiver.finish()
    assert failures == ["number"]
    assert "Redis has refused a command: value is not an integer" in caplog.text and "turn" not in caplog.text
