"""The check of the PostgreSQL server: its version, encoding, durability, time limits and connections."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from channels_transport import OUTAGES, Finding
from channels_transport.watching import read_process_reports

OLDEST = 12
# Connections for commands, backups and health checks, beside those of the processes.
SPARE_CONNECTIONS = 10
# A monitor has a second connection while it takes a sample. An interface has one while `/metrics` is read, and one for
# each of its threads that read or write files in the database: THREADS of `channels_transport.interface.storage`.
MONITOR_CONNECTIONS = 2
FILE_CONNECTIONS = 8
MOST_CONNECTIONS = 0.9
# A migration or an export may take longer than this.
SHORT_STATEMENT_SECONDS = 60
_QUERY = """
    SELECT current_setting('server_version'), current_setting('server_version_num')::int,
        current_setting('server_encoding'), pg_is_in_recovery(), current_setting('fsync'),
        current_setting('synchronous_commit'),
        (SELECT reset_val::int FROM pg_settings WHERE name = 'statement_timeout'),
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user)
"""


class ServerState(NamedTuple):
    """What one query tells about the server. Times are in milliseconds; a limit of -1 is no limit."""

    version: str
    version_number: int
    encoding: str
    is_replica: bool
    fsync: str
    synchronous_commit: str
    statement_timeout: int
    connections_allowed: int
    connections_open: int
    role_limit: int


def check_postgresql() -> list[Finding]:
    """
    Report a server that the site cannot use safely.

    It is too old, has another encoding than UTF-8, accepts no writes, may lose commits, cancels long statements or has
    too few connections; or the pooler in front of it allows no transactions.
    """
    if connection.vendor != "postgresql":
        return []
    connection.ensure_connection()
    has_pooler = connection._has_pooler()
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_QUERY)
            state = ServerState(*cursor.fetchone())
    except DatabaseError:
        if not has_pooler:
            raise
        # In this mode, PgBouncer closes the connection of a client that begins a transaction.
        text = "The connection pooler allows no transactions: set pool_mode = transaction in pgbouncer.ini."
        return [Finding.problem("postgresql", text)]
    problems = [*_evaluate(state), *_evaluate_connections(state, _count_needed(), has_pooler)]
    if problems:
        return [Finding.problem("postgresql", problem) for problem in problems]
    shown = f"{state.connections_open} of {_find_limit(state)} connections"
    return [Finding.ok("postgresql", f"Version {state.version.split()[0]} uses {shown}.")]


def _evaluate(state: ServerState) -> Iterator[str]:
    if state.version_number < OLDEST * 10000:
        yield f"PostgreSQL is {state.version.split()[0]}: run version {OLDEST} or later."
    if state.encoding != "UTF8":
        yield (
            f"The database has the encoding {state.encoding}, so it cannot store all texts: create it with ENCODING"
            " 'UTF8', and restore a backup into it."
        )
    if state.is_replica:
        yield "DATABASE_URL leads to a replica, which accepts no writes: name the primary server."
    if state.fsync == "off":
        yield "fsync is off, so a power cut can destroy the database: switch it on."
    if state.synchronous_commit == "off":
        yield "synchronous_commit is off, so a power cut can lose messages that people saw as sent: switch it on."
    if 0 < state.statement_timeout < SHORT_STATEMENT_SECONDS * 1000:
        yield (
            f"The server or the role sets statement_timeout to {state.statement_timeout / 1000:g} s, which also cancels"
            " migrations and exports: remove it, because DATABASE_STATEMENT_SECONDS limits the other statements."
        )


def _find_limit(state: ServerState) -> int:
    return min(limit for limit in (state.connections_allowed, state.role_limit) if limit >= 0)


def _evaluate_connections(state: ServerState, needed: int, has_pooler: bool) -> Iterator[str]:
    limit = _find_limit(state)
    if state.connections_open > limit * MOST_CONNECTIONS:
        yield (
            f"{state.connections_open} of {limit} connections to PostgreSQL are open: raise max_connections (or the"
            " CONNECTION LIMIT of the role), or use PgBouncer."
        )
    if not has_pooler and needed + SPARE_CONNECTIONS > limit:
        yield (
            f"The processes need {needed} connections to PostgreSQL, and commands {SPARE_CONNECTIONS}, but it allows"
            f" {limit}: raise max_connections (or the CONNECTION LIMIT of the role), or use PgBouncer."
        )


def _count_needed() -> int:
    """Return how many connections the site's processes may have together, or 0 if Redis does not tell."""
    layer: Any = channel_layers[DEFAULT_CHANNEL_LAYER].channel_layer
    if not layer.is_shared:
        return 0
    try:
        reports = read_process_reports(layer)
    except OUTAGES:
        return 0
    of_files = FILE_CONNECTIONS if settings.CHAT_FILES == "database:" else 0
    needed = {"monitor": MONITOR_CONNECTIONS, "interface": 1 + of_files}
    return sum(needed.get(report["kind"], 1) for report in reports)
