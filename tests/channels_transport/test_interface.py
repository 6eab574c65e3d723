"""The interface's protocols, on a transport that is only a string: what they pass on, refuse, and close with."""

import base64
import json
import re
import signal
import time
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from autobahn.websocket.protocol import WebSocketProtocol as Frames
from twisted.internet import task
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from channels_transport import interface
from channels_transport.memory import MemoryChannelLayer
from channels_transport.writing import data_frame
from tests.conftest import Clock

pytestmark = pytest.mark.no_database

KEY = base64.b64encode(b"0123456789abcdef")


class Transport(StringTransport):
    """Without the complaint of one that was closed, which a real one does not make either."""

    def resumeProducing(self):
        pass

    def setTcpNoDelay(self, on):
        pass


class Line:
    """One TCP connection to an interface; `write` what a client sends, read `received`."""

    def __init__(self, **kwargs):
        self.layer = MemoryChannelLayer(capacity=kwargs.pop("capacity", 100))
        self.factory = interface.HTTPFactory(self.layer, send_channel="daphne.response.test!", **kwargs)
        self.channel = self.factory.buildProtocol(IPv4Address("TCP", "10.1.1.1", 4711))
        self.transport = Transport(peerAddress=IPv4Address("TCP", "10.1.1.1", 4711))
        self.channel.makeConnection(self.transport)
        self.transport.protocol = self.channel

    def write(self, data):
        self.transport.protocol.dataReceived(data)

    def request(self, method=b"GET", path=b"/", headers=(), body=b""):
        lines = [method + b" " + path + b" HTTP/1.1", b"Host: testserver"]
        if body:
            lines.append(b"Content-Length: %d" % len(body))
        self.write(b"\r\n".join([*lines, *headers, b"", b""]) + body)

    def handshake(self, path=b"/chat/garden/", headers=()):
        upgrade = [
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Sec-WebSocket-Version: 13",
            b"Sec-WebSocket-Key: " + KEY,
        ]
        self.request(path=path, headers=[*upgrade, *headers])

    @property
    def received(self):
        return self.transport.value()

    @property
    def status(self):
        return int(self.received.split(b" ", 2)[1])

    def passed_on(self, channel):
        return self.layer.receive([channel])[1]

    def open(self, **kwargs):
        self.handshake(**kwargs)
        self.answer = self.passed_on("websocket.connect")
        self.reply({"accept": True})
        self.transport.clear()
        return self

    def reply(self, message):
        self.factory.dispatch_reply(self.answer["reply_channel"], message)

    def frame(self, opcode, payload, length=None):
        """Sends one masked frame; the mask is zeros."""
        size = len(payload) if length is None else length
        if size < 126:
            head = bytes([0x80 | opcode, 0x80 | size])
        elif size < 65536:
            head = bytes([0x80 | opcode, 0xFE]) + size.to_bytes(2, "big")
        else:
            head = bytes([0x80 | opcode, 0xFF]) + size.to_bytes(8, "big")
        self.write(head + b"\0\0\0\0" + payload)

    @property
    def close_code(self):
        data = self.received
        assert data[0] == 0x88, data[:50]
        return int.from_bytes(data[2:4], "big")


@pytest.fixture
def line():
    return Line()


# Requests.


def test_a_request_is_passed_on_and_its_answer_written(line):
    line.request(path=b"/rooms/?q=a", headers=[b"X-Any: thing"])
    message = line.passed_on("http.request")
    assert (message["path"], message["query_string"]) == ("/rooms/", b"q=a")
    assert message["client"] == ["10.1.1.1", 4711]
    line.factory.dispatch_reply(message["reply_channel"], {"status": 200, "content": b"Hello"})
    assert line.status == 200 and b"Hello" in line.received


