"""Callers of the API, beside the `as_alice` and `as_bob` that all tests have."""

import pytest

from tests.wire import Caller


@pytest.fixture
def stranger(db):
    """Calls of a browser in which nobody is signed in."""
    return Caller()


@pytest.fixture
def as_charlie(charlie):
    """Calls of a guest."""
    return Caller(charlie)
