"""The two database backends: concurrent writers on SQLite, and time zones on PostgreSQL."""

import contextlib
import datetime
import sqlite3
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, transaction
from django.db.backends.sqlite3.operations import DatabaseOperations
from django.utils import timezone

from chatproj import database_settings
from chatproj.db.sqlite3 import turns
from chatproj.db.sqlite3.base import DatabaseWrapper

WRITERS = 6
WRITES = 25


def wrapper(path, **changed):
    """Return a connection to a SQLite file, with other settings than the defaults if they are given."""
    defaults = {"ENGINE": "chatproj.db.sqlite3", "NAME": str(path), "OPTIONS": {}, "AUTOCOMMIT": True}
    defaults |= {"TIME_ZONE": None, "CONN_MAX_AGE": None, "USER": "", "PASSWORD": "", "HOST": "", "PORT": ""}
    return DatabaseWrapper({**defaults, **changed}, alias="default")


@pytest.fixture(autouse=True)
def unblocked(django_db_blocker):
    # These tests open files of their own, and do not use the database of the other tests.
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def make(tmp_path):
    """Yield a function that opens one more connection to the same SQLite file."""
    made = []

    def open_connection(**changed):
        made.append(wrapper(tmp_path / "db.sqlite3", **changed))
        return made[-1]

    yield open_connection
    for opened in made:
        opened.close()


def ask(opened, sql):
    with opened.cursor() as cursor:
        return cursor.execute(sql).fetchone()[0]


def begin(opened):
    opened._start_transaction_under_autocommit()


def run(opened, sql):
    with opened.cursor() as cursor:
        cursor.execute(sql)


def test_the_first_connection_makes_the_folder_var_for_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.setattr("chatproj.local.VAR", tmp_path / "var")
    database = wrapper(tmp_path / "var" / "db.sqlite3")
    database.ensure_connection()
    database.close()
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_a_connection_has_the_write_ahead_log_the_timeout_and_foreign_keys(make):
    opened = make()
    assert ask(opened, "PRAGMA journal_mode") == "wal"
    assert ask(opened, "PRAGMA synchronous") == 1
    assert ask(opened, "PRAGMA busy_timeout") == 20_000
    assert ask(opened, "PRAGMA foreign_keys") == 1


def test_the_timeout_can_be_set(make):
    assert ask(make(OPTIONS={"timeout": 3}), "PRAGMA busy_timeout") == 3_000


@pytest.mark.parametrize("name, level", [("NORMAL", 1), ("FULL", 2), ("extra", 3)])
def test_the_synchronous_mode_can_be_set(make, name, level):
    for _ in range(2):
        assert ask(make(OPTIONS={"synchronous": name}), "PRAGMA synchronous") == level


def test_an_unknown_synchronous_mode_is_refused(make):
    with pytest.raises(ImproperlyConfigured, match="NORMAL, FULL, EXTRA"):
        ask(make(OPTIONS={"synchronous": "OFF"}), "PRAGMA synchronous")


def test_a_transaction_takes_the_write_lock_when_it_opens(make):
    first, second = make(), make(OPTIONS={"timeout": 0})
    begin(first)
    with pytest.raises(OperationalError, match="locked"):
        begin(second)
    first.rollback()
    begin(second)
    second.rollback()


def test_a_transaction_begins_soon_after_the_previous_one_has_ended(make, monkeypatch):
    first, second = make(), make()
    begin(first)
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 3:
            first.commit()

    monkeypatch.setattr(turns, "pause", pause)
    begin(second)
    assert len(pauses) == 3 and max(pauses) < 0.01
    second.rollback()


@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_the_end_of_a_transaction_is_the_end_of_its_turn(make, end, monkeypatch):
    monkeypatch.setattr(turns, "pause", lambda seconds: pytest.fail("the second connection had to wait"))
    first, second = make(), make()
    begin(first)
    getattr(first, end)()
    begin(second)
    second.rollback()


def test_a_transaction_that_cannot_begin_gives_up_its_turn(make, tmp_path, monkeypatch):
    first, second = make(OPTIONS={"timeout": 0}), make()
    with contextlib.closing(sqlite3.connect(tmp_path / "db.sqlite3")) as foreign:
        first.ensure_connection()
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"):
            begin(first)
    monkeypatch.setattr(turns, "pause", lambda seconds: pytest.fail("the second connection had to wait"))
    begin(second)
    second.rollback()


def test_a_connection_waits_a_limited_time_for_the_turn_of_another(make, monkeypatch):
    monkeypatch.setattr(turns, "LONGEST_WAIT_SECONDS", 0.05)
    first, second = make(), make()
    first.ensure_connection()
    first._turn = turns.Turn(first.settings_dict["NAME"], 20)
    first._turn.take()  # as a process does that is paused before it begins its transaction
    begin(second)
    second.rollback()


