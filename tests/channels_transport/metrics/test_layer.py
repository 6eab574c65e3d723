"""The metrics of the channel layer in Redis."""

import os
import time

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.exceptions import ConsumeLater
from channels.message import Message

from channels_transport import watching
from channels_transport.heartbeat import Heartbeat
from channels_transport.layer import RedisChannelLayer
from channels_transport.local import RedisLocalChannelLayer
from channels_transport.metrics.layer import collect_layer
from channels_transport.worker import Worker
from tests.channels_transport.layers import open_connection, renew_interface

pytestmark = pytest.mark.no_database

PROCESS = "daphne.response.abc!"


def read():
    """Return {name: {the values of the labels: the value}} of all samples."""
    found = {}
    for family in collect_layer("site"):
        for labels, value in family.samples:
            found.setdefault(family.name, {})[tuple(labels.values())] = value
    return found


def test_the_channels_have_lengths_and_counters(layer):
    for number in range(10):
        layer.send("http.request", {"number": number})
    with pytest.raises(layer.ChannelFull):
        layer.send("http.request", {})
    found, key = read(), ("http.request",)
    assert found["site_channel_pending"][key] == found["site_channel_messages"][key] == 10
    assert found["site_channel_full"][key] == 1 and found["site_channel_capacity"][key] == 10
    assert found["site_channel_lost"][key] == found["site_channel_expired"][key] == 0
    assert found["site_channel_oldest_seconds"][key] < 5


def test_groups_and_their_members_are_counted(layer):
    for group in ("room-1", "room-2", "lobby"):
        for number in range(3):
            layer.group_add(group, f"{PROCESS}{number}")
    layer.group_discard("room-2", f"{PROCESS}0")
    found = read()
    assert (found["site_groups"][()], found["site_group_members"][()]) == (3, 8)
    assert found["site_groups_of_kind"] == {("lobby",): 1, ("room",): 2}
    assert found["site_census_complete"][()] is True


def test_the_kinds_of_groups_are_bounded(layer):
    for number in range(2 * watching.MAX_KINDS):
        layer.group_add(f"group{number}-a", f"{PROCESS}1")
    found = read()["site_groups_of_kind"]
    assert len(found) == watching.MAX_KINDS + 1 and sum(found.values()) == 2 * watching.MAX_KINDS
    assert found["other",] == watching.MAX_KINDS


def test_a_census_that_takes_too_long_is_left_out(layer, monkeypatch):
    layer.group_add("a", f"{PROCESS}1")
    census = watching.take_census
    monkeypatch.setattr(watching, "take_census", lambda layer: census(layer, seconds=-1))
    found = read()
    assert found["site_census_complete"][()] is False and "site_groups" not in found and "site_workers" not in found
    assert found["site_channel_pending"]["http.request",] == 0


def test_the_interfaces_have_lists_and_connections(layer):
    renew_interface(layer, PROCESS, 5000)
    renew_interface(layer, "daphne.response.gone!", -5000)
    for name in ("x", "y"):
        open_connection(layer, PROCESS, name)
    layer.send(f"{PROCESS}x", {"text": "a"})
    found = read()
    assert found["site_interfaces"][()] == 1 and found["site_interface_pending"] == {(PROCESS,): 1}
    assert found["site_turns"][()] == 2
    assert found["site_interface_connections"] == {(PROCESS,): 2}


def raise_later(message):
    raise ConsumeLater


def fail(message):
    raise ZeroDivisionError("on purpose")


def test_a_worker_reports_handled_failed_and_retried_messages(layer):
    worker = Worker(layer, signal_handlers=False)
    for consumer in (fail, raise_later, lambda message: None):
        worker._run_consumer(Message({}, "jobs", layer), consumer, {})
        worker.handled += 1
    worker.busy_since = time.time() - 7
    Heartbeat(worker, ["jobs"]).run_once()
    found = read()
    ((name,),) = found["site_worker_handled"]
    assert layer.receiver.name.startswith(name) and f".{os.getpid()}" in name
    assert [found[f"site_worker_{what}"][name,] for what in ("handled", "failed", "retried")] == [3, 1, 1]
    assert 6 < found["site_worker_busy_seconds"][name,] < 20
    assert found["site_workers"][()] == found["site_in_flight"][()] == found["site_channel_receivers"]["jobs",] == 1


def test_the_servers_have_a_round_trip_and_a_version(layer):
    found, address = read(), layer.shards[0].address
    assert 0 < found["site_redis_round_trip_seconds"][address,] < 5
    assert found["site_redis_memory_bytes"][address,] > 0
    assert [labels[0] for labels in found["site_redis_info"]] == [address]


def test_a_layer_in_memory_has_the_metrics_of_its_channels():
    found = read()
    assert found["site_channel_pending"]["http.request",] == 0 and "site_workers" not in found


@pytest.mark.parametrize("is_local", [True, False])
def test_a_server_that_a_layer_uses_twice_has_each_metric_once(layer, valkey_url, monkeypatch, is_local):
    second = valkey_url.rsplit("/", 1)[0] + "/1"
    other = (
        RedisLocalChannelLayer(hosts=[valkey_url], local_hosts=[valkey_url])
        if is_local
        else RedisChannelLayer(hosts=[valkey_url, second])
    )
    monkeypatch.setattr(channel_layers[DEFAULT_CHANNEL_LAYER], "channel_layer", other)
    for family in collect_layer("site"):
        labels = [sorted(labels.items()) for labels, _ in family.samples]
        assert len(labels) == len({tuple(one) for one in labels}), family.name
