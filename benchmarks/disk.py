"""
Measure what a room of many messages needs on the disk, and what its pages cost, on SQLite or PostgreSQL.

    .venv/bin/python -m benchmarks.disk --folder /var/tmp/disk
    .venv/bin/python -m benchmarks.disk --folder /var/tmp/disk-postgresql --database postgresql

The program makes a new database in the folder, with all messages of the last 700 days in one room, as many as
`--messages` says (1,000,000 by default). It prints two tables:

- the time of pages of the room: the newest, the oldest, around a message, at a day, and backlogs;
- the disk of each table with its indexes: filled, after the sweeps (refs older than 90 days, and messages older than
  690 days), and after VACUUM.

A sweep leaves free space in the files, which new rows use. VACUUM gives the space back. On PostgreSQL it is VACUUM
FULL.
"""

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from benchmarks.many_messages import DAYS, fill_room
from benchmarks.search_database import new_database

REPETITIONS = 15
KEPT_DAYS = 690
SLUG = "archive"


def main() -> None:
    """Fill the database, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--folder", type=Path, required=True, help="a folder without a database")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite", help="(default: %(default)s)")
    parser.add_argument("--messages", type=int, default=1_000_000, help="messages of the room (default: %(default)s)")
    options = parser.parse_args()
    if options.folder.exists() and any(options.folder.iterdir()):
        parser.error(f"{options.folder} is not empty")
    with new_database(options.folder, options.database):
        time_step(f"Filled {options.database} with {options.messages:,} messages", fill_room, SLUG, options.messages)
        print_pages(options.messages)
        sizes = [measure_disk()]
        time_step("Swept", sweep)
        sizes.append(measure_disk())
        time_step("Vacuumed", vacuum)
        sizes.append(measure_disk())
        print_disk(sizes, options.messages)


def time_step(title: str, function: Callable[..., object], *arguments: object) -> None:
    """Call a function, and print how long it took."""
    began = time.monotonic()
    function(*arguments)
    print(f"{title} in {time.monotonic() - began:.0f} s.", flush=True)


def print_pages(count: int) -> None:
    """Print the times of pages and backlogs of the room."""
    from django.utils import timezone

    from chat.models import Room
    from chat.services import rooms

    room = Room.objects.get(slug=SLUG)
    middle = timezone.now() - timedelta(days=DAYS / 2)
    reads = {
        "the newest page": lambda: rooms.get_page(room, None, 50),
        "a page in the middle": lambda: rooms.get_page(room, count // 2, 50),
        "the oldest page": lambda: rooms.get_page(room, 51, 50),
        "a page around a message": lambda: rooms.get_page_around(room, count // 3, 50),
        "a page at a day": lambda: rooms.get_page_at(room, middle, 50),
        "a backlog of 200 changes": lambda: rooms.get_backlog(room, count // 2),
        "no change since": lambda: rooms.get_backlog(room, count),
    }
    print(f"\n| in a room of {count:,} messages | median ms | slowest ms |\n|---|---|---|")
    for title, read in reads.items():
        times = [_time(read) * 1000 for _ in range(REPETITIONS)]
        print(f"| {title} | {statistics.median(times):.1f} | {max(times):.1f} |")
    print()


def _time(function):
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def sweep() -> None:
    """Delete old refs and old messages, as the monitor does in many sweeps."""
    from chat.services import retention, rooms

    while rooms.sweep_old_refs():
        pass
    retention.set_rule(SLUG, KEPT_DAYS, "benchmark")
    for _ in retention.run_retention("benchmark"):
        pass


def vacuum() -> None:
    """Give the free space back to the file system."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM FULL" if connection.vendor == "postgresql" else "VACUUM")


def measure_disk() -> Counter[str]:
    """Return {table: its bytes with its indexes} of the chat, and the bytes of the whole database as `everything`."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
            cursor.execute(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'chat%'"
            )
            found = Counter(dict(cursor.fetchall()))
            cursor.execute("SELECT pg_database_size(current_database())")
            return found + Counter(everything=cursor.fetchone()[0])
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("SELECT name, tbl_name FROM sqlite_master")
        tables = dict(cursor.fetchall())
        cursor.execute("SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE")
        found = Counter()
        for name, size in cursor.fetchall():
            # The index of the search has tables of its own: chat_searchindex_data and others.
            found["chat_searchindex" if name.startswith("chat_searchindex") else tables.get(name, name)] += size
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return found + Counter(everything=cursor.fetchone()[0])


def print_disk(sizes: list[Counter[str]], count: int) -> None:
    """Print the sizes of the tables, the largest first. The first column is per million messages."""
    columns = ("table", "MB per million messages", "MB filled", "MB after the sweeps", "MB after VACUUM")
    print(f"\n| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for table, size in sizes[0].most_common(8):
        megabytes = " | ".join(f"{one[table] / 1e6:.1f}" for one in sizes)
        print(f"| {table} | {size / count:.0f} | {megabytes} |")


if __name__ == "__main__":
    main()
