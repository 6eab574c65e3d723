"""What an interface does when Redis is away, full, or has forgotten: with a clock and connections that only pretend."""

import types

import hiredis
import pytest
from twisted.internet import defer, task
from twisted.internet.testing import StringTransport

from channels_transport import connectors, downstream, redis_client, upstream
from channels_transport.layer import RedisChannelLayer
from channels_transport.redis_client import Disconnected

pytestmark = pytest.mark.no_database

REPLY = "daphne.response.abc!x"


@pytest.fixture
def clock(monkeypatch):
    clock = task.Clock()
    for module in (downstream, redis_client, upstream):
        monkeypatch.setattr(module, "reactor", clock)
    return clock


class Client:
    """Stands in for RedisClient: keeps what it is asked, and answers when it is told to."""

    seconds_away = 0
    is_connected = True

    def __init__(self):
        self.asked = []

    def call(self, *commands, seconds=None):
        if not self.is_connected:
            return defer.fail(Disconnected("away"))
        self.asked.append((commands, defer.Deferred()))
        return self.asked[-1][1]

    def answer(self, *answers):
        self.asked[-1][1].callback(list(answers))


class Line:
    """An interface's way up; `log` says whom it told to stop and to go on."""

    def __init__(self, clock):
        self.clock, self.client, self.log = clock, Client(), []
        told = {name: lambda reply, name=name: self.log.append(name) for name in ("pause", "resume", "refuse")}
        self.upstream = upstream.Upstream(RedisChannelLayer(), self.client, **told)

    def send(self, order, channel="websocket.receive"):
        self.upstream.send(channel, {"reply_channel": REPLY, "order": order})

    def turn(self):
        self.clock.advance(0)

    @property
    def places(self):
        return [command[-1] for command in self.client.asked[-1][0]]


@pytest.fixture
def line(clock):
    return Line(clock)


# Up.


def test_frames_of_one_turn_leave_in_one_trip_the_first_as_the_first(line):
    for order in range(3):
        line.send(order)
    line.turn()
    assert line.places == ["first", "next", "next"]
    line.client.answer(b"ok", b"ok", b"ok")
    assert line.upstream.is_empty and line.log == ["resume"]


def test_what_was_not_taken_is_offered_again_and_reading_waits(line):
    for order in range(3):
        line.send(order)
    line.turn()
    line.client.answer(b"ok", b"full", b"gap")
    assert line.log == ["pause"]
    line.clock.advance(1)
    assert line.places == ["first", "next"]
    line.client.answer(b"ok", b"ok")
    assert line.upstream.is_empty and line.log == ["pause", "resume"]


def test_frames_wait_for_redis_and_go_when_it_is_there_again(line):
    line.send(0)
    line.turn()
    line.client.asked[-1][1].errback(Disconnected("away"))
    line.send(1)
    line.clock.advance(5)
    assert len(line.client.asked) == 1 and line.log == ["pause"]
    line.upstream.resume_all()
    line.turn()
    assert line.places == ["first", "next"]


def test_while_redis_is_away_no_handshake_is_kept(line):
    line.client.seconds_away = upstream.MAX_AWAY_SECONDS + 1
    with pytest.raises(line.upstream.ChannelFull):
        line.send(0, "websocket.connect")
    line.send(7)
    line.send(8, "websocket.disconnect")
    assert not line.upstream.is_empty, "a connection of which workers know keeps its frames"


def test_who_leaves_before_anybody_has_heard_of_it_leaves_nothing_behind(line):
    line.send(0, "websocket.connect")
    line.turn()
    line.client.answer(b"full")
    line.send(1, "websocket.disconnect")
    assert line.upstream.is_empty
    line.clock.advance(5)
    assert len(line.client.asked) == 1


@pytest.mark.parametrize("heard", ["taken", "doubtful"])
def test_who_may_have_been_heard_of_says_good_bye(line, heard):
    line.send(0, "websocket.connect")
    line.send(1)
    line.turn()
    if heard == "taken":
        line.client.answer(b"ok", b"full")
    else:
        line.client.asked[-1][1].errback(Disconnected("away"))
    line.send(2, "websocket.disconnect")
    assert not line.upstream.is_empty


# Down.