def test_a_body_of_one_mebibyte_is_read_and_one_byte_more_refused():
    line = Line()
    line.request(b"POST", b"/api/rooms/", body=b"x" * interface.MAX_BODY_BYTES)
    assert len(line.passed_on("http.request")["body"]) == interface.MAX_BODY_BYTES
    line = Line()
    line.request(b"POST", b"/api/rooms/", body=b"x" * (interface.MAX_BODY_BYTES + 1))
    assert line.status == 413 and line.passed_on("http.request") is None
    body = json.loads(re.search(rb"\{.*\}", line.received)[0])
    assert body["code"] == "too_large"
    assert line.passed_on("http.disconnect") is None


def test_outside_the_api_a_large_body_gets_a_page():
    line = Line()
    line.request(b"POST", b"/sign-in/", body=b"x" * (interface.MAX_BODY_BYTES + 1))
    assert line.status == 413 and b"text/html" in line.received


def test_a_large_body_in_chunks_is_refused_too(line):
    line.write(b"POST /api/x/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(33):
        line.write(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
    line.write(b"0\r\n\r\n")
    assert line.status == 413 and line.passed_on("http.request") is None


def test_a_client_cannot_move_the_site(line):
    line.request(headers=[b"Daphne-Root-Path: /evil"])
    message = line.passed_on("http.request")
    assert message["root_path"] == ""
    assert b"daphne-root-path" not in dict(message["headers"])


@pytest.mark.parametrize(
    "hops, header, address",
    [
        (0, b"6.6.6.6", "10.1.1.1"),
        (1, b"6.6.6.6, 7.7.7.7", "7.7.7.7"),
        (2, b"5.5.5.5, 6.6.6.6, 7.7.7.7", "6.6.6.6"),
        (3, b"7.7.7.7", "7.7.7.7"),
        (1, None, "10.1.1.1"),
    ],
)
@pytest.mark.parametrize("is_socket", [False, True])
def test_only_proxies_of_ours_say_where_somebody_comes_from(hops, header, address, is_socket):
    line = Line(trusted_proxies=hops, proxy_forwarded_address_header="X-Forwarded-For" if hops else None)
    headers = [b"X-Forwarded-For: " + header] if header else []
    line.handshake(headers=headers) if is_socket else line.request(headers=headers)
    message = line.passed_on("websocket.connect" if is_socket else "http.request")
    assert message["client"][0] == address


def test_proxies_may_write_several_header_lines():
    line = Line(trusted_proxies=1, proxy_forwarded_address_header="X-Forwarded-For")
    line.request(headers=[b"X-Forwarded-For: 6.6.6.6", b"X-Forwarded-For: 7.7.7.7"])
    assert line.passed_on("http.request")["client"][0] == "7.7.7.7"


def test_an_answer_that_stops_in_the_middle_is_cut_off_and_a_slow_one_is_not(monkeypatch):
    line = Line(timeout=30)
    line.request()
    message = line.passed_on("http.request")
    line.factory.dispatch_reply(message["reply_channel"], {"status": 200, "content": b"half", "more_content": True})
    request = line.factory.reply_protocols[message["reply_channel"]]
    request.request_start -= 31
    line.factory.check_timeouts()
    assert not line.transport.disconnecting and message["reply_channel"] in line.factory.reply_protocols
    request.answered_at -= 31
    line.factory.check_timeouts()
    assert line.transport.disconnecting and line.status == 200


@pytest.fixture
def long_answer():
    """A request whose answer lies in the transport's buffer: (line, its reply channel)."""
    line = Line(timeout=30)
    line.request()
    reply = line.passed_on("http.request")["reply_channel"]
    line.factory.dispatch_reply(reply, {"status": 200, "content": b"a" * 1000, "more_content": True})
    line.transport.producer.pauseProducing()  # as a transport does whose buffer is full
    line.factory.dispatch_reply(reply, {"content": b"b" * 1000, "more_content": True})
    line.factory.dispatch_reply(reply, {"more_content": False})
    return line, reply


def test_a_long_answer_ends_when_it_has_left(long_answer):
    line, reply = long_answer
    assert reply in line.factory.reply_protocols
    # Until then nothing of Twisted's cuts it off for being idle.
    assert line.transport.producer._TimeoutMixin__timeoutCall is None
    line.transport.producer.resumeProducing()
    assert reply not in line.factory.reply_protocols
    assert line.received.endswith(b"0\r\n\r\n")
    line.request(path=b"/next")
    assert line.passed_on("http.request")["path"] == "/next"


def test_who_reads_slowly_is_waited_for_and_who_does_not_read_is_cut_off(long_answer, monkeypatch):
    line, reply = long_answer
    request = line.factory.reply_protocols[reply]
    request.request_start -= 31
    for unsent in (2000, 1500, 700):
        monkeypatch.setattr(interface.requests, "unsent_bytes", lambda transport, unsent=unsent: unsent)
        request.answered_at -= 31
        line.factory.check_timeouts()
        assert not line.transport.disconnected
    request.answered_at -= 31
    line.factory.check_timeouts()
    assert line.transport.disconnected


def test_a_long_answer_that_nobody_waits_for_any_more_is_forgotten(long_answer):
    line, reply = long_answer
    line.channel.connectionLost(Failure(ConnectionDone()))
    assert reply not in line.factory.reply_protocols


# Handshakes.


def test_a_handshake_is_passed_on_and_accepted(line):
    line.handshake(b"/chat/garden/?cursor=5", [b"Origin: http://testserver", b"Cookie: sessionid=a"])
    message = line.passed_on("websocket.connect")
    assert (message["path"], message["query_string"], message["order"]) == ("/chat/garden/", b"cursor=5", 0)
    headers = dict(message["headers"])
    assert headers[b"origin"] == b"http://testserver" and headers[b"cookie"] == b"sessionid=a"
    line.factory.dispatch_reply(message["reply_channel"], {"accept": True, "text": "Hello"})
    assert line.status == 101 and line.received.endswith(b"\x81\x05Hello")


@pytest.mark.parametrize(
    "query",
    [b"session_key=a", b"session_key", b"session_key=", b"a=1&session_key=b", b"%73ession_key=a", b"session%5Fkey=a"],
)
def test_a_session_key_in_the_address_is_refused(line, query):
    line.handshake(b"/chat/garden/?" + query)
    assert line.status == 400 and line.passed_on("websocket.connect") is None


@pytest.mark.parametrize("end", interface.LINE_ENDS)
def test_a_header_smuggles_no_other_header_in(line, end):
    line.handshake(headers=[b"X-Any: a" + end + b"Origin: http://testserver"])
    assert line.status == 400 and line.passed_on("websocket.connect") is None


@pytest.mark.parametrize(
    "path",
    [
        b"/chat/garden/?\x1fHTTP/1.1\x1cOrigin:http://testserver\x1cX:y",
        b"/chat/garden/\x1fHTTP/1.1\x1cOrigin:http://testserver\x1cX:y",
        b"/chat/garden/?\xa0HTTP/1.1\x85Origin:http://testserver\x85X:y",
    ],
)
def test_an_address_smuggles_no_header_in_either(line, path):
    line.handshake(path)
    assert line.status == 400 and line.passed_on("websocket.connect") is None


def test_two_origins_are_no_origin_of_ours(line):
    line.handshake(headers=[b"Origin: http://testserver", b"Origin: http://evil.example"])
    message = line.passed_on("websocket.connect")
    assert message is None or dict(message["headers"])[b"origin"] not in (b"http://testserver", b"http://evil.example")


def test_the_origin_null_reaches_our_own_check(line):
    line.handshake(headers=[b"Origin: null"])
    assert dict(line.passed_on("websocket.connect")["headers"])[b"origin"] == b"null"


def test_a_denied_handshake_is_403(line):
    line.handshake()
    message = line.passed_on("websocket.connect")
    line.factory.dispatch_reply(message["reply_channel"], {"close": True})
    assert line.status == 403


def test_a_handshake_that_cannot_be_passed_on_is_503_and_tells_nothing(line, monkeypatch):
    def fail(channel, message):
        raise OSError("redis at 10.0.0.1")

    monkeypatch.setattr(line.layer, "send", fail)
    line.handshake()
    assert line.status == 503 and b"10.0.0.1" not in line.received


def test_with_the_queue_full_a_handshake_is_503():
    line = Line(capacity=0)
    line.handshake()
    assert line.status == 503


@pytest.mark.parametrize("code", [4401, 4404, 4429])
def test_a_refusal_accepts_and_closes_in_one_message(line, code):
    line.handshake()
    line.answer = line.passed_on("websocket.connect")
    line.reply({"accept": True, "close": code})
    assert line.status == 101
    assert line.received.endswith(bytes([0x88, 2]) + code.to_bytes(2, "big"))


# Frames.


def test_frames_are_passed_on_in_order(line):
    line.open()
    line.frame(Frames.MESSAGE_TYPE_TEXT, "grüß".encode())
    line.frame(Frames.MESSAGE_TYPE_BINARY, b"\xff")
    first, second = line.passed_on("websocket.receive"), line.passed_on("websocket.receive")
    assert (first["text"], first["order"]) == ("grüß", 1)
    assert (second["bytes"], second["order"], second.get("text")) == (b"\xff", 2, None)


def test_a_frame_of_64_kib_passes_and_a_byte_more_is_1009():
    line = Line().open()
    line.frame(Frames.MESSAGE_TYPE_TEXT, b"x" * 65536)
    assert len(line.passed_on("websocket.receive")["text"]) == 65536
    line = Line().open()
    line.frame(Frames.MESSAGE_TYPE_TEXT, b"x" * 65537)
    assert line.close_code == 1009 and line.passed_on("websocket.receive") is None


def test_what_only_claims_to_be_large_is_1009_at_once():
    line = Line().open()
    line.frame(Frames.MESSAGE_TYPE_TEXT, b"", length=2**40)
    assert line.close_code == 1009


def test_what_is_not_utf8_is_1007(line):
    line.open()
    line.frame(Frames.MESSAGE_TYPE_TEXT, b"\xff\xfe")
    assert line.close_code == 1007 and line.passed_on("websocket.receive") is None


@pytest.mark.parametrize("code", [1000, *interface.SERVER_CLOSE_CODES, 4401, 4408])
def test_the_server_closes_with_any_code_it_may_use(line, code):
    line.open()
    line.reply({"close": code})
    assert line.close_code == code


def test_a_second_close_and_late_frames_are_nothing(line):
    line.open()
    line.reply({"close": 4403})
    written = line.received
    line.reply({"close": 4401})
    line.reply({"text": "late"})
    assert line.received == written


def test_who_is_not_read_is_not_dropped_for_a_pong_that_nobody_reads(line):
    protocol = line.open().transport.protocol
    protocol._sendAutoPing()
    assert protocol.autoPingTimeoutCall is not None
    protocol.pause()
    line.transport.clear()
    protocol.last_data -= 100
    line.factory.check_timeouts()
    assert protocol.autoPingTimeoutCall is None and line.received == b""
    protocol.resume()
    protocol.last_data -= 100
    line.factory.check_timeouts()
    assert line.received[0] == 0x89
    protocol.pause()


# The server.


def test_the_server_passes_its_limits_on():
    server = interface.Server(
        MemoryChannelLayer(), endpoints=["tcp:0"], trusted_proxies=2, websocket_handshake_timeout=7
    )
    server.send_channel = "daphne.response.test!"
    factory = server.make_factory()
    assert isinstance(factory, interface.HTTPFactory)
    assert factory.trusted_proxies == 2 and factory.proxy_forwarded_address_header == "X-Forwarded-For"
    assert factory.websocket_connect_timeout == 7 < factory.ws_factory.openHandshakeTimeout
    assert factory.ws_factory.maxMessagePayloadSize == factory.ws_factory.maxFramePayloadSize == 64 * 1024
    assert factory.ws_factory.failByDrop is False and factory.ws_factory.allowNullOrigin is True
    assert server.websocket_timeout == -1


def test_a_reply_that_cannot_be_sent_stops_no_other(caplog):
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])

    class Broken:
        def dispatch_reply(self, channel, message):
            raise ValueError("on purpose")

    server.factory = Broken()
    server.dispatch("daphne.response.test!a", {"text": "a"})
    assert "on purpose" in caplog.text


