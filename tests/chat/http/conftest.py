"""Fixtures: callers of the API, in addition to `as_alice` and `as_bob` in tests/conftest.py."""

import pytest

from tests.wire import Caller


@pytest.fixture
def stranger(db):
    """A function that calls the API as a browser in which nobody is signed in."""
    return Caller()


@pytest.fixture
def as_charlie(charlie):
    """A function that calls the API as the guest Charlie."""
    return Caller(charlie)
