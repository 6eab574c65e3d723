"""An open websocket has few attributes of its own, and behaves as one that has all of autobahn's attributes."""

import gc
import types
import weakref

import pytest
from twisted.internet.protocol import connectionDone

from channels_transport.interface.idle import make_class
from tests.channels_transport.connection import FakeConnection, make_frame

pytestmark = pytest.mark.no_database


def open_websocket(**options):
    connection = FakeConnection(**options).open()
    return connection, connection.transport.protocol


def test_an_idle_websocket_has_few_attributes_of_its_own():
    _, protocol = open_websocket()
    assert len(vars(protocol)) <= 17, "a dictionary of more than 21 entries needs twice as much memory"
    _, other = open_websocket()
    assert protocol.decoded_path is other.decoded_path and protocol.request.path is other.request.path


def test_a_websocket_keeps_the_options_of_its_factory():
    connection, protocol = open_websocket(ping_timeout=7)
    factory = connection.factory.ws_factory
    for name in type(protocol).__mro__[1].CONFIG_ATTRS:
        assert getattr(protocol, name) == getattr(factory, name), name
    assert protocol.autoPingTimeout == 7 and protocol.factory is factory


def test_only_real_connections_are_counted():
    connection, _ = open_websocket()
    assert connection.factory.ws_factory.countConnections == 1


def test_websockets_share_nothing_that_one_of_them_changes():
    (first, one), (second, two) = open_websocket(), open_websocket()
    first.write(make_frame(0x01, "é".encode()[:1]))
    second.write(make_frame(0x81, b"whole"))
    first.write(make_frame(0x80, "é".encode()[1:]))
    assert first.passed_on("websocket.receive")["text"] == "é"
    assert second.passed_on("websocket.receive")["text"] == "whole"
    assert one.utf8validator is not None and two.utf8validator is None


def test_an_action_logger_still_learns_the_address():
    actions = []
    connection, _ = open_websocket(action_logger=lambda *action: actions.append(action))
    connection.write(make_frame(0x88, b"\x03\xe8"))
    assert [(action, details["client"]) for _, action, details in actions[1:]] == [
        ("connected", "10.1.1.1:4711"),
        ("disconnected", "10.1.1.1:4711"),
    ]


def test_a_function_among_the_options_is_not_a_method():
    factory = FakeConnection().factory.ws_factory
    factory.perMessageCompressionAccept = lambda offers: offers
    base = type(factory.protocol())
    kind = make_class(types.new_class("Other", (base.__mro__[1],)), factory)
    assert kind().perMessageCompressionAccept("offers") == "offers"


def test_a_websocket_leaves_no_work_for_the_garbage_collector():
    connection = FakeConnection()
    channel = weakref.ref(connection.channel)
    del connection.channel
    gc.disable()
    try:
        connection.open()
        assert channel() is None
        protocol = weakref.ref(connection.transport.protocol)
        connection.transport.protocol.connectionLost(connectionDone)
        # Twisted's real transport does the same.
        connection.transport.protocol = connection.transport.producer = None
        assert protocol() is None
    finally:
        gc.enable()
