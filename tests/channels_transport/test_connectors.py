"""The lease of an interface process: when its renewal closes the connections."""

import hiredis
import pytest

from channels_transport.connectors import RedisConnector
from channels_transport.layer import RedisChannelLayer
from tests.channels_transport.fakes import Client

pytestmark = pytest.mark.no_database


class Site:
    """Stands in for the server, and counts how often it is told to close its connections."""

    def __init__(self):
        self.closed = 0

    def close_lost(self):
        self.closed += 1

    pause = resume = refuse = dispatch = broadcast = None


@pytest.fixture
def connector():
    """A connector with two fake clients, and `renewed(answers of both)`."""
    connector = RedisConnector(RedisChannelLayer(), "daphne.response.abc!", Site())
    connector.clients = [Client(), Client()]

    def renewed(*answers, milliseconds=10000):
        connector._renew(milliseconds)
        for client, answer in zip(connector.clients, answers, strict=True):
            if client.is_connected:
                client.answer(answer)
        return connector.server.closed

    connector.renewed = renewed
    return connector


def test_an_interface_closes_its_connections_once_when_a_redis_has_lost_its_data(connector):
    assert connector.renewed([0, b"1"], [0, b"2"]) == 0, "the first renewal only learns the marks"
    assert connector.renewed([0, b"1"], [0, b"2"]) == 0
    assert connector.renewed([0, b"1"], [0, b"3"]) == 1
    assert connector.renewed([0, b"1"], [0, b"3"]) == 1


def test_an_outage_alone_closes_no_connection(connector):
    connector.renewed([0, b"1"], [0, b"2"])
    connector.clients[1].is_connected = False
    connector.renewed([0, b"1"], None)
    connector.clients[1].is_connected = True
    assert connector.renewed(hiredis.ReplyError("NOSCRIPT"), [0, b"2"]) == 0
    assert connector.renewed([0, b"1"], [0, b"2"], milliseconds=0) == 0, "nor does a normal shutdown"


def test_an_interface_that_counted_as_dead_closes_its_connections(connector):
    assert connector.renewed([1, b"1"], [0, b"2"]) == 1
