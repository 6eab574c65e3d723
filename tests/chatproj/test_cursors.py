"""The project's quick cursors behave as Django's cursors do."""

import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, IntegrityError, connections, transaction
from django.test.utils import CaptureQueriesContext

from channels_transport import counting
from chat.models import Person
from chatproj.db.cursors import QuickCursor

pytestmark = pytest.mark.django_db
COUNT = "SELECT COUNT(*) FROM chat_person WHERE handle = %s"
RENAME = "UPDATE chat_person SET handle_key = %s WHERE id = %s"


@pytest.fixture
def database(db):
    """Return the connection to the database, with a QuickCursor for each statement."""
    found = connections[DEFAULT_DB_ALIAS]
    assert isinstance(found.cursor(), QuickCursor)
    return found


def test_a_cursor_reads_one_row_or_all_rows(database, alice, bob):
    with database.cursor() as cursor:
        cursor.execute(COUNT, ["Alice"])
        assert cursor.fetchone() == (1,)
        cursor.execute("SELECT handle FROM chat_person ORDER BY handle")
        assert cursor.fetchall() == [("Alice",), ("Bob",)]


def test_a_statement_raises_the_errors_of_django(database, alice, bob):
    with pytest.raises(IntegrityError), transaction.atomic(), database.cursor() as cursor:
        cursor.execute(RENAME, [alice.handle_key, bob.id])
    with pytest.raises(DatabaseError), transaction.atomic(), database.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")


def test_a_broken_transaction_runs_no_further_statement(database):
    with pytest.raises(transaction.TransactionManagementError), transaction.atomic(), database.cursor() as cursor:
        transaction.set_rollback(True)
        cursor.execute(COUNT, ["Alice"])
    assert not Person.objects.exists()


def test_each_statement_is_counted_once(database):
    counting.tally.reset()
    with database.cursor() as cursor:
        cursor.execute(COUNT, ["Alice"])
    assert counting.tally.statements == 1


def test_every_wrapper_sees_a_statement(database):
    seen = []

    def note(execute, sql, params, many, context):
        seen.append((sql, params, context["connection"].alias))
        return execute(sql, params, many, context)

    with database.execute_wrapper(note), database.cursor() as cursor:
        cursor.execute(COUNT, ["Alice"])
    assert seen == [(COUNT, ["Alice"], DEFAULT_DB_ALIAS)]


def test_logged_statements_have_the_cursor_of_django(database):
    with CaptureQueriesContext(database) as captured, database.cursor() as cursor:
        assert not isinstance(cursor, QuickCursor)
        cursor.execute(COUNT, ["Alice"])
    assert len(captured) == 1
