"""The channel layer on a real Valkey: the contract, what is counted when something is lost, and whose turn it is."""

import os
import resource
import threading
import time

import pytest
import redis
from asgiref import conformance

from channels_transport import redis_sending, scripts
from channels_transport.layer import RedisChannelLayer
from channels_transport.redis_info import UnsupportedRedis
from channels_transport.redis_sending import DISCONNECT_ORDER
from channels_transport.session_backends import RedisBackend, session_key
from channels_transport.shards import Unsent
from tests.conftest import Clock

pytestmark = pytest.mark.no_database

FRAME = {"reply_channel": "daphne.response.abc!x", "path": "/"}


def make_layer(url, shards=1, **options):
    hosts = [f"{url.rsplit('/', 1)[0]}/{number}" for number in range(shards)]
    layer = RedisChannelLayer(hosts=hosts, **options)
    layer.flush()
    return layer


class Conformance(conformance.ConformanceTestCase):
    """ASGI's own tests; the kinds of layer are below."""

    __test__ = False
    expiry_delay = 1.1
    capacity_limit = 5
    options = {}

    @pytest.fixture(autouse=True)
    def make_it(self, request, valkey_url):
        # Where a test does not wait for it, nothing expires, however slow the machine.
        seconds = 1 if "expiry" in request.node.name else 60
        options = {"expiry": seconds, "group_expiry": seconds, "capacity": 5, **self.options}
        type(self).channel_layer = make_layer(valkey_url, **options)


class TestPlain(Conformance):
    __test__ = True


class TestEncrypted(Conformance):
    __test__ = True
    options = {"symmetric_encryption_keys": ["new", "old"]}


class TestThreeHosts(Conformance):
    __test__ = True
    options = {"shards": 3}


@pytest.fixture(params=[1, 3], ids=["one host", "three hosts"])
def layer(request, valkey_url):
    return make_layer(valkey_url, request.param, capacity=100)


def send_frame(layer, order, channel="websocket.receive", reply=FRAME["reply_channel"], **content):
    layer.send(channel, {**FRAME, "reply_channel": reply, "order": order, **content})


def orders(layer, count, channels=("websocket.receive",)):
    """What one worker gets, one after another."""
    return [layer.receive(channels)[1]["order"] for _ in range(count)]


def in_a_worker(function):
    """Runs a function as another worker would, and returns what it returned."""
    result = []
    thread = threading.Thread(target=lambda: result.append(function()))
    thread.start()
    thread.join()
    return result[0]


# A connection's turn.


def test_frames_of_one_connection_come_in_order(layer):
    for order in range(20):
        send_frame(layer, order)
    assert orders(layer, 20) == list(range(20))
    assert layer.receive(["websocket.receive"]) == (None, None)


def test_the_next_frame_waits_until_the_last_is_done_with(layer):
    send_frame(layer, 0)
    send_frame(layer, 1)
    assert orders(layer, 1) == [0]
    assert in_a_worker(lambda: layer.receive(["websocket.receive"])) == (None, None)
    layer.receiver.finish()
    assert in_a_worker(lambda: layer.receive(["websocket.receive"]))[1]["order"] == 1


def test_another_connections_frame_does_not_wait(layer):
    send_frame(layer, 0)
    send_frame(layer, 0, reply="daphne.response.abc!y")
    first = layer.receive(["websocket.receive"])[1]["reply_channel"]
    second = in_a_worker(lambda: layer.receive(["websocket.receive"]))[1]["reply_channel"]
    assert {first, second} == {"daphne.response.abc!x", "daphne.response.abc!y"}


def test_two_busy_connections_take_turns(layer):
    for reply in ("daphne.response.abc!x", "daphne.response.abc!y"):
        for order in range(3):
            send_frame(layer, order, reply=reply)
    names = [layer.receive(["websocket.receive"])[1]["reply_channel"][-1] for _ in range(6)]
    assert names in (list("xyxyxy"), list("yxyxyx"))


def test_a_frame_that_comes_twice_runs_once(layer):
    for order in (0, 1, 1, 0, 2):
        send_frame(layer, order)
    assert orders(layer, 3) == [0, 1, 2]
    assert layer.receive(["websocket.receive"]) == (None, None)


def test_a_frame_before_its_turn_is_not_taken(layer):
    send_frame(layer, 0)
    with pytest.raises(layer.ChannelFull):
        send_frame(layer, 2)
    send_frame(layer, 1)
    send_frame(layer, 2)
    assert orders(layer, 3) == [0, 1, 2]


def test_a_worker_gets_only_the_channels_it_asked_for(layer):
    send_frame(layer, 0, "websocket.connect")
    send_frame(layer, 1, "websocket.receive")
    assert layer.receive(["websocket.receive"]) == (None, None)
    assert layer.receive(["websocket.connect"])[1]["order"] == 0
    assert layer.receive(["websocket.connect"]) == (None, None)
    assert layer.receive(["websocket.receive"])[1]["order"] == 1