def test_a_member_that_fails_takes_a_broadcast_from_nobody(line, caplog):
    line.open()
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    server.factory = line.factory
    line.factory.reply_protocols["daphne.response.test!broken"] = object()
    frame = data_frame(b"hello")
    server.broadcast(["daphne.response.test!broken", line.answer["reply_channel"]], "hello", frame)
    assert line.received == frame
    assert "could not be sent on daphne.response.test!broken" in caplog.text


def test_times_are_looked_after_whatever_fails(monkeypatch, caplog):
    clock = task.Clock()
    monkeypatch.setattr(interface.server, "reactor", clock)
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    server.timeout_checker()
    assert "could not be looked after" in caplog.text, "it has no factory yet"
    assert clock.getDelayedCalls()


def test_connections_that_have_missed_something_are_closed_with_4408(line, monkeypatch):
    monkeypatch.setattr(interface.server, "reactor", task.Clock())
    line.open()
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    server.factory = line.factory
    server.close_lost()
    assert line.close_code == 4408


def test_of_those_that_have_missed_something_not_all_come_back_at_once(line, monkeypatch):
    clock = task.Clock()
    monkeypatch.setattr(interface.server, "reactor", clock)
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    closed = []

    class Socket(interface.WebSocketProtocol):
        def serverClose(self, code=True):
            closed.append(code)

    server.factory = line.factory
    server.factory.reply_protocols = {number: Socket() for number in range(1000)}
    server.close_lost()
    for _ in range(10):
        clock.advance(0.1)
    assert 400 < len(closed) <= 600
    for _ in range(10):
        clock.advance(0.1)
    assert closed == [4408] * 1000


