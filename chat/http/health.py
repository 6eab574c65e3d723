"""
Monitoring: `/readyz` says whether the site can serve requests, and `/metrics` returns its numbers.

This module only reads. A consumer answers `/healthz`, which says whether the site is alive: chat/consumers/http.py.
"""

from collections.abc import Callable, Iterator

from django.db import connection
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from chat import broadcast
from chat.models import Person, Room
from chat.store import store


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
    registry = CollectorRegistry()
    registry.register(_SiteCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _SiteCollector:
    """Compute the numbers for each request. Counters in a worker would count only that worker's share."""

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("chat_rooms", "Rooms", value=Room.objects.count())
        yield GaugeMetricFamily("chat_people", "Accounts and guests", value=Person.objects.count())
        changes = Room.objects.aggregate(total=Sum("offset"))["total"] or 0
        yield CounterMetricFamily("chat_changes", "Messages posted, edited, removed, reacted to", value=changes)
        yield from self._collect_channels()

    def _collect_channels(self) -> Iterator[Metric]:
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
        yield from families.values()


def _counter(name: str, help_text: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, help_text, labels=["channel"])


def _gauge(name: str, help_text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, labels=["channel"])
