"""
SQL statements that run for every frame, and blocks that read from one snapshot or run long statements.

Django 2.2 builds a statement each time it runs, which takes ten times as long as the database needs to run it. So the
few statements that run for every frame are built once. This module does not know what the rows mean.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, models, transaction
from django.db.models.base import ModelState
from django.utils import timezone

from .grants import GRANT_COLUMNS, Grant, read_grant
from .read_connection import get_read_connection
from .times import make_aware

# This condition has one parameter: the present time. The table of tokens is called `token`.
IS_UNEXPIRED = "(token.expires_at IS NULL OR token.expires_at > %s)"


def insert(model: Any, **values: Any) -> Any:
    """Do what `insert_row` does, and return the row as an instance of the model, without its id."""
    insert_row(model, **values)
    return make_instance(model, {model._meta.pk.attname: None, **values})


def insert_row(model: Any, **values: Any) -> None:
    """
    Store a new row.

    `values` are plain values and datetimes by the names of the attributes, such as `room_id`. Every column except the
    id must be given. Unlike `save`, this function sends no signals.
    """
    statement, attributes, times = _insert_statement(model)
    row = [values[attribute] for attribute in attributes]
    with connection.cursor() as cursor:
        adapt = cursor.db.ops.adapt_datetimefield_value
        for index in times:
            if row[index] is not None:
                row[index] = adapt(row[index])
        cursor.execute(statement, row)


@cache
def _insert_statement(model):
    fields = [field for field in model._meta.local_concrete_fields if not field.primary_key]
    names = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    attributes = [field.attname for field in fields]
    times = [index for index, field in enumerate(fields) if isinstance(field, models.DateTimeField)]
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})', attributes, times


class Columns:
    """
    Some columns of a model, for a SELECT in which the table is called `name`.

    `sql` lists the columns for the SELECT, and `make_row` makes a row from its result. Code that uses another attribute
    of such a row causes one more query.
    """

    def __init__(self, model: type[models.Model], name: str, *attributes: str) -> None:
        """Take these attributes of the model, or all attributes if none is named."""
        fields = [field for field in model._meta.concrete_fields if not attributes or field.attname in attributes]
        assert len(fields) == len(attributes or fields), f"{model.__name__} does not have all of {attributes}"
        self.model = model
        self._times = [field.attname for field in fields if isinstance(field, models.DateTimeField)]
        self.attributes = [field.attname for field in fields]
        self.sql = ", ".join(f'{name}."{field.column}"' for field in fields)

    def make_row(self, values: Iterator) -> Any:
        """Return an instance of the model, made from the next values of an iterator, one for each column."""
        # `zip` takes no value after the last attribute.
        found = dict(zip(self.attributes, values, strict=False))
        for name in self._times:
            if (moment := found[name]) is not None:
                found[name] = make_aware(moment)
        return make_instance(self.model, found)


def make_instance(model: type[models.Model], values: dict[str, Any]) -> Any:
    """
    Return an instance of a model for a stored row, from its values by the names of the attributes.

    Django reads a missing attribute from the database when it is needed. Unlike the constructor of the
    model, this function sends no signals and uses no defaults.
    """
    row: Any = object.__new__(model)
    row._state = state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    row.__dict__.update(values)
    return row


def set_related(row: models.Model, **related: models.Model) -> None:
    """Set relations of a row to rows that are known to be the related ones. Unlike Django, check nothing."""
    # Django finds the related row under the name of the field.
    row._state.fields_cache.update(related)


def fetch_values(select: str, parameters: Sequence[object]) -> Iterator | None:
    """Run a SELECT that finds at most one row. Return its values for `Columns.make_row`, or None."""
    with connection.cursor() as cursor:
        cursor.execute(select, parameters)
        row = cursor.fetchone()
    return None if row is None else iter(row)


class RowStatement:
    """A SELECT of all columns of a model that finds at most one row, by a condition such as `slug = %s`."""

    def __init__(self, model: type[models.Model], condition: str) -> None:
        table = model._meta.db_table
        self._columns = Columns(model, table)
        self._select = f"SELECT {self._columns.sql} FROM {table} WHERE {condition}"

    def fetch(self, *parameters: object) -> Any:
        """Return the row as an instance of the model, or None."""
        values = fetch_values(self._select, parameters)
        return None if values is None else self._columns.make_row(values)


class Credential(NamedTuple):
    """The values of a row, whether the credential of its person is valid, and the Grant of a token."""

    values: Iterator
    is_valid: bool
    grant: Grant | None


class CredentialStatement:
    """
    A SELECT that finds one row, and the login session or the token of the row's person.

    `select` contains `{proof}` as its last columns and `{join}` after its tables, calls the table of people `person`,
    and ends with the parameter for the row's id.
    """

    def __init__(self, select: str) -> None:
        self._by_session = select.format(
            proof="EXISTS (SELECT 1 FROM django_session WHERE session_key = %s AND expire_date > %s)", join=""
        )
        join = f"LEFT JOIN chat_token token ON token.id = %s AND token.person_id = person.id AND {IS_UNEXPIRED}"
        self._by_token = {vendor: select.format(proof=columns, join=join) for vendor, columns in GRANT_COLUMNS.items()}

    def fetch(self, row_id: int, session_key: str | None, token_id: int | None) -> Credential | None:
        """Return the Credential of the row with this id, or None. If `token_id` is None, `session_key` is checked."""
        with connection.cursor() as cursor:
            now = cursor.db.ops.adapt_datetimefield_value(timezone.now())
            if token_id is not None:
                cursor.execute(self._by_token[cursor.db.vendor], [token_id, now, row_id])
            else:
                cursor.execute(self._by_session, [session_key, now, row_id])
            found = cursor.fetchone()
        if found is None:
            return None
        if token_id is None:
            return Credential(iter(found[:-1]), bool(found[-1]), None)
        grant = read_grant(iter(found[-5:]))
        return Credential(iter(found[:-5]), grant is not None, grant)


@contextmanager
def snapshot() -> Iterator[None]:
    """
    Run a block in which all reads see the rows as they were at one moment. No writer has to wait for the block.

    This site's database backends read the flag `read_snapshot`. In SQLite, the block is a transaction that begins
    without the write lock. In PostgreSQL, it is a transaction at REPEATABLE READ. Inside another transaction, this
    function has no effect: the block runs in that transaction.
    """
    using = get_read_connection()
    if using.in_atomic_block:
        yield
        return
    using.read_snapshot = True
    try:
        with transaction.atomic(using.alias):
            yield
    finally:
        using.read_snapshot = False


@contextmanager
def long_statements() -> Iterator[None]:
    """
    Run a block in which each statement may take DATABASE_TASK_SECONDS, for a background task.

    On SQLite, and inside a transaction, this function has no effect.
    """
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield
        return
    with connection.time_limits(settings.DATABASE_TASK_SECONDS):
        yield
