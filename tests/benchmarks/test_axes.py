"""The axes of growth: one changed number, the processes of each stack, what fits on a machine, curves and verdicts."""

import sqlite3

import pytest
from django.db import connection

from benchmarks import stacks
from benchmarks.axes import axis, command_line, curves, fitting, history, pages, text
from benchmarks.axes.run import find_blocks, find_load
from benchmarks.scenarios import Scenario

pytestmark = pytest.mark.no_database

PRODUCT, NODE = stacks.BY_NAME["product"], stacks.BY_NAME["node"]
TUNED = stacks.BY_NAME["channels4-tuned"]
MACHINE = fitting.Capacity(cores=2, memory_mb=8000, files=20_000)


def make_run(name, level, worker_us, stack="product", p50=1.0, **more):
    cpu = {"worker": worker_us, "redis": 100.0, "generator": 5000.0}
    costs = {role: {"us_per_message": us, "percent": 1.0} for role, us in cpu.items()}
    place = {"axis": name, "level": level, "stack": stack, "repetition": 0}
    return {**place, "faults": [], "p50_ms": p50, "cpu": costs, **more}


def make_found(*runs, notes=()):
    described = [
        {**{field: getattr(one, field) for field in ("name", "title", "unit", "levels", "promise")}, "load": "x"}
        for one in axis.ALL
    ]
    return {
        "axes": [one for one in described if any(run["axis"] == one["name"] for run in runs)],
        "stacks": [{"name": name, "title": name} for name in axis.HOLDERS],
        "notes": list(notes),
        "runs": list(runs),
    }


# These tests check the axes.


@pytest.mark.parametrize("one", axis.ALL, ids=lambda one: one.name)
def test_only_one_number_changes_from_level_to_level(one):
    first, last = one.at(one.levels[0]), one.at(one.levels[-1])
    changed = [field for field in Scenario._fields if getattr(first, field) != getattr(last, field)]
    sizes = {(stack.holders, stack.workers) for stack in (one.stack_at(PRODUCT, level) for level in one.levels)}
    if one.field in Scenario._fields:
        assert set(changed) - {"name"} == {one.field} and len(sizes) == 1
    else:
        assert set(changed) == {"name"} or not changed
        assert len(sizes) == len(one.levels)


def test_our_stacks_grow_in_workers_and_peers_in_processes():
    workers = axis.BY_NAME["workers"]
    assert [workers.stack_at(PRODUCT, level).workers for level in workers.levels] == [1, 2, 4]
    assert {workers.stack_at(PRODUCT, level).holders for level in workers.levels} == {1}
    assert [workers.stack_at(TUNED, level).holders for level in workers.levels] == [1, 2, 4]
    assert axis.BY_NAME["interfaces"].stack_at(PRODUCT, 2).holders == 2
    assert axis.BY_NAME["history"].stack_at(TUNED, 1000).holders == 2


@pytest.mark.parametrize("stack", [stacks.BY_NAME[name] for name in axis.HOLDERS], ids=lambda stack: stack.name)
def test_a_stack_starts_as_many_processes_as_it_says(stack, tmp_path):
    sized = axis.BY_NAME["sockets"].stack_at(stack, 1000)
    site = stacks.Site(tmp_path, tuple(range(5000, 5000 + sized.port_count)), "redis://x")
    roles = [program.role for program in sized.programs(sized, site)]
    assert roles.count(stack.holder) == 2
    assert len(roles) == 2 + stack.workers


def test_the_sockets_of_a_level_are_the_first_ones_of_the_next_level():
    sockets = axis.BY_NAME["sockets"]
    small, large = sockets.at(1000), sockets.at(20_000)
    assert small.sockets + len(small.idle_clients()) == 1000
    assert large.idle_clients()[:900] == small.idle_clients()
    assert small.clients() == large.clients()
    # A person enters each room once.
    assert len(set(large.people())) == len(large.people()) == 20_000


def test_the_history_of_a_level_stays_in_the_room_of_the_next_level():
    one = axis.BY_NAME["history"]
    assert one.at(1000).clients() == one.at(1_000_000).clients()


def test_absent_members_join_the_room_and_have_no_socket():
    scenario = axis.BY_NAME["absent"].at(500)
    assert scenario.sockets == 5
    assert len({person for room, person in scenario.people() if room == scenario.clients()[0][0]}) == 505


