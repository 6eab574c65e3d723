"""Failures while a worker handles a frame: the client may try again, and the worker continues."""

import logging

import pytest
import redis
from django.db import InterfaceError, OperationalError

from channels_transport import LogThrottle, log_context
from chat import broadcast
from chat.models import Message
from tests import wire
from tests.helpers import fail_with

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    "error",
    [OperationalError("locked"), InterfaceError("closed"), redis.ConnectionError("away"), redis.TimeoutError("slow")],
)
@pytest.mark.parametrize(
    "place",
    ["chat.services.rooms.changes.insert", "chat.services.limits.check_frame", "chat.services.rooms.find_member"],
)
def test_without_database_or_redis_the_client_may_try_again(alice, enter, monkeypatch, error, place):
    socket = enter(alice)
    with monkeypatch.context() as broken:
        broken.setattr(place, fail_with(error))
        rejected = socket.post("r1")
    assert rejected["code"] == "unavailable" and rejected["retry_after"] > 0
    assert str(error) not in rejected["detail"]
    assert socket.post("r1")["id"] == 1


def test_an_outage_during_many_frames_is_logged_once_and_on_one_line(alice, enter, monkeypatch, caplog):
    monkeypatch.setattr("chat.consumers.frames.throttle", LogThrottle(logging.getLogger("chat.consumers.frames")))
    socket = enter(alice)
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.rooms.changes.insert", fail_with(OperationalError("refused\n\tIs it running?")))
        for number in range(5):
            assert socket.post(f"r{number}")["code"] == "unavailable"
    logged = [record.getMessage() for record in caplog.records if record.name == "chat.consumers.frames"]
    assert logged == ["Frames cannot be handled for now: refused Is it running?"]


def test_an_unexpected_exception_is_answered_with_internal(alice, enter, monkeypatch, caplog):
    socket = enter(alice)
    with monkeypatch.context() as broken:
        broken.setattr("chat.services.rooms.changes.insert", fail_with(ZeroDivisionError("on purpose")))
        rejected = socket.post("r1")
    assert rejected["code"] == "internal" and "retry_after" not in rejected
    assert "on purpose" not in rejected["detail"] and "on purpose" in caplog.text
    assert "id" not in rejected, "no worker handles this frame"
    assert not Message.objects.exists()
    assert socket.post("r1")["id"] == 1


def test_an_unexpected_exception_is_answered_with_the_id_of_its_log_line(alice, enter, monkeypatch):
    socket = enter(alice)
    monkeypatch.setattr("chat.services.rooms.changes.insert", fail_with(ZeroDivisionError("on purpose")))
    with log_context.handling("websocket.receive", {"reply_channel": "daphne.response.a!b", "order": 3}):
        assert socket.post("r1")["id"] == "b#3"


@pytest.mark.parametrize("error", [redis.TimeoutError("slow"), None])
def test_a_post_whose_ack_cannot_be_sent_is_answered_with_unavailable(alice, enter, monkeypatch, error):
    socket = enter(alice)
    reply = broadcast.reply

    def reply_unless_ack(channel, event):
        if event["type"] == "ack":
            raise error or wire.layer().ChannelFull
        reply(channel, event)

    with monkeypatch.context() as broken:
        broken.setattr(broadcast, "reply", reply_unless_ack)
        assert socket.post("r1")["code"] == "unavailable"
    assert Message.objects.count() == 1
    assert socket.post("r1") == {"type": "ack", "ref": "r1", "id": 1, "offset": 1}


def test_a_worker_continues_when_no_response_can_be_sent(alice, enter, monkeypatch):
    socket = enter(alice)
    with monkeypatch.context() as broken:
        broken.setattr(broadcast, "reply", fail_with(redis.ConnectionError("away")))
        socket.say("post", ref="r1", body="Hello")
    assert socket.post("r1")["id"] == 1
