"""Fixtures of the tests of the channel layer in Redis."""

import pytest

# This must run before the helpers are imported. Then a failed assertion in a helper shows its values.
for _helper in ("layers", "turn_model"):
    pytest.register_assert_rewrite(f"tests.channels_transport.{_helper}")

from tests.channels_transport.layers import make_layer  # noqa: E402
from tests.redis_commands import CommandCount  # noqa: E402


@pytest.fixture(params=[1, 3], ids=["one host", "three hosts"])
def layer(request, valkey_url):
    return make_layer(valkey_url, request.param, capacity=100)


@pytest.fixture
def count_commands(valkey_url, monkeypatch):
    """Return a function that makes a context manager, which counts the server's commands: see CommandCount."""
    return lambda: CommandCount(valkey_url, monkeypatch)
