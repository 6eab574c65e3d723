"""Fixtures: callers of the API, in addition to `as_alice` and `as_bob` in tests/conftest.py."""

import pytest

from tests.wire import Caller


@pytest.fixture
def stranger(db):
    """Return a function that calls the API as a browser without a login."""
    return Caller()


@pytest.fixture
def as_charlie(charlie):
    """Return a function that calls the API as the guest Charlie."""
    return Caller(charlie)
