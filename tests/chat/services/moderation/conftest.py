"""Fixtures for the tests of moderation."""

import pytest

from tests.chat.services.moderation.helpers import make_person


@pytest.fixture
def zoe(db):
    """Return another person, who can become the second owner of a room."""
    return make_person("Zoe")
