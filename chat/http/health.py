"""
Monitoring: `/healthz` says whether an interface is alive, `/readyz` whether the site can serve requests, and `/metrics`
returns the site's numbers.

The interface itself answers `/healthz` and `/metrics`, so that they also work while no worker runs. A worker answers
`/readyz`; if no worker answers in time, the interface does. The setting INTERFACE_ANSWERS names the functions for the
interface. Under another server, the views and the consumer in chat/consumers/http.py answer all three.

This module only reads.
"""

import json
import threading
import time
from collections.abc import Callable
from functools import partial

from django.db import connection, connections
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from channels_transport import Answer, Asked, InThread, PassOn
from chat import broadcast
from chat.models import Person, Room
from chat.store import store

# A health check and a scrape get their answer within a second, whatever is down.
READY_SECONDS = 0.9
PART_SECONDS, METRICS_SECONDS = 0.6, 0.9
SAFE_METHODS = ("GET", "HEAD")
# {part: the thread that reads its numbers}. A part that hangs gets no second thread.
_readers: dict[str, threading.Thread] = {}


# What the interface answers.


def answer_healthz(asked: Asked) -> Answer:
    """Answer that this interface is alive."""
    return _answer(200, {"status": "ok"}) if asked.method in SAFE_METHODS else _refuse()


def answer_readyz(asked: Asked) -> Answer | PassOn:
    """Let a worker answer. If no worker answers in time, answer 503 with what is missing."""
    if asked.method not in SAFE_METHODS:
        return _refuse()
    if not asked.is_redis_answering():
        return _fail("redis")
    return PassOn(READY_SECONDS, lambda: _fail("worker" if asked.is_redis_answering() else "redis"))


def answer_metrics(asked: Asked) -> Answer | InThread:
    """Answer with this interface's numbers, and with the numbers of Redis and the database if they answer in time."""
    if asked.method not in SAFE_METHODS:
        return _refuse()
    own = [GaugeMetricFamily("chat_connections", "Open connections of this interface", value=asked.open_connections)]
    return InThread(partial(_answer_numbers, own), METRICS_SECONDS, partial(_write_answer, own))


def _answer_numbers(own: list[Metric]) -> Answer:
    found = collect_in_time(PARTS, PART_SECONDS)
    up = GaugeMetricFamily("chat_up", "Whether the part answers in time", labels=["part"])
    for part in PARTS:
        up.add_metric([part], part in found)
    return _write_answer([*own, up, *(family for families in found.values() for family in families)])


def collect_in_time(parts: dict[str, Callable[[], list[Metric]]], seconds: float) -> dict[str, list[Metric]]:
    """Return {part: its numbers} of the parts whose function returns within `seconds`."""
    found: dict[str, list[Metric]] = {}
    deadline = time.monotonic() + seconds
    for part, collect in parts.items():
        if part not in _readers or not _readers[part].is_alive():
            _readers[part] = threading.Thread(target=_collect, args=[found, part, collect], name=part, daemon=True)
            _readers[part].start()
    for part in parts:
        _readers[part].join(max(0, deadline - time.monotonic()))
    return dict(found)


def _collect(found: dict[str, list[Metric]], part: str, collect: Callable[[], list[Metric]]) -> None:
    try:
        found[part] = collect()
    except Exception:
        pass  # `chat_up` reports it
    finally:
        # Connections to the database belong to the thread that opened them.
        connections.close_all()


def _write_answer(families: list[Metric]) -> Answer:
    return Answer(200, _write(families), CONTENT_TYPE_LATEST)


def _answer(status: int, body: dict, **headers: str) -> Answer:
    return Answer(status, json.dumps(body).encode(), headers=headers)


def _fail(*missing: str) -> Answer:
    return _answer(503, {"status": "failing", "missing": list(missing)})


def _refuse() -> Answer:
    return _answer(405, {"code": "method_not_allowed", "detail": "Use GET."}, Allow="GET")


# What a worker answers.


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Return 200 if database and Redis answer, else 503. The body is {status, missing: what does not answer}."""
    missing = [name for name, check in (("database", _query_database), ("redis", store.ping)) if not _works(check)]
    body = {"status": "failing" if missing else "ok", "missing": missing}
    return JsonResponse(body, status=503 if missing else 200)


def _query_database() -> None:
    connection.ensure_connection()
    connection.cursor().execute("SELECT 1")


def _works(check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception:
        return False
    return True


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the site's numbers in the text format of Prometheus."""
    families = [family for collect in PARTS.values() for family in collect()]
    return HttpResponse(_write(families), content_type=CONTENT_TYPE_LATEST)


# The numbers are computed for each request: counters in a worker would count only that worker's share.


def _write(families: list[Metric]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Families(families))
    return generate_latest(registry)


class _Families:
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _collect_rows() -> list[Metric]:
    changes = Room.objects.aggregate(total=Sum("offset"))["total"] or 0
    return [
        GaugeMetricFamily("chat_rooms", "Rooms", value=Room.objects.count()),
        GaugeMetricFamily("chat_people", "Accounts and guests", value=Person.objects.count()),
        CounterMetricFamily("chat_changes", "Messages posted, edited, removed, reacted to", value=changes),
    ]


def _collect_channels() -> list[Metric]:
    families: dict[str, CounterMetricFamily | GaugeMetricFamily] = {
        "messages_count": _counter("chat_channel_messages", "Messages sent on a channel"),
        "messages_pending": _gauge("chat_channel_pending", "Messages that wait on a channel"),
        "messages_max_age": _gauge("chat_channel_oldest_seconds", "Age of the oldest waiting message"),
        "channel_full_count": _counter("chat_channel_full", "Sends that failed because the channel was full"),
        "expired_count": _counter("chat_channel_expired", "Messages that expired before a worker took them"),
        "lost_count": _counter("chat_channel_lost", "Messages lost with a worker that died"),
    }
    for channel, statistics in broadcast.queue_statistics().items():
        for name, family in families.items():
            family.add_metric([channel], statistics.get(name, 0))
    return list(families.values())


PARTS = {"database": _collect_rows, "redis": _collect_channels}


def _counter(name: str, help_text: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, help_text, labels=["channel"])


def _gauge(name: str, help_text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, labels=["channel"])