def test_a_dead_workers_connection_goes_on(layer, monkeypatch):
    monkeypatch.setattr("channels_transport.receiving.TURN_LEASE_SECONDS", 0.2)
    send_frame(layer, 0)
    send_frame(layer, 1)
    assert in_a_worker(lambda: layer.receive(["websocket.receive"]))[1]["order"] == 0
    assert layer.receive(["websocket.receive"]) == (None, None)
    time.sleep(0.3)
    lost = [shard.call(layer.command(scripts.RECLAIM, 100))[0] for shard in layer.shards]
    assert sum(lost, []) == [b"daphne.response.abc!x"]
    assert layer.receive(["websocket.receive"])[1]["order"] == 1
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 1


def test_a_worker_that_comes_back_from_the_dead_takes_no_turn_from_another(layer, monkeypatch):
    monkeypatch.setattr("channels_transport.receiving.TURN_LEASE_SECONDS", 0.1)
    for order in range(3):
        send_frame(layer, order)
    layer.receive(["websocket.receive"])
    time.sleep(0.2)
    for shard in layer.shards:
        shard.call(layer.command(scripts.RECLAIM, 100))
    monkeypatch.setattr("channels_transport.receiving.TURN_LEASE_SECONDS", 5)
    assert in_a_worker(lambda: layer.receive(["websocket.receive"]))[1]["order"] == 1
    assert layer.receive(["websocket.receive"]) == (None, None)


def end_grace(layer, reply="daphne.response.abc!x"):
    """Lets the lease of a connection's turn have ended, and takes up what the dead have left."""
    shard = layer.shards[layer.consistent_hash("daphne.response.abc!")]
    shard.call(("ZADD", f"{layer.prefix}turns", 1, reply))
    (lost,) = shard.call(layer.command(scripts.RECLAIM, 100))
    return lost


def pop_turn(layer):
    """Takes the first turn off the channel's list, as a worker's blocking pop does."""
    shard = layer.shards[layer.consistent_hash("daphne.response.abc!")]
    (item,) = shard.call(("LPOP", f"{layer.prefix}websocket.receive"))
    assert item.startswith(b"T")
    return item


def test_a_turn_that_was_popped_and_never_claimed_is_given_out_again(layer):
    for order in range(2):
        send_frame(layer, order)
    pop_turn(layer)
    assert end_grace(layer) == []
    assert orders(layer, 2) == [0, 1]
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 0


@pytest.mark.parametrize("before", [0, 99, 100, 250])
def test_a_turn_that_waits_long_for_a_worker_is_not_lost(valkey_url, before):
    layer = make_layer(valkey_url, capacity=1000)
    for number in range(before):
        send_frame(layer, 0, reply=f"daphne.response.abc!{number}")
    send_frame(layer, 0)
    send_frame(layer, 0, reply="daphne.response.abc!behind")
    assert end_grace(layer) == []
    assert layer.shards[0].call(("LLEN", f"{layer.prefix}websocket.receive")) == [before + 2], "it is there once"
    assert len(orders(layer, before + 2)) == before + 2


def test_turns_given_back_out_of_their_order_are_found(valkey_url):
    layer = make_layer(valkey_url, capacity=1000)
    for number in range(120):
        send_frame(layer, 0, reply=f"daphne.response.abc!{number}")
    for item in [pop_turn(layer) for _ in range(3)]:
        layer.shards[0].call(("LPUSH", f"{layer.prefix}websocket.receive", item))
    for number in range(120):
        end_grace(layer, f"daphne.response.abc!{number}")
    assert layer.shards[0].call(("LLEN", f"{layer.prefix}websocket.receive")) == [120], "each is there once"


def test_a_turn_popped_behind_many_is_found_to_be_gone(valkey_url):
    layer = make_layer(valkey_url, capacity=1000)
    send_frame(layer, 0)
    pop_turn(layer)
    for number in range(150):
        send_frame(layer, 0, reply=f"daphne.response.abc!{number}")
    end_grace(layer)
    assert layer.shards[0].call(("LLEN", f"{layer.prefix}websocket.receive")) == [151]


def wait_for_turn(layer):
    """Lets this thread wait for a turn as an idle worker does. Returns the order of its frame, or None."""
    receiver = layer.receiver
    assert receiver._wait(["websocket.receive"])
    found = receiver._open_popped(*receiver._popped.popleft())
    return found and found[1]["order"]


def test_a_turn_that_was_waited_for_is_claimed_without_waiting(valkey_url, count_commands):
    layer = make_layer(valkey_url)
    layer.receive(["websocket.receive"])
    send_frame(layer, 0)
    send_frame(layer, 1)
    with count_commands() as counted:
        assert wait_for_turn(layer) == 0
    # The question, and a claim: its answer is read some time.
    assert counted.calls["blmpop"] == 1 and counted.trips <= 1
    assert end_grace(layer) == [b"daphne.response.abc!x"], "claimed, it died with its worker"
    assert orders(layer, 1) == [1]


@pytest.mark.parametrize("is_claimed", [True, False])
def test_a_turn_ends_whichever_way_its_claim_took(layer, monkeypatch, is_claimed):
    if not is_claimed:
        monkeypatch.setattr("channels_transport.waiting.Waiter.send", lambda *arguments: None)
    layer.receive(["websocket.receive"])
    for order in range(3):
        send_frame(layer, order)
    assert wait_for_turn(layer) == 0
    assert orders(layer, 2) == [1, 2]


