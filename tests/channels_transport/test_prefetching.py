"""A busy worker takes several turns in one trip to Redis, and does not wait between them."""

import contextlib
import os
import socket
import time

import pytest
import redis

from channels_transport import scripts, shards
from channels_transport.prefetching import MAX_PREFETCHED, QUICK_SECONDS
from channels_transport.session_backends import session_key
from channels_transport.shards import Shard
from tests.channels_transport.layers import end_turn_lease, in_a_worker, make_layer, send_frame

pytestmark = pytest.mark.no_database

CHANNELS = ["websocket.receive"]
PROCESS = "daphne.response.abc!"
LIST = "transport:websocket.receive"


@pytest.fixture
def layer(valkey_url, monkeypatch):
    """Return a layer whose thread prefetches turns, and returns none of them by itself."""
    layer = make_layer(valkey_url, capacity=1000)
    layer.receiver.prefetched._stopped.clear()
    monkeypatch.setattr("channels_transport.prefetching.QUICK_SECONDS", float("inf"))
    return layer


def send_frames(layer, count, order=0):
    """Send a frame on each of many connections: their names are numbers."""
    for number in range(count):
        send_frame(layer, order, reply=f"{PROCESS}{number}")


def receive_number(layer):
    """Return the number of the connection of the next frame, or None."""
    message = layer.receive(CHANNELS)[1]
    return message and int(message["reply_channel"].rpartition("!")[2])


def receive_numbers(layer, count):
    return [receive_number(layer) for _ in range(count)]


def others_receive(layer, count):
    """Return the connections of the next frames that other workers receive."""

    def receive():
        found = receive_numbers(layer, count)
        layer.receiver.finish()
        return found

    return in_a_worker(receive)


def count_waiting(layer):
    (length,) = layer.shards[0].call(("LLEN", LIST))
    return length


@pytest.fixture
def trips(monkeypatch):
    """Return a list of the trips whose answers this process waits for."""
    found, ask = [], Shard.ask

    def note(self, *commands):
        found.append(commands)
        return ask(self, *commands)

    monkeypatch.setattr(Shard, "ask", note)
    return found


def test_a_busy_worker_waits_for_redis_once_in_four_frames(layer, trips, count_commands):
    send_frames(layer, 60)
    del trips[:]
    with count_commands() as counted:
        assert receive_numbers(layer, 48) == list(range(48))
        layer.receiver.finish()
    assert len(trips) == 48 / (1 + MAX_PREFETCHED) + 2, "one to check the version, one to finish"
    assert counted.scripts == 49, "as many as without prefetching"


def test_other_workers_find_turns_as_long_as_several_wait(layer):
    cases = [(1, 0), (4, 0), (5, 1), (8, 1), (9, 2), (13, 3), (40, 3)]
    for order, (waiting, prefetched) in enumerate(cases):
        send_frames(layer, waiting, order)
        assert receive_number(layer) == 0
        assert count_waiting(layer) == waiting - 1 - prefetched
        assert receive_numbers(layer, waiting) == [*range(1, waiting), None]


def test_a_worker_that_starts_no_prefetching_gets_single_turns(valkey_url):
    layer = make_layer(valkey_url, capacity=1000)
    send_frames(layer, 20)
    assert receive_number(layer) == 0
    assert count_waiting(layer) == 19


def test_nothing_is_prefetched_after_a_slow_consumer(layer, monkeypatch):
    monkeypatch.setattr("channels_transport.prefetching.QUICK_SECONDS", QUICK_SECONDS)
    send_frames(layer, 40)
    layer.receiver._returned_at = time.monotonic() - 2 * QUICK_SECONDS
    assert receive_number(layer) == 0
    assert count_waiting(layer) == 39


def test_several_shards_are_not_prefetched_from(valkey_url):
    layer = make_layer(valkey_url, shards=3, capacity=1000)
    layer.receiver.prefetched.start()
    send_frames(layer, 30)
    assert sorted(receive_numbers(layer, 30)) == list(range(30))
    assert layer.receiver.prefetched._stopped.is_set()


