"""
The connection for statements that read: to the primary server, or to the database that `reading_from` names.

`replica` decides which reads use a replica. This module only remembers the decision, for each thread.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections

_thread = threading.local()


@contextmanager
def reading_from(alias: str) -> Iterator[None]:
    """Run a block whose reads use the database with this alias."""
    _thread.alias = alias
    try:
        yield
    finally:
        _thread.alias = None


def get_read_alias() -> str | None:
    """Return the alias that `reading_from` has set in this thread, or None."""
    return getattr(_thread, "alias", None)


def get_read_connection() -> Any:
    """Return the connection for statements that read."""
    alias = get_read_alias()
    return connection if alias is None else connections[alias]
