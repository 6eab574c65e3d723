"""
SQL that runs for every frame, and reads that belong to one moment.

Django 2.2 builds a statement anew each time it runs, which takes ten times what the database needs for it. So the few
statements behind every frame are built once. Nothing here knows what the rows mean.
"""

from contextlib import contextmanager
from datetime import datetime
from functools import cache

from django.db import connection, transaction


def insert(row):
    """
    Stores a new row of plain values and moments, as `save(force_insert=True)` does; but it sends no signals, and
    leaves its id unknown.
    """
    statement, attributes = _insert_statement(type(row))
    values = [getattr(row, attribute) for attribute in attributes]
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(statement, [adapt(value) if isinstance(value, datetime) else value for value in values])


@cache
def _insert_statement(model):
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    attributes = [field.attname for field in fields]
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})', attributes


class Columns:
    """
    Some columns of a model: `sql` for a SELECT in which its table is called `name`, and rows made of what it finds.

    The attributes that were left out are read from the database when somebody asks for them.
    """

    def __init__(self, model, name, *attributes):
        fields = [field for field in model._meta.concrete_fields if field.attname in attributes]
        assert len(fields) == len(attributes), f"{model.__name__} has not all of {attributes}"
        self.model = model
        self.attributes = [field.attname for field in fields]
        self.sql = ", ".join(f'{name}."{field.column}"' for field in fields)

    def make_row(self, values):
        """Takes as many of an iterator's values as there are columns, and returns the model's instance."""
        return self.model.from_db(connection.alias, self.attributes, [next(values) for _ in self.attributes])


@contextmanager
def snapshot():
    """
    Within it, all reads see the rows of one moment, and nobody who writes is kept waiting.

    SQLite gives that to a transaction which begins without taking the write lock (the flag is our backend's),
    PostgreSQL to one at REPEATABLE READ. Inside another transaction it changes nothing.
    """
    if connection.in_atomic_block:
        yield
        return
    connection.read_snapshot = True
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield
    finally:
        connection.read_snapshot = False
