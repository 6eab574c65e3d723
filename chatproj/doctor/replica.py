"""The check of the replica for reads: whether it answers, follows the primary server, and is not too far behind."""

import time
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

from channels_transport import Finding

ALIAS = "replica"
WAIT_SECONDS, STEP_SECONDS = 3, 0.05


def check_replica() -> list[Finding]:
    """Report a replica that gets no reads, and why. A site without one gets no report."""
    if ALIAS not in settings.DATABASES:
        return []
    try:
        problem = _find_problem()
    except (DatabaseError, InterfaceError) as error:
        reason = " ".join(str(error).split()).rstrip(".")[:200]
        problem = f"The replica does not answer ({reason}): start it, or correct DATABASE_REPLICA_URL."
    if problem is None:
        return [Finding.ok(ALIAS, "The replica follows the primary server.")]
    return [Finding.problem(ALIAS, f"{problem} Until then, the primary server answers all reads.")]


def _find_problem() -> str | None:
    (written,) = _ask(DEFAULT_DB_ALIAS, "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
    deadline = time.monotonic() + min(WAIT_SECONDS, settings.DATABASE_REPLICA_LAG_SECONDS)
    while True:
        is_replica, replayed, behind = _ask(
            ALIAS,
            "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() - '0/0'::pg_lsn,"
            " extract(epoch FROM now() - pg_last_xact_replay_timestamp())",
        )
        if not is_replica:
            return (
                "DATABASE_REPLICA_URL leads to a server that is no replica, perhaps because it was promoted: name a"
                " replica, or unset it."
            )
        if replayed is not None and replayed >= written:
            return None
        if time.monotonic() > deadline:
            break
        time.sleep(STEP_SECONDS)
    if behind is not None and behind <= settings.DATABASE_REPLICA_LAG_SECONDS:
        return None
    shown = "behind" if behind is None else f"{behind:.0f} s behind"
    return (
        f"The replica is {shown} the primary server, and DATABASE_REPLICA_LAG_SECONDS is"
        f" {settings.DATABASE_REPLICA_LAG_SECONDS:g}: check its load, and whether it still receives from the primary"
        " server (primary_conninfo)."
    )


def _ask(alias: str, query: str) -> tuple[Any, ...]:
    with connections[alias].cursor() as cursor:
        cursor.execute(query)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