def test_who_was_held_up_asks_whether_a_turn_is_still_theirs(valkey_url):
    layer = make_layer(valkey_url)
    layer.receive(["websocket.receive"])
    send_frame(layer, 0)
    assert layer.receiver._wait(["websocket.receive"])
    end_grace(layer)
    assert in_a_worker(lambda: layer.receive(["websocket.receive"]))[1]["order"] == 0
    layer.receiver._asked_at -= 10
    assert layer.receiver._open_popped(*layer.receiver._popped.popleft()) is None
    assert layer.receiver.reply == ""


def test_a_frame_that_was_lost_with_the_answer_to_its_claim_is_counted(layer):
    send_frame(layer, 0)
    send_frame(layer, 1)
    item, index = pop_turn(layer), layer.consistent_hash("daphne.response.abc!")
    layer.receiver._begin_turn(index, b"daphne.response.abc!x", item[14:30], None)
    layer.shards[index].call(layer.receiver.claim_command()[1])
    layer.receiver._asked_at = -10
    assert layer.receiver._open_popped(index, "websocket.receive", item) is None
    assert orders(layer, 1) == [1]
    assert layer.global_statistics()["lost_count"] == 1


def test_a_redis_that_lost_its_memory_numbers_its_turns_anew(layer):
    send_frame(layer, 0)
    assert wait_for_turn(layer) == 0
    shards, receiver = layer.shards, layer.receiver
    for shard in shards:
        shard.call(("FLUSHDB",))
    send_frame(layer, 0)
    send_frame(layer, 1)
    index, command = receiver.claim_command()
    assert shards[index].call(command) == [None], "that turn was another"
    assert orders(layer, 2) == [0, 1]


def test_a_worker_keeps_the_turn_that_it_renews(layer):
    send_frame(layer, 0)
    send_frame(layer, 1)
    assert orders(layer, 1) == [0]
    index, command = layer.receiver.claim_command()
    assert layer.shards[index].call(command) == [0]
    assert orders(layer, 1) == [1]
    assert layer.shards[index].call(command) == [None], "that turn is over"


def test_a_turn_that_expired_while_nobody_took_it_lets_the_next_one_go(layer, monkeypatch):
    monkeypatch.setattr(layer, "expiry", 0)
    send_frame(layer, 0)
    monkeypatch.setattr(layer, "expiry", 60)
    send_frame(layer, 1)
    time.sleep(0.01)
    assert layer.receive(["websocket.receive"], block=True)[1]["order"] == 1
    assert layer.channel_statistics("websocket.receive")["expired_count"] == 1


# Interfaces that die.


def open_connection(layer, process, name, frames=0):
    reply = f"{process}{name}"
    send_frame(layer, 0, reply=reply, channel="websocket.connect", path=f"/{name}/")
    for order in range(1, frames + 1):
        send_frame(layer, order, reply=reply)
    return reply


def lease(layer, process, milliseconds):
    """Returns for each shard whether it was taken for dead there."""
    command = layer.command(scripts.LEASE_INTERFACE, process, milliseconds)
    return [shard.call(command)[0][0] for shard in layer.shards]


def reclaim(layer):
    for shard in layer.shards:
        shard.call(layer.command(scripts.RECLAIM, 100))


CHANNELS = ["websocket.connect", "websocket.receive", "websocket.disconnect"]


def receive_all(layer):
    """Returns {reply channel: [(channel, order), ...]} of all that there is."""
    found = {}
    while True:
        channel, message = layer.receive(CHANNELS)
        if channel is None:
            return found
        found.setdefault(message["reply_channel"], []).append((channel, message["order"]))


def test_the_connections_of_a_dead_interface_are_told_to_their_consumers_once(layer):
    process, other = "daphne.response.dead!", "daphne.response.alive!"
    lease(layer, process, 100)
    lease(layer, other, 60000)
    first, second = open_connection(layer, process, "a", frames=2), open_connection(layer, process, "b")
    stayed = open_connection(layer, other, "c")
    time.sleep(0.15)
    for _ in range(3):
        reclaim(layer)
    found = receive_all(layer)
    farewell = ("websocket.disconnect", DISCONNECT_ORDER)
    frames = [("websocket.receive", 1), ("websocket.receive", 2)]
    assert found[first] == [("websocket.connect", 0), *frames, farewell]
    assert found[second] == [("websocket.connect", 0), farewell]
    assert found[stayed] == [("websocket.connect", 0)]
    for _ in range(3):
        reclaim(layer)
    assert receive_all(layer) == {}
    assert 1 in lease(layer, process, 60000), "should it live after all, it hears of it"


def test_a_farewell_says_which_path_it_was_and_that_nothing_was_said(layer):
    lease(layer, "daphne.response.dead!", 0)
    open_connection(layer, "daphne.response.dead!", "a")
    layer.receive(["websocket.connect"])
    time.sleep(0.01)
    reclaim(layer)
    channel, message = layer.receive(["websocket.disconnect"])
    assert (channel, message["path"], message["code"]) == ("websocket.disconnect", "/a/", 1006)


