"""Replies from Redis to an interface's sockets: each reaches its socket, in order, also after failures."""

import struct

import pytest
from twisted.internet import task

from channels_transport import downstream
from channels_transport.downstream import Downstream
from channels_transport.layer import RedisChannelLayer
from channels_transport.redis_client import Disconnected
from channels_transport.writing import data_frame
from tests.channels_transport.fakes import GroupRedis

pytestmark = pytest.mark.no_database

PROCESS = "daphne.response.abc!"


class Rig:
    """A downstream on a fake clock and a fake Redis; `received` has the delivered messages."""

    def __init__(self, clock):
        self.clock, self.redis, self.received, self.failing = clock, GroupRedis(), [], set()
        self.layer = RedisChannelLayer()
        self.downstream = Downstream(self.layer, PROCESS, self.redis, [self.redis], self.dispatch, self.broadcast)

    def dispatch(self, channel, message):
        if channel in self.failing:
            raise ValueError("on purpose")
        self.received.append((channel, message))

    def broadcast(self, channels, text, frame):
        assert frame == data_frame(text.encode())
        self.received.append((channels, text))

    def single(self, name, **message):
        return b"M9999999999999" + (PROCESS + name).encode() + b"\0" + self.layer.serialize(message)

    def to_group(self, group, version=1, **message):
        return b"G9999999999999%016d%s\0%s" % (version, group.encode(), self.layer.serialize(message))

    def run(self, *batches):
        self.redis.batches += batches
        if self.redis.waiting is None:
            self.downstream.run()
        else:
            self.redis.waiting.callback([None])
        self.clock.pump([0.01] * 50)
        return self.received


@pytest.fixture
def rig(monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(downstream, "reactor", clock)
    return Rig(clock)


@pytest.mark.parametrize(
    "length, head",
    [
        (0, b"\x81\x00"),
        (1, b"\x81\x01"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f" + struct.pack("!Q", 65536)),
        (1000000, b"\x81\x7f" + struct.pack("!Q", 1000000)),
    ],
)
def test_a_frame_of_any_length_has_the_right_header(length, head):
    assert data_frame(b"x" * length) == head + b"x" * length


def test_replies_are_dispatched_in_order(rig):
    items = [rig.single("a", text=str(number)) for number in range(5)]
    assert rig.run(items[:3], items[3:]) == [(f"{PROCESS}a", {"text": str(number)}) for number in range(5)]


def test_the_frame_of_a_group_text_is_built_once_for_all_members(rig):
    rig.redis.members = [f"{PROCESS}{number}" for number in range(300)]
    assert rig.run([rig.to_group("room", text="grüß")]) == [(rig.redis.members, "grüß")]


@pytest.mark.parametrize("message", [{"bytes": b"\xff"}, {"text": "bye", "close": True}, {"close": 4401}])
def test_a_group_message_that_is_not_only_a_text_is_dispatched_to_each_member(rig, message):
    rig.redis.members = [f"{PROCESS}a", f"{PROCESS}b"]
    assert rig.run([rig.to_group("room", **message)]) == [(member, message) for member in rig.redis.members]


def test_members_are_read_again_only_for_a_newer_version(rig):
    rig.redis.members = ["a"]
    rig.run([rig.to_group("room", text=str(number)) for number in range(10)])
    assert rig.redis.readings == 1
    rig.redis.members, rig.redis.version = ["a", "b"], 2
    rig.run([rig.to_group("room", version, text=str(version)) for version in (2, 1, 2)])
    assert rig.redis.readings == 2
    assert rig.received[-3:] == [(["a", "b"], "2"), (["a", "b"], "1"), (["a", "b"], "2")]


def test_a_group_without_members_is_not_cached(rig):
    rig.redis.members = []
    assert rig.run([rig.to_group("room", text="1")]) in ([], [([], "1")])
    rig.redis.members = ["a"]
    assert rig.run([rig.to_group("room", text="2")])[-1] == (["a"], "2")


def test_no_reply_overtakes_a_reply_whose_members_are_being_read(rig):
    rig.redis.held, rig.redis.members = [], ["a"]
    rig.run([rig.to_group("room", text="1"), rig.single("a", text="2")], [rig.single("a", text="3")])
    assert rig.received == []
    for done, answer in rig.redis.held:
        done.callback([answer])
    rig.clock.pump([0.01] * 10)
    assert rig.received == [(["a"], "1"), (f"{PROCESS}a", {"text": "2"}), (f"{PROCESS}a", {"text": "3"})]


def test_a_reply_that_fails_does_not_stop_the_others(rig, caplog):
    rig.failing.add(f"{PROCESS}bad")
    rig.redis.members = ["a"]
    bad, good = [rig.single("bad", text="1"), b"M", b"nonsense", b"G9"], rig.single("a", text="2")
    assert rig.run([*bad, good, rig.to_group("room", text="3")]) == [(f"{PROCESS}a", {"text": "2"}), (["a"], "3")]
    assert "on purpose" in caplog.text


def test_reading_continues_after_an_outage(rig):
    outages = [Disconnected("away")] * 3
    assert rig.run(*outages, [rig.single("a", text="1")]) == [(f"{PROCESS}a", {"text": "1"})]


def test_reading_continues_after_an_exception_of_the_client(rig, monkeypatch, caplog):
    call, failures = rig.redis.call, [ValueError("on purpose")]

    def fail_once(*args, **options):
        if failures:
            raise failures.pop()
        return call(*args, **options)

    monkeypatch.setattr(rig.redis, "call", fail_once)
    assert rig.run([rig.single("a", text="1")]) == [(f"{PROCESS}a", {"text": "1"})]
    assert "on purpose" in caplog.text


def test_a_lone_reply_is_delivered_without_another_iteration_of_the_reactor(rig):
    rig.downstream.run()
    rig.redis.batches = [[rig.single("a", text="1")]]
    rig.redis.waiting.callback([None])
    assert rig.received == [(f"{PROCESS}a", {"text": "1"})] and len(rig.redis.calls) == 3
    assert rig.clock.getDelayedCalls() == []


def test_many_items_are_spread_over_several_reactor_turns(rig, monkeypatch):
    monkeypatch.setattr(downstream, "REACTOR_TURN_SECONDS", -1)
    rig.redis.batches = [[rig.single("a", text=str(number)) for number in range(10)]]
    rig.downstream.run()
    assert len(rig.received) == 1
    rig.clock.advance(0)
    assert len(rig.received) == 10


def test_a_stopped_downstream_does_not_read(rig):
    rig.run()
    rig.downstream.stopped = True
    rig.run([rig.single("a", text="1")])
    assert rig.received == [] and len(rig.redis.calls) == 1
