"""The model of the site's size: work grows with people, and a post costs more with each further interface."""

import pytest

from benchmarks.scaling import model
from benchmarks.scaling.prices import Prices, heartbeats_together, interfaces_with_members
from benchmarks.scaling.workload import Workload, steps_per_second
from tests.benchmarks.measured import make_costs, make_step

pytestmark = pytest.mark.no_database

PROCESSES = {"interface": 2, "worker": 2, "redis": 2}
QUIET = Workload(20_000, posts_per_person_minute=0)


@pytest.fixture
def prices():
    return Prices(make_costs())


def test_a_tab_sends_two_heartbeats_in_25_seconds():
    steps = steps_per_second(Workload(50_000))
    assert steps["beat_room"] == steps["beat_stream"] == 1000


def test_every_visible_tab_of_a_room_moves_its_read_marker_for_a_post():
    steps = steps_per_second(Workload(52_000, room_size=50, visible_share=0.2, posts_per_person_minute=0.3))
    assert steps["post"] == pytest.approx(100)
    assert steps["read"] == pytest.approx(1000)


def test_a_feed_has_at_most_one_event_in_a_second():
    steps = steps_per_second(Workload(2600, room_size=1300, posts_per_person_minute=60))
    assert steps["post"] == 1000
    assert steps["feed"] == 1


def test_the_price_of_a_post_is_split_into_members_and_the_rest(prices):
    assert prices.per_member("interface") == pytest.approx(10)
    assert prices.alone("interface") == pytest.approx(100)
    assert prices.wire_per_member() == pytest.approx(200)
    # A room of ten costs 200 us on one interface, and 250 us on two.
    assert prices.per_item("interface") == pytest.approx(50)


def test_a_post_costs_more_on_more_interfaces(prices):
    few, many = (prices.cpu("post", Workload(1000, room_size=50), interfaces) for interfaces in (1, 100))
    assert few["interface"] == pytest.approx(600)
    assert many["interface"] == pytest.approx(600 + 50 * (interfaces_with_members(50, 100) - 1))


def test_a_small_room_has_members_on_few_of_many_interfaces():
    assert interfaces_with_members(50, 1) == 1
    assert interfaces_with_members(1, 100) == pytest.approx(1)
    assert 39 < interfaces_with_members(50, 100) < 40


def test_the_heartbeats_of_many_sockets_travel_together():
    assert heartbeats_together(100, 25) == 1
    assert heartbeats_together(10_000, 25) == 40


def test_steps_in_a_sleeping_site_include_the_cost_of_waking_up(prices):
    beats = {"beat_room": 1.0}
    load = model.predict(prices, beats, Workload(50), PROCESSES)
    # Each heartbeat finds a sleeping worker, and costs 800 us. The idle workers use 2,000 us in a second.
    assert load.cpu["worker"] * 1e6 == pytest.approx(800 + 2000, rel=0.01)


def test_steps_in_a_busy_site_do_not_include_the_cost_of_waking_up(prices):
    load = model.predict(prices, {"fetch": 0.0, "beat_room": 10_000.0}, Workload(50), PROCESSES)
    assert load.cpu["worker"] == pytest.approx(10_000 * 200 / 1e6, rel=0.01)


def test_a_prediction_counts_what_each_step_does(prices):
    load = model.predict(prices, {"post": 10.0}, Workload(1000, room_size=100), PROCESSES)
    assert load.amounts["rows"] == pytest.approx(30)
    assert load.amounts["commands"] == pytest.approx(10 * 20 + 100)
    assert load.amounts["wire_out"] == pytest.approx(10 * 200 * 100)


def test_a_step_that_was_not_measured_costs_nothing():
    load = model.predict(Prices({"steps": {}}), steps_per_second(Workload(1000)), Workload(1000), PROCESSES)
    assert set(load.cpu.values()) == {0.0}


@pytest.mark.parametrize("sockets", [100, 10_000, 1_000_000])
def test_a_plan_lets_no_process_use_more_than_half_of_its_core(prices, sockets):
    need = model.plan(prices, Workload(sockets))
    assert need.load.cpu["interface"] / need.interfaces <= model.TARGET * 1.01
    assert need.load.cpu["worker"] / need.workers <= model.TARGET * 1.01
    assert need.interfaces >= 2 and need.workers >= 2
    assert sockets / need.interfaces <= model.SOCKETS_PER_INTERFACE


def test_ten_times_the_sockets_need_about_ten_times_the_workers(prices):
    small, large = (model.plan(prices, QUIET._replace(sockets=sockets)) for sockets in (2_000_000, 20_000_000))
    assert 9 < large.workers / small.workers < 11


def test_memory_grows_with_sockets_and_processes(prices):
    need = model.plan(prices, QUIET._replace(sockets=1_048_576))
    assert need.memory_gb["interface"] == pytest.approx(10 + need.interfaces * 70 / 1024, abs=0.1)
    assert need.memory_gb["redis"] == pytest.approx(2)


def test_the_most_used_limit_comes_first(prices):
    found = model.limits(prices, model.plan(prices, Workload(1_000_000)))
    assert [limit.share for limit in found] == sorted((limit.share for limit in found), reverse=True)
    assert found[0].share > 1


def test_a_limit_is_used_up_at_a_number_of_sockets(prices):
    name = model.limits(prices, model.plan(prices, Workload(1_000_000)))[0].name
    ends = model.sockets_at(prices, name, Workload(1000))
    before, after = (
        next(limit.share for limit in model.limits(prices, model.plan(prices, Workload(sockets))) if limit.name == name)
        for sockets in (ends // 2, ends * 2)
    )
    assert before < 1 < after


def test_the_store_stays_on_the_first_redis_server(prices):
    load = model.predict(prices, {"beat_room": 5000.0}, Workload(1000), PROCESSES)
    assert load.store == pytest.approx(5000 * 100 / 1e6 * 0.2)


def test_the_time_until_all_sockets_are_back_is_the_time_of_the_workers_for_all_connections():
    prices = Prices(make_costs(connect_room=make_step(0, 3000, 0, 0), connect_stream=make_step(0, 1000, 0, 0)))
    need = model.plan(prices, QUIET)
    assert model.return_seconds(prices, need) == pytest.approx(10_000 * 4000 / 1e6 / need.workers)


def test_a_read_marker_costs_a_tenth_of_what_ten_of_them_add_to_a_post():
    prices = Prices(make_costs(post_read=make_step(700, 5400, 1100, 2200, rows=13)))
    assert prices.cpu("read", Workload(1000), 2)["worker"] == pytest.approx(500)
    assert prices.amount("read", "rows", Workload(1000)) == pytest.approx(1)
