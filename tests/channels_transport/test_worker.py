"""A worker on a layer that only pretends: what it does with each message, and with what consumers raise."""

import json
import types

import pytest
from channels import Channel, Group
from channels.exceptions import ConsumeLater, DenyConnection, WebsocketCloseException
from channels.signals import consumer_finished

from channels_transport import is_stopping, scripts
from channels_transport.heartbeat import BEAT_SECONDS, Heartbeat
from channels_transport.receiving import TURN_LEASE_SECONDS
from channels_transport.worker import Worker

pytestmark = pytest.mark.no_database

REPLY = "daphne.response.abc!x"


class Layer:
    """Hands out messages, and notes what is sent."""

    prefix = "asgi:"

    def __init__(self, *found):
        self.found, self.sent, self.requeued = list(found), [], []
        self.receiver = types.SimpleNamespace(
            name="me", wake_up=None, finish=self.finish, claim_command=self.claim_command
        )
        self.in_hand = REPLY
        self.is_finished = False
        self.calls = []
        self.shards = [types.SimpleNamespace(call=self.call)]

    def receive(self, channels, block):
        return self.found.pop(0) if self.found else (None, None)

    def send_later(self, channel, content):
        self.sent.append((channel, content))

    def send_group_later(self, group, content):
        self.sent.append((group, content))

    def requeue(self, channel, content):
        self.requeued.append((channel, content))

    def finish(self):
        self.is_finished = True

    def claim_command(self):
        return self.in_hand and (0, ("claim", self.in_hand))

    def command(self, script, *arguments):
        return script, *arguments

    def call(self, *commands):
        self.calls += commands
        return [[] for _ in commands]


@pytest.fixture
def run(monkeypatch):
    """Runs one consumer on messages, each `(channel, content)`, and returns the layer."""

    def run(consumer, *found, **options):
        layer = Layer(*found)
        router = types.SimpleNamespace(
            channels=["websocket.connect", "websocket.receive", "jobs"],
            match=lambda message: None if message.channel.name == "jobs" else (consumer, {}),
        )
        wrapper = types.SimpleNamespace(channel_layer=layer, router=router)
        options.setdefault("max_messages", len(found))
        layer.worker = Worker(wrapper, signal_handlers=False, **options)
        layer.worker.run()
        return layer

    return run


def message(channel="websocket.receive", **content):
    return channel, {"reply_channel": REPLY, "order": 1, **content}


def raising(error):
    def consumer(message):
        raise error

    return consumer


def test_what_a_consumer_sends_leaves_in_its_order_when_it_has_ended(run):
    def consumer(message):
        message.reply_channel.send({"text": "1"})
        Group("room").send({"text": "2"})
        Channel("jobs").send({"number": 3})
        assert message.channel_layer.channel_layer.sent == []

    layer = run(consumer, message())
    assert layer.sent == [(REPLY, {"text": "1"}), ("room", {"text": "2"}), ("jobs", {"number": 3})]
    assert layer.is_finished


def test_what_a_consumer_has_sent_before_it_fails_leaves_too(run, caplog):
    def consumer(message):
        message.reply_channel.send({"text": "before"})
        raise RuntimeError("on purpose")

    layer = run(consumer, message(), message())
    assert layer.sent == [(REPLY, {"text": "before"})] * 2
    assert "on purpose" in caplog.text


def test_a_handshake_is_denied_and_anything_else_is_not(run, caplog):
    layer = run(raising(DenyConnection()), message("websocket.connect"), message("websocket.receive"))
    assert layer.sent == [(REPLY, {"close": True})]
    assert "You cannot DenyConnection" in caplog.text and layer.worker.handled == 2


@pytest.mark.parametrize("code, close", [(4321, 4321), (None, True)])
def test_a_consumer_closes_by_raising(run, code, close):
    assert run(raising(WebsocketCloseException(code)), message()).sent == [(REPLY, {"close": close})]


def test_for_later_is_requeued_with_its_number_of_tries(run, caplog):
    layer = run(raising(ConsumeLater()), message(), message(__retries__=9), message(__retries__=10))
    assert [content["__retries__"] for _, content in layer.requeued] == [1, 10]
    assert "is dropped after 10 retries" in caplog.text


def test_the_last_try_knows_that_it_is_the_last(run):
    doomed = []
    run(lambda message: doomed.append(hasattr(message, "__doomed__")), message(__retries__=9), message(__retries__=10))
    assert doomed == [False, True]


def test_a_message_that_nobody_consumes_is_logged_and_the_next_one_comes(run, caplog):
    seen = []
    layer = run(lambda message: seen.append(1), ("jobs", {}), message())
    assert seen == [1] and layer.worker.handled == 2
    assert "Check your routing" in caplog.text


def test_a_message_that_makes_no_sense_is_dropped_and_the_next_one_comes(run, caplog):
    seen = []
    layer = run(lambda message: seen.append(1), ("jobs", {"reply_channel": b"\xff"}), message())
    assert seen == [1] and layer.worker.handled == 2
    assert "is malformed, and is dropped" in caplog.text


@pytest.mark.django_db
def test_a_signal_that_fails_after_the_consumer_ends_no_worker(run, caplog):
    def fail(**kwargs):
        raise RuntimeError("afterwards")

    consumer_finished.connect(fail)
    try:
        layer = run(lambda message: message.reply_channel.send({"text": "1"}), message(), message())
    finally:
        consumer_finished.disconnect(fail)
    assert layer.sent == [(REPLY, {"text": "1"})] * 2 and "afterwards" in caplog.text


def test_it_ends_after_so_many_messages_and_leaves_the_rest(run):
    layer = run(lambda message: None, *[message()] * 5, max_messages=3)
    assert layer.worker.handled == 3 and len(layer.found) == 2 and layer.is_finished


def test_told_to_end_it_finishes_its_message_and_takes_no_other(run):
    told = []

    def consumer(message):
        told.append(is_stopping())
        message.reply_channel.send({"text": "done"})
        layer = message.channel_layer.channel_layer
        layer.worker.sigterm_handler(15, None)
        told.append(is_stopping())

    layer = run(consumer, *[message()] * 3, max_messages=0)
    # A consumer that runs for long can ask.
    assert told == [False, True] and not is_stopping()
    assert layer.sent == [(REPLY, {"text": "done"})] and layer.is_finished


def test_a_heartbeat_renews_the_turn_takes_up_the_dead_and_reports(run):
    layer = run(lambda message: None, message())
    layer.calls.clear()
    Heartbeat(layer.worker, ["jobs"]).beat()
    claim, reclaim, report = layer.calls
    assert claim == ("claim", REPLY)
    assert reclaim[0] is scripts.RECLAIM
    assert report[:2] == ("SET", "asgi:worker:me") and report[-2] == "EX"
    assert json.loads(report[2])["handled"] == 1
    layer.in_hand = None
    layer.calls.clear()
    Heartbeat(layer.worker, ["jobs"]).beat()
    assert [command[0] for command in layer.calls] == [scripts.RECLAIM, "SET"]


def test_the_connections_of_a_dead_worker_go_on_within_five_seconds():
    # Its last heartbeat began a lease; the next heartbeat of anybody takes up what is left when it has ended.
    assert TURN_LEASE_SECONDS + BEAT_SECONDS <= 5
    # And a worker that lives may miss two.
    assert TURN_LEASE_SECONDS > 3 * BEAT_SECONDS
