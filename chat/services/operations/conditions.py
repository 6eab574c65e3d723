"""
What is wrong with a site: the conditions of the page, one for each kind of problem.

A condition has a function that takes the state of `sampling`, and yields the values of each problem. The sentences of
the page show these values. A condition with an alert has the limit of this alert in deploy/prometheus/alerts.yml, which
`tests/chat/services/operations/test_conditions.py` checks.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from channels_transport.site_state import BUSY_SECONDS

WAIT_SECONDS = 5
FULL_SHARE = 0.8
NEARLY_FULL_SHARE = 0.9
SLOW_STATEMENT_SECONDS = 0.25
SLOW_TRIP_SECONDS = 0.1
SLOW_REPLY_SECONDS = 1
SLOW_DELIVERY_SECONDS = 2.5
FAILED_RESPONSES = 0.1  # in each second
FAILED_SIGN_INS = 1  # in each second
MAX_MAILS = 20
LAG_SECONDS = 30
# A process that died is a problem for this time. By then, its supervisor should have started another one. If no process
# of the kind is left, other conditions report that.
DIED_SECONDS = 300
DELAY_CHANNEL = "asgi.delay"

State = Mapping[str, Any]
Values = dict[str, Any]


class Condition(NamedTuple):
    """A kind of problem: its code, the function that finds it, a page of the documentation, and the alert about it."""

    code: str
    find: Callable[[State], Iterator[Values]]
    documentation: str
    alert: str | None = None
    is_problem: bool = True  # False: operators should know about it, but it may be harmless


def _find_away(state: State) -> Iterator[Values]:
    yield from ({"part": part} for part in state["away"])


def _find_missing_workers(state: State) -> Iterator[Values]:
    for queue in state["queues"]:
        if queue["channel"] not in state["receivers"] and queue["channel"] != DELAY_CHANNEL and _has_reports(state):
            yield {"channel": queue["channel"]}


def _find_missing_delay_server(state: State) -> Iterator[Values]:
    channels = [queue["channel"] for queue in state["queues"]]
    if DELAY_CHANNEL in channels and DELAY_CHANNEL not in state["receivers"] and _has_reports(state):
        yield {}


def _has_reports(state: State) -> bool:
    """Return whether processes report to Redis, and Redis answers. In a site of one process, no report is missing."""
    return bool(state["redis"])


def _find_waiting(state: State) -> Iterator[Values]:
    for queue in state["queues"]:
        if queue["oldest"] > WAIT_SECONDS:
            yield {"channel": queue["channel"], "oldest": queue["oldest"], "pending": queue["pending"]}


def _find_full(state: State) -> Iterator[Values]:
    for queue in state["queues"]:
        if queue["pending"] > FULL_SHARE * queue["capacity"] or queue.get("recently_full"):
            yield {"channel": queue["channel"], "pending": queue["pending"], "capacity": queue["capacity"]}


def _find_expired(state: State) -> Iterator[Values]:
    for queue in state["queues"]:
        if queue.get("recently_expired"):
            yield {"channel": queue["channel"], "lost": queue["recently_expired"]}


def _find_lost(state: State) -> Iterator[Values]:
    for queue in state["queues"]:
        if queue.get("recently_lost"):
            yield {"channel": queue["channel"], "lost": queue["recently_lost"]}


def _find_failing_consumers(state: State) -> Iterator[Values]:
    for row in state["consumers"]:
        if row["errors"]:
            yield {"consumer": row["consumer"], "errors": row["errors"]}


def _find_hanging(state: State) -> Iterator[Values]:
    for process in state["processes"]:
        if process["state"] == "alive" and process.get("answers") and (process["hanging"] or 0) > BUSY_SECONDS:
            yield {"host": process["host"], "pid": process["pid"], "seconds": process["hanging"]}


def _find_dead(state: State) -> Iterator[Values]:
    for process in state["processes"]:
        if process["state"] == "dead" and process["silent"] < DIED_SECONDS:
            yield {name: process[name] for name in ("kind", "host", "pid", "silent")}


def _find_nearly_full(state: State) -> Iterator[Values]:
    for server in state["redis"]:
        if server["limit"] and server["memory"] > NEARLY_FULL_SHARE * server["limit"]:
            yield {"server": server["server"], "share": server["memory"] / server["limit"]}


def _find_evicting(state: State) -> Iterator[Values]:
    for server in state["redis"]:
        if server.get("recently_evicted"):
            yield {"server": server["server"], "evicted": server["recently_evicted"]}


def _find_slow_redis(state: State) -> Iterator[Values]:
    for server in state["redis"]:
        if server["trip"] > SLOW_TRIP_SECONDS:
            yield {"server": server["server"], "trip": server["trip"]}


def _find_slow_database(state: State) -> Iterator[Values]:
    for database in state["databases"]:
        if (database["p95"] or 0) > SLOW_STATEMENT_SECONDS:
            yield {"alias": database["alias"], "p95": database["p95"]}


def _find_lagging(state: State) -> Iterator[Values]:
    for database in state["databases"]:
        if (database["lag"] or 0) > LAG_SECONDS:
            yield {"alias": database["alias"], "lag": database["lag"]}


def _find_slow_replies(state: State) -> Iterator[Values]:
    if (state["window"]["reply_p95"] or 0) > SLOW_REPLY_SECONDS:
        yield {"p95": state["window"]["reply_p95"]}


def _find_slow_deliveries(state: State) -> Iterator[Values]:
    if (state["window"]["delivery_p95"] or 0) > SLOW_DELIVERY_SECONDS:
        yield {"p95": state["window"]["delivery_p95"]}


def _find_failing_responses(state: State) -> Iterator[Values]:
    if state["window"]["failed_responses"] > FAILED_RESPONSES:
        yield {"rate": state["window"]["failed_responses"]}


def _find_guessing(state: State) -> Iterator[Values]:
    if state["window"]["failed_sign_ins"] > FAILED_SIGN_INS:
        yield {"rate": state["window"]["failed_sign_ins"]}


def _find_waiting_mails(state: State) -> Iterator[Values]:
    for row in state["work"]:
        if row["work"] == "mails" and row["count"] > MAX_MAILS:
            yield {"pending": row["count"]}


def _find_overdue(state: State) -> Iterator[Values]:
    if state["overdue"]:
        yield {"overdue": state["overdue"]}


def _find_versions(state: State) -> Iterator[Values]:
    if number := sum(process["other_version"] for process in state["processes"]):
        yield {"processes": number}


def _find_refusing_site(state: State) -> Iterator[Values]:
    for row in state["refusals"]:
        if row["limit"].endswith("_per_site") and row["recent"]:
            yield {"limit": row["limit"], "recent": row["recent"]}


def _find_limits_off(state: State) -> Iterator[Values]:
    if state["limits_off"]:
        yield {}


_OPERATIONS = "docs/operations.md#"
_REDIS_FULL = _OPERATIONS + "redis-is-full-maxmemory-noeviction"
CONDITIONS = (
    Condition("part_away", _find_away, _OPERATIONS + "the-database-is-down", "ChatPartDown"),
    Condition("no_worker", _find_missing_workers, _OPERATIONS + "no-worker-runs", "ChatNoWorkers"),
    Condition("messages_wait", _find_waiting, _OPERATIONS + "no-worker-runs", "ChatMessagesWait"),
    Condition("queue_full", _find_full, _OPERATIONS + "a-client-sends-very-much-at-once", "ChatQueueFull"),
    Condition("messages_expire", _find_expired, _OPERATIONS + "no-worker-runs", "ChatMessagesExpire"),
    Condition("messages_lost", _find_lost, _OPERATIONS + "a-worker-dies-kill--9-out-of-memory", "ChatMessagesLost"),
    Condition("consumer_fails", _find_failing_consumers, _OPERATIONS + "a-consumer-has-a-bug", "ChatConsumersFail"),
    Condition("responses_fail", _find_failing_responses, _OPERATIONS + "a-consumer-has-a-bug", "ChatResponsesFail"),
    Condition("replies_slow", _find_slow_replies, _OPERATIONS + "no-worker-runs", "ChatRepliesSlow"),
    Condition(
        "deliveries_slow",
        _find_slow_deliveries,
        _OPERATIONS + "an-interface-hangs-for-more-than-10-s",
        "ChatBroadcastsSlow",
    ),
    Condition("worker_hangs", _find_hanging, _OPERATIONS + "a-worker-hangs-stopped-swapping", "ChatWorkerHangs"),
    Condition("process_dead", _find_dead, _OPERATIONS + "supervision"),
    Condition(
        "redis_nearly_full",
        _find_nearly_full,
        _REDIS_FULL,
        "ChatRedisNearlyFull",
    ),
    Condition("redis_evicts", _find_evicting, _REDIS_FULL),
    Condition("redis_slow", _find_slow_redis, _OPERATIONS + "redis-stops-responding-paused-machine-slow-disk"),
    Condition("database_slow", _find_slow_database, _OPERATIONS + "the-database-is-locked-sqlite", "ChatDatabaseSlow"),
    Condition("replica_behind", _find_lagging, "docs/postgresql.md"),
    Condition("no_delay_server", _find_missing_delay_server, _OPERATIONS + "a-delay-server-dies"),
    Condition("overdue", _find_overdue, _OPERATIONS + "a-delay-server-dies", "ChatDelayServerDown"),
    Condition("mails_wait", _find_waiting_mails, _OPERATIONS + "e-mail", "ChatMailsWait"),
    Condition("sign_ins_fail", _find_guessing, _OPERATIONS + "choosing-the-limits", "ChatSignInsFail"),
    Condition("limits_off", _find_limits_off, _OPERATIONS + "choosing-the-limits"),
    Condition("site_refuses", _find_refusing_site, _OPERATIONS + "choosing-the-limits", is_problem=False),
    Condition("different_versions", _find_versions, "docs/deploying.md", is_problem=False),
)
_MAX_OF_ONE = 5  # problems of one kind


def find_problems(state: State) -> list[Values]:
    """
    Return {condition, is_problem, ...values} of the problems of a state, in the order of CONDITIONS: at most five of a
    kind.
    """
    return [
        {"condition": condition.code, "is_problem": condition.is_problem, **values}
        for condition in CONDITIONS
        for values in [*condition.find(state)][:_MAX_OF_ONE]
    ]
