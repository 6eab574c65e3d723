"""Empty the database quickly after each test that uses real transactions."""

import pytest
from django.core.management.color import no_style
from django.db import connections
from django.test import TransactionTestCase

# `migrate` fills these tables, and no test changes them. Django's flush empties and fills them again after each test,
# which took 34 of the 37 ms of a test's teardown.
KEPT_TABLES = {"django_content_type", "auth_permission"}


def empty_tables(test_case):
    """Delete the rows of all tables except KEPT_TABLES."""
    for name in test_case._databases_names(include_mirrors=False):
        connection = connections[name]
        found = connection.introspection.django_table_names(only_existing=True, include_views=False)
        tables = [table for table in found if table not in KEPT_TABLES]
        statements = connection.ops.sql_flush(no_style(), tables, sequences=(), allow_cascade=False)
        connection.ops.execute_sql_flush(name, statements)


@pytest.fixture(scope="session", autouse=True)
def quick_flush():
    """Replace Django's flush while the tests run."""
    original = TransactionTestCase._fixture_teardown
    TransactionTestCase._fixture_teardown = empty_tables
    yield
    TransactionTestCase._fixture_teardown = original
