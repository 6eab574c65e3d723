"""Samples contain the rates, durations, processes, rooms and losses that operators see."""

import pytest
import redis
from django.db import OperationalError

from channels_transport.counting import Histogram
from chat.models import Room
from chat.services import busy_rooms, rooms
from chat.services.operations import Sampler, parts, sampling
from tests.helpers import fail_with

from .conftest import make_histogram

pytestmark = pytest.mark.django_db


@pytest.fixture
def sampler():
    return Sampler(lambda: 7)


def find_process(sample, pid):
    [found] = [process for process in sample.state["processes"] if process["pid"] == pid]
    return found


def test_the_first_sample_has_no_rates(site, sampler):
    site.report("interface", 2, {"interface_frames": [[["in"], 1000]]}, connections=5, polls=2)
    now = sampler.take().state["now"]
    assert (now["received"], now["reply_p95"], now["busy"]) == (0, None, None)
    assert (now["people"], now["sockets"], now["polls"]) == (7, 3, 2)


def test_rates_are_those_of_all_interfaces_between_two_reports(site, sampler):
    for pid in (2, 3):
        site.report("interface", pid, {"interface_frames": [[["in"], 1000], [["out"], 5000]]})
    sampler.take()
    site.pass_by(5)
    for pid in (2, 3):
        site.report("interface", pid, {"interface_frames": [[["in"], 1050], [["out"], 5500]]})
    sample = sampler.take()
    assert (sample.point["received"], sample.point["sent"]) == (20, 200)


def test_a_report_that_is_not_new_counts_once(site, sampler):
    site.report("interface", 2, {"interface_frames": [[["in"], 10]]})
    sampler.take()
    site.pass_by(2)
    site.report("interface", 2, {"interface_frames": [[["in"], 20]]})
    assert sampler.take().point["received"] == 5
    assert sampler.take().point["received"] == 0


def test_a_process_with_several_receivers_counts_once(site, sampler):
    def report(number):
        site.report("interface", 2, {"interface_frames": [[["in"], number]]})
        site.processes = [
            site.processes[0],
            site.processes[-1],
            {**site.processes[-1], "name": "interface:machine.2.2"},
        ]

    report(10)
    sampler.take()
    site.pass_by(5)
    report(20)
    sample = sampler.take()
    assert sample.point["received"] == 2
    assert [process["pid"] for process in sample.state["processes"]] == [2, 1]


def test_without_redis_the_process_itself_is_shown(site, sampler, monkeypatch):
    monkeypatch.setattr(sampling, "is_shared", lambda: False)
    state = sampler.take().state
    assert [process["kind"] for process in state["processes"]] == ["process"] and state["redis"] == []


def test_problems_are_found_in_the_numbers_of_the_last_five_minutes(site, sampler):
    def report(number):
        numbers = {
            "interface_responses": [[["http", "503"], number], [["http", "200"], 9 * number]],
            "sign_in_failures": [[["wrong_password"], number], [["cancelled"], number]],
            "interface_broadcast_seconds": [[[], make_histogram(b7=number, total=5 * number)]],
        }
        site.report("interface", 2, numbers)

    report(0)
    sampler.take()
    site.pass_by(5)
    report(600)
    sample = sampler.take()
    assert (sample.state["window"]["failed_responses"], sample.state["window"]["failed_sign_ins"]) == (2, 2)
    found = {problem["condition"] for problem in sample.state["problems"]}
    assert found == {"responses_fail", "sign_ins_fail", "deliveries_slow"}


def test_the_counters_of_a_process_that_started_again_count_from_zero(site, sampler):
    site.report("interface", 2, {"interface_frames": [[["in"], 1000]]})
    sampler.take()
    site.pass_by(10)
    site.report("interface", 2, {"interface_frames": [[["in"], 40]]})
    assert sampler.take().point["received"] == 4


def test_quantiles_are_estimated_within_their_bucket(site, sampler):
    site.report("interface", 2, {"interface_reply_seconds": [[[], make_histogram(b0=100, total=9)]]})
    sampler.take()
    site.pass_by(5)
    after = make_histogram(b0=100, b1=90, b2=10, total=10)
    site.report("interface", 2, {"interface_reply_seconds": [[[], after]]})
    now = sampler.take().state["now"]
    assert 0.005 < now["reply_p50"] < 0.025 and 0.025 < now["reply_p95"] < now["reply_p99"] < 0.1


def test_the_slowest_consumers_come_first_with_their_errors_and_share(site, sampler):
    def report(fast, slow, failures):
        numbers = {
            "consumer_seconds": [
                [["jobs", "fast"], make_histogram(b0=fast, total=fast * 0.001)],
                [["jobs", "slow"], make_histogram(b5=slow, total=slow * 0.9)],
            ],
            "consumer_failures": [[["jobs", "slow"], failures]],
        }
        site.report("worker", 1, numbers, channels=["jobs"])

    report(0, 0, 0)
    sampler.take()
    site.pass_by(10)
    report(100, 1, 1)
    sample = sampler.take()
    slow, fast = sample.state["consumers"]
    assert (slow["consumer"], slow["count"], slow["errors"], slow["longest"]) == ("slow", 1, 1, 1)
    assert (fast["consumer"], fast["count"]) == ("fast", 100) and slow["share"] == pytest.approx(0.9)
    assert find_process(sample, 1)["busy"] == pytest.approx(0.1)
    assert [problem["condition"] for problem in sample.state["problems"]] == ["consumer_fails"]


