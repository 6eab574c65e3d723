"""The arithmetic of the measurements: differences of counters, percentiles, losses, and the people of each room."""

import pytest
import redis

from benchmarks.scaling import growth, histogram, people, usage
from benchmarks.scaling.counters import RedisConnection

pytestmark = pytest.mark.no_database


def read(at, cpu, commands=0):
    redis = [{"total_commands_processed": commands, "total_net_input_bytes": 0, "total_net_output_bytes": 0}]
    return {"at": at, "cpu": cpu, "redis": redis, "wire": {"in": commands, "out": 0}, "postgres": None}


def test_the_cost_of_a_step_does_not_contain_what_the_idle_site_uses():
    before = read(10.0, {("worker", 1): 1000.0, ("worker", 2): 0.0})
    used = usage.difference(before, read(12.0, {("worker", 1): 6000.0, ("worker", 2): 5000.0}, commands=120))
    assert used["cpu_us"] == {"worker": 10_000.0}
    step = usage.per_step(used, {"cpu_us": {"worker": 1000.0}, "commands": [10.0]}, 10)
    assert step["cpu_us"] == {"worker": 800.0}
    assert step["redis_commands"] == [10.0]
    assert step["wire_in"] == 12


def test_a_process_that_started_meanwhile_counts_from_its_start():
    used = usage.difference(read(0.0, {}), read(1.0, {("database", 7): 500.0}))
    assert used["cpu_us"] == {"database": 500.0}


def test_percentiles_of_merged_histograms_are_exact_within_three_percent():
    parts = []
    for start in (1, 501):
        one = histogram.Histogram()
        for number in range(start, start + 500):
            one.add(number / 1000)
        parts.append(one.take())
    found = histogram.percentiles(histogram.merge(parts))
    assert found["p50_ms"] == pytest.approx(500, rel=0.03)
    assert found["p99_ms"] == pytest.approx(990, rel=0.03)
    assert histogram.percentiles({}) == {"p50_ms": None, "p95_ms": None, "p99_ms": None}


def make_figures(**changes):
    return {
        **dict.fromkeys(growth.SUMS, 0),
        "posts": {},
        "received": {},
        "closed": {},
        "samples": [],
        "post_times": {},
        "beat_times": {},
        **changes,
    }


def test_a_post_that_one_tab_misses_counts_as_lost():
    # [sockets, messages of all]: three sockets have both posts, the fourth has one.
    first = make_figures(posts={"a": 2}, received={"a": [2, 4]}, acks=2)
    second = make_figures(received={"a": [2, 3]})
    found = growth.summarize([first, second])
    assert (found["sent"], found["expected"], found["lost"], found["unacked"]) == (2, 8, 1, 0)


def test_a_post_without_an_ack_is_reported():
    found = growth.summarize([make_figures(posts={"a": 3}, received={"a": [1, 3]}, acks=2)])
    assert (found["lost"], found["unacked"]) == (0, 1)


def test_the_faults_of_a_level_are_named():
    found = growth.summarize(
        [make_figures(posts={"a": 1}, received={"a": [2, 1]}, closed={"4408": 3}, open=97, acks=1)]
    )
    level = {**found, "asked": 100, "connect": {"failed": 0}, "errors": ["KeyError: 'x'"]}
    assert growth.faults(level) == [
        "100 sockets: messages that had not arrived at the end: 1",
        "100 sockets: closed with 4408: 3",
        "100 sockets: only 97 were open in time",
        "100 sockets: KeyError: 'x'",
    ]


def test_a_larger_level_keeps_the_tabs_of_the_smaller_ones():
    small, large = people.tabs(100, 2), people.tabs(500, 2)
    assert large[: len(small)] == small
    assert len(small) == 200


def test_each_person_has_two_tabs_in_two_rooms_of_fifty():
    rooms, persons = {}, {}
    for seat in people.tabs(200, 2)[::2]:
        rooms.setdefault(seat.room, set()).add(seat.person)
        persons.setdefault(seat.person, set()).add(seat.room)
    assert {len(room) for room in rooms.values()} == {50}
    assert {len(found) for found in persons.values()} == {2}
    # Both interfaces have members of the room.
    assert {(seat.room, seat.interface) for seat in people.tabs(50, 2)[::2]} == {("grow-0", 0), ("grow-0", 1)}


def test_the_people_of_the_costs_are_in_no_room_of_the_levels():
    rooms = people.all_rooms(200, 1000)
    costs = {person for slug, members in rooms.items() if slug.startswith("cost-") for person in members}
    others = {person for slug, members in rooms.items() if slug.startswith("grow-") for person in members}
    assert not costs & others
    assert len(rooms["cost-1000-0"]) == 1000


def test_the_time_of_scripts_is_split_by_their_first_key(valkey_url):
    port = int(valkey_url.rsplit(":", 1)[1].split("/")[0])
    watching, client = RedisConnection(port), redis.StrictRedis.from_url(valkey_url)
    spend = "for index = 1, 20000 do redis.call('GET', KEYS[1]) end"
    watching.begin_log()
    client.eval(spend, 1, "chat:x")
    client.eval("return 1", 1, "asgi:x")
    client.get("asgi:y")
    stored, others = watching.end_log(b"chat:")
    watching.close()
    assert stored > 1000 > others
    assert client.config_get("slowlog-log-slower-than") == {"slowlog-log-slower-than": "10000"}
