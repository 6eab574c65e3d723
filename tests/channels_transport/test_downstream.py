"""The interface's way down: each reply to its socket, in order, whatever fails between."""

import struct

import pytest
from twisted.internet import defer, task

from channels_transport import downstream
from channels_transport.downstream import Downstream
from channels_transport.layer import RedisChannelLayer
from channels_transport.redis_client import Disconnected
from channels_transport.writing import data_frame

pytestmark = pytest.mark.no_database

PROCESS = "daphne.response.abc!"


class Redis:
    """Answers what a test has put on the list, and with the members that it has set; then nothing more."""

    def __init__(self):
        self.batches, self.members, self.version = [], [], 1
        self.calls, self.waiting, self.held = [], None, None

    def call(self, command, seconds=None):
        self.calls.append(command)
        if command[0] != "BLMPOP":
            answer = [b"%016d" % self.version, *(member.encode() for member in self.members)]
            if self.held is not None:
                self.held.append((defer.Deferred(), answer))
                return self.held[-1][0]
            return defer.succeed([answer])
        if self.batches:
            batch = self.batches.pop(0)
            return defer.fail(batch) if isinstance(batch, Exception) else defer.succeed([[b"list", batch]])
        self.waiting = defer.Deferred()
        return self.waiting

    @property
    def readings(self):
        """How often the members were read."""
        return len([command for command in self.calls if command[0] == "EVALSHA"])


class Way:
    def __init__(self, clock):
        self.clock, self.redis, self.heard, self.failing = clock, Redis(), [], set()
        self.layer = RedisChannelLayer()
        self.downstream = Downstream(self.layer, PROCESS, self.redis, [self.redis], self.dispatch, self.broadcast)

    def dispatch(self, channel, message):
        if channel in self.failing:
            raise ValueError("on purpose")
        self.heard.append((channel, message))

    def broadcast(self, channels, text, frame):
        assert frame == data_frame(text.encode())
        self.heard.append((channels, text))

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
        return self.heard


@pytest.fixture
def way(monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(downstream, "reactor", clock)
    return Way(clock)


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
def test_a_frame_of_any_length_is_one_that_browsers_read(length, head):
    assert data_frame(b"x" * length) == head + b"x" * length


def test_replies_are_dispatched_in_order(way):
    items = [way.single("a", text=str(number)) for number in range(5)]
    assert way.run(items[:3], items[3:]) == [(f"{PROCESS}a", {"text": str(number)}) for number in range(5)]


def test_a_text_to_a_group_is_built_once_for_all_members(way):
    way.redis.members = [f"{PROCESS}{number}" for number in range(300)]
    assert way.run([way.to_group("room", text="grüß")]) == [(way.redis.members, "grüß")]


@pytest.mark.parametrize("message", [{"bytes": b"\xff"}, {"text": "bye", "close": True}, {"close": 4401}])
def test_what_is_more_than_a_text_goes_to_each_member(way, message):
    way.redis.members = [f"{PROCESS}a", f"{PROCESS}b"]
    assert way.run([way.to_group("room", **message)]) == [(member, message) for member in way.redis.members]


def test_members_are_read_once_and_again_only_for_a_newer_version(way):
    way.redis.members = ["a"]
    way.run([way.to_group("room", text=str(number)) for number in range(10)])
    assert way.redis.readings == 1
    way.redis.members, way.redis.version = ["a", "b"], 2
    way.run([way.to_group("room", version, text=str(version)) for version in (2, 1, 2)])
    assert way.redis.readings == 2
    assert way.heard[-3:] == [(["a", "b"], "2"), (["a", "b"], "1"), (["a", "b"], "2")]


def test_a_group_whose_members_have_gone_is_forgotten(way):
    way.redis.members = []
    assert way.run([way.to_group("room", text="1")]) in ([], [([], "1")])
    way.redis.members = ["a"]
    assert way.run([way.to_group("room", text="2")])[-1] == (["a"], "2")


def test_while_members_are_read_nothing_overtakes(way):
    way.redis.held, way.redis.members = [], ["a"]
    way.run([way.to_group("room", text="1"), way.single("a", text="2")], [way.single("a", text="3")])
    assert way.heard == []
    for done, answer in way.redis.held:
        done.callback([answer])
    way.clock.pump([0.01] * 10)
    assert way.heard == [(["a"], "1"), (f"{PROCESS}a", {"text": "2"}), (f"{PROCESS}a", {"text": "3"})]


def test_a_reply_that_fails_stops_no_other(way, caplog):
    way.failing.add(f"{PROCESS}bad")
    way.redis.members = ["a"]
    bad, good = [way.single("bad", text="1"), b"M", b"nonsense", b"G9"], way.single("a", text="2")
    assert way.run([*bad, good, way.to_group("room", text="3")]) == [(f"{PROCESS}a", {"text": "2"}), (["a"], "3")]
    assert "on purpose" in caplog.text


def test_reading_goes_on_after_redis_was_away(way):
    trouble = [Disconnected("away")] * 3
    assert way.run(*trouble, [way.single("a", text="1")]) == [(f"{PROCESS}a", {"text": "1"})]


def test_many_items_leave_time_for_others_in_between(way, monkeypatch):
    monkeypatch.setattr(downstream, "TURN_SECONDS", -1)
    way.redis.batches = [[way.single("a", text=str(number)) for number in range(10)]]
    way.downstream.run()
    assert len(way.heard) == 1
    way.clock.advance(0)
    assert len(way.heard) == 10


def test_a_stopped_way_reads_no_more(way):
    way.run()
    way.downstream.stopped = True
    way.run([way.single("a", text="1")])
    assert way.heard == [] and len(way.redis.calls) == 1
