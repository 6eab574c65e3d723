"""The default layer on Redis, and a token of the metrics."""

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from channels_transport.layer import RedisChannelLayer

TOKEN = "a token of the tests"


@pytest.fixture
def layer(valkey_url, monkeypatch):
    """Return the default layer: an empty layer in Redis."""
    wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
    monkeypatch.setattr(wrapper, "channel_layer", RedisChannelLayer(hosts=[valkey_url], capacity=10))
    return wrapper.channel_layer


@pytest.fixture
def token(settings):
    settings.METRICS_TOKEN = TOKEN
    return TOKEN
