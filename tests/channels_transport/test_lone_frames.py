"""A worker that takes one frame at a time ends its turn and waits for the next frame with one write."""

import contextlib
import os
import socket
import threading
import time

import pytest
import redis

from channels_transport import scripts
from channels_transport.shards import Shard
from channels_transport.waiting import Waiter
from tests.channels_transport.layers import end_turn_lease, in_a_worker, make_layer, send_frame

pytestmark = pytest.mark.no_database

CHANNELS = ["websocket.receive", "http.request"]
PROCESS = "daphne.response.abc!"
REPLY = f"{PROCESS}x"
LIST = "transport:websocket.receive"


@pytest.fixture
def layer(valkey_url):
    """Return a layer whose thread has taken a frame that came alone: its order is 0."""
    layer = make_layer(valkey_url, capacity=1000)
    layer.blpop_timeout = 5
    assert take_when_waiting(layer, lambda: send_frame(layer, 0)) == 0
    return layer


def receive_order(layer):
    """Wait for a frame, and return its order, or None."""
    message = layer.receive(CHANNELS, block=True)[1]
    return message and message["order"]


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert condition()


def wait_until_blocked(layer):
    """Wait until a worker waits in Redis, which has then run all commands that the worker wrote before."""
    client = redis.StrictRedis(connection_pool=layer.shards[0].pool)
    wait_until(lambda: client.info("clients")["blocked_clients"])


def take_when_waiting(layer, send):
    """Let this thread wait, then send a frame, and return the order of the frame that arrives."""

    def send_later():
        wait_until_blocked(layer)
        send()

    sender = threading.Thread(target=send_later)
    sender.start()
    try:
        return receive_order(layer)
    finally:
        sender.join()


def other_receives(layer):
    """Return the order of the next frame that another worker receives, or None."""

    def receive():
        message = layer.receive(CHANNELS)[1]
        layer.receiver.finish()
        return message and message["order"]

    return in_a_worker(receive)


@contextlib.contextmanager
def counting_writes(monkeypatch):
    """Count the writes of this thread to Redis."""
    found, thread = [], threading.get_ident()
    send = redis.Connection.send_packed_command

    def note(self, command):
        if threading.get_ident() == thread:
            found.append(command)
        return send(self, command)

    with monkeypatch.context() as patch:
        patch.setattr(redis.Connection, "send_packed_command", note)
        yield found


@contextlib.contextmanager
def wait_times_out(layer):
    layer.blpop_timeout = 0.05
    yield
    layer.blpop_timeout = 5


def break_after_write(layer, monkeypatch):
    """Let the connection of the next wait break after Redis has received its commands."""
    write = Waiter.begin_after

    def write_and_break(self, *arguments):
        monkeypatch.undo()
        read, connection = "channels_transport.waiting.read_answers", self._connection

        def break_connection(*_):
            monkeypatch.undo()
            wait_until_blocked(layer)
            left, right = socket.socketpair()
            right.close()
            with left:
                os.dup2(left.fileno(), connection._sock.fileno())
            raise redis.ConnectionError("on purpose")

        monkeypatch.setattr(read, break_connection)
        return write(self, *arguments)

    monkeypatch.setattr(Waiter, "begin_after", write_and_break)


def test_a_lone_frame_takes_two_writes(layer, monkeypatch):
    with counting_writes(monkeypatch) as writes:
        for order in range(1, 11):
            layer.send_later(REPLY, {"text": "an answer"})
            assert take_when_waiting(layer, lambda order=order: send_frame(layer, order)) == order
    assert len(writes) == 20, "the end of the turn and the next wait; the claim"


def test_a_lone_frame_takes_few_commands(layer, count_commands):
    with count_commands() as counted, wait_times_out(layer):
        assert receive_order(layer) is None
    assert sum(counted.calls.values()) - counted.scripts == 6, "four end the turn, one looks at all lists, one waits"


def test_the_messages_of_a_lone_frame_leave_before_its_connection_continues(layer):
    send_frame(layer, 1)
    layer.send_later("jobs", {"sent by": 0})
    with wait_times_out(layer):
        assert receive_order(layer) == 1
    assert in_a_worker(lambda: layer.receive(["jobs"]))[1] == {"sent by": 0}


def test_an_answer_is_handled_before_the_wait_ends(layer):
    layer.run_later(0, ("PING",), lambda answer: in_a_worker(lambda: send_frame(layer, 1)))
    assert receive_order(layer) == 1


def test_a_message_to_a_full_list_is_counted_as_lost(layer, caplog, monkeypatch):
    monkeypatch.setattr("channels_transport.redis_sending.SLOW_DOWN_SECONDS", 0)
    layer.capacity = 1
    for _ in range(5):
        layer.send_later("jobs", {})
    with wait_times_out(layer):
        assert receive_order(layer) is None
    assert "is full; a message to it is lost" in caplog.text
    assert layer.channel_statistics("jobs")["channel_full_count"] == 1


