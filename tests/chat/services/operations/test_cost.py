"""What the samples cost: commands to Redis, round trips and SQL statements."""

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_transport.layer import RedisChannelLayer
from chat.services import budgets, busy_rooms, operations
from chat.services.operations import history, publishing
from chat.store import RedisStore
from tests.redis_commands import CommandCount

pytestmark = pytest.mark.django_db


@pytest.fixture
def redis_url(valkey_url, monkeypatch):
    """Put the layer and the store on an empty Valkey, and return its URL."""
    wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
    monkeypatch.setattr(wrapper, "channel_layer", RedisChannelLayer(hosts=[valkey_url]))
    store = RedisStore(valkey_url)
    for module in (budgets, history, publishing):
        monkeypatch.setattr(module, "store", store)
    return valkey_url


def test_a_sample_takes_few_commands_and_statements(redis_url, monkeypatch):
    sampler = operations.Sampler()

    def take():
        sample = sampler.take()
        operations.store_sample(sample)
        operations.publish_sample(sample)

    for _ in range(2):
        take()
    with CommandCount(redis_url, monkeypatch) as counted, CaptureQueriesContext(connection) as queries:
        take()
    channels = len(channel_layers[DEFAULT_CHANNEL_LAYER].router.channels) + 2
    # Each channel needs a script, and everything else a fixed number of commands. A sample is taken only every 5 s.
    assert counted.scripts <= channels + 1, counted.calls
    assert counted.trips <= channels + 8
    assert len(queries) <= 4, [query["sql"] for query in queries]
    assert not {"scan", "keys"} & set(counted.calls)


def test_a_post_counts_its_room_without_a_command(room, author_member):
    assert (room.id, 1) in busy_rooms.read_busiest()
