"""
Cases of RFC 6455 for each section of the Autobahn test suite, against a bare site that sends each message back.

`test_autobahn.py` runs the whole suite where it is installed. These cases need no Python 2.7, so they run everywhere.
"""

import pytest

from tests.live.transport.raw_socket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FINAL,
    PING,
    PONG,
    TEXT,
    RawSocket,
    close_frame,
    fragments,
    frame,
)

pytestmark = pytest.mark.no_database

NORMAL, PROTOCOL_ERROR, INVALID_TEXT = 1000, 1002, 1007
SIZES = (0, 1, 125, 126, 127, 128, 65535, 65536)
RESERVED_OPCODES = (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
VALID_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
INVALID_CODES = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535)
UNUSUAL_TEXTS = ("κόσμε", "\x00", "\x7f", "\u07ff", "\ud7ff", "\ue000", "\ufffe", "\uffff", "\U0001f600", "\U0010ffff")
INVALID_TEXTS = (
    b"\xff",
    b"\x80",
    b"\xc0\xaf",  # more bytes than needed
    b"\xe0\x80\xaf",
    b"\xed\xa0\x80",  # a half of a surrogate pair
    b"\xf4\x90\x80\x80",  # above U+10FFFF
    b"\xf8\x88\x80\x80\x80",
    b"abc\xce",  # the text ends inside of a character
)


@pytest.fixture
def opened(lasting_site):
    """Yield an open websocket, whose messages come back."""
    with RawSocket(lasting_site.url, "/back") as opened:
        yield opened


def exchange(opened, data, count=1, part=None):
    """Send bytes, read `count` frames, and close the websocket. Return the frames."""
    opened.send(data, part)
    frames = [opened.read() for _ in range(count)]
    opened.send(close_frame(NORMAL))
    assert opened.read_all() == [(CLOSE, NORMAL.to_bytes(2, "big"))]
    return frames


def failing_code(opened, data):
    """Send bytes. Check that the server answers with one close frame and ends the connection. Return the close code."""
    opened.send(data)
    [(opcode, payload)] = [received for received in opened.read_all() if received[0] not in (TEXT, BINARY)]
    assert opcode == CLOSE
    return int.from_bytes(payload[:2], "big")


@pytest.mark.parametrize("opcode, byte", [(TEXT, b"*"), (BINARY, b"\0"), (BINARY, b"\xff")])
def test_messages_of_all_sizes_come_back(opened, opcode, byte):
    messages = [byte * size for size in SIZES]
    data = b"".join(frame(opcode, message) for message in messages)
    assert exchange(opened, data, len(SIZES)) == [(opcode, message) for message in messages]


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_large_message_in_many_segments_comes_back(opened, opcode):
    message = bytes(range(1, 128)) * 516
    assert exchange(opened, frame(opcode, message[:65536]), part=997) == [(opcode, message[:65536])]


@pytest.mark.parametrize("payload", [b"", b"Hello", b"\x00\xff\xfe", b"\xfe" * 125])
def test_a_ping_is_answered_with_its_payload(opened, payload):
    assert exchange(opened, frame(PING, payload), part=1) == [(PONG, payload)]


def test_pings_are_answered_in_order(opened):
    data = b"".join(frame(PING, b"%d" % number) for number in range(10))
    assert exchange(opened, data, 10, part=1) == [(PONG, b"%d" % number) for number in range(10)]


def test_a_pong_without_a_ping_is_ignored(opened):
    assert exchange(opened, frame(PONG, b"unasked") + frame(PING, b"asked")) == [(PONG, b"asked")]


@pytest.mark.parametrize("opcode", [PING, PONG, CLOSE])
def test_a_control_frame_is_at_most_125_bytes_long(opened, opcode):
    assert failing_code(opened, frame(opcode, b"\x03\xe8" + b"x" * 124)) == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", [TEXT, BINARY, PING, CLOSE])
def test_reserved_bits_fail_the_connection(opened, opcode):
    data = frame(TEXT, b"first") + frame(opcode, b"", FINAL | 0x10 * (opcode % 7 or 1)) + frame(PING)
    assert failing_code(opened, data) == PROTOCOL_ERROR


@pytest.mark.parametrize("opcode", RESERVED_OPCODES)
def test_a_reserved_opcode_fails_the_connection(opened, opcode):
    assert failing_code(opened, frame(opcode, b"x") + frame(PING)) == PROTOCOL_ERROR