def test_the_frames_of_each_connection_stay_in_order(layer):
    for order in range(3):
        send_frames(layer, 20, order)
    found = {}
    for _ in range(60):
        message = layer.receive(CHANNELS)[1]
        found.setdefault(message["reply_channel"], []).append(message["order"])
    assert set(map(tuple, found.values())) == {(0, 1, 2)} and len(found) == 20


def test_a_prefetched_frame_has_its_session(layer):
    sessions = layer.channel_session_backend
    for number in range(20):
        send_frame(layer, 0, reply=f"{PROCESS}{number}", channel="websocket.connect")
    for number in range(20):
        layer.receive(["websocket.connect"])
        sessions.save(session_key(f"{PROCESS}{number}"), f"session {number}", 60, must_create=True)
    layer.receiver.finish()
    send_frames(layer, 20, order=1)
    for number in range(20):
        assert receive_number(layer) == number
        assert sessions.load(session_key(f"{PROCESS}{number}")) == f"session {number}"


def test_messages_between_the_turns_stay_in_their_place(layer):
    send_frames(layer, 3)
    layer.send("websocket.receive", {"reply_channel": f"{PROCESS}100"})
    for number in range(3, 20):
        send_frame(layer, 0, reply=f"{PROCESS}{number}")
    assert receive_numbers(layer, 21) == [0, 1, 2, 100, *range(3, 20)]


def test_an_expired_frame_is_not_prefetched(layer, monkeypatch):
    send_frames(layer, 1)
    monkeypatch.setattr(layer, "expiry", 0)
    send_frame(layer, 0, reply=f"{PROCESS}50")
    monkeypatch.setattr(layer, "expiry", 60)
    for number in range(1, 19):
        send_frame(layer, 0, reply=f"{PROCESS}{number}")
    time.sleep(0.01)
    assert receive_numbers(layer, 20) == [*range(19), None]
    assert layer.channel_statistics("websocket.receive")["expired_count"] == 1


# The messages of a consumer.


def test_the_messages_of_a_consumer_arrive_before_the_next_frame_of_its_connection(layer):
    send_frames(layer, 20)
    send_frame(layer, 1, reply=f"{PROCESS}0")
    receive_number(layer)
    layer.send_later(f"{PROCESS}0", {"text": "sent by the first frame"})
    receive_number(layer)
    assert others_receive(layer, 17)[-1] == 0, "the connection continues while this worker has not read the answers"
    assert in_a_worker(lambda: layer.receive([PROCESS]))[1] == {"text": "sent by the first frame"}


def test_a_call_of_a_consumer_runs_after_all_that_was_written_before(layer):
    send_frames(layer, 20)
    receive_number(layer)
    layer.run_later(0, ("SET", "number", 1))
    receive_number(layer)
    assert layer.shards[0].call(("INCR", "number")) == [2]


def test_an_answer_is_handled_at_most_three_frames_later(layer):
    send_frames(layer, 40)
    receive_number(layer)
    answers = []
    layer.run_later(0, ("PING",), answers.append)
    for _ in range(MAX_PREFETCHED + 1):
        receive_number(layer)
    assert answers == [b"PONG"]


