"""A worker on a fake channel layer: how it handles messages, and exceptions of consumers."""

import json
import time
import types

import pytest
from channels import Channel, Group
from channels.exceptions import ConsumeLater, DenyConnection, WebsocketCloseException
from channels.signals import consumer_finished

from channels_transport import is_stopping, log_context, scripts
from channels_transport import worker as worker_module
from channels_transport.heartbeat import Heartbeat
from channels_transport.leases import GRACE_SECONDS, RENEW_SECONDS, TURN_LEASE_SECONDS
from channels_transport.log_context import CARRIED
from channels_transport.worker import Worker
from tests.helpers import fail_with

pytestmark = pytest.mark.no_database

REPLY = "daphne.response.abc!x"


class Layer:
    """A fake layer. It returns the given messages, and records the sent messages."""

    prefix = "asgi:"
    is_shared = True

    def __init__(self, *found):
        self.found, self.sent, self.requeued = list(found), [], []
        self.receiver = types.SimpleNamespace(
            name="me",
            wake_up=None,
            sending_seconds=0.0,
            finish=self.finish,
            claim_commands=self.claim_commands,
            start_prefetching=lambda: None,
            stop_prefetching=lambda: None,
        )
        self.current_reply = REPLY
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

    def claim_commands(self, index):
        return [("claim", self.current_reply)] if self.current_reply else []

    def command(self, script, *arguments):
        return script, *arguments

    def call(self, *commands):
        self.calls += commands
        return [[] for _ in commands]


@pytest.fixture
def run():
    """Return a function that runs one consumer on messages, each `(channel, content)`, and returns the layer."""

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


def test_messages_are_sent_in_order_after_the_consumer_has_ended(run):
    def consumer(message):
        message.reply_channel.send({"text": "1"})
        Group("room").send({"text": "2"})
        Channel("jobs").send({"number": 3})
        assert message.channel_layer.channel_layer.sent == []

    layer = run(consumer, message())
    assert layer.sent == [
        (REPLY, {"text": "1"}),
        ("room", {"text": "2"}),
        ("jobs", {"number": 3, CARRIED: {"parent": "x#1"}}),
    ]
    assert layer.is_finished


def test_the_messages_of_a_failing_consumer_are_sent(run, caplog):
    def consumer(message):
        message.reply_channel.send({"text": "before"})
        raise RuntimeError("on purpose")

    layer = run(consumer, message(), message())
    assert layer.sent == [(REPLY, {"text": "before"})] * 2
    assert "on purpose" in caplog.text


def test_only_a_handshake_can_be_denied(run, caplog):
    layer = run(fail_with(DenyConnection()), message("websocket.connect"), message("websocket.receive"))
    assert layer.sent == [(REPLY, {"close": True})]
    assert "You cannot DenyConnection" in caplog.text and layer.worker.handled == 2


@pytest.mark.parametrize("code, close", [(4321, 4321), (None, True)])
def test_a_consumer_closes_a_connection_by_raising(run, code, close):
    assert run(fail_with(WebsocketCloseException(code)), message()).sent == [(REPLY, {"close": close})]


def test_consume_later_requeues_a_message_with_its_number_of_retries(run, caplog):
    layer = run(fail_with(ConsumeLater()), message(), message(__retries__=9), message(__retries__=10))
    assert [content["__retries__"] for _, content in layer.requeued] == [1, 10]
    assert "is dropped after 10 retries" in caplog.text


def test_the_last_retry_is_marked_as_doomed(run):
    doomed = []
    run(lambda message: doomed.append(hasattr(message, "__doomed__")), message(__retries__=9), message(__retries__=10))
    assert doomed == [False, True]


def test_a_message_without_a_consumer_is_logged_and_the_next_one_runs(run, caplog):
    seen = []
    layer = run(lambda message: seen.append(1), ("jobs", {}), message())
    assert seen == [1] and layer.worker.handled == 2
    assert "Check your routing" in caplog.text


def test_a_malformed_message_is_dropped_and_the_next_one_runs(run, caplog):
    seen = []
    layer = run(lambda message: seen.append(1), ("jobs", {"reply_channel": b"\xff"}), message())
    assert seen == [1] and layer.worker.handled == 2
    assert "is malformed, and is dropped" in caplog.text


@pytest.mark.django_db
def test_a_failing_receiver_of_consumer_finished_does_not_end_the_worker(run, caplog):
    def fail(**kwargs):
        raise RuntimeError("afterwards")

    consumer_finished.connect(fail)
    try:
        layer = run(lambda message: message.reply_channel.send({"text": "1"}), message(), message())
    finally:
        consumer_finished.disconnect(fail)
    assert layer.sent == [(REPLY, {"text": "1"})] * 2 and "afterwards" in caplog.text


