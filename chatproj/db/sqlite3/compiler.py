"""
Django 2.2's SQL compilers for SQLite, without a check that is not needed here.

In every query, Django 2.2 asks `inspect.signature` for each column that has a converter whether the converter still
takes an argument that Django 3 removes. SQLite converts times, dates, UUIDs and booleans, so most rows have such
columns.
"""

from django.db.models.sql import compiler
from django.db.models.sql.compiler import SQLDeleteCompiler, SQLInsertCompiler, SQLUpdateCompiler

__all__ = ["SQLAggregateCompiler", "SQLCompiler", "SQLDeleteCompiler", "SQLInsertCompiler", "SQLUpdateCompiler"]


class ConvertersMixin:
    """Finds converters as Django 3 does, without the removed argument."""

    def get_converters(self, expressions):
        """Return {position: (converters, expression)} of the columns whose values need converting."""
        found = {}
        for position, expression in enumerate(expressions):
            if expression:
                converters = self.connection.ops.get_db_converters(expression)
                converters = converters + expression.get_db_converters(self.connection)
                if converters:
                    found[position] = converters, expression
        return found


class SQLCompiler(ConvertersMixin, compiler.SQLCompiler):
    """Reads rows."""


class SQLAggregateCompiler(ConvertersMixin, compiler.SQLAggregateCompiler):
    """Reads aggregates."""
