"""The rate limit with several workers: a worker receives the level one round trip late, so more frames pass."""

import importlib.util
import threading
import time

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from channels.asgi import ChannelLayerWrapper

from channels_transport.layer import RedisChannelLayer
from chat.protocol import ChatError, CloseConnection
from chat.services import limits
from chat.store import RedisStore

WORKERS = 4
FRAMES = 60  # on each of the person's connections
BURST, PER_SECOND = 40, 0.5


@pytest.fixture
def layer(valkey_url, monkeypatch):
    layer = RedisChannelLayer(hosts=[valkey_url], capacity=10**6)
    wrapper = ChannelLayerWrapper(layer, DEFAULT_CHANNEL_LAYER, [])
    monkeypatch.setitem(channel_layers.backends, DEFAULT_CHANNEL_LAYER, wrapper)
    return layer


@pytest.fixture
def make_limits(valkey_url):
    """Return a function that makes the limits of another process: a copy of the module with a state of its own."""
    store = RedisStore(valkey_url)

    def make_limits():
        spec = importlib.util.find_spec(limits.__name__)
        copy = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(copy)
        copy.store = store
        return copy

    return make_limits


def flood(layer, own_limits, tally):
    """Handle frames as a worker does until no frame is left. Add the result of each frame to `tally`."""
    while True:
        _, content = layer.receive(["websocket.receive"])
        if content is None:
            return
        try:
            own_limits.check_frame(7)
            tally.append("handled")
        except ChatError as refusal:
            tally.append(refusal.code)
        except CloseConnection as closing:
            tally.append(closing.code)


def test_a_flood_exceeds_the_limit_by_at_most_one_frame_for_each_worker(layer, make_limits, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (BURST, PER_SECOND)}
    settings.CHAT_FLOOD_REFUSALS = 100
    for connection in range(WORKERS):
        for order in range(FRAMES):
            reply = f"daphne.response.abc!{connection}"
            layer.send("websocket.receive", {"reply_channel": reply, "path": "/", "order": order, "text": "{}"})
    tally, began = [], time.monotonic()
    threads = [threading.Thread(target=flood, args=[layer, make_limits(), tally]) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    most = BURST + PER_SECOND * (time.monotonic() - began) + WORKERS
    assert BURST <= tally.count("handled") <= most
    assert tally.count("rate_limited") == 100 and tally.count(4429) > 0
    assert len(tally) == WORKERS * FRAMES


def test_a_frame_that_another_worker_handles_above_the_limit_delays_the_next_frame(layer, make_limits, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "events": (2, 0.01)}
    first, second = make_limits(), make_limits()
    first.check_frame(7)
    first.check_frame(7)
    for _ in range(3):
        with pytest.raises(ChatError):
            first.check_frame(7)
    second.check_frame(7)
    with pytest.raises(ChatError) as caught:
        second.check_frame(7)
    assert caught.value.code == "rate_limited"
    # The person must wait for two tokens: one for the frame that passed, and one for the next frame.
    assert 190 < caught.value.retry_after <= 200
