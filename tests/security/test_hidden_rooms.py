"""
A room that a person may not know of answers like a room that does not exist: byte for byte, and at the same cost.

Each cell of rights.txt for HIDDEN and ASKERS that says "there is no such thing" or "sign in" is asked twice: with the
slug of the hidden room, and with a slug that no room has.
"""

import copy
import itertools

import pytest

from tests.helpers import rolled_back
from tests.security.comparing import SameCookies, find_difference, measure
from tests.security.rows import ROWS, read_table
from tests.security.world import STANDINGS, open_world

pytestmark = [pytest.mark.large, pytest.mark.no_database]

HIDDEN = ("private", "direct", "board")
ASKERS = ("stranger", "outsider", "visitor", "operator")
WAYS = ("socket", "me", "poll", "rest", "search", "page")
CASES = [(way, name) for way in WAYS for name, row in ROWS[way].items() if set(HIDDEN) & set(row.kinds)]
EXPECTED = read_table()


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with open_world(django_db_blocker.unblock) as found:
        yield found


def make_ghost(world, kind, slug):
    """Return a world in which the room of a kind has another slug, which does not exist."""
    ghost = copy.copy(world)
    ghost.rooms = {**world.rooms, kind: copy.copy(world.rooms[kind])}
    ghost.rooms[kind].slug = slug
    return ghost


def ask(world, way, name, kind, asker):
    """Return what `measure` returns for one cell, without the slug."""

    def send():
        ROWS[way][name].ask(world, kind, asker)
        return world.answer

    slug = world.rooms[kind].slug
    with rolled_back(), SameCookies(world.browsers[asker]):
        return measure(send, slug)


@pytest.mark.parametrize("way, name", CASES, ids=lambda value: value.replace(" ", "_"))
def test_a_hidden_room_is_like_a_missing_room(world, way, name):
    different = []
    for kind, asker in itertools.product(HIDDEN, ASKERS):
        if EXPECTED[way, name][kind][STANDINGS.index(asker)] not in "ns":
            continue
        slug = world.rooms[kind].slug
        first, missing = (make_ghost(world, kind, slug[:-2] + ending) for ending in ("q1", "q2"))
        ask(first, way, name, kind, asker)  # this fills the caches
        difference = find_difference(ask(world, way, name, kind, asker), ask(missing, way, name, kind, asker))
        if difference is not None:
            different.append(f"{kind}, {asker}: {difference}")
    assert not different, "\n".join(different)