def test_a_worker_that_waits_for_a_full_list_leaves_the_next_frame_to_others(layer, monkeypatch):
    taken = []

    def sleep(seconds):
        if not taken:
            in_a_worker(lambda: send_frame(layer, 1))
            taken.append(other_receives(layer))

    layer.channel_capacity = layer.compile_capacities({"jobs": 1})
    for _ in range(2):
        layer.send_later("jobs", {})
    with monkeypatch.context() as patch:
        patch.setattr("channels_transport.redis_sending.time.sleep", sleep)
        patch.setattr("channels_transport.redis_sending.SLOW_DOWN_SECONDS", 0.001)
        assert layer.receive(CHANNELS, block=True) == (None, None)
    assert taken == [1]
    assert take_when_waiting(layer, lambda: send_frame(layer, 2)) == 2


def test_a_worker_returns_the_frame_that_it_has_popped_before_it_waits_for_a_full_list(layer):
    taken = []

    def pop_and_stop(_):
        in_a_worker(lambda: send_frame(layer, 1))
        layer.receiver.stop_waiting()
        taken.append(other_receives(layer))

    layer.run_later(0, ("PING",), pop_and_stop)
    assert layer.receive(CHANNELS, block=True) == (None, None)
    assert taken == [1]


def test_a_frame_whose_return_was_not_confirmed_runs_once(layer, monkeypatch):
    ask, taken = Shard.ask, []

    def ask_and_lose_the_answer(self, *commands):
        answers = ask(self, *commands)
        if commands[0][1] == scripts.RETURN_ITEM.sha:
            raise redis.ConnectionError("on purpose")
        return answers

    def pop_and_stop(_):
        in_a_worker(lambda: send_frame(layer, 1))
        with monkeypatch.context() as patch, pytest.raises(redis.ConnectionError):
            patch.setattr(Shard, "ask", ask_and_lose_the_answer)
            layer.receiver.stop_waiting()
        taken.append(other_receives(layer))

    layer.run_later(0, ("PING",), pop_and_stop)
    assert layer.receive(CHANNELS, block=True) == (None, None)
    assert taken == [1]


def test_a_message_that_cannot_be_returned_is_received_later(layer, monkeypatch):
    def pop_and_stop(_):
        in_a_worker(lambda: layer.send("http.request", {"path": "/"}))
        with monkeypatch.context() as patch, pytest.raises(redis.ResponseError):
            patch.setattr(scripts, "RETURN_ITEM", scripts.LayerScript("", "return redis.error_reply('refused')"))
            layer.receiver.stop_waiting()

    layer.run_later(0, ("PING",), pop_and_stop)
    assert layer.receive(CHANNELS, block=True) == ("http.request", {"path": "/"})


def test_a_turn_that_waited_is_claimed_first(layer):
    send_frame(layer, 0, reply=f"{PROCESS}y")
    assert layer.receiver._wait(CHANNELS, ends_turn=True)
    end_turn_lease(layer, f"{PROCESS}y")
    assert other_receives(layer) == 0
    with wait_times_out(layer):
        assert receive_order(layer) is None


def test_a_worker_asks_again_when_several_frames_wait(layer, monkeypatch):
    for name in "abc":
        send_frame(layer, 0, reply=f"{PROCESS}{name}")
    asked = []
    ask = Shard.ask
    monkeypatch.setattr(Shard, "ask", lambda self, *commands: asked.append(commands[-1][1]) or ask(self, *commands))
    assert [receive_order(layer) for _ in range(3)] == [0, 0, 0]
    assert asked == [scripts.CLAIM.sha, scripts.NEXT.sha, scripts.NEXT.sha]


def test_the_worker_of_a_request_asks_again(layer, monkeypatch):
    layer.send("http.request", {"path": "/"})
    assert layer.receive(CHANNELS, block=True)[0] == "http.request"
    with counting_writes(monkeypatch) as writes, wait_times_out(layer):
        assert receive_order(layer) is None
    assert len(writes) == 2


def test_a_worker_that_is_told_to_stop_ends_its_turn(layer):
    layer.receiver.wake_up, stop = os.pipe()
    os.write(stop, b"x")
    send_frame(layer, 1)
    layer.receive(["http.request"], block=True)
    assert layer.receiver.reply == ""
    assert other_receives(layer) == 1
    os.close(stop)
    os.close(layer.receiver.wake_up)


# A worker that is killed.


