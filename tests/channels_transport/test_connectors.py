"""The lease of an interface process: a renewal that reveals lost messages closes the connections."""

import hiredis
import pytest

from channels_transport.connectors import RedisConnector
from channels_transport.layer import RedisChannelLayer
from tests.channels_transport.fakes import Client

pytestmark = pytest.mark.no_database


class FakeServer:
    """A fake server. It counts the calls of `close_all_after_loss`."""

    def __init__(self):
        self.closed = 0

    def close_all_after_loss(self):
        self.closed += 1

    pause = resume = refuse = dispatch = broadcast = None


@pytest.fixture
def connector():
    """Return a connector with two fake clients. Its `renew(*answers)` returns the number of closes."""
    connector = RedisConnector(RedisChannelLayer(), "daphne.response.abc!", FakeServer())
    connector.lease_clients = [Client(), Client()]

    def renew(*answers, milliseconds=10000):
        connector._renew(milliseconds)
        for client, answer in zip(connector.lease_clients, answers):
            if client.is_connected:
                client.answer(answer)
        return connector.server.closed

    connector.renew = renew
    return connector


def test_an_interface_closes_its_connections_once_when_a_redis_has_lost_its_data(connector):
    assert connector.renew([0, b"1"], [0, b"2"]) == 0, "the first renewal only stores the marks"
    assert connector.renew([0, b"1"], [0, b"2"]) == 0
    assert connector.renew([0, b"1"], [0, b"3"]) == 1
    assert connector.renew([0, b"1"], [0, b"3"]) == 1


def test_an_outage_alone_closes_no_connection(connector):
    connector.renew([0, b"1"], [0, b"2"])
    connector.lease_clients[1].is_connected = False
    connector.renew([0, b"1"], None)
    connector.lease_clients[1].is_connected = True
    assert connector.renew(hiredis.ReplyError("NOSCRIPT"), [0, b"2"]) == 0
    assert connector.renew([0, b"1"], [0, b"2"], milliseconds=0) == 0, "a normal shutdown does not close either"


def test_an_interface_that_counted_as_dead_closes_its_connections(connector):
    assert connector.renew([1, b"1"], [0, b"2"]) == 1


def test_a_lease_is_renewed_while_the_connection_for_frames_is_busy(connector):
    """Check that renewals have connections of their own, because a flood can fill the connection for frames."""
    assert not {*connector.lease_clients} & {*connector.clients, connector.reader}
    connector._renew(10000)
    assert all(len(client.calls) == 1 for client in connector.lease_clients)
