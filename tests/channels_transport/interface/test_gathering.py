"""Heartbeats that an interface gathers: one message for many sockets, and nothing lost, doubled or out of order."""

import random
import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from twisted.internet import task

from channels_transport import interface
from channels_transport.interface import gathering
from channels_transport.interface.gathering import (
    ANSWER_SECONDS,
    GATHER_SECONDS,
    MAX_CHARACTERS,
    MOST_FRAMES,
    PAUSE_SECONDS,
    Gathering,
)
from channels_transport.interface.limits import Limits, PathRule, make_rules
from channels_transport.memory import MemoryChannelLayer
from tests.channels_transport.connection import FakeConnection, make_frame

pytestmark = pytest.mark.no_database

RULE = PathRule(re.compile("/chat/"), gather=re.compile(r"sync \d+"))
PROCESS = "daphne.response.test!"


class Sender:
    """A fake Upstream. It records the messages, and delays each frame of a silent socket."""

    def __init__(self):
        self.sent, self.delay, self.busy, self.chosen = [], 0.1, set(), 0

    def send(self, channel, message):
        self.sent.append((channel, message))

    def choose_delay(self, channel, reply):
        self.chosen += 1
        return self.delay

    def has_frames(self, reply):
        return reply in self.busy


class Websocket:
    """A fake websocket. `log` has what was passed on to the workers, and what the client received."""

    rule = RULE

    def __init__(self, number):
        self.reply_channel, self.log = f"{PROCESS}{number}", []

    def pass_on(self, kind, content):
        self.log.append(("passed on", content))

    def answer_heartbeat(self, text):
        self.log.append(("answered", text))


class Rig:
    """A Gathering with a fake clock and a fake sender."""

    def __init__(self, clock):
        self.clock, self.sender = clock, Sender()
        self.gathering = Gathering(self.sender, PROCESS)
        self.websockets = [Websocket(number) for number in range(5)]

    def take(self, *websockets, text="sync 1"):
        for websocket in websockets or self.websockets:
            assert self.gathering.takes(websocket, "text", text)

    def flush(self):
        """Let the sockets send, and return the message to the workers."""
        self.clock.advance(GATHER_SECONDS)
        return self.sender.sent.pop()[1]

    def answer(self, message, *texts):
        self.gathering.receive({"batch": message["batch"], "texts": texts})

    @property
    def logs(self):
        return [websocket.log for websocket in self.websockets]


