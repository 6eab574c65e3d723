"""The PostgreSQL backend: time limits directly and behind PgBouncer, time zones, and servers that only accept reads."""

import contextlib
import shutil
import time

import psycopg2
import pytest
from django.db import OperationalError

from chatproj import database_settings
from chatproj.backups import BackupError, databases
from chatproj.db.postgresql.base import DatabaseWrapper
from tests import postgres

LIMITS = {"statement": 0.3, "lock": 0.2, "idle": 0.3}
pytestmark = [pytest.mark.no_database, pytest.mark.process]


@pytest.fixture(scope="module")
def servers():
    """Yield a PostgreSQL server in another time zone, and a PgBouncer in front of it with one connection."""
    postgres.require("pgbouncer")
    with contextlib.ExitStack() as stack:
        server = postgres.EmptyPostgres("timezone=Asia/Tokyo", "fsync=off")
        stack.callback(server.end)
        bouncer = postgres.Bouncer(server, pool_size=1)
        stack.callback(bouncer.end)
        server.query("CREATE TABLE t (n INTEGER)")
        yield server, bouncer


@pytest.fixture(params=["direct", "pgbouncer"])
def make(request, servers, django_db_blocker):
    """Yield a function that makes a connection with the given time limits, directly or through PgBouncer."""
    url = servers[request.param == "pgbouncer"].url
    made = []

    def open_connection(alias="default", **limits):
        made_settings = database_settings.make_database(url, "worker", limits)
        made_settings |= {"TIME_ZONE": None, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False}
        made.append(DatabaseWrapper(made_settings, alias))
        return made[-1]

    with django_db_blocker.unblock():
        yield open_connection
        for connection in made:
            connection.close()


def ask(connection, sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchone()[0]


def begin(connection):
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def end(connection):
    connection.rollback()
    connection.set_autocommit(True)


def test_a_long_statement_is_cancelled_in_and_outside_of_a_transaction(make):
    connection = make(**LIMITS)
    with pytest.raises(OperationalError, match="statement timeout"):
        ask(connection, "SELECT pg_sleep(5)")
    assert ask(connection, "SELECT 1") == 1
    begin(connection)
    assert ask(connection, "SELECT 1") == 1
    with pytest.raises(OperationalError, match="statement timeout"):
        ask(connection, "SELECT pg_sleep(5)")
    end(connection)
    assert ask(connection, "SELECT 1") == 1


def test_a_wait_for_a_lock_ends(make, servers):
    connection = make(**{**LIMITS, "statement": 20})
    with contextlib.closing(psycopg2.connect(servers[0].url)) as other:
        other.cursor().execute("LOCK TABLE t")
        with pytest.raises(OperationalError, match="lock timeout"):
            ask(connection, "SELECT count(*) FROM t")
    assert ask(connection, "SELECT count(*) FROM t") == 0


def test_a_pause_in_a_transaction_is_an_outage(make):
    connection = make(**LIMITS)
    begin(connection)
    assert ask(connection, "SELECT 1") == 1
    time.sleep(2 * LIMITS["idle"])
    with pytest.raises(OperationalError):
        ask(connection, "SELECT 1")
    connection.close()
    assert ask(connection, "SELECT 1") == 1


def test_a_connection_without_limits_is_not_changed_by_one_with_limits(make):
    limited, free = make(**LIMITS), make("other")
    assert ask(limited, "SELECT current_setting('statement_timeout')") == "300ms"
    assert ask(free, "SELECT current_setting('statement_timeout')") == "0"
    assert ask(limited, "SELECT current_setting('lock_timeout')") == "200ms"


def test_a_block_may_have_longer_statements(make):
    connection = make(**LIMITS)
    with connection.time_limits(2):
        assert ask(connection, "SELECT current_setting('statement_timeout')") == "2s"
        assert ask(connection, "SELECT current_setting('lock_timeout')") == "200ms"
    assert ask(connection, "SELECT current_setting('statement_timeout')") == "300ms"
    free = make("other")
    with free.time_limits(2):
        assert ask(free, "SELECT current_setting('statement_timeout')") == "0"


def test_a_transaction_may_still_choose_its_isolation_level(make):
    connection = make(**LIMITS)
    begin(connection)
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    assert ask(connection, "SELECT current_setting('transaction_isolation')") == "repeatable read"
    end(connection)
    assert ask(connection, "SELECT current_setting('transaction_isolation')") == "read committed"


def test_only_a_snapshot_reads_all_rows_at_one_moment(make):
    connection = make(**LIMITS)
    for is_snapshot, level in ((False, "read committed"), (True, "repeatable read"), (False, "read committed")):
        connection.read_snapshot = is_snapshot
        begin(connection)
        assert ask(connection, "SELECT current_setting('transaction_isolation')") == level
        connection.commit()
        connection.set_autocommit(True)
    # psycopg2 would run one more statement for another default of the session.
    assert ask(connection, "SELECT current_setting('default_transaction_isolation')") == "read committed"


def test_many_rows_are_written_with_the_limits(make):
    connection = make(**LIMITS)
    begin(connection)
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s)", [(1,), (2,)])
    assert ask(connection, "SELECT current_setting('statement_timeout')") == "300ms"
    assert ask(connection, "SELECT sum(n) FROM t") == 3
    end(connection)
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s)", [(1,), (2,)])
        cursor.execute("DELETE FROM t")
        assert cursor.rowcount == 2


