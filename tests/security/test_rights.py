"""
The table of rights, cell by cell: each request, as a person of each standing, in each kind of room.

rights.txt says what each cell must be, and no code computes it. After an intended change of a right, run
`.venv/bin/python -m tests.security.write_rights`, and review the difference.
"""

import pytest
from django.contrib.auth.models import AnonymousUser

from chat.models import Member
from chat.services import rights
from tests.helpers import rolled_back
from tests.security.rows import ROWS, read_table
from tests.security.ways import find_member
from tests.security.world import STANDINGS, open_world

pytestmark = [pytest.mark.large, pytest.mark.no_database]

NOT_OFFERED = "." * len(STANDINGS)
CASES = [
    (way, name, kind, standing)
    for way, rows in ROWS.items()
    for name, row in rows.items()
    for kind in row.kinds
    for standing in STANDINGS
]


EXPECTED = read_table()


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with open_world(django_db_blocker.unblock) as found:
        yield found


def ask(world, way, name, kind, standing):
    """Send the request of a cell, and return the sign of its answer. Nothing stays stored."""
    with rolled_back():
        return ROWS[way][name].ask(world, kind, standing)


@pytest.mark.parametrize("way, name, kind, standing", CASES, ids=lambda value: value.replace(" ", "_"))
def test_each_request_gets_the_answer_of_its_cell(world, way, name, kind, standing):
    assert ask(world, way, name, kind, standing) == EXPECTED[way, name][kind][STANDINGS.index(standing)]


def test_the_table_has_exactly_the_rows_that_are_tested():
    offered = {(way, name): set(row.kinds) for way, rows in ROWS.items() for name, row in rows.items()}
    table = {row: {kind for kind, signs in kinds.items() if signs != NOT_OFFERED} for row, kinds in EXPECTED.items()}
    assert table == offered


def test_each_action_except_know_has_a_row():
    asked = {row.action for rows in ROWS.values() for row in rows.values()}
    # No row is about KNOW alone: in each row, the sign `n` says that the person may not know of the room.
    assert set(rights.Action) - asked == {rights.Action.KNOW}


@pytest.mark.parametrize("way", list(ROWS))
def test_the_table_agrees_with_may(world, way):
    wrong = [
        f"{name}, {kind}, {standing}"
        for name, row in ROWS[way].items()
        if row.action is not None
        for kind in row.kinds
        for standing in STANDINGS
        if (EXPECTED[way, name][kind][STANDINGS.index(standing)] == "+") != is_allowed(world, row, kind, standing)
    ]
    assert not wrong, "\n".join(wrong)


def is_allowed(world, row, kind, standing):
    """Return what `may` says about a cell."""
    room, person = world.rooms[kind], world.people[standing] or AnonymousUser()
    room.refresh_from_db()
    member = find_member(world, kind, standing)
    if kind == "board" and row.by_slug:
        member = None
    if row.enters and row.action != rights.Action.ENTER:
        if not rights.may(person, rights.Action.ENTER, room, member):
            return False
        member = member or Member(room=room, person=person, role=rights.get_default_role(person))
    return rights.may(person, row.action, room, member)
