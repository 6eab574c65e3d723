"""Fixtures for the tests of moderation."""

import pytest

from tests.chat.services.moderation.helpers import make_person


@pytest.fixture
def zoe(db):
    """Return another person, for example for the second owner of a room, or for an operator."""
    return make_person("Zoe")
