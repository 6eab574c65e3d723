"""A site whose answers a test chooses, and the default channel layer on Redis."""

import http.server
import threading

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from channels_transport.doctor.site import Site
from channels_transport.layer import RedisChannelLayer
from tests.channels_transport.doctor.checking import Answers


@pytest.fixture
def site():
    """Yield a site that answers with the `status`, `body` and `headers_` of its `answers`."""
    answers = type("TheseAnswers", (Answers,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), answers)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    found = Site(f"http://127.0.0.1:{server.server_port}")
    found.answers = answers
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def wrapper(valkey_url, monkeypatch):
    """Return the default layer's wrapper, around an empty layer in Redis."""
    wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
    monkeypatch.setattr(wrapper, "channel_layer", RedisChannelLayer(hosts=[valkey_url], capacity=10))
    return wrapper