def test_peers_have_no_absent_members():
    choices = command_line.parse(["--axes", "absent,history", "--stacks", "product,node"])
    assert [(one.name, stack.name) for _, one, stack, _ in find_blocks(choices)] == [
        ("absent", "product"),
        ("history", "product"),
        ("history", "node"),
    ]


def test_a_stack_starts_again_only_for_another_number_of_processes():
    choices = command_line.parse(["--axes", "workers,members", "--stacks", "product"])
    levels = [(stack.workers, levels) for _, _, stack, levels in find_blocks(choices)]
    assert levels == [(1, [1]), (2, [2]), (4, [4]), (2, [5, 50, 500, 5000])]


def test_the_same_load_on_the_same_processes_is_measured_once():
    workers, interfaces = axis.BY_NAME["workers"], axis.BY_NAME["interfaces"]
    for stack, level in ((PRODUCT, 2), (NODE, 1)):
        first = find_load(workers, workers.stack_at(stack, level), level)
        assert first == find_load(interfaces, interfaces.stack_at(stack, 1), 1)
    assert find_load(workers, workers.stack_at(PRODUCT, 1), 1) != find_load(workers, workers.stack_at(PRODUCT, 2), 2)


def test_single_levels_can_be_chosen(capsys):
    choices = command_line.parse(["--axes", "history", "--stacks", "node", "--levels", "300,100"])
    assert [levels for _, _, _, levels in find_blocks(choices)] == [[100, 300]]
    with pytest.raises(SystemExit):
        command_line.parse(["--axes", "hisotry"])
    assert "'hisotry' does not exist" in capsys.readouterr().err


# These tests check what fits on a machine.


def test_a_level_with_more_sockets_than_open_files_does_not_fit():
    large = axis.BY_NAME["sockets"].at(20_000)
    assert fitting.find_misfit(large, PRODUCT._replace(holders=2), MACHINE) == ""
    assert "the limit is 20,000" in fitting.find_misfit(large, PRODUCT, MACHINE)


def test_a_level_that_needs_more_memory_than_is_free_does_not_fit():
    large = axis.BY_NAME["history"].at(1_000_000)
    assert fitting.find_misfit(large, PRODUCT, MACHINE) == ""
    assert "1,000 MB are free" in fitting.find_misfit(large, PRODUCT, MACHINE._replace(memory_mb=1000))


def test_more_workers_than_cores_give_a_remark():
    assert fitting.find_remark(PRODUCT, MACHINE) == ""
    assert "4 workers on 2 cores" in fitting.find_remark(PRODUCT._replace(workers=4), MACHINE)


# These tests check curves and verdicts.


def test_the_cost_of_a_message_is_that_of_all_processes_but_the_generator():
    assert curves.cost_us(make_run("history", 1000, 400.0)) == 500


def test_a_curve_has_the_median_of_the_repetitions():
    runs = [make_run("history", 1000, us) for us in (300.0, 400.0, 900.0)]
    found = make_found(*runs, make_run("history", 10_000, 400.0), {**make_run("history", 5, 1.0), "stack": "node"})
    assert curves.points(found, "history", "product") == [(1000, 500, 1.0), (10_000, 500, 1.0)]
    assert curves.lines(found, "history", "cpu_us")["node"] == ([5], [101])


@pytest.mark.parametrize(("last_us", "word"), [(600.0, "held"), (700.0, "not held")])
def test_a_post_must_not_cost_more_with_a_longer_history(last_us, word):
    found = make_found(make_run("history", 1000, 400.0), make_run("history", 1_000_000, last_us))
    (judged,) = curves.verdicts(found, "history")
    assert judged.word == word and judged.most == axis.TOLERANCE
    assert f"({last_us:.0f}" not in text.summary(found)
    assert f"from 1,000 to 1,000,000 messages (at most 1.5): {word}" in text.summary(found)


@pytest.mark.parametrize(("last_us", "word"), [(49_900.0, "held"), (50_100.0, "not held")])
def test_the_cost_of_a_broadcast_may_grow_as_much_as_the_number_of_members(last_us, word):
    found = make_found(make_run("members", 5, 400.0), make_run("members", 500, last_us))
    assert curves.verdicts(found, "members")[0].word == word