@pytest.fixture
def rig(monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(gathering, "reactor", clock)
    return Rig(clock)


def test_the_frames_of_many_sockets_are_one_message_and_so_are_their_answers(rig):
    rig.take()
    assert rig.sender.sent == [], "the frames wait for others"
    rig.clock.advance(GATHER_SECONDS)
    ((channel, message),) = rig.sender.sent
    assert channel == "websocket.gathered" and message["reply_channel"] == f"{PROCESS}-gathered"
    assert message["frames"] == [(f"{PROCESS}{number}", "sync 1") for number in range(5)]
    rig.answer(message, *(f"synced {number}" for number in range(5)))
    assert rig.logs == [[("answered", f"synced {number}")] for number in range(5)]
    rig.clock.advance(PAUSE_SECONDS)
    assert len(rig.sender.sent) == 1 and all(len(log) == 1 for log in rig.logs), "each is answered once"


def test_a_frame_without_an_answer_is_passed_on(rig):
    rig.take()
    rig.answer(rig.flush(), "a", None, "b", None, None)
    assert [log[0][0] for log in rig.logs] == ["answered", "passed on", "answered", "passed on", "passed on"]


@pytest.mark.parametrize(
    "kind, content",
    [("text", "sync 1 "), ("text", "post"), ("text", f"sync {'1' * MAX_CHARACTERS}"), ("bytes", b"sync 1")],
    ids=["a space", "a post", "a long text", "bytes"],
)
def test_other_frames_are_not_gathered(rig, kind, content):
    assert not rig.gathering.takes(rig.websockets[0], kind, content)


def test_a_frame_is_not_gathered_soon_after_another_one_nor_while_others_wait(rig):
    rig.sender.delay = 0
    assert not rig.gathering.takes(rig.websockets[0], "text", "sync 1")
    rig.sender.delay, rig.sender.busy = 0.1, {rig.websockets[0].reply_channel}
    assert not rig.gathering.takes(rig.websockets[0], "text", "sync 1")


def test_a_frame_that_is_not_gathered_during_the_pause_may_still_wait_for_others_in_the_sender(rig):
    rig.take()
    rig.flush()
    rig.clock.advance(ANSWER_SECONDS)
    rig.sender.chosen = 0
    assert not rig.gathering.takes(rig.websockets[0], "text", "sync 1")
    assert rig.sender.chosen == 0, "choosing a delay ends the silence, and the sender would send each frame at once"


def test_a_few_frames_are_passed_on_one_by_one(rig):
    rig.take(*rig.websockets[:2])
    rig.clock.advance(GATHER_SECONDS)
    assert rig.sender.sent == [] and rig.logs[:2] == [[("passed on", "sync 1")]] * 2


def test_a_later_frame_of_a_socket_passes_on_the_one_that_waits(rig):
    rig.take()
    first, second, *_ = rig.websockets
    assert not rig.gathering.takes(first, "text", "post"), "before the message"
    message = rig.flush()
    assert len(message["frames"]) == 4
    assert not rig.gathering.takes(second, "bytes", b"post"), "after the message"
    rig.answer(message, "a", "b", "c", "d")
    assert first.log == second.log == [("passed on", "sync 1")]
    assert [log[0][0] for log in rig.logs[2:]] == ["answered"] * 3


def test_the_end_of_a_socket_passes_on_the_frame_that_waits(rig):
    rig.take()
    message = rig.flush()
    rig.gathering.release(rig.websockets[0])
    rig.gathering.release(rig.websockets[0])
    rig.answer(message, *"abcde")
    assert rig.logs[0] == [("passed on", "sync 1")]


def test_frames_are_passed_on_if_no_answer_comes_and_then_nothing_is_gathered_for_a_while(rig):
    rig.take()
    message = rig.flush()
    rig.clock.advance(ANSWER_SECONDS)
    assert rig.logs == [[("passed on", "sync 1")]] * 5
    rig.answer(message, *"abcde")
    assert rig.logs == [[("passed on", "sync 1")]] * 5, "a late answer is dropped"
    assert not rig.gathering.takes(rig.websockets[0], "text", "sync 1")
    rig.clock.advance(PAUSE_SECONDS)
    rig.take(rig.websockets[0])


def test_frames_are_passed_on_at_once_if_redis_refuses_their_message(rig):
    rig.take()
    rig.flush()
    rig.gathering.give_up()
    assert rig.logs == [[("passed on", "sync 1")]] * 5
    assert not rig.gathering.takes(rig.websockets[0], "text", "sync 1")


@pytest.mark.parametrize("texts", [["a"], ["a", 5, None], None])
def test_a_malformed_answer_loses_no_frame(rig, texts, monkeypatch):
    def answer_heartbeat(self, text):
        self.log.append(("answered", text.lower()))

    monkeypatch.setattr(Websocket, "answer_heartbeat", answer_heartbeat)
    rig.take()
    message = rig.flush()
    try:
        rig.gathering.receive({"batch": message["batch"], "texts": texts})
    except (AttributeError, TypeError):
        rig.clock.advance(ANSWER_SECONDS)
    assert [log[0][0] for log in rig.logs[2:]] == ["passed on"] * 3


def test_a_large_message_does_not_wait(rig):
    rig.take(*(Websocket(number) for number in range(MOST_FRAMES)))
    ((_, message),) = rig.sender.sent
    assert len(message["frames"]) == MOST_FRAMES
    rig.take(*rig.websockets)
    assert len(rig.flush()["frames"]) == 5


def test_any_schedule_handles_each_frame_once_and_keeps_the_order_of_each_socket(rig):
    """A frame is answered or passed on, and no later frame of its socket is passed on before it."""
    randomness, count, unanswered = random.Random(7), 0, []
    expected = {websocket: [] for websocket in rig.websockets}
    for _ in range(5000):
        websocket = randomness.choice(rig.websockets)
        step = randomness.random()
        if step < 0.5:
            count += 1
            text = f"sync {count}" if step < 0.4 else f"post {count}"
            expected[websocket].append(text)
            rig.sender.delay = randomness.choice([0, 0.1, 0.1])
            if not rig.gathering.takes(websocket, "text", text):
                websocket.pass_on("text", text)
        elif step < 0.8:
            rig.clock.advance(randomness.choice([0.01, 0.25, 0.25, 0.25]))
            unanswered += rig.sender.sent
            rig.sender.sent = []
        elif step < 0.81:
            rig.clock.advance(PAUSE_SECONDS + ANSWER_SECONDS)
        elif unanswered:
            _, message = unanswered.pop(randomness.randrange(len(unanswered)))
            rig.answer(message, *(randomness.choice([text, None]) for _, text in message["frames"]))
    rig.clock.advance(ANSWER_SECONDS + 1)
    assert {websocket: [text for _, text in websocket.log] for websocket in rig.websockets} == expected
    assert {kind for log in rig.logs for kind, _ in log} == {"answered", "passed on"}


# Real websockets.


def open_websocket():
    rules = make_rules([("/chat/", {"gather": r"sync \d+"})], Limits())
    connection = FakeConnection(rules=rules)
    connection.factory.gathering = Gathering(Sender(), PROCESS)
    return connection.open()


def test_a_gathered_frame_takes_no_number_and_reaches_no_worker(rig):
    connection = open_websocket()
    connection.write(make_frame(0x81, b"sync 1"))
    assert connection.passed_on("websocket.receive") is None
    connection.write(make_frame(0x81, b"post"))
    found = [connection.passed_on("websocket.receive") for _ in range(2)]
    assert [(message["text"], message["order"]) for message in found] == [("sync 1", 1), ("post", 2)]


def test_the_frame_that_waits_precedes_the_end_of_its_socket(rig):
    connection = open_websocket()
    connection.write(make_frame(0x81, b"sync 1") + make_frame(0x88, b"\x03\xe8"))
    assert connection.passed_on("websocket.receive")["order"] == 1
    assert connection.passed_on("websocket.disconnect")["order"] == 2


def test_an_answer_is_one_frame_and_ends_the_silence_of_its_client(rig):
    connection = open_websocket()
    (websocket,) = connection.factory.reply_protocols.values()
    websocket.silence_ends = 5
    websocket.answer_heartbeat("synced 1")
    assert connection.received == b"\x81\x08synced 1" and websocket.silence_ends is None


def test_the_server_passes_answers_and_refusals_on(rig):
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    assert server.gathering is None, "a layer in memory serves one process"
    server.gathering = rig.gathering
    rig.take()
    server.dispatch(f"{PROCESS}-gathered", {"batch": rig.flush()["batch"], "texts": [*"abcd", None]})
    assert [log[0][0] for log in rig.logs] == ["answered"] * 4 + ["passed on"]
    rig.take()
    rig.flush()
    server.factory = FakeConnection().factory
    server.refuse(f"{PROCESS}-gathered")
    assert [log[1] for log in rig.logs] == [("passed on", "sync 1")] * 5


@pytest.mark.parametrize("value", ["(", 5])
def test_a_wrong_expression_is_refused(value):
    with pytest.raises(ImproperlyConfigured, match="INTERFACE_PATHS"):
        make_rules([("/chat/", {"gather": value})], Limits())
