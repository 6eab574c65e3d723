"""The dashboard for Grafana is complete, and its expressions use metrics and labels that exist."""

import itertools
import json
import re

import pytest

from tests.deploy.prometheus import (
    DASHBOARD,
    find_families,
    find_labels,
    read_documented,
    read_panel_expressions,
    read_panels,
    run_promtool,
)

pytestmark = pytest.mark.no_database

BOARD = json.loads(DASHBOARD.read_text())
PANELS = read_panels()
COLUMNS = 24
# A curve of these families would say nothing, or another family on the dashboard says the same.
NOT_SHOWN = {
    "chat_changes_total",
    "chat_census_complete",
    "chat_channel_capacity",
    "chat_collected_at",
    "chat_connections",
    "chat_events_total",
    "chat_group_members",
    "chat_groups",
    "chat_hook_deliveries_total",
    "chat_hook_deliveries_waiting",
    "chat_in_flight",
    "chat_info",
    "chat_interface_connections",
    "chat_interface_gathered_total",
    "chat_interface_polls",
    "chat_link_previews_total",
    "chat_people",
    "chat_pushes_total",
    "chat_redis_info",
    "chat_rooms",
    "chat_turns",
    "chat_upload_bytes_total",
    "chat_uploads_total",
    "chat_worker_failed_total",
    "chat_worker_retried_total",
}


def cells(panel):
    place = panel["gridPos"]
    columns = range(place["x"], place["x"] + place["w"])
    return set(itertools.product(columns, range(place["y"], place["y"] + place["h"])))


def test_ids_and_titles_are_unique_and_panels_do_not_overlap():
    found = BOARD["panels"]
    assert len({panel["id"] for panel in found}) == len({panel["title"] for panel in found}) == len(found)
    covered = [cell for panel in found for cell in cells(panel)]
    assert len(covered) == len(set(covered)) and max(column for column, _ in covered) < COLUMNS
    rows = [panel["title"] for panel in found if panel["type"] == "row"]
    assert rows == ["Now", "Latency", "Queues", "Processes", "Database", "Redis", "Refusals", "Tasks"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_to_do_has_a_unit_and_uses_metrics_that_exist(panel):
    documented = read_documented()
    assert panel["description"].endswith(".") and panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
    for target in panel["targets"]:
        families = find_families(target["expr"])
        assert families and families <= documented.keys()
        labels = set().union(*(documented[name] for name in families))
        assert find_labels(target["expr"]) <= labels
        assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels | {"instance"}


def test_a_description_names_only_panels_that_exist():
    titles = {panel["title"] for panel in BOARD["panels"]} | {"The search", "Choosing the limits"}
    for panel in PANELS:
        named = re.findall(r"`([A-Z][^`]*)`", panel["description"])
        assert set(named) <= titles | {"IntegrityError", "OperationalError"}, panel["title"]


def test_numbers_of_one_interface_are_added_and_numbers_of_the_site_are_not():
    for expression in read_panel_expressions():
        is_local = all(re.match("chat_interface_(?!pending|connections)", name) for name in find_families(expression))
        assert ("instance=~" in expression) == is_local, expression
        if not is_local:
            # Each interface shows the same number, so the innermost function must choose one of the equal numbers.
            inner = re.search(r"(\w+) ?(?:by \([^)]*\) )?\((?:rate\()?chat_", expression)
            assert inner and inner[1] in ("max", "min"), expression


def test_every_family_is_on_the_dashboard_or_excluded():
    shown = set().union(*map(find_families, read_panel_expressions()))
    assert read_documented().keys() - shown == NOT_SHOWN


def test_the_variables_are_those_that_the_expressions_use():
    assert isinstance(BOARD["schemaVersion"], int) and BOARD["uid"] and "id" not in BOARD
    defined = {variable["name"] for variable in BOARD["templating"]["list"]}
    text = json.dumps([BOARD["panels"], BOARD["templating"]])
    used = {name for pair in re.findall(r"\$(?:\{(\w+)\}|(\w+))", text) for name in pair if name}
    assert used - {"__rate_interval"} == defined == {"datasource", "job", "instance"}


def test_prometheus_parses_every_expression(tmp_path):
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(read_panel_expressions())]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"SUCCESS: {len(rules)} rules found" in run_promtool("check", "rules", "--lint=none", file)