def test_an_axis_without_a_promise_has_no_verdict():
    found = make_found(make_run("workers", 1, 400.0), make_run("workers", 4, 4000.0))
    assert "8.2 times from 1 to 4 workers (no bound): no promise" in text.summary(found)


def test_one_level_gives_no_verdict():
    assert curves.verdicts(make_found(make_run("history", 1000, 400.0)), "history") == []


def test_a_report_names_levels_that_were_not_measured():
    skipped = {"axis": "sockets", "level": 20_000, "stack": "node", "repetition": 0, "skipped": "no time was left"}
    failed = {**skipped, "stack": "product", "failure": "the load failed:\nTraceback\nOSError: no"}
    del failed["skipped"]
    summary = text.summary(make_found(skipped, failed, notes=["4 workers on 2 cores"]))
    assert "- sockets, 20,000, node: no time was left" in summary
    assert "- sockets, 20,000, product: the load failed: OSError: no" in summary
    assert "- 4 workers on 2 cores" in summary
    assert "Nothing was measured." in summary
    assert "skipped: no time was left" in text.line(skipped)


def test_a_report_sums_the_losses_of_a_stack():
    found = make_found(make_run("history", 1000, 4.0, lost=2), make_run("history", 10_000, 4.0, lost=3, closed=1))
    assert curves.losses(found, "history", "product") == {"lost": 5, "closed": 1}
    assert "held; lost: 5; closed: 1" in text.summary(found)


def test_values_far_apart_need_a_logarithmic_scale():
    assert curves.needs_logarithm([1.0, 30.0])
    assert not curves.needs_logarithm([10.0, 30.0]) and not curves.needs_logarithm([0, 30.0])


def test_the_page_gets_the_tables_between_its_markers():
    found = make_found(make_run("history", 1000, 400.0), make_run("history", 10_000, 400.0))
    found.update(started_at="2026-11-30 12:00", repetitions=1, seconds=3.0, is_quick=False)
    found["machine"] = {"processor": "x", "cores": 2, "commit": "abc"}
    page = "before\n<!-- measured: growth -->\nold\n<!-- end -->\nafter\n"
    filled = pages.fill(page, found)
    assert "| 1,000 | 500 (1) |" in filled and "old" not in filled
    assert filled.startswith("before\n<!-- measured: growth -->\n2026-11-30, x, 2 cores")
    assert filled.endswith("<!-- end -->\nafter\n")
    assert len(pages.BLOCK.findall(pages.PAGE.read_text())) == 1


# These tests check the history.


def test_a_plain_history_is_stored_in_one_room():
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, room TEXT NOT NULL, text TEXT NOT NULL)")
    history.fill(database, "plain", "message", "garden", 1000)
    history.fill(database, "plain", "message", "garden", 0)
    assert database.execute("SELECT count(*), count(DISTINCT room) FROM message").fetchone() == (1000, 1)


@pytest.mark.django_db
def test_the_history_of_the_product_has_offsets_without_gaps_and_the_refs_of_its_members():
    database = sqlite3.connect(":memory:", isolation_level=None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name IN ('chat_room', 'chat_member', 'chat_message')")
        statements = [sql for (sql,) in cursor.fetchall()]
        cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'chat_change' AND sql IS NOT NULL")
        statements += [sql for (sql,) in cursor.fetchall()]
    for statement in statements:
        database.execute(statement)
    time = "2026-11-30 12:00:00"
    database.execute(
        'INSERT INTO chat_room (id, slug, name, topic, access, "offset", created_at, changed_at)'
        "VALUES (1, 'garden', '', '', 'public', 2, ?, ?)",
        [time, time],
    )
    for person in (7, 8):
        database.execute(
            "INSERT INTO chat_member (room_id, person_id, role, read_offset, joined_at) VALUES (1, ?, 'guest', 0, ?)",
            [person, time],
        )
    history.fill(database, "chat", "chat_message", "garden", 10)
    numbers = database.execute('SELECT number, "offset", author_id FROM chat_message ORDER BY id').fetchall()
    assert [number for number, _, _ in numbers] == list(range(3, 13))
    assert all(number == offset for number, offset, _ in numbers)
    assert {author for _, _, author in numbers} == {7, 8}
    assert database.execute("SELECT count(*), count(DISTINCT ref) FROM chat_change").fetchone() == (10, 10)
    assert database.execute('SELECT "offset", posts FROM chat_room').fetchone() == (12, 12)
