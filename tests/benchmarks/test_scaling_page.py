"""docs/scaling.md shows what the model computes from the stored measurements."""

import json
from pathlib import Path

import pytest

from benchmarks.scaling import __main__ as command_line
from benchmarks.scaling import measured_tables, plan_tables, tables
from benchmarks.scaling.prices import Prices
from benchmarks.scaling.workload import Workload
from tests.benchmarks.measured import make_costs, make_step

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "scaling.md"
MEASURED = ROOT / "benchmarks" / "scaling" / "measured.json"


def test_the_page_has_the_tables_of_the_stored_measurements():
    page = PAGE.read_text()
    assert tables.fill(page, json.loads(MEASURED.read_text())) == page


def test_the_page_has_every_table_once():
    names = [found[2] for found in tables.BLOCK.finditer(PAGE.read_text())]
    assert sorted(names) == sorted(tables.BLOCKS)


def test_only_the_text_between_markers_is_replaced():
    page = "before\n<!-- measured: memory -->\nold\n<!-- end -->\nafter\n"
    filled = tables.fill(page, {"costs": [make_costs()]})
    assert filled.startswith("before\n<!-- measured: memory -->\n|")
    assert filled.endswith("|\n<!-- end -->\nafter\n")
    assert "10 KB" in filled and "old" not in filled


def test_each_column_of_the_memory_has_only_the_memory_of_its_process():
    head, _, *rows = measured_tables.memory({"costs": [make_costs()]}).splitlines()
    assert head == "|  | interface | worker | Redis |"
    assert rows == [
        "| one socket of a room | 10 KB |  | 2 KB |",
        "| one own stream | 10 KB |  | 2 KB |",
        "| a process without sockets | 70 MB | 75 MB |  |",
    ]


def test_the_tables_of_a_run_that_ended_early_are_empty():
    results = {"costs": [], "levels": [], "shape": {}}
    assert measured_tables.costs(results) == measured_tables.memory(results) == ""
    assert measured_tables.comparison(results) == ""


def test_the_comparison_divides_what_was_measured_by_the_prediction():
    level = {
        "open": 5000,
        "steps": {"posts": 0, "reads": 0, "beats": 2000},
        "usage": {
            "seconds": 10.0,
            "cpu_us": {"worker": 500_000.0},
            "redis": [{"commands": 10_000}, {"commands": 11_000}],
            "wire": None,
            "postgres": None,
        },
        "connect": {"sockets": 100, "beats": 0, "cpu_us": {"worker": 500_000}},
        "memory_mb": {"interface": 250.0},
        "memory_before_mb": {"interface": 200.0},
    }
    costs = make_costs(connect_room=make_step(0, 6000, 0, 0), connect_stream=make_step(0, 2000, 0, 0))
    found = {row[0]: row[1:] for row in measured_tables.compare(Prices(costs), level, costs["shape"])}
    # 200 heartbeats a second run 20 commands each, and the idle site runs 100.
    assert found["Redis commands a second"] == ["4,100", "2,100", "0.51"]
    assert found["memory of the sockets in interfaces, MB"] == ["48.83", "50", "1.02"]
    assert found["CPU, workers: % of a core"][1] == "5"
    assert found["CPU of all processes for a new tab, ms"] == ["8", "10", "1.25"]


def test_a_page_says_that_a_run_was_only_a_check():
    described = {"processor": "x", "cores": 2, "kernel": "6", "commit": "a", "load_before": [0.1]}
    results = {"machine": described, "started_at": "", "namespaces": True, "database": "", "minutes": 1, "levels": []}
    assert "only that everything runs" in measured_tables.machine(results)
    results["levels"] = [{"asked": 5000}]
    assert "only that everything runs" not in measured_tables.machine(results)


def test_each_assumption_of_the_workload_is_in_the_table():
    assert set(plan_tables.ASSUMED) == set(Workload._fields) - {"sockets"}


def test_the_plan_command_names_processes_and_limits(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["plan", "plan", "--sockets", "50000", "--visible-share", "0.1"])
    assert command_line.main() == 0
    printed = capsys.readouterr().out
    assert "50,000 sockets need" in printed
    assert "workers" in printed and "the first Redis server" in printed
