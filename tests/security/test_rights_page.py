"""The page docs/rights.md shows the table of rights as it is in the code."""

import pytest

from chat.services.rights import KINDS, TABLE, Standing, table
from tests.security import rights_page

pytestmark = pytest.mark.no_database


def test_the_page_shows_the_table_of_the_code():
    assert rights_page.read_table() == rights_page.make_table()


@pytest.mark.parametrize("standing", list(Standing))
def test_the_page_explains_each_standing(standing):
    text = rights_page.PAGE.read_text()
    before = text[: text.index(rights_page.HEAD)]
    assert standing.value in before


def test_each_action_has_a_cell_for_each_kind_of_room():
    assert set(TABLE) == set(table.Action)
    assert {len(row) for row in TABLE.values()} == {len(KINDS)}


def test_only_operators_and_people_who_may_know_a_room_may_do_something_in_it():
    for action, row in TABLE.items():
        for allowed, knowing in zip(row, TABLE[table.Action.KNOW], strict=True):
            assert allowed - {Standing.OPERATOR} <= knowing | {Standing.OUTSIDER}, action
            # An outsider may do something only in a room that everybody knows.
            assert Standing.OUTSIDER not in allowed or Standing.OUTSIDER in knowing, action
