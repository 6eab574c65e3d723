"""Fixtures for the tests of moderation."""

import pytest

from tests.chat.services.moderation.helpers import make_person


@pytest.fixture
def zoe(db):
    """Return another person, whom a test can make, for example, a second owner or an operator."""
    return make_person("Zoe")
