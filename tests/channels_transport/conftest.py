"""Fixtures of the tests of the channel layer in Redis."""

import pytest
import redis

# This must run before the helpers are imported. Then a failed assertion in a helper shows its values.
for _helper in ("layers", "turn_model"):
    pytest.register_assert_rewrite(f"tests.channels_transport.{_helper}")

from tests.channels_transport.layers import make_layer  # noqa: E402


@pytest.fixture(params=[1, 3], ids=["one host", "three hosts"])
def layer(request, valkey_url):
    return make_layer(valkey_url, request.param, capacity=100)


@pytest.fixture
def count_commands(valkey_url):
    """Return a context manager that counts the server's commands: `calls` by name, and `scripts`."""
    client = redis.StrictRedis.from_url(valkey_url)

    class Count:
        def __enter__(self):
            self.before = self._calls()
            return self

        def __exit__(self, *exception):
            after = self._calls()
            # INFO is the counter's own command.
            self.calls = {name: count - self.before.get(name, 0) for name, count in after.items()}
            self.calls = {name: count for name, count in self.calls.items() if count}
            self.scripts = self.calls.get("evalsha", 0)

        def _calls(self):
            stats = client.info("commandstats")
            return {name[8:]: value["calls"] for name, value in stats.items() if name != "cmdstat_info"}

    return Count
