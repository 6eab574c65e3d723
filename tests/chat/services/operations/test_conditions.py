"""The conditions find each problem, have a sentence about it, and have the limits of the alerts."""

import re
from pathlib import Path

import pytest

from chat.http.operations_texts import SENTENCES, VALUE_FORMATS
from chat.services.operations import CONDITIONS, find_problems

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parent.parent.parent.parent.parent
ALERTS = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text()
# Operators cannot load the page from an interface that is down.
NOT_ON_THE_PAGE = {"ChatInterfaceDown"}

WITH_ALERTS = [condition for condition in CONDITIONS if condition.alert]

QUEUE = {
    **{"channel": "websocket.receive", "pending": 0, "oldest": 0, "capacity": 100},
    **{"recently_lost": 0, "recently_full": 0, "recently_expired": 0},
}
DELAY = {**QUEUE, "channel": "asgi.delay"}
PROCESS = {
    **{"kind": "worker", "host": "machine", "pid": 1, "state": "alive", "silent": 1, "hanging": None},
    **{"answers": True, "other_version": False},
}
SERVER = {"server": "redis:6379", "memory": 50, "limit": 100, "recently_evicted": 0, "trip": 0.001}
DATABASE = {"alias": "default", "p95": 0.001, "lag": None}
REFUSAL = {"limit": "events", "recent": 5}
WINDOW = {"reply_p95": 0.01, "delivery_p95": None, "failed_responses": 0.0, "failed_sign_ins": 0.9}
MAILS = {"work": "mails", "state": "waiting", "count": 20}
WELL = {
    "window": WINDOW,
    "work": [MAILS],
    "away": [],
    "queues": [QUEUE, DELAY],
    "receivers": {"websocket.receive": 1, "asgi.delay": 1},
    "consumers": [{"consumer": "ws_receive", "errors": 0}],
    "processes": [PROCESS],
    "redis": [SERVER],
    "databases": [DATABASE],
    "overdue": 0,
    "refusals": [REFUSAL],
    "limits_off": False,
}
# {condition: the changed part of a state without problems}
CASES = {
    "part_away": {"away": ["database"]},
    "no_worker": {"receivers": {"asgi.delay": 1}},
    "no_delay_server": {"receivers": {"websocket.receive": 1}},
    "messages_wait": {"queues": [{**QUEUE, "oldest": 5.1, "pending": 3}, DELAY]},
    "queue_full": {"queues": [{**QUEUE, "pending": 81}, DELAY]},
    "messages_lost": {"queues": [{**QUEUE, "recently_lost": 2}, DELAY]},
    "messages_expire": {"queues": [{**QUEUE, "recently_expired": 2}, DELAY]},
    "responses_fail": {"window": {**WINDOW, "failed_responses": 0.2}},
    "replies_slow": {"window": {**WINDOW, "reply_p95": 1.1}},
    "deliveries_slow": {"window": {**WINDOW, "delivery_p95": 2.6}},
    "mails_wait": {"work": [{**MAILS, "count": 21}]},
    "sign_ins_fail": {"window": {**WINDOW, "failed_sign_ins": 1.1}},
    "consumer_fails": {"consumers": [{"consumer": "ws_receive", "errors": 1}]},
    "worker_hangs": {"processes": [{**PROCESS, "hanging": 31}]},
    "process_dead": {"processes": [{**PROCESS, "state": "dead", "silent": 20}]},
    "redis_nearly_full": {"redis": [{**SERVER, "memory": 91}]},
    "redis_evicts": {"redis": [{**SERVER, "recently_evicted": 4}]},
    "redis_slow": {"redis": [{**SERVER, "trip": 0.2}]},
    "database_slow": {"databases": [{**DATABASE, "p95": 0.3}]},
    "replica_behind": {"databases": [{**DATABASE, "lag": 40.0}]},
    "overdue": {"overdue": 2},
    "limits_off": {"limits_off": True},
    "site_refuses": {"refusals": [{"limit": "sign_ins_per_site", "recent": 3}]},
    "different_versions": {"processes": [PROCESS, {**PROCESS, "other_version": True}]},
}


def test_a_site_without_problems_has_none():
    assert find_problems(WELL) == []


@pytest.mark.parametrize("code, changes", CASES.items(), ids=CASES)
def test_each_condition_finds_its_problem_and_its_sentence_shows_the_values(code, changes):
    [problem] = find_problems({**WELL, **changes})
    assert problem["condition"] == code
    names = re.findall(r"%\((\w+)\)s", str(SENTENCES[code]))
    assert set(names) <= set(problem), "the state has each value of the sentence"
    assert all(isinstance(problem[name], str) or name in VALUE_FORMATS or name == "pid" for name in names)


def test_every_condition_has_a_case_and_a_sentence():
    codes = [condition.code for condition in CONDITIONS]
    assert sorted(codes) == sorted(CASES) == sorted(SENTENCES)


def test_every_alert_has_its_condition():
    alerts = set(re.findall(r"alert: (\w+)", ALERTS))
    assert alerts - NOT_ON_THE_PAGE == {condition.alert for condition in CONDITIONS if condition.alert}


@pytest.mark.parametrize(
    "condition", [condition for condition in CONDITIONS if condition.alert], ids=lambda one: one.code
)
def test_a_condition_has_the_limit_of_its_alert(condition):
    [expression] = re.findall(rf"alert: {condition.alert}\n +expr: (.*)", ALERTS)
    limit = float(re.findall(r"[<>=]+ ([\d.]+)$", expression)[0])
    limits = {
        **{"messages_wait": 5, "worker_hangs": 30, "redis_nearly_full": 0.9, "database_slow": 0.25, "no_worker": 1},
        **{"replies_slow": 1, "deliveries_slow": 2.5, "responses_fail": 0.1, "sign_ins_fail": 1, "mails_wait": 20},
    }
    assert limit == limits.get(condition.code, 0)


def test_a_queue_that_was_full_in_the_last_minutes_is_a_problem():
    [problem] = find_problems({**WELL, "queues": [{**QUEUE, "recently_full": 1}, DELAY]})
    assert problem["condition"] == "queue_full"


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: condition.code)
def test_every_condition_names_an_existing_section(condition):
    path, _, anchor = condition.documentation.partition("#")
    headings = re.findall(r"^#+ (.*)$", (ROOT / path).read_text(), re.MULTILINE)
    anchors = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert not anchor or anchor in anchors


def test_a_site_of_one_process_reports_no_missing_worker():
    assert find_problems({**WELL, "receivers": {}, "redis": []}) == []


def test_a_process_that_died_long_ago_is_no_problem():
    assert find_problems({**WELL, "processes": [{**PROCESS, "state": "dead", "silent": 400}]}) == []


def test_at_most_five_problems_of_one_kind_are_shown():
    queues = [{**QUEUE, "channel": f"jobs-{number}"} for number in range(20)]
    assert len(find_problems({**WELL, "queues": queues, "receivers": {"x": 1}})) == 5