@pytest.mark.parametrize(
    "durations, most", [((0.3,), 0.5), ((17,), 17), ((0.01, 0.7, 40), 40.205), ((12, 12.5, 40), 44.5)]
)
def test_no_duration_of_a_consumer_is_above_its_bound(site, sampler, durations, most):
    histogram = Histogram()

    def report():
        numbers = {"consumer_seconds": [[["jobs", "slow"], [list(histogram.counts), histogram.total]]]}
        site.report("worker", 1, numbers, channels=["jobs"])

    report()
    sampler.take()
    site.pass_by(60)
    for seconds in durations:
        histogram.observe(seconds)
    report()
    (slow,) = sampler.take().state["consumers"]
    assert slow["longest"] == pytest.approx(most) and max(durations) <= slow["longest"]


def test_a_dead_process_keeps_its_last_row(site, sampler):
    site.report("worker", 2, channels=["jobs"])
    assert find_process(sampler.take(), 2)["state"] == "alive"
    site.die("worker", 2, 12)
    sample = sampler.take()
    found = find_process(sample, 2)
    assert (found["state"], found["kind"], found["version"], found["silent"]) == ("dead", "worker", "one", 12)
    [problem] = sample.state["problems"]
    assert (problem["condition"], problem["pid"]) == ("process_dead", 2)
    site.processes.pop()
    assert [process["pid"] for process in sampler.take().state["processes"] if process["kind"] == "worker"] == [1]


@pytest.mark.parametrize(
    "name, kind, host",
    [
        ("worker:host-1.42.1.7", "worker", "host-1"),
        ("worker:chat.example.org.42.1.7", "worker", "chat.example.org"),
        ("interface:chat.example.org.42", "interface", "chat.example.org"),
    ],
)
def test_a_new_monitor_knows_a_dead_process_by_its_name(site, name, kind, host):
    site.processes += [{"name": name, "silent_seconds": 30}]
    found = find_process(Sampler().take(), 42)
    assert (found["kind"], found["host"], found["state"]) == (kind, host, "dead")


def test_a_dead_process_with_a_malformed_name_gets_a_row_without_a_pid(site):
    site.processes += [{"name": "", "silent_seconds": 30}, {"name": "worker:x", "silent_seconds": 30}]
    assert [process["pid"] for process in Sampler().take().state["processes"]] == [None, 1]


def test_processes_with_older_code_are_marked(site, sampler):
    site.report("worker", 2, channels=["jobs"], more={"release": "two"}, started_at=site.now - 5)
    sample = sampler.take()
    marked = {process["pid"]: process["other_version"] for process in sample.state["processes"]}
    assert marked == {1: True, 2: False}
    assert "different_versions" in [problem["condition"] for problem in sample.state["problems"]]


def test_only_public_rooms_have_a_name(site, sampler, alice):
    public = rooms.create_room(alice, "garden", "The garden")
    private = rooms.create_room(alice, "attic", "The attic", is_private=True)
    more = {"rooms": [[private.id, 9], [public.id, 5]]}
    site.report("worker", 1, channels=["jobs"], more=more)
    site.report("worker", 2, channels=["jobs"], more={"rooms": [[public.id, 6], [10**6, 50]]})
    found = [(row["name"], row["kind"], row["messages"]) for row in sampler.take().state["rooms"]]
    assert found == [("The garden", Room.PUBLIC, 11), (f"#{private.id}", Room.PRIVATE, 9)]


def test_a_sample_during_an_outage_names_the_part_and_has_no_numbers_of_it(site, sampler, monkeypatch):
    monkeypatch.setattr(parts, "read_work", fail_with(OperationalError("locked")))
    monkeypatch.setattr(sampling, "read_servers", fail_with(redis.ConnectionError("away")))
    state = sampler.take().state
    assert (state["work"], state["redis"], state["away"]) == ([], [], ["redis", "database"])
    assert [problem["part"] for problem in state["problems"] if problem["condition"] == "part_away"] == [
        "redis",
        "database",
    ]


def test_recent_losses_are_those_of_the_last_five_minutes(site, sampler):
    site.queues[0]["lost"] = 100
    assert sampler.take().state["queues"][0]["recently_lost"] == 0
    site.queues[0]["lost"] = 103
    assert sampler.take().state["queues"][0]["recently_lost"] == 3
    for _ in range(sampling.REFUSAL_STEPS):
        sample = sampler.take()
    assert sample.state["queues"][0]["recently_lost"] == 0


def test_the_busiest_rooms_are_those_of_the_last_minutes(clock, monkeypatch):
    monkeypatch.setattr(busy_rooms, "time", clock)
    counts = busy_rooms.RoomCounts()
    for room_id in (1, 2, 2):
        counts.add(room_id)
    clock.pass_by(120)
    counts.add(3)
    assert counts.read() == [(2, 2), (1, 1), (3, 1)]
    clock.pass_by(200)
    assert counts.read() == [(3, 1)]


def test_at_most_a_limited_number_of_rooms_is_counted_in_a_minute(monkeypatch):
    monkeypatch.setattr(busy_rooms, "MAX_ROOMS", 3)
    counts = busy_rooms.RoomCounts()
    for room_id in range(10):
        counts.add(room_id)
    assert len(counts.read()) == 3