def test_who_has_said_goodbye_is_not_made_to_again(layer):
    process = "daphne.response.dead!"
    lease(layer, process, 0)
    reply = open_connection(layer, process, "a")
    send_frame(layer, 1, reply=reply, channel="websocket.disconnect")
    time.sleep(0.01)
    reclaim(layer)
    assert receive_all(layer) == {reply: [("websocket.connect", 0), ("websocket.disconnect", 1)]}
    reclaim(layer)
    assert receive_all(layer) == {}
    assert not any(shard.call(("KEYS", f"{layer.prefix}open:*"))[0] for shard in layer.shards)


def test_a_disconnect_that_died_with_its_worker_is_run_once_more_and_no_more(layer):
    reply = open_connection(layer, "daphne.response.abc!", "x")
    send_frame(layer, 1, reply=reply, channel="websocket.disconnect")
    for order in (0, 1, 1):
        assert in_a_worker(lambda: layer.receive(CHANNELS))[1]["order"] == order
        assert end_grace(layer) == [reply.encode()]
    assert receive_all(layer) == {}


def test_a_message_given_back_comes_first_again(layer):
    send_frame(layer, 0)
    send_frame(layer, 1)
    channel, message = layer.receive(["websocket.receive"])
    layer.requeue(channel, {**message, "__retries__": 1})
    again = layer.receive(["websocket.receive"])[1]
    assert (again["order"], again["__retries__"]) == (0, 1)
    assert orders(layer, 1) == [1]


def test_an_order_on_another_channel_means_nothing(layer):
    for _ in range(2):
        layer.send("jobs", {**FRAME, "order": 7})
    assert orders(layer, 2, ["jobs"]) == [7, 7]


def test_a_session_comes_with_its_message(layer):
    send_frame(layer, 0)
    layer.receive(["websocket.receive"])
    assert layer.receiver.reply == "daphne.response.abc!x"
    assert layer.receiver.session is None


def test_a_frame_whose_answer_was_lost_is_counted_and_the_next_one_comes(layer, monkeypatch):
    for order in range(3):
        send_frame(layer, order)
    assert orders(layer, 1) == [0]
    shard = layer.shards[layer.receiver.index]
    ask = shard.ask

    def lose_the_answer(*commands):
        ask(*commands)
        raise redis.ConnectionError("on purpose")

    monkeypatch.setattr(shard, "ask", lose_the_answer)
    with pytest.raises(redis.ConnectionError):
        layer.receive(["websocket.receive"])
    monkeypatch.setattr(shard, "ask", ask)
    assert orders(layer, 1) == [2]
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 1


def enqueue(layer, order, place):
    index, command = layer.send_command("websocket.receive", {**FRAME, "order": order})
    return layer.shards[index].call((*command, place))[0]


def test_frames_go_on_after_a_redis_that_came_back_without_the_last_of_them(layer):
    """As a replica does, or a server whose last second was not on its disk."""
    assert [enqueue(layer, order, "first") for order in range(3)] == [b"ok"] * 3
    assert enqueue(layer, 6, "next") == b"gap"
    assert enqueue(layer, 5, "first") == b"ok"
    assert enqueue(layer, 6, "next") == b"ok"
    assert orders(layer, 5) == [0, 1, 2, 5, 6]
    assert layer.channel_statistics("websocket.receive")["lost_count"] == 2


def test_of_an_unknown_connection_no_frame_overtakes_one_that_was_not_taken(layer):
    assert enqueue(layer, 7, "next") == b"gap"
    assert enqueue(layer, 6, "first") == b"ok"
    assert enqueue(layer, 7, "next") == b"ok"


def test_turns_are_not_taken_from_the_living_because_redis_was_away(layer, monkeypatch):
    monkeypatch.setattr("channels_transport.receiving.TURN_LEASE_SECONDS", 0.05)
    reclaim = layer.command(scripts.RECLAIM, 100)
    for shard in layer.shards:
        shard.call(reclaim)
    send_frame(layer, 0)
    layer.receive(["websocket.receive"])
    shard = layer.shards[layer.receiver.index]
    time.sleep(0.1)
    shard.call(("HINCRBY", f"{layer.prefix}reclaim", "at", -3500))
    assert shard.call(reclaim) == [[]]
    assert shard.call(reclaim) == [[]], "nor by the next who asks, for as long as a renewal may take"
    shard.call(("HSET", f"{layer.prefix}reclaim", "from", 0))
    assert shard.call(reclaim) == [[b"daphne.response.abc!x"]]


# Losses are counted.


def test_an_expired_message_is_counted(valkey_url):
    layer = make_layer(valkey_url, expiry=1)
    layer.send("jobs", {})
    send_frame(layer, 0)
    time.sleep(1.1)
    assert layer.receive(["jobs", "websocket.receive"]) == (None, None)
    assert layer.channel_statistics("jobs")["expired_count"] == 1
    assert layer.channel_statistics("websocket.receive")["expired_count"] == 1
    assert layer.global_statistics()["expired_count"] == 2


