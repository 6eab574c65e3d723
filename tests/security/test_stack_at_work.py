"""
Known vulnerabilities of the stack, tried on the code that runs: what would break without the mitigation that
SECURITY.md names. tests/security/test_stack.py checks what the code must not use at all.
"""

import time

import pytest
from autobahn.websocket.protocol import WebSocketProtocol as Frames

from channels_transport.interface.limits import Limits
from channels_transport.log_lines import LineFormatter
from tests import wire
from tests.channels_transport.connection import FakeConnection, make_frame

DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
COMPRESSED_TEXT = 0x80 | 0x40 | Frames.MESSAGE_TYPE_TEXT
# What one request may cost, in seconds of the processor. A request needs much less, and an attack would need more.
SECONDS = 2


@pytest.mark.no_database
def test_no_socket_is_compressed_so_no_small_frame_can_become_a_large_message():
    """CVE-2026-77528, CVE-2026-116579: autobahn checks the size of a frame before it decompresses the frame."""
    connection = FakeConnection()
    connection.handshake(headers=[DEFLATE])
    connection.asgi_message = connection.passed_on("websocket.connect")
    connection.reply({"accept": True})
    assert connection.status == 101 and b"extensions" not in connection.received.lower()
    connection.transport.clear()
    connection.write(make_frame(COMPRESSED_TEXT, b"\xaa\x56\x2a"))
    assert connection.passed_on("websocket.receive") is None
    assert connection.close_code == 1002


@pytest.mark.no_database
def test_frames_have_a_limit_by_default():
    """CVE-2026-44545: Daphne passes no limit to autobahn."""
    factory = FakeConnection().factory.ws_factory
    assert 0 < factory.maxFramePayloadSize <= 65536 and 0 < factory.maxMessagePayloadSize <= 65536


@pytest.mark.no_database
@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85"])
def test_no_header_value_contains_another_header(end):
    """CVE-2026-44546: autobahn splits a handshake at bytes that Twisted leaves in values."""
    connection = FakeConnection()
    connection.handshake(headers=[f"X-Word: a{end}Origin: https://evil.example".encode("latin1")])
    assert connection.status == 400


@pytest.mark.no_database
def test_a_header_with_an_underscore_does_not_become_one_with_a_hyphen():
    """CVE-2026-3902: Django gives both the same name."""
    connection = FakeConnection()
    connection.request(headers=[b"X_Forwarded_For: 10.9.9.9", b"X-Word: a"])
    names = [name for name, _ in connection.passed_on("http.request")["headers"]]
    assert b"x-word" in names and not [name for name in names if b"_" in name]


@pytest.mark.no_database
@pytest.mark.parametrize("headers", [[b"X-Word: a"] * 2000, [b"X-Word: " + b"a" * 100_000]], ids=["many", "long"])
def test_headers_have_a_limit(headers):
    """CVE-2025-14550, CVE-2026-84429: Django's work grows with the square of the number or the length of headers."""
    connection = FakeConnection()
    connection.request(headers=headers)
    assert connection.passed_on("http.request") is None


def _count_header_bytes():
    """Return the largest power of two at which a header value of this length still reaches Django."""
    length = 65536
    while True:
        connection = FakeConnection()
        connection.request(headers=[b"X-Word: " + b"a" * length])
        if connection.passed_on("http.request") is not None:
            return length
        length //= 2


@pytest.mark.parametrize("name", ["HTTP_ACCEPT", "CONTENT_TYPE", "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE"])
@pytest.mark.parametrize("part", ['";', ";", "a=", "\\", '";a="', "en;q=0.1,", ",", "a-"])
def test_parsing_a_long_header_takes_limited_time(db, alice, name, part):
    """CVE-2026-84429, CVE-2023-23969: slow parsers of headers."""
    value = ('multipart/form-data; boundary="' if name == "CONTENT_TYPE" else "a;b=") + part * (
        _count_header_bytes() // len(part)
    )
    browser = wire.browser_of(alice)
    start = time.thread_time()
    browser.generic("POST", "/api/rooms/", b"{}", **{name: value})
    assert time.thread_time() - start < SECONDS


@pytest.mark.no_database
def test_a_body_without_a_true_length_has_the_same_limit():
    """CVE-2026-33034, CVE-2026-5766: Django reads the body before it checks the length."""
    connection = FakeConnection()
    connection.write(b"POST / HTTP/1.1\r\nHost: testserver\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"%x\r\n" % 65536 + b"a" * 65536 + b"\r\n"
    for _ in range(int(Limits().max_body_bytes) // 65536 + 1):
        connection.write(piece)
    assert connection.status == 413 and connection.passed_on("http.request") is None


BOUNDARY = "multipart/form-data; boundary=x"


def _make_part(headers, body):
    return b"--x\r\nContent-Disposition: form-data; " + headers + b"\r\n\r\n" + body + b"\r\n"


MULTIPART = {
    # CVE-2023-24580
    "many files": b"".join(_make_part(b'name="f"; filename="%d"' % number, b"") for number in range(15_000)),
    "many fields": b"".join(_make_part(b'name="f%d"' % number, b"") for number in range(17_000)),
    # CVE-2026-33033
    "base64 and white space": _make_part(
        b'name="f"; filename="a"\r\nContent-Transfer-Encoding: base64', b" " * 1_000_000
    ),
    "base64 in short lines": _make_part(
        b'name="f"; filename="a"\r\nContent-Transfer-Encoding: base64', b"QQ \n" * 250_000
    ),
}


@pytest.mark.parametrize("what", MULTIPART)
def test_parsing_a_form_of_the_largest_size_takes_limited_time(db, alice, what):
    body = MULTIPART[what] + b"--x--\r\n"
    assert 500_000 < len(body) <= 1_100_000
    browser = wire.browser_of(alice)
    start = time.thread_time()
    response = browser.generic("POST", "/settings/picture/", body, BOUNDARY)
    assert time.thread_time() - start < SECONDS
    assert response.status_code < 500


def test_an_address_in_a_log_line_stays_one_line(db, client, caplog):
    """CVE-2025-48432: Django writes the path of a request into its log as it is."""
    client.get("/nothing%0a2026-01-01 00:00:00 forged%1b[31m/")
    lines = [LineFormatter().format(record) for record in caplog.records]
    assert "forged" in "".join(lines)
    assert not [line for line in lines if "\n" in line or "\x1b" in line]
