"""Groups of the layer in Redis: one item per process, and lists of members that are read again after a change."""

import pytest
import redis

from tests.channels_transport.layers import CHANNELS, in_a_worker, make_layer, pass_time, send_frame

pytestmark = pytest.mark.no_database


def test_a_group_message_is_one_item_for_any_number_of_members(valkey_url):
    layer = make_layer(valkey_url, capacity=5)
    for number in range(200):
        layer.group_add("room", f"daphne.response.abc!{number}")
    layer.send_group("room", {"text": "x"})
    assert redis.StrictRedis.from_url(valkey_url).llen(f"{layer.prefix}daphne.response.abc!") == 1
    received = [layer.receive(["daphne.response.abc!"])[0] for _ in range(200)]
    assert sorted(received) == sorted(f"daphne.response.abc!{number}" for number in range(200))


def test_a_group_message_takes_one_trip_to_each_server_for_any_number_of_processes(valkey_url, count_commands):
    layer = make_layer(valkey_url, shards=3)
    processes = [f"daphne.response.{number}!" for number in range(30)]
    for process in processes:
        layer.group_add("room", f"{process}a")
    with count_commands() as counted:
        layer.send_group("room", {"text": "x"})
    # One trip reads the processes, and each of three servers gets the items of its processes.
    assert counted.trips == 4
    assert [layer.receive([process]) for process in processes] == [(f"{name}a", {"text": "x"}) for name in processes]


def test_a_channel_that_left_a_group_gets_no_more_messages(layer):
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


def test_a_group_of_another_kind_of_layer_is_replaced(layer):
    for shard in layer.shards:
        shard.call(("ZADD", f"{layer.prefix}group:room", 1, "daphne.response.old!a"))
    layer.group_add("room", "daphne.response.abc!a")
    assert layer.group_channels("room") == ["daphne.response.abc!a"]


def test_the_members_of_a_group_that_was_empty_are_read_again(layer):
    layer.group_add("room", "daphne.response.abc!a")
    layer.send_group("room", {"text": "1"})
    layer.receive(["daphne.response.abc!"])
    layer.group_discard("room", "daphne.response.abc!a")
    layer.group_add("room", "daphne.response.abc!b")
    layer.send_group("room", {"text": "2"})
    assert layer.receive(["daphne.response.abc!"]) == ("daphne.response.abc!b", {"text": "2"})


def test_a_group_send_takes_one_script_with_any_number_of_members(valkey_url, count_commands):
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
    assert few.scripts == 1


def test_any_thread_receives_a_group_message_that_another_thread_has_fetched(layer):
    """Check the case of a stock Daphne: its `receive_twisted` runs in several threads."""
    for name in "abc":
        layer.group_add("room", f"daphne.response.abc!{name}")
    layer.send_group("room", {"text": "x"})
    received = [in_a_worker(lambda: layer.receive(["daphne.response.abc!"]))[0][-1] for _ in range(3)]
    assert received == ["a", "b", "c"]


def test_all_members_of_a_group_join_and_leave_another_group(layer):
    for name in ("abc!a", "abc!b", "xyz!c"):
        layer.group_add("person", f"daphne.response.{name}")
    layer.group_add("feed", "daphne.response.abc!other")
    layer.group_add_members("feed", "person")
    layer.group_add_members("feed", "person")
    everybody = [f"daphne.response.{name}" for name in ("abc!a", "abc!b", "abc!other", "xyz!c")]
    assert sorted(layer.group_channels("feed")) == everybody
    layer.send_group("feed", {"text": "1"})
    received = [layer.receive(["daphne.response.abc!", "daphne.response.xyz!"])[0] for _ in range(5)]
    assert sorted(filter(None, received)) == everybody
    layer.group_discard_members("feed", "person")
    assert layer.group_channels("feed") == ["daphne.response.abc!other"]
    assert len(layer.group_channels("person")) == 3
    layer.send_group("feed", {"text": "2"})
    received = [layer.receive(["daphne.response.abc!", "daphne.response.xyz!"])[0] for _ in range(2)]
    assert received == ["daphne.response.abc!other", None]


