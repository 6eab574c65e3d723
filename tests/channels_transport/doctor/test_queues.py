"""The doctor's checks of channels: their receivers, waiting messages and lost messages."""

import json
import time

import pytest

from channels_transport import watching
from channels_transport.doctor import queues
from channels_transport.doctor.queues import check_losses, check_queues, check_workers, get_channels
from tests.channels_transport.doctor.checking import checked_text


def report(layer, *channels, silent_for=0, **fields):
    """Store the report of a worker that sent it `silent_for` seconds ago."""
    state = {"pid": 7, "channels": channels, "handled": 1, "busy_since": None, "at": time.time(), **fields}
    key = f"{layer.prefix}worker:{time.monotonic()}"
    layer.shards[0].call(("SET", key, json.dumps(state), "PX", 10_000 - silent_for * 1000))


def test_channels_without_a_receiver_are_named(wrapper):
    text = checked_text(check_workers(wrapper))
    assert "No delay server receives from asgi.delay: start `manage.py rundelay`" in text
    for channel in ("http.request", "websocket.connect", "websocket.receive", "websocket.disconnect", "chat.scheduled"):
        assert channel in text
    report(wrapper, *wrapper.router.channels - {"chat.scheduled"})
    text = checked_text(check_workers(wrapper))
    assert "No worker receives from chat.scheduled: start" in text and "websocket" not in text
    report(wrapper, "chat.scheduled")
    report(wrapper, "asgi.delay")
    assert "receivers: 3" in checked_text(check_workers(wrapper), is_well=True)


def test_a_worker_that_stops_reporting_is_not_counted(wrapper):
    report(wrapper, *get_channels(wrapper), silent_for=6)
    assert watching.read_reports(wrapper.channel_layer) == []


def test_a_stuck_worker_is_named(wrapper):
    report(wrapper, *get_channels(wrapper), busy_since=time.time() - 60)
    assert "pid 7 has been busy with one message for 60 s" in checked_text(check_workers(wrapper))


def test_background_work_may_take_long(wrapper):
    report(wrapper, *get_channels(wrapper))
    report(wrapper, "chat.tasks", busy_since=time.time() - 600)
    checked_text(check_workers(wrapper), is_well=True)


def test_a_worker_is_found_among_many_keys(wrapper, monkeypatch):
    monkeypatch.setattr(watching, "SCAN_BATCH", 10)
    wrapper.shards[0].call(*(("SET", f"other:{number}", "") for number in range(500)))
    report(wrapper, "chat.tasks")
    assert [found["channels"] for found in watching.read_reports(wrapper.channel_layer)] == [["chat.tasks"]]


def test_a_message_that_waits_too_long_is_reported(wrapper, monkeypatch):
    assert "waiting: 0" in checked_text(check_queues(wrapper), is_well=True)
    wrapper.channel_layer.send("chat.scheduled", {"scheduled": 1})
    monkeypatch.setattr(queues, "OLD_SECONDS", -1)
    assert "On chat.scheduled the oldest message has waited" in checked_text(
        [one for one in check_queues(wrapper) if "chat.scheduled" in one.text]
    )


def test_a_nearly_full_queue_is_reported(wrapper):
    for _ in range(9):
        wrapper.channel_layer.send("asgi.delay", {})
    found = [one for one in check_queues(wrapper) if "nearly full" in one.text]
    assert "asgi.delay is nearly full (9 of 10)" in checked_text(found)


@pytest.mark.parametrize(
    "name, text_part",
    [
        ("lost_count", "were lost with killed workers"),
        ("expired_count", "expired before"),
        ("channel_full_count", "channel was full"),
    ],
)
def test_growing_losses_are_reported(wrapper, monkeypatch, name, text_part):
    def lose():
        wrapper.shards[0].call(("HINCRBY", f"{wrapper.stats_prefix}websocket.receive", name, 2))

    lose()
    monkeypatch.setattr(queues.time, "sleep", lambda seconds: None)
    assert "(2 since the counting began" in checked_text(check_losses(wrapper), is_well=True)
    monkeypatch.setattr(queues.time, "sleep", lambda seconds: lose())
    text = checked_text(check_losses(wrapper))
    assert "On websocket.receive messages" in text and "(2 within 1 s)" in text and text_part in text
