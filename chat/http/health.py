"""
What operators' tools ask: can it serve, and how much is going on. Reads only.

Whether it is alive at all, `/healthz`, says a consumer: chat/consumers/http.py.
"""

from django.db import connection
from django.db.models import Sum
from django.http import HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from chat import broadcast
from chat.models import Person, Room
from chat.store import store


def readyz(request):
    """Able to serve: 200, or 503 and what is missing."""
    missing = [name for name, check in (("database", _ask_database), ("redis", store.ping)) if not _works(check)]
    body = {"status": "failing" if missing else "ok", "missing": missing}
    return JsonResponse(body, status=503 if missing else 200)


def _ask_database():
    connection.ensure_connection()
    connection.cursor().execute("SELECT 1")


def _works(check):
    try:
        check()
    except Exception:
        return False
    return True


class _Site:
    """Collects at the moment of asking: no counter is kept in a worker, which would know only its own share."""

    def collect(self):
        yield GaugeMetricFamily("chat_rooms", "Rooms", value=Room.objects.count())
        yield GaugeMetricFamily("chat_people", "Accounts and guests", value=Person.objects.count())
        changes = Room.objects.aggregate(total=Sum("offset"))["total"] or 0
        yield CounterMetricFamily("chat_changes", "Messages posted, edited, removed, reacted to", value=changes)
        yield from self._collect_channels()

    def _collect_channels(self):
        families = {
            "messages_count": CounterMetricFamily("chat_channel_messages", "Sent on a channel", labels=["channel"]),
            "messages_pending": GaugeMetricFamily("chat_channel_pending", "Waiting on a channel", labels=["channel"]),
            "messages_max_age": GaugeMetricFamily(
                "chat_channel_oldest_seconds", "Age of the oldest waiting message", labels=["channel"]
            ),
            "channel_full_count": CounterMetricFamily(
                "chat_channel_full", "Sends refused because a channel was full", labels=["channel"]
            ),
            "expired_count": CounterMetricFamily(
                "chat_channel_expired", "Messages that nobody took in time", labels=["channel"]
            ),
            "lost_count": CounterMetricFamily(
                "chat_channel_lost", "Messages that died with a worker", labels=["channel"]
            ),
        }
        for channel, statistics in broadcast.queue_statistics().items():
            for name, family in families.items():
                family.add_metric([channel], statistics.get(name, 0))
        yield from families.values()


def metrics(request):
    """Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Site())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
