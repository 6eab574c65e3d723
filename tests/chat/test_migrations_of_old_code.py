"""
During a deploy, processes of the earlier version run on the new tables.

So a new migration may contain only operations that do not break the earlier code.

Django removes the default of a new column after it has filled the rows. So an INSERT of the earlier version, which does
not name the column, needs a column that may be NULL.
"""

import importlib
from pathlib import Path

import pytest
from django.db import migrations

import chat.migrations

pytestmark = pytest.mark.no_database

# The migrations up to this one are part of the first version, so no earlier code runs on their tables.
FIRST_VERSION = 19
NAMES = sorted(path.stem for path in Path(chat.migrations.__path__[0]).glob("[0-9]*.py"))
HARMLESS = (migrations.CreateModel, migrations.AddIndex, migrations.AlterModelOptions, migrations.AlterModelManagers)


def describe_danger(operation):
    return f"'{operation.describe()}' can break the code of the earlier version: see Migrations in CONTRIBUTING.md"


@pytest.mark.parametrize("name", [name for name in NAMES if int(name[:4]) > FIRST_VERSION])
def test_code_of_the_earlier_version_survives_the_migration(name):
    made = importlib.import_module(f"chat.migrations.{name}").Migration
    created = {operation.name.lower() for operation in made.operations if isinstance(operation, migrations.CreateModel)}
    for operation in made.operations:
        if isinstance(operation, migrations.AddField):
            is_new_table = operation.model_name.lower() in created
            assert is_new_table or operation.field.null or operation.field.many_to_many, (
                f"{operation.name} needs null=True"
            )
        elif isinstance(operation, migrations.SeparateDatabaseAndState):
            assert not operation.database_operations, describe_danger(operation)
        elif not isinstance(operation, HARMLESS):
            is_new_table = getattr(operation, "model_name", "").lower() in created
            assert is_new_table, describe_danger(operation)