def test_connections_work_without_turns_if_the_file_of_the_turns_cannot_be_made(make, tmp_path):
    (tmp_path / "db.sqlite3-turn").mkdir()
    opened = make()
    begin(opened)
    run(opened, "CREATE TABLE t (n INTEGER)")
    opened.commit()
    assert ask(opened, "SELECT count(*) FROM t") == 0


def test_a_read_snapshot_does_not_need_the_write_lock(make):
    first, second = make(), make(OPTIONS={"timeout": 0})
    run(first, "CREATE TABLE t (n INTEGER)")
    begin(first)
    run(first, "INSERT INTO t VALUES (1)")
    second.read_snapshot = True
    begin(second)
    assert ask(second, "SELECT count(*) FROM t") == 0
    first.commit()
    assert ask(second, "SELECT count(*) FROM t") == 0
    second.commit()
    assert ask(second, "SELECT count(*) FROM t") == 1


def count_up(opened, errors):
    try:
        for _ in range(WRITES):
            begin(opened)
            # After a plain BEGIN, a transaction that reads before it writes would fail at once.
            value = ask(opened, "SELECT n FROM t")
            run(opened, f"UPDATE t SET n = {value + 1}")
            opened.commit()
    except OperationalError as error:
        errors.append(error)
    finally:
        opened.close()


def run_together(work):
    threads = [threading.Thread(target=work) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_concurrent_writers_that_read_first_lose_no_update_and_get_no_lock_error(tmp_path, make):
    run(make(), "CREATE TABLE t AS SELECT 0 AS n")
    errors = []
    run_together(lambda: count_up(wrapper(tmp_path / "db.sqlite3"), errors))
    assert errors == []
    assert ask(make(), "SELECT n FROM t") == WRITERS * WRITES


def test_concurrent_connections_can_open_a_new_file(tmp_path):
    modes, barrier = [], threading.Barrier(WRITERS)

    def open_one():
        opened = wrapper(tmp_path / "new.sqlite3")
        barrier.wait()
        modes.append(ask(opened, "PRAGMA journal_mode"))
        opened.close()

    run_together(open_one)
    assert modes == ["wal"] * WRITERS


def test_a_database_in_memory_works():
    opened = wrapper(":memory:")
    begin(opened)
    run(opened, "CREATE TABLE t (n INTEGER)")
    opened.commit()
    assert ask(opened, "SELECT count(*) FROM t") == 0


@pytest.mark.django_db
def test_a_transaction_continues_after_a_nested_transaction_is_rolled_back():
    with transaction.atomic():
        with pytest.raises(ValueError), transaction.atomic():
            raise ValueError
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)


@pytest.mark.parametrize(
    "moment",
    [
        datetime.datetime(2026, 11, 29, 20, 15, 0, 123, tzinfo=timezone.utc),
        datetime.datetime(2026, 11, 29, 20, 15, tzinfo=datetime.UTC),
        datetime.datetime(2026, 11, 29, 20, 15, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
        datetime.datetime(2026, 11, 29, 20, 15),
        None,
    ],
)
def test_times_become_the_same_text_as_in_django(moment, tmp_path):
    for zone in (None, "Europe/Paris"):
        made = wrapper(tmp_path / "db.sqlite3", TIME_ZONE=zone)
        assert made.ops.adapt_datetimefield_value(moment) == DatabaseOperations(made).adapt_datetimefield_value(moment)


def test_placeholders_and_percent_signs_are_converted(make):
    with make().cursor() as cursor:
        for _ in range(2):
            cursor.execute("SELECT %s, '%%s', 7 %% 4", ["%s"])
            assert cursor.fetchone() == ("%s", "%s", 3)
            cursor.execute("SELECT '%s'")
            assert cursor.fetchone() == ("%s",)


@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL: bin/test --postgres")
def test_aware_datetimes_are_stored_and_read_as_utc():
    east = timezone.get_fixed_timezone(datetime.timedelta(hours=9))
    moment = datetime.datetime(2026, 3, 29, 3, 30, 0, 123456, tzinfo=east)
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz, now()", [moment])
        back, now = cursor.fetchone()
    assert back == moment
    assert back.utcoffset() == now.utcoffset() == datetime.timedelta(0)


def test_files_are_in_the_state_folder_with_sqlite_and_else_in_the_database(tmp_path):
    for url, place in [
        ("sqlite:////srv/chat/db.sqlite3", str(tmp_path / "files")),
        ("postgres://chat@localhost/chat", "database:"),
    ]:
        databases = database_settings.make_databases(url, None, "worker", {})
        assert database_settings.find_files(databases, tmp_path) == place
