"""The project's SQL compilers for SQLite return the same converters as Django's, without reading signatures."""

import inspect

import pytest
from django.db import connection
from django.db.models import Max
from django.db.models.sql import compiler

from chat.models import Board, Member, Room

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite's backend has compilers of its own"),
]


@pytest.mark.parametrize("model", [Room, Member, Board])
def test_every_column_has_the_converters_of_django(model):
    ours = model.objects.select_related().query.get_compiler("default")
    ours.setup_query()
    expressions = [column for column, _, _ in ours.select]
    found = ours.get_converters(expressions)
    assert found and found == compiler.SQLCompiler.get_converters(ours, expressions)


def test_rows_and_aggregates_are_read_without_signatures(alice, room, monkeypatch):
    def fail(function):
        raise AssertionError(f"the signature of {function} was read")

    monkeypatch.setattr(inspect, "signature", fail)
    found = Member.objects.select_related("person", "room").get()
    assert (found.room, found.person) == (room, alice)
    assert found.room.created_at.tzinfo and found.person.is_active is True
    assert Room.objects.aggregate(newest=Max("created_at"))["newest"] == room.created_at
