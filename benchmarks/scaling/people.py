"""
The people of each room, for the measured costs and for the levels of growth. This module is pure.

A tab has two sockets: the socket of its room, and the person's own stream. Two rooms in a row have the same people, so
each person has two tabs. The people of the costs are other people.
"""

from typing import NamedTuple

ROOM_SIZE = 50
TABS_PER_PERSON = 2
COST_ROOMS = {1: 50, 10: 20, 50: 20, 100: 4, 1000: 1}  # members of a room: how many such rooms
FIRST_OF_ROOMS = {1000: 0, 50: 0, 1: 1000, 10: 1050, 100: 1250}  # the first person of the rooms of a size
COST_PEOPLE = 1650  # the people of the costs have the numbers below this


class Seat(NamedTuple):
    """One socket: its path, the number of its person, its room ("" for a stream), and the number of its interface."""

    path: str
    person: int
    room: str
    interface: int


def room_seat(slug: str, person: int, interface: int) -> Seat:
    return Seat(f"/chat/{slug}/", person, slug, interface)


def stream_seat(person: int, interface: int) -> Seat:
    return Seat("/me/", person, "", interface)


def tabs(count: int, interfaces: int) -> list[Seat]:
    """Return the sockets of the first `count` tabs: for each tab its room's socket, then its stream."""
    found = []
    for tab in range(count):
        room, place = divmod(tab, ROOM_SIZE)
        person = COST_PEOPLE + room // TABS_PER_PERSON * ROOM_SIZE + place
        found.append(room_seat(f"grow-{room}", person, tab % interfaces))
        found.append(stream_seat(person, tab % interfaces))
    return found


def cost_members(size: int, largest: int) -> list[list[int]]:
    """Return the people of each cost room of a size. Rooms of 50 share their people with the largest room."""
    first, count = FIRST_OF_ROOMS[size], size * COST_ROOMS[size]
    if size in (50, 1000):
        count = min(count, largest)
    size = min(size, count)
    return [list(range(start, start + size)) for start in range(first, first + count - size + 1, size)]


def cost_room(size: int, number: int) -> str:
    return f"cost-{size}-{number}"


def all_rooms(most_tabs: int, largest: int) -> dict[str, list[int]]:
    """Return {slug: numbers of its people} for the levels up to `most_tabs`, and for the costs."""
    found: dict[str, list[int]] = {}
    for seat in tabs(most_tabs, 1)[::2]:
        found.setdefault(seat.room, []).append(seat.person)
    for size in COST_ROOMS:
        for number, people in enumerate(cost_members(size, largest)):
            found[cost_room(size, number)] = people
    return found
