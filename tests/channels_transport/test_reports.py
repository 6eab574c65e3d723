"""The reports of processes, and the state of a site that operators read from them."""

import os
import time

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from channels_transport import add_to_reports, reports, site_state, watching
from channels_transport.heartbeat import Heartbeat
from channels_transport.layer import RedisChannelLayer
from channels_transport.worker import Worker

pytestmark = pytest.mark.no_database


@pytest.fixture
def layer(valkey_url, monkeypatch):
    """Return the default layer: an empty layer in Redis."""
    wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
    monkeypatch.setattr(wrapper, "channel_layer", RedisChannelLayer(hosts=[valkey_url], capacity=10))
    return wrapper.channel_layer


def report(layer, name, **fields):
    """Write a report, as a process does."""
    described = {**reports.describe_process("interface"), **fields}
    layer.shards[0].call(reports.make_command(layer, name, described))


def test_a_report_names_its_process_and_the_fields_of_the_site(monkeypatch):
    monkeypatch.setattr(reports, "_fields", {})
    add_to_reports("colour", lambda: "blue")
    found = reports.describe_process("worker")
    assert (found["kind"], found["pid"], found["more"]) == ("worker", os.getpid(), {"colour": "blue"})
    assert found["memory"] > 10**6 and found["cpu"] > 0 and found["started_at"] <= found["at"] <= time.time()


def test_the_memory_is_none_on_a_system_that_does_not_report_it(monkeypatch):
    monkeypatch.setattr(reports, "STATM", "/nothing")
    assert reports.read_memory() is None


def test_all_processes_are_found_without_a_search_for_keys(layer):
    Heartbeat(Worker(layer, signal_handlers=False), ["jobs"]).run_once()
    report(layer, "interface:daphne.response.abc", connections=3)
    worker, interface = sorted(site_state.read_processes(), key=lambda found: found["kind"], reverse=True)
    assert (worker["kind"], worker["channels"], worker["name"]) == ("worker", ["jobs"], f"worker:{layer.receiver.name}")
    assert (interface["kind"], interface["connections"]) == ("interface", 3)
    assert worker["silent_seconds"] < 1 and interface["silent_seconds"] < 1


def test_a_process_with_a_wrong_clock_stays_in_the_list_and_drops_no_other(layer, monkeypatch):
    report(layer, "interface:daphne.response.abc", pid=1)
    now = time.time()
    for pid, wrong in enumerate((now + 7200, now - 7200), 2):
        with monkeypatch.context() as patch:
            patch.setattr(reports.time, "time", lambda wrong=wrong: wrong)
            report(layer, f"interface:daphne.response.{pid}", pid=pid)
    assert sorted(round(found["skew"] / 3600) for found in watching.read_process_reports(layer)) == [-2, 0, 2]


def test_a_process_that_died_long_ago_leaves_the_list(layer):
    report(layer, "interface:daphne.response.abc")
    layer.shards[0].call(("ZADD", f"{layer.prefix}reports", time.time() - reports.DEAD_SECONDS - 1, "worker:old"))
    report(layer, "interface:daphne.response.abc")
    assert layer.shards[0].call(("ZRANGE", f"{layer.prefix}reports", 0, -1)) == [[b"interface:daphne.response.abc"]]


def test_a_process_that_died_stays_in_the_list_and_one_that_stopped_does_not(layer):
    heartbeat = Heartbeat(Worker(layer, signal_handlers=False), ["jobs"])
    heartbeat.start()
    report(layer, "interface:daphne.response.abc")
    heartbeat.stop()
    layer.shards[0].call(("DEL", f"{layer.prefix}interface:daphne.response.abc"))
    layer.shards[0].call(("ZADD", f"{layer.prefix}reports", time.time() - 60, "interface:daphne.response.abc"))
    [found] = site_state.read_processes()
    assert set(found) == {"name", "silent_seconds"} and 59 < found["silent_seconds"] < 70


def test_a_process_that_died_long_ago_is_dropped(layer):
    layer.shards[0].call(("ZADD", f"{layer.prefix}reports", time.time() - reports.DEAD_SECONDS - 1, "worker:old"))
    report(layer, "interface:new")
    assert [found["name"] for found in site_state.read_processes()] == ["interface:new"]


def test_a_site_without_reports_has_no_processes(layer):
    assert site_state.read_processes() == []


def test_the_queues_have_what_waits_and_what_was_lost(layer):
    for number in range(11):
        try:
            layer.send("http.request", {"number": number})
        except layer.ChannelFull:
            continue
    [queue] = [queue for queue in site_state.read_queues() if queue["channel"] == "http.request"]
    assert (queue["pending"], queue["full"], queue["lost"], queue["sent"]) == (10, 1, 0, 10)
    assert queue["capacity"] == channel_layers[DEFAULT_CHANNEL_LAYER].get_capacity("http.request")


def test_the_servers_have_their_memory_and_round_trip(layer):
    [server] = site_state.read_servers()
    assert server["server"] == layer.shards[0].address and server["version"]
    assert server["memory"] > 0 and server["clients"] > 0 and server["limit"] == server["evicted"] == 0
    assert 0 < server["trip"] < 5


def test_a_process_of_the_application_reports_every_two_seconds_and_removes_its_name(layer, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(reports.time, "monotonic", lambda: now[0])
    own = site_state.ProcessReport("monitor")
    own.write()
    layer.shards[0].call(("DEL", f"{layer.prefix}{own.name}"))
    own.write()
    assert "pid" not in site_state.read_processes()[0], "the next report is not due"
    now[0] += reports.REPORT_SECONDS
    own.write()
    assert site_state.read_processes()[0]["kind"] == "monitor"
    own.end()
    assert site_state.read_processes() == []


def test_each_living_process_has_one_report_with_the_skew_of_its_clock(layer, monkeypatch):
    for name in ("worker:a.1", "worker:a.1.2"):
        report(layer, name, kind="worker", at=time.time() + 60)
    [found] = watching.read_process_reports(layer)
    assert found["pid"] == os.getpid() and 59 < found["skew"] < 61
    assert found["open_files"] != 0 and "SECRET_KEY" in found["facts"]
    monkeypatch.setattr(watching, "REPORT_LEASE_SECONDS", 60)
    assert watching.read_process_reports(layer) == [], "the last report is 50 s old"