def test_a_message_to_a_full_list_is_counted_as_lost(valkey_url, caplog):
    layer = make_layer(valkey_url, capacity=10)
    layer.receiver.prefetched._stopped.clear()
    layer.channel_capacity = [(layer.compile_capacities({"websocket.receive": 100})[0])]
    send_frames(layer, 20)
    receive_number(layer)
    for _ in range(41):
        layer.send_later("jobs", {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("channels_transport.redis_sending.SLOW_DOWN_SECONDS", 0)
        receive_numbers(layer, MAX_PREFETCHED + 1)
    assert "is full; a message to it is lost" in caplog.text
    assert layer.channel_statistics("jobs")["channel_full_count"] == 1


# Turns that do not begin.


def test_a_killed_worker_loses_only_the_frame_that_it_runs(layer):
    def be_killed():
        layer.receiver.prefetched._stopped.clear()
        receive_numbers(layer, 2)
        layer.receiver.prefetched._items.clear()
        shards.read_written()

    send_frames(layer, 20)
    in_a_worker(be_killed)
    lost = [end_turn_lease(layer, f"{PROCESS}{number}") for number in range(20)]
    assert sum(lost, []) == [f"{PROCESS}1".encode()]
    assert sorted(receive_numbers(layer, 18)) == [0, *range(2, 20)][1:]
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 1


def test_a_frozen_worker_runs_no_frame_that_another_worker_has_taken(layer):
    send_frames(layer, 20)
    assert receive_number(layer) == 0
    for number in range(20):
        end_turn_lease(layer, f"{PROCESS}{number}")
    assert sorted(others_receive(layer, 19)) == list(range(1, 20))
    layer.receiver.prefetched.popped_at -= 5
    assert receive_number(layer) is None


def test_turns_that_wait_for_too_long_return_to_their_place(layer):
    layer.receiver.prefetched.start()
    try:
        send_frames(layer, 20)
        assert receive_number(layer) == 0
        assert count_waiting(layer) == 16
        deadline = time.monotonic() + 10
        while count_waiting(layer) < 19 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert others_receive(layer, 19) == list(range(1, 20))
        assert receive_number(layer) is None
    finally:
        layer.receiver.prefetched.stop()


def test_a_worker_that_stops_returns_its_turns(layer):
    send_frames(layer, 20)
    receive_numbers(layer, 2)
    layer.receiver.finish()
    assert others_receive(layer, 19) == [*range(2, 20), None]


def test_returned_turns_are_not_queued_twice(layer):
    send_frames(layer, 20)
    receive_number(layer)
    layer.receiver.finish()
    for number in range(20):
        end_turn_lease(layer, f"{PROCESS}{number}")
    assert count_waiting(layer) == 19


def test_turns_whose_records_redis_has_lost_are_claimed(layer):
    send_frames(layer, 20)
    layer.shards[0].call(*(("DEL", f"transport:turn:{PROCESS}{number}") for number in range(20)))
    assert receive_numbers(layer, 21) == [*range(20), None]
    assert layer.shards[0].call(("KEYS", "transport:frames:*")) == [[]]


# Failures between the worker and Redis.


def break_connection():
    """Close the connection with the answers that this thread has not read, also if they have arrived."""
    left, right = socket.socketpair()
    right.close()
    with left:
        os.dup2(left.fileno(), shards._thread.written.connection._sock.fileno())


def test_a_connection_that_breaks_before_the_answers_jams_no_socket(layer, caplog):
    send_frames(layer, 20)
    send_frame(layer, 1, reply=f"{PROCESS}1")
    receive_numbers(layer, 2)
    layer.send_later("jobs", {})
    assert receive_number(layer) == 2
    break_connection()
    assert receive_numbers(layer, 18) == [*range(3, 20), 1]
    assert receive_number(layer) is None
    assert caplog.text.count("it is unknown whether 1 deferred commands ran") == 1
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 0


def test_a_turn_whose_end_was_not_sent_ends_with_the_next_trip(layer, monkeypatch):
    send_frames(layer, 20)
    send_frame(layer, 1, reply=f"{PROCESS}0")
    receive_number(layer)
    monkeypatch.setattr(
        Shard, "write", lambda self, *commands, on_answers: on_answers(redis.ConnectionError("on purpose"))
    )
    assert receive_number(layer) == 1
    monkeypatch.undo()
    assert receive_numbers(layer, 19) == [*range(2, 20), 0]


def test_turns_end_after_several_failed_trips(layer, monkeypatch):
    send_frames(layer, 20)
    for number in range(3):
        send_frame(layer, 1, reply=f"{PROCESS}{number}")
    receive_number(layer)
    with monkeypatch.context() as patch:
        patch.setattr(
            Shard, "write", lambda self, *commands, on_answers: on_answers(redis.ConnectionError("on purpose"))
        )
        assert receive_number(layer) == 1
        patch.setattr(Shard, "ask", lambda *arguments: (_ for _ in ()).throw(redis.TimeoutError("on purpose")))
        for _ in range(2):
            with pytest.raises(redis.TimeoutError):
                receive_number(layer)
    assert receive_numbers(layer, 21) == [*range(2, 20), 0, 1, 2]
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 0


def test_turns_whose_end_redis_refused_end_later(layer):
    send_frames(layer, 20)
    for number in range(4):
        send_frame(layer, 1, reply=f"{PROCESS}{number}")
    receive_number(layer)
    layer.shards[0].call(("CONFIG", "SET", "min-replicas-to-write", 1))
    try:
        assert receive_numbers(layer, 3) == [1, 2, 3]
        for _ in range(2):
            with pytest.raises(redis.ResponseError):
                receive_number(layer)
    finally:
        layer.shards[0].call(("CONFIG", "SET", "min-replicas-to-write", 0))
    assert receive_numbers(layer, 21) == [*range(4, 20), 0, 1, 2, 3, None]
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 0


def test_frames_whose_claims_were_lost_do_not_run_again_during_a_slow_consumer(layer, monkeypatch):
    send_frames(layer, 20)
    receive_number(layer)
    shard, failures = layer.shards[0], []
    with monkeypatch.context() as patch:
        patch.setattr(Shard, "write", lambda self, *commands, on_answers: failures.append(on_answers))
        assert receive_numbers(layer, 3) == [1, 2, 3]
    # The heartbeat does this during the consumer of the last frame.
    shard.call(*layer.receiver.claim_commands(0))
    owners = [shard.call(("HGET", f"transport:turn:{PROCESS}{number}", "owner"))[0] for number in range(4)]
    assert owners == [layer.receiver.name.encode()] * 4
    for fail in failures:
        fail(redis.ConnectionError("on purpose"))
    assert receive_numbers(layer, 17) == [*range(4, 20), None]
    assert layer.receiver.claim_commands(0) == []
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 0


def test_without_a_connection_the_prefetched_turns_wait_in_the_worker(layer, monkeypatch):
    send_frames(layer, 20)
    receive_number(layer)
    monkeypatch.setitem(layer.shards[0].pool.connection_kwargs, "port", 1)
    layer.shards[0].pool.reset()
    for _ in range(2):
        with pytest.raises(shards.Unsent):
            receive_number(layer)
    with pytest.raises(shards.Unsent):
        layer.receiver.prefetched.return_all()
    monkeypatch.undo()
    layer.shards[0].pool.reset()
    layer.receiver.prefetched._stopped.clear()
    assert receive_numbers(layer, 20) == [*range(1, 20), None]


def test_turns_whose_return_took_long_are_claimed_first(layer, monkeypatch):
    send_frames(layer, 40)
    receive_number(layer)

    def connect_for_long(*arguments):
        # Meanwhile the worker takes new turns, and other workers run the turns whose leases have ended.
        monkeypatch.undo()
        for number in range(1, 4):
            end_turn_lease(layer, f"{PROCESS}{number}")
        assert sorted(others_receive(layer, 39))[:3] == [1, 2, 3]
        layer.receiver.prefetched.add([], time.monotonic())
        raise shards.Unsent("on purpose")

    monkeypatch.setattr(Shard, "ask", connect_for_long)
    with pytest.raises(shards.Unsent):
        layer.receiver.prefetched.return_all()
    assert receive_number(layer) is None


def test_turns_whose_return_failed_are_dropped_and_queued_again(layer, monkeypatch):
    send_frames(layer, 20)
    receive_number(layer)
    monkeypatch.setattr(Shard, "ask", lambda *arguments: (_ for _ in ()).throw(redis.TimeoutError("on purpose")))
    with contextlib.suppress(redis.TimeoutError):
        layer.receiver.prefetched.return_all()
    monkeypatch.undo()
    for number in range(1, 20):
        end_turn_lease(layer, f"{PROCESS}{number}")
    assert sorted(receive_numbers(layer, 19)) == list(range(1, 20))


def test_scripts_that_redis_has_lost_run_again(layer):
    send_frames(layer, 20)
    receive_number(layer)
    layer.shards[0].call(("SCRIPT", "FLUSH"))
    layer.send_later("jobs", {"number": 1})
    assert receive_numbers(layer, 20) == [*range(1, 20), None]
    assert layer.receive(["jobs"])[1] == {"number": 1}


def test_a_worker_waits_for_a_claim_over_a_new_connection(layer, trips):
    send_frames(layer, 20)
    receive_number(layer)
    layer.shards[0].pool.disconnect()
    del trips[:]
    assert receive_number(layer) == 1
    assert [commands[-1][1] for commands in trips] == [scripts.BEGIN_PREFETCHED.sha]
