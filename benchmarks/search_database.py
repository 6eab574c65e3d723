"""
The database of the measurements of the search: what it contains, and the options of the programs that use it.
"""

import argparse
import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import django

from benchmarks.many_messages import fill, make_people_and_rooms
from benchmarks.scratch_database import scratch_database


def make_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that name and fill the database."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--folder", type=Path, required=True, help="the folder of the database")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite", help="(default: %(default)s)")
    parser.add_argument(
        "--messages", type=int, default=1_000_000, help="messages of the full database (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="stop filling after this time (default: never)"
    )
    return parser


@contextlib.contextmanager
def new_database(folder: Path, kind: str) -> Iterator[None]:
    """Set up Django with the database in a folder, and migrate it. `kind` is "sqlite" or "postgresql"."""
    with scratch_database(folder, kind) as url:
        os.environ.update(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="chatproj.settings")
        os.environ.setdefault("SECRET_KEY", "for measurements only")
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", interactive=False, verbosity=0)
        try:
            yield
        finally:
            connection.close()


@contextlib.contextmanager
def filled_database(options: argparse.Namespace) -> Iterator[bool]:
    """Set up Django with the database, and fill it. Yield whether it is full: the filling may stop after `seconds`."""
    with new_database(options.folder, options.database):
        from django.db import connection

        make_people_and_rooms()
        is_full = fill(options.messages, time.monotonic() + options.seconds)
        if is_full and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        yield is_full
