"""
The families of the whole site at `/metrics`: its rows in the database, and its numbers in Redis.

They are computed for each request, because a counter in one process would count only the share of this process. The
cost of a scrape is bounded: a number that takes long to count is counted rarely. This module only reads.
"""

import functools
import time
from collections.abc import Callable
from datetime import timedelta

from django.db.models import Count, Q, Sum
from django.utils import timezone

from channels_transport.metrics import Family, Parts, collect_delayed, collect_layer, counter, gauge
from chat.models import HookDelivery, Mail, Person, Room, ScheduledMessage, Task
from chat.services import budgets
from chat.services.removed import read_removed

NAMESPACE = "chat"
ACTIVE_FOR = timedelta(minutes=5)
# Counting may take this share of the time. The result of a count that took less than FREE_SECONDS is not kept.
SHARE, FREE_SECONDS = 0.005, 0.02
# The groups of a person's own streams: of pages, and of tokens for certain rooms. See `chat.broadcast`.
GROUPS_OF_PEOPLE = ("person", "limited")


def rarely(count: Callable[[], list[Family]]) -> Callable[[], list[Family]]:
    """
    Return a function that calls `count`, and keeps the families for 200 times as long as the call took.

    A call that takes less than FREE_SECONDS is repeated each time. A table of millions of rows takes a second to count.
    If a scrape stops waiting for the thread that counts, the result is kept too, so the next scrape has the numbers.
    """
    kept: list[Family] = []
    until = 0.0

    @functools.wraps(count)
    def read() -> list[Family]:
        nonlocal kept, until
        began = time.monotonic()
        if began >= until:
            kept = count()
            seconds = time.monotonic() - began
            until = began + seconds / SHARE if seconds > FREE_SECONDS else 0
        return kept

    return read


def collect_rows() -> list[Family]:
    """Return the families of the database."""
    return [*_collect_rooms(), *_collect_people(), *_collect_work(), *collect_delayed(NAMESPACE)]


@rarely
def _collect_rooms() -> list[Family]:
    is_active = Q(last_at__gte=timezone.now() - ACTIVE_FOR)
    found = Room.objects.aggregate(rooms=Count("id"), active=Count("id", filter=is_active), changes=Sum("offset"))
    return [
        gauge("chat_rooms", "Rooms").add(found["rooms"]),
        gauge("chat_rooms_active", "Rooms with a message in the last five minutes").add(found["active"]),
        counter("chat_changes", "Messages posted, edited, removed, reacted to").add(found["changes"] or 0),
    ]


@rarely
def _collect_people() -> list[Family]:
    return [gauge("chat_people", "Accounts and guests").add(Person.objects.count())]


@rarely
def _count_scheduled() -> list[Family]:
    return [gauge("chat_messages_scheduled", "Scheduled messages").add(ScheduledMessage.objects.count())]


def _collect_work() -> list[Family]:
    """
    Return the families of tasks, mails, deliveries of webhooks and scheduled messages.

    The first three tables are small, because finished work is deleted from them.
    """
    tasks = gauge("chat_tasks", "Tasks by kind and state")
    for row in Task.objects.values("kind", "state").annotate(number=Count("id")).order_by():
        tasks.add(row["number"], kind=row["kind"], state=row["state"])
    mails = gauge("chat_mails_waiting", "Mails that are still to be sent").add(Mail.objects.count())
    deliveries = gauge("chat_hook_deliveries_waiting", "Deliveries of webhooks that are still to be sent")
    deliveries.add(HookDelivery.objects.waiting().count())
    return [tasks, mails, deliveries, *_count_scheduled()]


def collect_redis() -> list[Family]:
    """Return the families of Redis: refusals, deletions, the people who are online, and the channel layer."""
    refusals = counter("chat_refusals", "Requests and connections that a limit has refused")
    for limit, number in budgets.count_refusals().items():
        refusals.add(number, limit=limit)
    removed = counter("chat_removed", "What sweeps have deleted: messages by rules, old refs, files without a row")
    for what, number in read_removed().items():
        removed.add(number, what=what)
    families = collect_layer(NAMESPACE)
    return [refusals, removed, *_count_online(families), *families]


def _count_online(families: list[Family]) -> list[Family]:
    """Return the number of people with an open page, counted by groups; [] if there are too many keys to count."""
    for family in families:
        if family.name == f"{NAMESPACE}_groups_of_kind":
            found = sum(number for labels, number in family.samples if labels["kind"] in GROUPS_OF_PEOPLE)
            return [gauge("chat_people_online", "People with an open page").add(found)]
    return []


PARTS: Parts = {"database": collect_rows, "redis": collect_redis}
