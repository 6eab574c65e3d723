"""Fixtures for the tests of moderation."""

import pytest

from tests.chat.services.moderation.helpers import make_person


@pytest.fixture
def zoe(db):
    """A second owner, for those who step down."""
    return make_person("Zoe")