@pytest.mark.parametrize("part", [None, 1])
def test_control_frames_may_come_between_fragments(opened, part):
    data = frame(TEXT, b"one, ", 0) + frame(PING, b"now") + frame(CONTINUATION, b"two, ", 0) + frame(PONG)
    frames = exchange(opened, data + frame(CONTINUATION, b"three"), 2, part)
    assert frames == [(PONG, b"now"), (TEXT, b"one, two, three")]


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_empty_fragments_are_a_message(opened, opcode):
    data = fragments(opcode, b"", b"", b"") + fragments(opcode, b"", b"middle", b"")
    assert exchange(opened, data, 2) == [(opcode, b""), (opcode, b"middle")]


@pytest.mark.parametrize(
    "data",
    [
        frame(CONTINUATION, b"without a start"),
        frame(CONTINUATION, b"without a start", 0),
        fragments(TEXT, b"whole", b"message") + frame(CONTINUATION, b"more"),
        frame(TEXT, b"begun", 0) + frame(TEXT, b"a new message"),
        frame(TEXT, b"begun", 0) + frame(BINARY, b"a new message"),
        frame(PING, b"in fragments", 0) + frame(CONTINUATION, b"the rest"),
        frame(PONG, b"in fragments", 0) + frame(CONTINUATION, b"the rest"),
    ],
    ids=["alone", "alone-more", "after-message", "text-inside", "binary-inside", "ping", "pong"],
)
def test_fragments_in_a_wrong_order_fail_the_connection(opened, data):
    assert failing_code(opened, data) == PROTOCOL_ERROR


def test_unusual_texts_come_back_also_if_a_fragment_ends_inside_of_a_character(opened):
    texts = [text.encode("utf-8", "surrogatepass") for text in UNUSUAL_TEXTS]
    data = b"".join(fragments(TEXT, *(bytes([byte]) for byte in text)) for text in texts)
    assert exchange(opened, data, len(texts)) == [(TEXT, text) for text in texts]


@pytest.mark.parametrize("text", INVALID_TEXTS)
def test_an_invalid_text_fails_the_connection(opened, text):
    assert failing_code(opened, frame(TEXT, text)) == INVALID_TEXT


def test_an_invalid_text_fails_the_connection_before_the_message_is_complete(lasting_site):
    with RawSocket(lasting_site.url, "/back") as opened:
        assert failing_code(opened, frame(TEXT, b"valid, ", 0) + frame(CONTINUATION, b"\xff", 0)) == INVALID_TEXT
    with RawSocket(lasting_site.url, "/back") as opened:
        assert failing_code(opened, frame(TEXT, b"valid, then \xff", length=1000)) == INVALID_TEXT


def test_each_valid_close_code_is_answered_with_1000(lasting_site):
    for code in VALID_CODES:
        with RawSocket(lasting_site.url, "/back") as opened:
            assert failing_code(opened, close_frame(code, b"x" * 123)) == NORMAL


def test_an_invalid_close_frame_fails_the_connection(lasting_site):
    for data in [*map(close_frame, INVALID_CODES), frame(CLOSE, b"\x03")]:
        with RawSocket(lasting_site.url, "/back") as opened:
            assert failing_code(opened, data) == PROTOCOL_ERROR
    with RawSocket(lasting_site.url, "/back") as opened:
        assert failing_code(opened, close_frame(NORMAL, b"\xff")) == INVALID_TEXT


def test_a_close_frame_without_a_code_is_answered(opened):
    opened.send(frame(CLOSE))
    assert opened.read_all() == [(CLOSE, NORMAL.to_bytes(2, "big"))]


def test_nothing_after_a_close_frame_is_answered(opened):
    opened.send(close_frame(NORMAL) + frame(PING, b"late") + frame(TEXT, b"late"))
    assert [opcode for opcode, _ in opened.read_all()] == [CLOSE]


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_of_64_kib_in_fragments_of_1300_bytes_comes_back(opened, opcode):
    message = b"*" * 65536
    data = fragments(opcode, *(message[start : start + 1300] for start in range(0, len(message), 1300)))
    assert exchange(opened, data) == [(opcode, message)]


@pytest.mark.parametrize("opcode, payload", [(TEXT, b""), (TEXT, b"Hello"), (BINARY, b""), (BINARY, b"\0\xff")])
def test_a_group_gets_texts_and_bytes_also_empty_ones(lasting_site, opcode, payload):
    with RawSocket(lasting_site.url, "/all") as first, RawSocket(lasting_site.url, "/all") as second:
        first.send(frame(opcode, payload))
        assert first.read() == second.read() == (opcode, payload)