def test_a_worker_ends_after_max_messages_and_leaves_the_rest(run):
    layer = run(lambda message: None, *[message()] * 5, max_messages=3)
    assert layer.worker.handled == 3 and len(layer.found) == 2 and layer.is_finished


def test_a_worker_finishes_its_message_after_sigterm_and_receives_no_other(run):
    stopping = []

    def consumer(message):
        stopping.append(is_stopping())
        message.reply_channel.send({"text": "done"})
        layer = message.channel_layer.channel_layer
        layer.worker.sigterm_handler(15, None)
        stopping.append(is_stopping())

    layer = run(consumer, *[message()] * 3, max_messages=0)
    # A consumer that runs for long can call is_stopping().
    assert stopping == [False, True] and not is_stopping()
    assert layer.sent == [(REPLY, {"text": "done"})] and layer.is_finished


def test_a_heartbeat_renews_the_turn_and_reclaims_the_turns_of_dead_workers_and_reports(run):
    layer = run(lambda message: None, message())
    layer.calls.clear()
    Heartbeat(layer.worker, ["jobs"]).run_once()
    claim, reclaim, report = layer.calls
    assert claim == ("claim", REPLY)
    assert reclaim[0] is scripts.RECLAIM
    assert report[:2] == (scripts.REPORT, "worker:me")
    assert json.loads(report[2])["handled"] == 1 and json.loads(report[2])["kind"] == "worker"
    layer.current_reply = None
    layer.calls.clear()
    Heartbeat(layer.worker, ["jobs"]).run_once()
    assert [command[0] for command in layer.calls] == [scripts.RECLAIM, scripts.REPORT]


def test_the_connections_of_a_dead_worker_continue_within_five_seconds():
    # The last heartbeat of a dead worker began a lease. When the lease has ended, the next heartbeat of any other
    # worker reclaims the turn.
    assert TURN_LEASE_SECONDS + RENEW_SECONDS <= 5
    # A live worker may miss two heartbeats.
    assert TURN_LEASE_SECONDS > 3 * RENEW_SECONDS


def test_the_grace_period_after_a_silence_is_longer_than_the_time_between_two_renewals():
    # After a jump of the clock, the next renewal of an interface may be a whole interval away.
    assert GRACE_SECONDS >= RENEW_SECONDS + 2


def test_a_slow_message_is_logged_with_its_id(run, settings, caplog):
    settings.LOG_SLOW_SECONDS = 0.001
    with caplog.at_level("INFO", "channels_transport.slow_log"):
        run(lambda message: time.sleep(0.002), ("websocket.receive", {"reply_channel": REPLY, "order": 3}))
    assert "A message on websocket.receive (x#3) took 0.0" in caplog.text


def test_a_consumer_knows_the_id_of_its_message_only_while_it_runs(run):
    seen = []
    run(
        lambda message: seen.append(log_context.describe()), ("websocket.receive", {"reply_channel": REPLY, "order": 3})
    )
    assert seen == [{"channel": "websocket.receive", "id": "x#3"}]
    assert log_context.describe() == {}


def test_a_job_carries_the_id_of_its_cause_and_hides_it_from_its_consumer(run):
    seen = []

    def consumer(message):
        seen.append((dict(message.content), log_context.describe()))
        Channel("jobs").send({"number": 2})

    layer = run(consumer, ("websocket.connect", {"number": 1, CARRIED: {"parent": "x#1"}}))
    assert seen == [({"number": 1}, {"channel": "websocket.connect", "parent": "x#1"})]
    # The cause stays the frame, however many jobs follow each other.
    assert layer.sent == [("jobs", {"number": 2, CARRIED: {"parent": "x#1"}})]


def test_a_delayed_message_and_its_job_know_the_id_of_their_cause(run):
    job = {"channel": "jobs", "content": {"number": 1}, "delay": 5}
    ((_, sent),) = run(lambda _: Channel("asgi.delay").send(job), message()).sent
    assert sent[CARRIED] == sent["content"][CARRIED] == {"parent": "x#1"}
    assert job["content"] == {"number": 1}


def test_a_message_that_must_wait_keeps_what_it_carries(run):
    layer = run(fail_with(ConsumeLater()), message(__carried__={"id": "given"}))
    assert layer.requeued[0][1][CARRIED] == {"id": "given"}


def test_a_worker_touches_the_alive_file_before_each_receive_and_not_while_a_consumer_runs(run, monkeypatch):
    touches = []
    monkeypatch.setattr(worker_module, "touch_alive_file", lambda: touches.append("touch"))
    run(lambda message: touches.append("consumer"), message(), (None, None), message(), max_messages=2)
    assert touches == ["touch", "consumer", "touch", "touch", "consumer"]