@pytest.fixture
def down(clock):
    heard = []
    client = Client()
    way = downstream.Downstream(
        RedisChannelLayer(),
        "daphne.response.abc!",
        Client(),
        [client],
        None,
        lambda channels, text, frame: heard.append((channels, text)),
    )
    return types.SimpleNamespace(way=way, client=client, heard=heard, clock=clock)


def group_item(layer, group, version=1):
    return b"G9999999999999%016d%s\0%s" % (version, group.encode(), layer.serialize({"text": "hello"}))


def test_a_message_to_a_group_waits_for_its_members_while_redis_is_away(down):
    down.client.is_connected = False
    down.way._deliver([group_item(down.way.layer, "room")])
    down.clock.advance(0.2)
    down.client.is_connected = True
    down.clock.advance(0.2)
    down.client.answer([b"%016d" % 1, b"daphne.response.abc!x"])
    assert down.heard == [(["daphne.response.abc!x"], "hello")]


def test_the_members_of_so_many_groups_are_kept_at_hand_and_no_more(down):
    down.way._members.limit = 3
    for number in range(9):
        down.way._deliver([group_item(down.way.layer, f"room-{number}")])
        down.client.answer([b"%016d" % 1, b"daphne.response.abc!x"])
    assert list(down.way._members) == [b"room-6", b"room-7", b"room-8"]


# The connection.


@pytest.fixture
def client(clock, monkeypatch):
    pool = types.SimpleNamespace(connection_kwargs={}, connection_class=object)
    client = redis_client.RedisClient(pool)
    monkeypatch.setattr(client, "_connect", lambda: None)
    made = redis_client._Protocol(client)
    made.makeConnection(StringTransport())
    client._protocol = made
    return client


def test_who_asks_again_when_the_connection_ends_is_answered_too(client):
    failures = []
    client.call(("GET", "a")).addErrback(lambda failure: client.call(("GET", "a")).addErrback(failures.append))
    client._protocol.connectionLost()
    assert len(failures) == 1


def test_after_an_hour_away_it_still_tries(client, clock):
    tries = []
    client._connect = lambda: (tries.append(clock.seconds()), client._retry("still away"))
    client._protocol.connectionLost()
    for _ in range(3600):
        clock.advance(1)
    assert tries[-1] > 3590


def test_a_server_that_has_forgotten_its_scripts_is_greeted_again(client, monkeypatch):
    restarted = []
    monkeypatch.setattr(client, "restart", lambda: restarted.append(True))
    answered = client.call(("EVALSHA", "x", 0))
    client._protocol.dataReceived(b"-NOSCRIPT No matching script.\r\n")
    assert restarted and isinstance(answered.result[0], hiredis.ReplyError)


# The lease.


class Site:
    """Stands in for the server, and counts how often it closes its connections."""

    def __init__(self):
        self.closed = 0

    def close_lost(self):
        self.closed += 1

    pause = resume = refuse = dispatch = broadcast = None


@pytest.fixture
def link():
    """A link over two clients that only pretend, and `renewed(answers of both)`."""
    link = connectors.RedisConnector(RedisChannelLayer(), "daphne.response.abc!", Site())
    link.clients = [Client(), Client()]

    def renewed(*answers, milliseconds=10000):
        link._renew(milliseconds)
        for client, answer in zip(link.clients, answers, strict=True):
            if client.is_connected:
                client.answer(answer)
        return link.server.closed

    link.renewed = renewed
    return link


def test_an_interface_closes_its_connections_once_when_a_redis_has_lost_its_memory(link):
    assert link.renewed([0, b"1"], [0, b"2"]) == 0, "it has only begun"
    assert link.renewed([0, b"1"], [0, b"2"]) == 0
    assert link.renewed([0, b"1"], [0, b"3"]) == 1
    assert link.renewed([0, b"1"], [0, b"3"]) == 1


def test_a_redis_that_was_merely_away_costs_no_connection(link):
    link.renewed([0, b"1"], [0, b"2"])
    link.clients[1].is_connected = False
    link.renewed([0, b"1"], None)
    link.clients[1].is_connected = True
    assert link.renewed(hiredis.ReplyError("NOSCRIPT"), [0, b"2"]) == 0
    assert link.renewed([0, b"1"], [0, b"2"], milliseconds=0) == 0, "nor does its own end"


def test_an_interface_that_was_taken_for_dead_closes_its_connections(link):
    assert link.renewed([1, b"1"], [0, b"2"]) == 1
