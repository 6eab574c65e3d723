"""
The tables of plans: what each order of magnitude needs, and which limit comes first. This module is pure.
"""

import math

from benchmarks.report import table
from benchmarks.scaling import model
from benchmarks.scaling.measured_tables import ROLES, STEPS, choose
from benchmarks.scaling.prices import Prices
from benchmarks.scaling.workload import Workload, steps_per_second

PLANNED = (10_000, 100_000, 1_000_000, 10_000_000)
ASSUMED = {
    "room_size": "tabs that show the same room",
    "followers": "own streams that follow a room",
    "tabs_per_person": "tabs of a person",
    "posts_per_person_minute": "posts of a person in a minute",
    "visible_share": "share of the tabs that are visible, and move their read marker for each message",
    "typing_per_post": "typing notices for each post",
    "rooms_opened_per_tab_hour": "rooms that a tab opens in an hour",
    "visits_per_tab_hour": "pages that a tab loads in an hour",
    "history_per_tab_hour": "pages of history that a tab loads in an hour",
    "searches_per_person_hour": "searches of a person in an hour",
    "poller_share": "share of the tabs whose network blocks websockets, and which poll",
}
ROOM_SIZES = (50, 1_000, 10_000, 100_000)  # tabs that show one room


def workload(results: dict) -> str:
    """Return the table of the assumptions about people."""
    options = {name: f"--{name.replace('_', '-')}" for name in ASSUMED}
    values = Workload(0)._asdict()
    return table(
        ["assumption", "value", "option"],
        [[words, values[name], f"`{options[name]}`"] for name, words in ASSUMED.items()],
    )


def make_plan(results: dict, workload: Workload) -> tuple[Prices, model.Need]:
    """Return the plan of a workload. Several Redis servers have other prices than one."""
    prices = Prices(choose(results, 1) or {"steps": {}})
    need = model.plan(prices, workload)
    if need.shards > 1:
        prices = Prices(choose(results, 2) or {"steps": {}})
        need = model.plan(prices, workload)
    return prices, need


def plans(results: dict) -> str:
    """Return the table of what each order of magnitude needs."""
    needs = [make_plan(results, Workload(sockets))[1] for sockets in PLANNED]
    steps = [steps_per_second(need.workload) for need in needs]
    rows = [
        ["people online", *(f"{need.workload.people:,.0f}" for need in needs)],
        ["heartbeats a second", *(f"{one['beat_room'] + one['beat_stream']:,.0f}" for one in steps)],
        ["posts a second", *(f"{one['post']:,.1f}" for one in steps)],
        ["interfaces", *(f"{need.interfaces:,}" for need in needs)],
        ["workers", *(f"{need.workers:,}" for need in needs)],
        ["Redis servers", *(f"{need.shards:,}" for need in needs)],
        ["Redis commands a second", *(f"{need.load.amounts['commands']:,.0f}" for need in needs)],
        ["cores of PostgreSQL", *(f"{need.database_cores:,.0f}" for need in needs)],
        ["connections to PostgreSQL", *(f"{need.connections:,}" for need in needs)],
        ["transactions a second", *(f"{need.load.amounts['transactions']:,.0f}" for need in needs)],
        ["changed rows a second", *(f"{need.load.amounts['rows']:,.0f}" for need in needs)],
        ["Mbit/s to clients", *(f"{need.load.amounts['wire_out'] * 8 / 1e6:,.0f}" for need in needs)],
        [
            "memory of interfaces, workers, GB",
            *(f"{need.memory_gb['interface']:,.0f}, {need.memory_gb['worker']:,.0f}" for need in needs),
        ],
        ["data of all Redis servers, GB", *(f"{need.memory_gb['redis']:,.1f}" for need in needs)],
        [
            "until all are back after a loss of Redis, s",
            *(f"{model.return_seconds(make_plan(results, need.workload)[0], need):,.0f}" for need in needs),
        ],
    ]
    return table(["sockets", *(f"{sockets:,}" for sockets in PLANNED)], rows)


def limit_table(results: dict) -> str:
    """Return the table of the limits: the share that each size uses, and the number of sockets that uses it up."""
    planned = [make_plan(results, Workload(sockets)) for sockets in PLANNED]
    shares = [{limit.name: limit.share for limit in model.limits(prices, need)} for prices, need in planned]
    names = sorted(shares[-1], key=lambda name: -shares[-1][name])
    prices = planned[-1][0]
    rows = []
    for name in names:
        ends = model.sockets_at(prices, name, Workload(1_000))
        rows.append([name, *(f"{100 * share[name]:,.0f}%" for share in shares), f"{_round(ends):,}" if ends else ""])
    return table(["limit", *(f"{sockets:,}" for sockets in PLANNED), "used up at"], rows)


def _round(count):
    """Return a count with two significant digits."""
    digits = len(str(count)) - 2
    return round(count, -digits)


def work(results: dict) -> str:
    """Return the table of the steps that take the time at 100,000 sockets: the share of each in each role."""
    prices, need = make_plan(results, Workload(PLANNED[1]))
    steps = steps_per_second(need.workload)
    cost = {step: prices.cpu(step, need.workload, need.interfaces) for step in steps}
    totals = {role: sum(rate * cost[step].get(role, 0) for step, rate in steps.items()) or 1 for role in ROLES}
    rows = [
        [
            STEPS.get(step, step),
            f"{rate:,.1f}",
            *(f"{100 * rate * cost[step].get(role, 0) / totals[role]:.0f}%" for role in ROLES),
        ]
        for step, rate in sorted(steps.items(), key=lambda item: -item[1] * cost[item[0]].get("worker", 0))
    ]
    names = {
        "post": "a post",
        "feed": "the news of a post for other tabs",
        "read": "a read marker",
        "typing": "a typing notice",
    }
    names["index"] = "the indexing of a post"
    rows = [[names.get(row[0], row[0]), *row[1:]] for row in rows]
    return table(["step", "a second", *ROLES.values()], rows)


def rooms(results: dict) -> str:
    """Return the table of one room with a post a second: what its post and the read markers of its tabs need."""
    rows = []
    for tabs in ROOM_SIZES:
        workload = Workload(2 * tabs, room_size=tabs, followers=tabs)
        interfaces = max(2, math.ceil(workload.sockets / model.SOCKETS_PER_INTERFACE))
        prices = Prices(choose(results, 2) or {"steps": {}})
        steps = {"post": 1.0, "feed": 1.0, "read": tabs * workload.visible_share, "index": 1.0}
        cost = {step: prices.cpu(step, workload, interfaces) for step in steps}
        total = {role: sum(rate * cost[step].get(role, 0) for step, rate in steps.items()) / 1e6 for role in ROLES}
        each = (cost["post"]["interface"] + cost["feed"]["interface"]) / interfaces / 1000
        cores = [f"{total[role]:,.2f}" for role in ROLES]
        rows.append([f"{tabs:,}", interfaces, f"{each:,.1f}", f"{steps['read']:,.0f}", *cores])
    head = ["tabs in the room", "interfaces", "ms of each interface for a post", "read markers a second"]
    return table([*head, *(f"cores of {name}" for name in ROLES.values())], rows)
