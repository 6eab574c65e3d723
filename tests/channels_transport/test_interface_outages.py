"""An interface while Redis is down or full, with a fake clock and fake connections."""

import types

import hiredis
import pytest
from twisted.internet import task
from twisted.internet.testing import StringTransport

from channels_transport import downstream, redis_client, upstream
from channels_transport.layer import RedisChannelLayer
from channels_transport.redis_client import Disconnected
from tests.channels_transport.fakes import Client

pytestmark = pytest.mark.no_database

REPLY = "daphne.response.abc!x"


@pytest.fixture
def clock(monkeypatch):
    clock = task.Clock()
    for module in (downstream, redis_client, upstream):
        monkeypatch.setattr(module, "reactor", clock)
    return clock


class UpstreamRig:
    """An interface's upstream with a fake client. `log` has the calls of pause, resume and refuse."""

    def __init__(self, clock):
        self.clock, self.client, self.log = clock, Client(), []
        callbacks = {name: lambda reply, name=name: self.log.append(name) for name in ("pause", "resume", "refuse")}
        self.upstream = upstream.Upstream(RedisChannelLayer(), self.client, **callbacks)

    def send(self, order, channel="websocket.receive"):
        self.upstream.send(channel, {"reply_channel": REPLY, "order": order})

    def run_reactor(self):
        self.clock.advance(0)

    @property
    def places(self):
        return [command[-1] for command in self.client.calls[-1][0]]


@pytest.fixture
def rig(clock):
    return UpstreamRig(clock)


# The next tests are about the upstream.


def test_frames_of_one_reactor_turn_are_sent_in_one_trip_and_the_first_is_marked(rig):
    for order in range(3):
        rig.send(order)
    rig.run_reactor()
    assert rig.places == ["first", "next", "next"]
    rig.client.answer(b"ok", b"ok", b"ok")
    assert rig.upstream.is_empty and rig.log == [], "a socket that was not paused need not be resumed"


def test_refused_frames_are_sent_again_while_the_socket_is_paused(rig):
    for order in range(3):
        rig.send(order)
    rig.run_reactor()
    rig.client.answer(b"ok", b"full", b"gap")
    assert rig.log == ["pause"]
    rig.clock.advance(1)
    assert rig.places == ["first", "next"]
    rig.client.answer(b"ok", b"ok")
    assert rig.upstream.is_empty and rig.log == ["pause", "resume"]


def test_frames_wait_during_an_outage_and_are_sent_after_it(rig):
    rig.send(0)
    rig.run_reactor()
    rig.client.calls[-1][1].errback(Disconnected("away"))
    rig.send(1)
    rig.clock.advance(5)
    assert len(rig.client.calls) == 1 and rig.log == ["pause"]
    rig.upstream.resume_all()
    rig.run_reactor()
    assert rig.places == ["first", "next"]


def test_no_handshake_waits_during_a_long_outage(rig):
    rig.client.seconds_disconnected = upstream.MAX_DISCONNECTED_SECONDS + 1
    with pytest.raises(rig.upstream.ChannelFull):
        rig.send(0, "websocket.connect")
    rig.send(7)
    rig.send(8, "websocket.disconnect")
    assert not rig.upstream.is_empty, "a connection that workers know keeps its frames"


def test_a_connection_that_ends_before_it_was_accepted_sends_no_disconnect(rig):
    rig.send(0, "websocket.connect")
    rig.run_reactor()
    rig.client.answer(b"full")
    rig.send(1, "websocket.disconnect")
    assert rig.upstream.is_empty
    rig.clock.advance(5)
    assert len(rig.client.calls) == 1


@pytest.mark.parametrize("received", ["accepted", "unknown"])
def test_a_connection_that_redis_may_know_sends_its_disconnect(rig, received):
    rig.send(0, "websocket.connect")
    rig.send(1)
    rig.run_reactor()
    if received == "accepted":
        rig.client.answer(b"ok", b"full")
    else:
        rig.client.calls[-1][1].errback(Disconnected("away"))
    rig.send(2, "websocket.disconnect")
    assert not rig.upstream.is_empty


# The next tests are about the downstream.


@pytest.fixture
def down(clock):
    received = []
    client = Client()
    reader = downstream.Downstream(
        RedisChannelLayer(),
        "daphne.response.abc!",
        Client(),
        [client],
        None,
        lambda channels, text, frame: received.append((channels, text)),
    )
    return types.SimpleNamespace(reader=reader, client=client, received=received, clock=clock)


def group_item(layer, group, version=1):
    return b"G9999999999999%016d%s\0%s" % (version, group.encode(), layer.serialize({"text": "hello"}))


def test_a_message_to_a_group_waits_for_its_members_during_an_outage(down):
    down.client.is_connected = False
    down.reader._deliver(iter([group_item(down.reader.layer, "room")]))
    down.clock.advance(0.2)
    down.client.is_connected = True
    down.clock.advance(0.2)
    down.client.answer([b"%016d" % 1, b"daphne.response.abc!x"])
    assert down.received == [(["daphne.response.abc!x"], "hello")]


def test_the_members_of_a_limited_number_of_groups_are_cached(down):
    down.reader._members.limit = 3
    for number in range(9):
        down.reader._deliver(iter([group_item(down.reader.layer, f"room-{number}")]))
        down.client.answer([b"%016d" % 1, b"daphne.response.abc!x"])
    assert list(down.reader._members) == [b"room-6", b"room-7", b"room-8"]


# The next tests are about the connection to Redis.


@pytest.fixture
def client(clock, monkeypatch):
    pool = types.SimpleNamespace(connection_kwargs={}, connection_class=object)
    client = redis_client.RedisClient(pool)
    monkeypatch.setattr(client, "_connect", lambda: None)
    connection = redis_client._Protocol(client)
    connection.makeConnection(StringTransport())
    client._protocol = connection
    return client


def test_a_call_from_an_errback_of_a_lost_connection_fails(client):
    failures = []
    client.call(("GET", "a")).addErrback(lambda failure: client.call(("GET", "a")).addErrback(failures.append))
    client._protocol.connectionLost()
    assert len(failures) == 1


def test_the_client_still_retries_after_an_hour(client, clock):
    attempts = []
    client._connect = lambda: (attempts.append(clock.seconds()), client._retry("still away"))
    client._protocol.connectionLost()
    for _ in range(3600):
        clock.advance(1)
    assert attempts[-1] > 3590


def test_the_client_connects_again_if_the_server_has_lost_its_scripts(client, monkeypatch):
    reconnected = []
    monkeypatch.setattr(client, "reconnect", lambda: reconnected.append(True))
    answered = client.call(("EVALSHA", "x", 0))
    client._protocol.dataReceived(b"-NOSCRIPT No matching script.\r\n")
    assert reconnected and isinstance(answered.result[0], hiredis.ReplyError)
