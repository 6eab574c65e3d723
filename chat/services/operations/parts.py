"""
The parts of the state from the database, the store and the reports: work, rooms, refusals, database servers.

No function keeps what it has read. The functions may raise the errors of the database or of Redis.
"""

import os
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.models import Count
from django.utils import timezone

from chat.models import Mail, Room, ScheduledMessage, Task
from chat.services import budgets
from chat.services.rights import Action, may

MAX_ROOMS = 20
# A scheduled message that is due for longer than this is overdue.
LATE_SECONDS = 60
_SIZE = {"postgresql": "SELECT pg_database_size(current_database())"}
_CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
_LAG = (
    "SELECT CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0"
    " ELSE EXTRACT(EPOCH FROM now() - pg_last_xact_replay_timestamp()) END"
)


def read_work(scheduled: int) -> list[dict[str, Any]]:
    """
    Return {work, state, count} for the tasks by kind and state, and for the mails and scheduled messages that wait.

    `scheduled` is the number of scheduled messages. The caller passes it, because counting them takes long on a large
    site.
    """
    rows = Task.objects.values("kind", "state").annotate(number=Count("id")).order_by("kind", "state")
    found = [{"work": row["kind"], "state": row["state"], "count": row["number"]} for row in rows]
    for work, number in (("mails", Mail.objects.count()), ("scheduled messages", scheduled)):
        if number:
            found.append({"work": work, "state": "waiting", "count": number})
    return found


def count_scheduled() -> int:
    """Return how many scheduled messages wait."""
    return _get_scheduled().count()


def count_overdue() -> int:
    """Return how many scheduled messages should have been posted more than LATE_SECONDS ago."""
    return _get_scheduled().filter(due_at__lt=timezone.now() - timedelta(seconds=LATE_SECONDS)).count()


def _get_scheduled():
    return ScheduledMessage.objects.filter(state=ScheduledMessage.WAITING)


def name_rooms(counts: Mapping[int, int]) -> list[dict[str, Any]]:
    """
    Return {room, kind, name, messages} of the busiest rooms, the busiest first.

    Only rooms that everybody may know have a name here. All operators get the same sample, but they may know different
    private rooms. So the name of every other room is `#` and the id of the room.
    """
    busiest = sorted(counts.items(), key=lambda pair: -pair[1])[:MAX_ROOMS]
    rows = Room.objects.in_bulk([room_id for room_id, _ in busiest]) if busiest else {}
    return [_describe_room(rows[room_id], number) for room_id, number in busiest if room_id in rows]


def _describe_room(room: Room, number: int) -> dict[str, Any]:
    name = room.name if may(None, Action.KNOW, room, None) else f"#{room.id}"
    return {"room": room.id, "kind": room.access, "name": name, "messages": number}


def sum_busiest(reports: Iterable[Mapping[str, Any]]) -> dict[int, int]:
    """Return {room id: new messages in the last minutes} over one report of each process."""
    total: dict[int, int] = {}
    for report in reports:
        for room_id, number in report.get("more", {}).get("rooms", ()):
            total[room_id] = total.get(room_id, 0) + number
    return total


def read_refusals(before: Mapping[str, int] | None) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """
    Return ({limit: refusals}, the rows {limit, refused, recent}). The rows with the most recent refusals come first.

    `before` is the first part of an earlier result. `recent` is the number of refusals since then, or 0 without
    `before`.
    """
    now = budgets.count_refusals()
    rows = [
        {"limit": limit, "refused": number, "recent": max(0, number - (before or now).get(limit, 0))}
        for limit, number in now.items()
    ]
    return now, sorted(rows, key=lambda row: (-row["recent"], -row["refused"]))


def read_databases() -> list[dict[str, Any]]:
    """
    Return {alias, kind, size (bytes), connections, trip (s), lag (s)} of each database. Run a few queries on each.

    `connections` and `lag` are None for SQLite. `lag` is also None without a replica.
    """
    return [_read_database(alias) for alias in settings.DATABASES]


def _read_database(alias: str) -> dict[str, Any]:
    database = connections[alias]
    began = time.monotonic()
    _ask(database, "SELECT 1")
    trip = time.monotonic() - began
    is_postgresql = database.vendor == "postgresql"
    return {
        "alias": alias,
        "kind": {"postgresql": "PostgreSQL", "sqlite": "SQLite"}.get(database.vendor, database.vendor),
        "size": _ask(database, _SIZE["postgresql"]) if is_postgresql else _measure_file(database),
        "connections": _ask(database, _CONNECTIONS) if is_postgresql else None,
        "trip": trip,
        "lag": float(_ask(database, _LAG) or 0) if is_postgresql and len(settings.DATABASES) > 1 else None,
    }


def _ask(database: Any, sql: str) -> Any:
    with database.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def _measure_file(database: Any) -> int | None:
    """Return the size of the files of SQLite, or None for a database in memory."""
    name = str(database.settings_dict["NAME"])
    sizes = [os.path.getsize(path) for path in (name, f"{name}-wal") if os.path.exists(path)]
    return sum(sizes) if sizes else None