def test_a_full_channel_is_counted_and_makes_room_for_what_expires(valkey_url):
    layer = make_layer(valkey_url, capacity=2)
    layer.send("jobs", {})
    layer.send("jobs", {})
    with pytest.raises(layer.ChannelFull):
        layer.send("jobs", {})
    assert layer.channel_statistics("jobs")["channel_full_count"] == 1
    layer.expiry = 1
    layer.send("others", {})
    layer.expiry = 60
    layer.send("others", {"number": 1})
    time.sleep(1.1)
    layer.send("others", {"number": 2})
    assert [layer.receive(["others"])[1]["number"] for _ in range(2)] == [1, 2]


def test_what_another_layer_left_behind_counts_as_expired(valkey_url):
    layer = make_layer(valkey_url, capacity=1)
    redis.StrictRedis.from_url(valkey_url).rpush(f"{layer.prefix}jobs", "asgi:5fd0")
    assert layer.channel_statistics("jobs")["messages_pending"] == 1
    layer.send("jobs", {"number": 1})
    assert layer.receive(["jobs"]) == ("jobs", {"number": 1})
    assert layer.channel_statistics("jobs")["expired_count"] == 1


def test_pending_messages_and_their_age_are_told(layer):
    send_frame(layer, 0)
    send_frame(layer, 1)
    layer.send("jobs", {})
    time.sleep(0.05)
    statistics = layer.channel_statistics("websocket.receive")
    assert (statistics["messages_count"], statistics["messages_pending"]) == (2, 2)
    assert 0.05 <= statistics["messages_max_age"] < 50
    assert layer.channel_statistics("jobs")["messages_pending"] == 1


def test_a_group_forgets_an_interface_that_is_gone(layer):
    layer.group_add("room", "daphne.response.gone!a")
    layer.group_add("room", "daphne.response.here!b")
    for shard in layer.shards:
        shard.call(layer.command(scripts.LEASE_INTERFACE, "daphne.response.gone!", 1))
        shard.call(layer.command(scripts.LEASE_INTERFACE, "daphne.response.here!", 60000))
    time.sleep(0.01)
    layer.send_group("room", {"text": "hello"})
    assert layer.receive(["daphne.response.gone!"]) == (None, None)
    assert layer.receive(["daphne.response.here!"]) == ("daphne.response.here!b", {"text": "hello"})
    assert layer.channel_statistics("daphne.response.gone!")["gone_count"] == 1
    assert layer.group_channels("room") == ["daphne.response.here!b"]


def test_an_interface_that_was_taken_for_dead_is_told_when_it_comes_back(layer):
    process = "daphne.response.gone!"
    layer.group_add("room", f"{process}a")
    assert 1 not in lease(layer, process, 1)
    time.sleep(0.01)
    layer.send_group("room", {"text": "hello"})
    assert 1 in lease(layer, process, 1)
    assert 1 not in lease(layer, process, 1)


def test_an_interface_is_not_taken_for_dead_because_redis_was_away(layer):
    shard = layer.shards[layer.consistent_hash("room")]
    layer.group_add("room", "daphne.response.here!a")
    shard.call(layer.command(scripts.LEASE_INTERFACE, "daphne.response.here!", 1))
    shard.call(layer.command(scripts.RECLAIM, 100), ("HINCRBY", f"{layer.prefix}reclaim", "at", -3500))
    time.sleep(0.01)
    layer.send_group("room", {"text": "hello"})
    assert layer.receive(["daphne.response.here!"])[1] == {"text": "hello"}


def mark_of(layer):
    (answer,) = layer.shards[0].call(layer.command(scripts.LEASE_INTERFACE, "daphne.response.here!", 1))
    return answer[1]


def test_an_interface_is_told_by_a_mark_when_redis_has_lost_its_memory(layer):
    before = mark_of(layer)
    time.sleep(0.01)
    lease(layer, "daphne.response.other!", 0)
    layer.shards[0].call(("DEL", f"{layer.prefix}interfaces"))
    assert mark_of(layer) == before, "its lease alone may be gone for other reasons"
    layer.shards[0].call(("FLUSHDB",))
    assert mark_of(layer) != before


# A clock that is set back by 25 hours: what is in Redis then ends that much later.

DAY = 25 * 3600 * 1000


def set_clock_back(layer):
    for shard in layer.shards:
        prefix = layer.prefix
        for leases in ("interfaces", "turns"):
            for holder in shard.call(("ZRANGE", prefix + leases, 0, -1))[0]:
                shard.call(("ZINCRBY", prefix + leases, DAY, holder))
        for moment in ("at", "from"):
            if shard.call(("HGET", f"{prefix}reclaim", moment))[0] not in (None, b"0"):
                shard.call(("HINCRBY", f"{prefix}reclaim", moment, DAY))