def kill(layer, before):
    """Let another worker take a lone frame, and kill it: the kernel still delivers what it has written."""

    def work():
        assert take_when_waiting(layer, lambda: send_frame(layer, 0, reply=f"{PROCESS}y")) == 0
        before(layer.receiver)
        layer.receiver._waiters[0].drop()

    in_a_worker(work)


def find_owner(layer):
    return layer.shards[0].call(("HGET", f"transport:turn:{PROCESS}y", "owner"))[0]


def test_a_worker_that_is_killed_while_it_runs_a_lone_frame_loses_this_frame(layer):
    kill(layer, lambda receiver: None)
    wait_until(lambda: find_owner(layer) not in (None, b"-"))
    assert end_turn_lease(layer, f"{PROCESS}y") == [f"{PROCESS}y".encode()]
    assert find_owner(layer) is None


def test_a_worker_that_is_killed_right_after_its_write_loses_nothing(layer):
    def write(receiver):
        receiver.deferred.add(0, layer.command(scripts.SEND, "jobs", "", layer.serialize({"sent": True}), 60, 100))
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(redis.ConnectionError):
            patch.setattr(
                "channels_transport.waiting.read_answers",
                lambda *arguments: (_ for _ in ()).throw(redis.ConnectionError("killed")),
            )
            receiver._wait(CHANNELS, ends_turn=True)

    kill(layer, write)
    wait_until(lambda: find_owner(layer) is None)
    assert end_turn_lease(layer, f"{PROCESS}y") == []
    assert layer.receive(["jobs"])[1] == {"sent": True}
    send_frame(layer, 1, reply=f"{PROCESS}y")
    assert receive_order(layer) == 1


def test_a_worker_that_is_killed_after_its_wait_has_popped_a_turn_loses_nothing(layer):
    def pop(receiver):
        send_frame(layer, 1, reply=f"{PROCESS}y")
        assert receiver._wait(CHANNELS, ends_turn=True)

    kill(layer, pop)
    assert find_owner(layer) == b"-"
    assert end_turn_lease(layer, f"{PROCESS}y") == []
    assert other_receives(layer) == 1
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 0


# Failures between the worker and Redis.


def test_a_connection_that_ended_before_the_write_loses_no_message(layer):
    redis.StrictRedis(connection_pool=layer.shards[0].pool).execute_command("CLIENT", "KILL", "TYPE", "normal")
    layer.send_later("jobs", {"number": 1})
    assert take_when_waiting(layer, lambda: send_frame(layer, 1)) == 1
    assert in_a_worker(lambda: layer.receive(["jobs"]))[1] == {"number": 1}


def test_a_connection_that_breaks_after_the_write_jams_no_socket(layer, monkeypatch, caplog):
    layer.send_later("jobs", {})
    break_after_write(layer, monkeypatch)
    with pytest.raises(redis.ConnectionError):
        receive_order(layer)
    assert caplog.text.count("it is unknown whether 1 deferred commands ran") == 1
    assert layer.receiver.reply == REPLY, "the turn is ended again"
    assert take_when_waiting(layer, lambda: send_frame(layer, 1)) == 1
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 0


def test_a_turn_whose_end_redis_refused_ends_later(layer):
    layer.shards[0].call(("CONFIG", "SET", "min-replicas-to-write", 1))
    try:
        for _ in range(2):
            with pytest.raises(redis.ResponseError):
                receive_order(layer)
            assert layer.receiver.reply == REPLY
    finally:
        layer.shards[0].call(("CONFIG", "SET", "min-replicas-to-write", 0))
    send_frame(layer, 1)
    assert receive_order(layer) == 1


def test_a_message_that_arrives_although_redis_refused_the_end_of_the_turn_is_not_lost(layer, monkeypatch):
    layer.send("http.request", {"path": "/"})
    # Redis refuses this script only.
    monkeypatch.setattr(scripts, "FINISH", scripts.LayerScript("", "return redis.error_reply('refused')", frees=True))
    with pytest.raises(redis.ResponseError, match="refused"):
        layer.receive(CHANNELS, block=True)
    monkeypatch.undo()
    assert layer.receive(CHANNELS, block=True) == ("http.request", {"path": "/"})


def test_scripts_that_redis_has_lost_run_again(layer):
    send_frame(layer, 0, reply=f"{PROCESS}y")
    layer.shards[0].call(("SCRIPT", "FLUSH"))
    layer.send_later("jobs", {"number": 1})
    assert layer.receiver._wait(CHANNELS, ends_turn=True)
    assert layer.receiver.reply == ""
    # The turn waited before, although the lists are empty when the script runs.
    end_turn_lease(layer, f"{PROCESS}y")
    assert other_receives(layer) == 0
    with wait_times_out(layer):
        assert receive_order(layer) is None
    assert layer.receive(["jobs"])[1] == {"number": 1}