def test_times_are_in_utc_whatever_the_time_zone_of_the_server(make):
    assert ask(make(**LIMITS), "SELECT current_setting('TimeZone')") == "UTC"
    assert ask(make("other"), "SELECT now()").utcoffset().total_seconds() == 0


def test_a_connection_names_the_kind_of_its_process(make):
    assert ask(make(**LIMITS), "SELECT current_setting('application_name')") == "chat worker"


def test_a_server_that_only_accepts_reads_is_an_outage(make):
    connection = make(**LIMITS)
    begin(connection)
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        with pytest.raises(OperationalError, match="read-only"):
            cursor.execute("INSERT INTO t VALUES (1)")
    connection.close()
    assert ask(connection, "SELECT count(*) FROM t") == 0


@pytest.mark.parametrize(
    "arguments, kind",
    [
        (["manage.py", "interface", "--port", "1"], "interface"),
        (["manage.py", "runworker", "--exclude-channels=chat.tasks"], "worker"),
        (["manage.py", "runworker", "--only-channels=chat.tasks"], "tasks"),
        (["manage.py", "runworker", "--only-channels", "chat.tasks", "--threads=2"], "tasks"),
        (["manage.py", "runworker", "--only-channels=chat.tasks", "--only-channels=http.request"], "worker"),
        (["manage.py", "rundelay"], "delay"),
        (["manage.py", "release"], "release"),
        (["pytest"], "shell"),
    ],
)
def test_the_arguments_of_a_process_decide_its_kind(arguments, kind):
    assert database_settings.find_kind(arguments) == kind


@pytest.mark.parametrize("kind, statement", [("worker", 15), ("tasks", 300), ("monitor", 300), ("release", None)])
def test_only_long_running_processes_have_time_limits(kind, statement):
    assert database_settings.make_time_limits(kind, 15, 300, 10, 60).get("statement") == statement


def test_a_url_may_name_the_application_itself():
    made = database_settings.make_database("postgres://chat@db/chat?application_name=mine", "worker", {})
    assert made["OPTIONS"]["application_name"] == "mine"


@pytest.fixture
def copied(servers, make, monkeypatch, tmp_path):
    """Return (server, copy) of a small database, which an upgrade has changed since the copy."""
    server, copy = servers[0], tmp_path / "database.dump"
    monkeypatch.setattr(databases, "connection", make())
    monkeypatch.setattr(databases.transaction, "atomic", contextlib.nullcontext)
    server.query("DROP TABLE IF EXISTS chat_task")
    for table in databases.COUNTED:
        server.query(f"DROP TABLE IF EXISTS {table} CASCADE")
        server.query(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY)")
    databases.connection.set_autocommit(False)
    databases.PostgreSQL().copy(copy)
    end(databases.connection)
    server.query("INSERT INTO chat_room VALUES (1)")
    server.query("CREATE TABLE chat_task (room INTEGER REFERENCES chat_room)")
    return server, copy


@pytest.mark.parametrize("make", ["direct"], indirect=True)
def test_a_restore_deletes_the_tables_of_a_newer_version_because_migrate_makes_them_again(copied):
    server, copy = copied
    databases.PostgreSQL().restore(copy)
    assert server.query("SELECT count(*) FROM chat_room") == [(0,)]
    assert server.query("SELECT to_regclass('chat_task')::text, to_regclass('t')::text") == [(None, "t")]


@pytest.mark.parametrize("make", ["direct"], indirect=True)
@pytest.mark.parametrize("program", ["psql", "pg_restore"])
def test_a_restore_that_fails_changes_nothing(copied, program, tmp_path, monkeypatch):
    server, copy = copied
    real = shutil.which(program)
    listing = f'case "$1" in --list) exec {real} "$@";; esac'
    (tmp_path / program).write_text(f'#!/bin/sh\n{listing}\n{real} "$@" | head -c 2000\nexit 9\n')
    if program == "psql":
        (tmp_path / program).write_text(f'#!/bin/sh\nhead -c 500 | {real} "$@"\nexit 9\n')
    (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(BackupError, match=f"{program} failed"):
        databases.PostgreSQL().restore(copy)
    assert server.query("SELECT count(*) FROM chat_room") == [(1,)]
    assert server.query("SELECT to_regclass('chat_task')::text") == [("chat_task",)]
