"""The interface server: its limits, broadcasts, closes after a loss, signals, timers and garbage collector."""

import gc
import signal
import time
from unittest.mock import MagicMock

import pytest
from django.core.management import call_command
from twisted.internet import task

from channels_transport import interface
from channels_transport.management.commands import interface as command
from channels_transport.memory import MemoryChannelLayer
from channels_transport.writing import data_frame
from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database


@pytest.fixture
def connection():
    return FakeConnection()


def make_server(**options):
    return interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"], **options)


def test_the_server_passes_its_limits_to_the_factory():
    server = make_server(trusted_proxies=2, websocket_handshake_timeout=7)
    server.send_channel = "daphne.response.test!"
    factory = server.make_factory()
    assert isinstance(factory, interface.HTTPFactory)
    assert factory.trusted_proxies == 2 and factory.proxy_forwarded_address_header == "X-Forwarded-For"
    assert factory.websocket_connect_timeout == 7 and not factory.ws_factory.openHandshakeTimeout
    assert factory.ws_factory.maxMessagePayloadSize == factory.ws_factory.maxFramePayloadSize == 64 * 1024
    assert factory.ws_factory.failByDrop is False and factory.ws_factory.allowNullOrigin is True
    assert server.websocket_timeout == -1


def test_a_reply_that_cannot_be_sent_is_logged(caplog):
    server = make_server()

    class Broken:
        def dispatch_reply(self, channel, message):
            raise ValueError("on purpose")

    server.factory = Broken()
    server.dispatch("daphne.response.test!a", {"text": "a"})
    assert "on purpose" in caplog.text


def test_a_failing_member_does_not_stop_a_broadcast_to_the_others(connection, caplog):
    connection.open()
    server = make_server()
    server.factory = connection.factory
    connection.factory.reply_protocols["daphne.response.test!broken"] = object()
    frame = data_frame(b"hello")
    server.broadcast(["daphne.response.test!broken", connection.asgi_message["reply_channel"]], "hello", frame)
    assert connection.received == frame
    assert "could not be sent on daphne.response.test!broken" in caplog.text


def test_timeouts_are_checked_again_after_an_exception(monkeypatch, caplog):
    clock = task.Clock()
    monkeypatch.setattr(interface.server, "reactor", clock)
    server = make_server()
    server.timeout_checker()
    assert "could not be checked" in caplog.text, "it has no factory yet"
    assert clock.getDelayedCalls()


def test_connections_that_missed_messages_are_closed_with_4408(connection, monkeypatch):
    monkeypatch.setattr(interface.server, "reactor", task.Clock())
    connection.open()
    server = make_server()
    server.factory = connection.factory
    server.close_all_after_loss()
    assert connection.close_code == 4408


def test_connections_that_missed_messages_are_closed_in_batches(connection, monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(interface.server, "reactor", clock)
    server = make_server()
    closed = []

    class Socket(interface.WebSocketProtocol):
        def serverClose(self, code=True):
            closed.append(code)

    server.factory = connection.factory
    server.factory.reply_protocols = {number: Socket() for number in range(1000)}
    server.close_all_after_loss()
    for _ in range(10):
        clock.advance(0.1)
    assert 400 < len(closed) <= 600
    for _ in range(10):
        clock.advance(0.1)
    assert closed == [4408] * 1000


@pytest.mark.parametrize("inherited", [signal.SIG_IGN, signal.default_int_handler])
def test_sigint_ends_the_server_even_if_it_was_ignored_at_start(monkeypatch, inherited):
    reactor = MagicMock()
    monkeypatch.setattr(interface.server, "reactor", reactor)
    monkeypatch.setattr(interface.server, "globalLogBeginner", MagicMock())
    server = make_server()
    server.endpoints = []
    seen = []
    reactor.run.side_effect = lambda **options: seen.append(signal.getsignal(signal.SIGINT))
    before = signal.signal(signal.SIGINT, inherited)
    try:
        server.run()
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.default_int_handler], "Twisted replaces it with its own handler"


def test_timers_use_the_monotonic_clock(monkeypatch):
    reactor = MagicMock()
    monkeypatch.setattr(interface.server, "reactor", reactor)
    monkeypatch.setattr(interface.server, "globalLogBeginner", MagicMock())
    server = make_server()
    server.endpoints = []
    server.run()
    assert reactor.seconds is time.monotonic


def test_the_garbage_collector_leaves_out_what_the_start_has_made(monkeypatch):
    frozen = []
    server = MagicMock()
    server.return_value.run.side_effect = lambda: frozen.append(gc.get_freeze_count())
    monkeypatch.setattr(command, "Server", server)
    for name in (
        "check_interface_settings",
        "get_shared_layer",
        "check_servers",
        "raise_file_limit",
        "start_following",
    ):
        monkeypatch.setattr(command, name, MagicMock())
    try:
        call_command("interface")
    finally:
        gc.unfreeze()
    assert frozen[0] > 10_000
