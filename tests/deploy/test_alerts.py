"""The alerts for Prometheus use metrics, labels and sections that exist. The counters of a process are bounded."""

import re

import pytest

from channels_transport import counting
from tests.deploy.prometheus import (
    PAGES,
    ROOT,
    RULES,
    find_families,
    find_labels,
    read_alerts,
    read_documented,
    run_promtool,
)

pytestmark = pytest.mark.no_database

ALERTS = read_alerts()


def read_anchors(page):
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("rule", ALERTS.values(), ids=ALERTS)
def test_an_alert_uses_metrics_that_exist_and_names_a_section(rule):
    documented, used = read_documented(), find_families(rule["expr"])
    assert used <= documented.keys()
    assert find_labels(rule["expr"]) <= set().union(*(documented[name] for name in used))
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor in read_anchors(ROOT / page)
    assert rule["annotations"]["summary"].endswith(".")
    named = re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])
    assert set(named) <= find_labels(rule["expr"]) | ({"part"} if rule["expr"].startswith("chat_up") else set())


def test_the_documentation_has_each_alert_with_its_time_and_its_expression():
    rows = [line for line in PAGES[0].read_text().splitlines() if line.startswith("| `Chat")]
    found = [[cell.strip("` ") for cell in re.split(r"(?<!\\)\|", row)[1:4]] for row in rows]
    written = [[name, seconds, expression.replace(r"\|", "|")] for name, seconds, expression in found]
    assert written == [[name, rule["for"], rule["expr"]] for name, rule in ALERTS.items()]


def test_prometheus_accepts_the_rules():
    assert f"SUCCESS: {len(ALERTS)} rules found" in run_promtool("check", "rules", RULES)


def test_the_counters_of_a_process_are_bounded():
    counters = counting.Counters()
    for number in range(2 * counting.MAX_SERIES):
        counters.add("closes", (str(number),))
    series = dict(map(tuple, counters.read()["closes"]))
    assert len(series) == counting.MAX_SERIES + 1 and series[counting.OTHER,] == counting.MAX_SERIES


def test_a_duration_is_in_one_bucket():
    counters = counting.Counters()
    for seconds in (0.001, 0.3, 100):
        counters.observe("seconds", seconds)
    ((labels, (counts, total)),) = counters.read()["seconds"]
    assert (labels, sum(counts), total) == ((), 3, pytest.approx(100.301)) and counts[0] == counts[-1] == 1