def test_who_is_silent_until_groups_may_forget_it_is_asked_to_come_back(line, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(interface.websockets, "time", SimpleNamespace(monotonic=clock.monotonic, time=time.time))
    line.open()
    socket = next(iter(line.factory.reply_protocols.values()))
    expiry = line.layer.group_expiry
    socket.check_ping()
    clock.pass_by(expiry * 0.6)
    socket.check_ping()
    line.frame(1, b"here I am")
    socket.check_ping()
    clock.pass_by(expiry * 0.6)
    socket.check_ping()
    assert b"\x88" not in line.received[:1], "a frame was heard in between"
    clock.pass_by(expiry * 0.4)
    line.transport.clear()
    socket.check_ping()
    assert line.close_code == 4408


def test_a_clock_that_was_set_back_stops_no_pings(line, monkeypatch):
    line.open()
    socket = next(iter(line.factory.reply_protocols.values()))
    socket.last_data = time.time() + 25 * 3600
    socket.check_ping()
    socket.last_data -= line.factory.ping_interval + 1
    socket.check_ping()
    assert line.received[0] == 0x89


@pytest.mark.parametrize("inherited", [signal.SIG_IGN, signal.default_int_handler])
def test_it_ends_with_sigint_whatever_it_inherited(monkeypatch, inherited):
    reactor = MagicMock()
    monkeypatch.setattr(interface.server, "reactor", reactor)
    monkeypatch.setattr(interface.server, "globalLogBeginner", MagicMock())
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    server.endpoints = []
    seen = []
    reactor.run.side_effect = lambda **options: seen.append(signal.getsignal(signal.SIGINT))
    before = signal.signal(signal.SIGINT, inherited)
    try:
        server.run()
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.default_int_handler], "which Twisted replaces by its own"


def test_a_clock_that_is_set_back_stops_no_timer(monkeypatch):
    reactor = MagicMock()
    monkeypatch.setattr(interface.server, "reactor", reactor)
    monkeypatch.setattr(interface.server, "globalLogBeginner", MagicMock())
    server = interface.Server(MemoryChannelLayer(), endpoints=["tcp:0"])
    server.endpoints = []
    server.run()
    assert reactor.seconds is time.monotonic
