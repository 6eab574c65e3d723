"""Fixtures for the tests of commands."""

import itertools

import pytest

from chat.protocol import Command
from chat.services import commands, rooms


@pytest.fixture
def run(room):
    """Return a function that runs a command of a person in the room `garden`, and returns the `ack`."""
    numbers = itertools.count(1)

    def run(person, line, ref=None, slug="garden", zone=None, thread=None):
        name, _, text = line.removeprefix("/").partition(" ")
        event = Command(ref or f"c{next(numbers)}", name, text.strip(), zone, thread)
        return commands.run_command(rooms.join_room(person, slug), event).ack

    return run