def test_a_paced_group_gets_one_message_in_a_period(layer):
    layer.group_add("feed", "daphne.response.abc!a")
    held = []
    for number in (1, 2):
        layer.send_group_paced("feed", {"text": str(number)}, number, 60, held.append)
    assert held == [1]
    assert layer.receive(["daphne.response.abc!"]) == ("daphne.response.abc!a", {"text": "1"})
    assert layer.receive(["daphne.response.abc!"]) == (None, None)
    layer.group_add("other", "daphne.response.abc!a")
    layer.send_group_paced("other", {"text": "3"}, 3, 0.001, held.append)
    assert layer.receive(["daphne.response.abc!"])[1] == {"text": "3"}
    assert held == [1]


def test_the_groups_with_members_are_found(layer):
    names = [f"room-{number}" for number in range(10)]
    for name in names[::2]:
        layer.group_add(name, "daphne.response.abc!a")
    layer.group_add(names[1], "daphne.response.abc!b")
    layer.group_discard(names[1], "daphne.response.abc!b")
    assert sorted(layer.find_joined(names)) == names[::2]
    assert layer.find_joined([]) == []


def test_a_fresh_membership_is_not_written_again(valkey_url, count_commands):
    layer = make_layer(valkey_url)
    groups = ["room", "member", "login"]
    with count_commands() as first:
        layer.group_add_all(groups, "daphne.response.abc!a")
    assert first.calls["incr"] <= 2, "all groups of a connection share one number"
    missing = []
    with count_commands() as renewal:
        layer.group_renew(groups, "daphne.response.abc!a", lambda: missing.append(True))
    assert renewal.calls == {"evalsha": 1, "zscore": 3, "hexists": 3}
    assert not missing


def test_a_membership_is_renewed_long_before_an_interface_closes_a_silent_connection(layer):
    layer.group_expiry = 1000
    layer.group_add("room", "daphne.response.abc!a")
    for _ in range(20):
        # An interface closes a connection that is silent for 700 to 900 of these seconds.
        pass_time(layer, 60)
        layer.group_add("room", "daphne.response.abc!a")
        pass_time(layer, 900)
        assert layer.group_channels("room") == ["daphne.response.abc!a"]
        layer.group_add("room", "daphne.response.abc!a")


def test_a_membership_that_has_ended_counts_as_missing(layer):
    layer.group_expiry = 1000
    layer.group_add("room", "daphne.response.abc!a")
    layer.group_add("room", "daphne.response.abc!b")
    for shard in layer.shards:
        shard.call(("ZADD", f"{layer.prefix}members:room:daphne.response.abc!", "XX", 1, "daphne.response.abc!a"))
    missing = []
    layer.group_renew(["room"], "daphne.response.abc!a", lambda: missing.append(True))
    assert missing == [True]
    assert sorted(layer.group_channels("room")) == ["daphne.response.abc!a", "daphne.response.abc!b"]


def test_a_consumer_leaves_its_groups_with_the_next_trip(valkey_url, count_commands):
    layer = make_layer(valkey_url)
    layer.group_add_all(["room", "member"], "daphne.response.abc!x")
    send_frame(layer, 0, channel="websocket.connect")
    layer.receive(CHANNELS)
    with count_commands() as counted:
        layer.group_discard_all(["room", "member"], "daphne.response.abc!x")
    assert counted.trips == 0
    layer.receive(CHANNELS)
    assert layer.group_channels("room") == []


def test_a_reply_and_the_joining_of_groups_take_one_trip(valkey_url, count_commands):
    layer = make_layer(valkey_url)
    with count_commands() as counted:
        layer.send_and_join("daphne.response.abc!a", {"text": "joined"}, ["room", "member"])
    assert counted.trips == 1
    layer.send_group("room", {"text": "later"})
    received = [layer.receive(["daphne.response.abc!"])[1]["text"] for _ in range(2)]
    assert received == ["joined", "later"]


def test_a_channel_that_is_full_joins_no_group(layer):
    for number in range(100):
        layer.send("daphne.response.abc!b", {"number": number})
    with pytest.raises(layer.ChannelFull):
        layer.send_and_join("daphne.response.abc!a", {"text": "joined"}, ["room"])
    assert layer.group_channels("room") == []