def ends(layer, leases):
    """In how many ms the leases end that there are."""
    found = []
    for shard in layer.shards:
        (seconds, micros), scores = shard.call(("TIME",), ("ZRANGE", layer.prefix + leases, 0, -1, "WITHSCORES"))
        found += [float(score) - int(seconds) * 1000 - int(micros) // 1000 for score in scores[1::2]]
    return found


def test_a_lease_of_before_the_clock_was_set_back_is_counted_from_now(layer):
    lease(layer, "daphne.response.abc!", 10000)
    send_frame(layer, 0)
    orders(layer, 1)
    set_clock_back(layer)
    assert min(ends(layer, "interfaces") + ends(layer, "turns")) > 20 * 3600 * 1000
    reclaim(layer)
    assert 0 < max(ends(layer, "interfaces")) <= 10000 and 0 < max(ends(layer, "turns")) <= 4000


def test_after_a_stall_and_a_clock_that_was_set_back_a_dead_workers_connection_goes_on(layer):
    send_frame(layer, 0)
    orders(layer, 1)
    reclaim(layer)
    for shard in layer.shards:
        shard.call(("HINCRBY", f"{layer.prefix}reclaim", "at", -3500))
    reclaim(layer)
    set_clock_back(layer)
    reclaim(layer)
    shard = layer.shards[layer.consistent_hash("daphne.response.abc!")]
    assert end_grace(layer) == [b"daphne.response.abc!x"]
    assert shard.call(("ZCARD", f"{layer.prefix}turns")) == [0]


def test_what_comes_after_the_clock_was_set_back_has_not_expired(valkey_url):
    layer = make_layer(valkey_url)
    shard = layer.shards[0]
    shard.now()
    shard._clock = shard._clock[0] + DAY, shard._clock[1]
    sending = threading.Timer(0.2, layer.send, ["jobs", {"number": 1}])
    sending.start()
    assert layer.receive(["jobs"], block=True) == ("jobs", {"number": 1})
    sending.join()


def test_who_joins_a_group_after_the_clock_was_set_back_hears_it(layer, monkeypatch):
    layer.group_expiry = 7 * 24 * 3600
    layer.group_add("room", "daphne.response.abc!a")
    layer.send_group("room", {"text": "1"})
    assert layer.receive(["daphne.response.abc!"])[0] == "daphne.response.abc!a"
    late = scripts.GROUP_ADD.text.replace("redis.call('TIME')", "redis.call('TIME')\ntime[1] = time[1] - 25 * 3600")
    monkeypatch.setattr(scripts, "GROUP_ADD", scripts.Script(late))
    layer.group_add("room", "daphne.response.abc!b")
    layer.send_group("room", {"text": "2"})
    heard = [layer.receive(["daphne.response.abc!"])[0] for _ in range(2)]
    assert sorted(heard) == ["daphne.response.abc!a", "daphne.response.abc!b"]


def test_a_group_message_to_a_list_that_nobody_empties_is_slowed_down_and_then_counted(valkey_url, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(redis_sending, "time", clock)
    layer = make_layer(valkey_url, capacity=2)
    layer.group_add("room", "daphne.response.slow!a")
    started = clock.now
    for _ in range(10):
        layer.send_group("room", {"text": "x"})
    assert 1 <= (clock.now - started) / redis_sending.SLOW_DOWN_SECONDS < 1.5, "it waits once, not for every message"
    statistics = layer.channel_statistics("daphne.response.slow!")
    assert statistics["messages_pending"] == 2 * redis_sending.OVERFILL_FACTOR
    assert statistics["channel_full_count"] == 10 - 2 * redis_sending.OVERFILL_FACTOR


# Groups.


def test_a_group_message_is_one_item_however_many_members_there_are(valkey_url):
    layer = make_layer(valkey_url, capacity=5)
    for number in range(200):
        layer.group_add("room", f"daphne.response.abc!{number}")
    layer.send_group("room", {"text": "x"})
    assert redis.StrictRedis.from_url(valkey_url).llen(f"{layer.prefix}daphne.response.abc!") == 1
    got = [layer.receive(["daphne.response.abc!"])[0] for _ in range(200)]
    assert sorted(got) == sorted(f"daphne.response.abc!{number}" for number in range(200))


def test_who_left_a_group_hears_nothing_more(layer):
    for name in ("a", "b"):
        layer.group_add("room", f"daphne.response.abc!{name}")
    layer.send_group("room", {"text": "1"})
    assert [layer.receive(["daphne.response.abc!"])[0][-1] for _ in range(2)] == ["a", "b"]
    layer.group_discard("room", "daphne.response.abc!a")
    layer.send_group("room", {"text": "2"})
    assert layer.receive(["daphne.response.abc!"]) == ("daphne.response.abc!b", {"text": "2"})
    layer.group_add("room", "daphne.response.abc!c")
    layer.send_group("room", {"text": "3"})
    assert [layer.receive(["daphne.response.abc!"])[0][-1] for _ in range(2)] == ["b", "c"]


def test_a_group_that_another_layer_left_behind_is_begun_anew(layer):
    for shard in layer.shards:
        shard.call(("ZADD", f"{layer.prefix}group:room", 1, "daphne.response.old!a"))
    layer.group_add("room", "daphne.response.abc!a")
    assert layer.group_channels("room") == ["daphne.response.abc!a"]


def test_a_group_that_was_empty_in_between_is_read_anew(layer):
    layer.group_add("room", "daphne.response.abc!a")
    layer.send_group("room", {"text": "1"})
    layer.receive(["daphne.response.abc!"])
    layer.group_discard("room", "daphne.response.abc!a")
    layer.group_add("room", "daphne.response.abc!b")
    layer.send_group("room", {"text": "2"})
    assert layer.receive(["daphne.response.abc!"]) == ("daphne.response.abc!b", {"text": "2"})


# Sending with the next trip.


def test_what_is_sent_later_leaves_with_the_next_question(layer):
    for group in "abcdef":
        layer.group_add(group, "daphne.response.abc!x")
    for group in "abcdef":
        layer.send_group_later(group, {"text": group})
    layer.send_later("daphne.response.abc!x", {"text": "g"})
    layer.receiver.finish()
    assert [layer.receive(["daphne.response.abc!"])[1]["text"] for _ in range(7)] == list("abcdefg")


def test_what_is_sent_later_waits_while_there_is_no_connection(layer, monkeypatch):
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


def test_without_memory_what_is_sent_is_refused_and_the_next_message_comes(valkey_url, caplog):
    layer = make_layer(valkey_url)
    server = redis.StrictRedis.from_url(valkey_url)
    send_frame(layer, 0)
    send_frame(layer, 1)
    assert orders(layer, 1) == [0]
    layer.send_later("jobs", {})
    server.config_set("maxmemory", 1)
    try:
        assert orders(layer, 1) == [1]
        renewed, lost, _ = layer.shards[0].call(
            layer.receiver.claim_command()[1],
            layer.command(scripts.RECLAIM, 100),
            layer.command(scripts.LEASE_INTERFACE, "daphne.response.abc!", 10000),
        )
    finally:
        server.config_set("maxmemory", 0)
    assert (renewed, lost) == (0, [])
    assert "refused what a consumer sent" in caplog.text


def test_a_message_is_in_hand_before_its_sender_slows_down(valkey_url, monkeypatch):
    layer = make_layer(valkey_url)
    send_frame(layer, 0)
    in_hand = []
    layer.receiver.deferred.add(0, ("PING",), lambda answer: in_hand.append(layer.receiver.reply))
    layer.receive(["websocket.receive"])
    assert in_hand == ["daphne.response.abc!x"]


def test_a_connections_message_may_be_sent_later_too(layer):
    layer.send_later("websocket.receive", {**FRAME, "order": 0})
    layer.receiver.finish()
    assert orders(layer, 1) == [0]


def test_a_session_comes_with_a_turn_that_is_waited_for(layer):
    key = f"{layer.prefix}session:{session_key(FRAME['reply_channel'])}"
    layer.shards[layer.consistent_hash("daphne.response.abc!")].call(("SET", key, "x\0", "EX", 60))
    send_frame(layer, 0)
    assert wait_for_turn(layer) == 0
    assert (layer.receiver.reply, layer.receiver.session) == ("daphne.response.abc!x", b"x\0")


def test_a_turn_that_is_popped_without_its_session_asks_for_it(layer):
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


def test_a_reading_never_shortens_the_life_of_a_session(layer):
    send_frame(layer, 0)
    key = f"{layer.prefix}session:{session_key(FRAME['reply_channel'])}"
    shard = layer.shards[layer.consistent_hash("daphne.response.abc!")]
    shard.call(("SET", key, "x", "EX", 86400))
    layer.receive(["websocket.receive"], block=True)
    assert layer.receiver.session == b"x"
    assert shard.call(("TTL", key))[0] > 80000


def test_a_session_is_saved_from_elsewhere_where_its_connection_reads_it(layer):
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


# The commands that it takes.


@pytest.fixture
def count_commands(valkey_url):
    """Counts what clients ask of the server within a `with`."""
    client = redis.StrictRedis.from_url(valkey_url)

    class Count:
        def __enter__(self):
            self.before = self._calls()
            return self

        def __exit__(self, *exception):
            after = self._calls()
            # INFO is the counting itself.
            self.calls = {n: c - self.before.get(n, 0) for n, c in after.items() if c - self.before.get(n, 0)}
            self.trips = self.calls.get("evalsha", 0)

        def _calls(self):
            stats = client.info("commandstats")
            return {name[8:]: value["calls"] for name, value in stats.items() if name != "cmdstat_info"}

    return Count


def test_sending_to_a_group_takes_one_script_with_any_number_of_members(valkey_url, count_commands):
    layer = make_layer(valkey_url)
    for number in range(3):
        layer.group_add("room", f"daphne.response.abc!{number}")
    with count_commands() as few:
        layer.send_group("room", {"text": "x"})
    for number in range(300):
        layer.group_add("room", f"daphne.response.abc!{number}")
    with count_commands() as many:
        layer.send_group("room", {"text": "x"})
    assert few.calls == many.calls
    assert few.trips == 1


def test_a_busy_worker_takes_one_script_for_each_message(valkey_url, count_commands):
    layer = make_layer(valkey_url)
    for order in range(10):
        send_frame(layer, order)
    layer.receive(["websocket.receive"])
    with count_commands() as counted:
        for _ in range(9):
            layer.receive(["websocket.receive"])
    assert counted.trips == 9
    assert not {name for name in counted.calls if name.startswith("b")}, "no blocking pop while there is work"


def test_what_nobody_waits_for_takes_no_trip_of_its_own(valkey_url, count_commands):
    layer, settled = make_layer(valkey_url), []
    for order in range(2):
        send_frame(layer, order)
    layer.receive(["websocket.receive"])
    with count_commands() as before:
        layer.group_renew(["room"], "daphne.response.abc!x", lambda: None)
        layer.run_later(0, ("INCR", "number"), settled.append)
    assert (before.calls, settled) == ({}, [])
    layer.receive(["websocket.receive"])
    assert (layer.group_channels("room"), settled) == (["daphne.response.abc!x"], [1])


def test_with_no_message_in_hand_it_is_done_at_once(valkey_url):
    layer, settled = make_layer(valkey_url), []
    layer.group_renew(["room"], "daphne.response.abc!x", lambda: None)
    layer.run_later(0, ("INCR", "number"), settled.append)
    assert (layer.group_channels("room"), settled) == (["daphne.response.abc!x"], [1])


# What goes wrong.


def test_an_old_server_gets_one_clear_error(valkey_url, monkeypatch):
    layer = make_layer(valkey_url)
    shard = layer.shards[0]
    monkeypatch.setattr(shard, "call", lambda *commands: [b"# Server\r\nredis_version:6.2.14\r\n"])
    with pytest.raises(UnsupportedRedis, match="6.2.14: the channel layer needs 7 or later"):
        layer.receive(["jobs"])


def test_scripts_are_loaded_again_after_the_server_has_forgotten_them(layer):
    layer.send("jobs", {"number": 1})
    for shard in layer.shards:
        shard.call(("SCRIPT", "FLUSH"))
    for _ in layer.shards:
        layer.send("jobs", {"number": 2})
    assert layer.receive(["jobs"])[1]["number"] in (1, 2)


def test_a_connection_that_the_server_has_closed_is_not_noticed_by_the_sender(layer, valkey_url):
    layer.send("jobs", {"number": 1})
    redis.StrictRedis.from_url(valkey_url).execute_command("CLIENT", "KILL", "TYPE", "normal")
    for _ in layer.shards:
        layer.send("jobs", {"number": 2})


def test_waiting_ends_when_something_comes(layer):
    threading.Timer(0.2, lambda: layer.send("jobs", {"late": True})).start()
    started = time.monotonic()
    assert layer.receive(["jobs", "websocket.receive"], block=True) == ("jobs", {"late": True})
    assert time.monotonic() - started < 0.9 * layer.blpop_timeout


def test_waiting_ends_when_the_worker_is_told_to_end(layer):
    layer.receiver.wake_up, told = os.pipe()
    threading.Timer(0.2, os.write, [told, b"x"]).start()
    started = time.monotonic()
    assert layer.receive(["jobs", "websocket.receive"], block=True) == (None, None)
    assert time.monotonic() - started < 0.9 * layer.blpop_timeout
    os.close(told)
    os.close(layer.receiver.wake_up)


def test_it_waits_in_a_process_with_more_than_a_thousand_open_files(layer):
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


def test_any_thread_hands_out_what_another_has_expanded(layer):
    """As for a stock Daphne, whose `receive_twisted` runs in one thread and then in another."""
    for name in "abc":
        layer.group_add("room", f"daphne.response.abc!{name}")
    layer.send_group("room", {"text": "x"})
    got = [in_a_worker(lambda: layer.receive(["daphne.response.abc!"]))[0][-1] for _ in range(3)]
    assert got == ["a", "b", "c"]


def test_waiting_ends_for_a_frame_too(layer):
    threading.Timer(0.2, lambda: send_frame(layer, 0)).start()
    assert layer.receive(["jobs", "websocket.receive"], block=True)[1]["order"] == 0


def test_what_comes_while_waiting_is_called_off_is_not_lost(valkey_url):
    layer = make_layer(valkey_url, shards=3)
    for number in range(30):
        layer.send("jobs", {"number": number})
    got = [layer.receive(["jobs"], block=True)[1]["number"] for _ in range(30)]
    assert sorted(got) == list(range(30))
    threading.Timer(0.1, lambda: [layer.send("jobs", {"number": number}) for number in range(3)]).start()
    got = [layer.receive(["jobs"], block=True)[1]["number"] for _ in range(3)]
    assert sorted(got) == [0, 1, 2]


def test_a_sender_can_ask_how_much_waits_for_an_interface(layer):
    for name in "aabb":
        layer.send(f"daphne.response.abc!{name}", {"text": "x"})
    layer.send("daphne.response.def!a", {"text": "x"})
    assert layer.count_waiting("daphne.response.abc!c") == 4
    layer.receive(["daphne.response.abc!"])
    assert layer.count_waiting("daphne.response.abc!a") == 3
    assert layer.count_waiting("daphne.response.new!a") == 0
