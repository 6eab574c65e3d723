"""Payloads are decoded with the same results as by autobahn's slow functions, however a payload is split into parts."""

from unittest import mock

import pytest
from autobahn.websocket import utf8validator, xormasker
from hypothesis import given
from hypothesis import strategies as st

from channels_transport.interface import reading
from channels_transport.interface.decoding import Utf8Validator, XorMasker, read_text
from tests.channels_transport.connection import FakeConnection, make_frame
from tests.random_examples import examples

pytestmark = pytest.mark.no_database

# Valid and invalid characters, also incomplete ones, so that parts may end within a character.
PIECES = [
    b"a",
    "é".encode(),
    "€".encode(),
    "😀".encode(),
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90",
    b"\xf5",
    b"\xe2\x82",
]
parts = st.lists(st.one_of(st.binary(max_size=20), st.sampled_from(PIECES)), max_size=8)


@given(st.binary(min_size=4, max_size=4), parts)
def test_the_mask_is_that_of_autobahn(mask, payload):
    ours, autobahns = XorMasker(mask), xormasker.create_xor_masker(mask, 1000)
    for part in payload:
        assert ours.process(part) == bytes(autobahns.process(part))
        assert ours.pointer() == autobahns.pointer()


@given(parts)
def test_an_invalid_text_is_found_in_the_same_part_as_by_autobahn(payload):
    ours, autobahns = Utf8Validator(), utf8validator.Utf8Validator()
    for part in payload:
        expected = autobahns.validate(part)
        is_valid, may_end, *_ = ours.validate(part)
        assert is_valid == expected[0]
        if not is_valid:
            return
        assert may_end == expected[1]


@pytest.mark.parametrize("invalid", [b"\xc0", b"\xed\xa0", b"\xf4\x90", b"\xf5", b"\x80", b"\xe2\x28"])
def test_an_invalid_text_closes_the_websocket_before_the_text_is_complete(invalid):
    connection = FakeConnection().open()
    connection.write(b"\x01" + bytes([0x80 | len(invalid)]) + b"\0\0\0\0" + invalid)
    assert connection.close_code == 1007


@pytest.mark.parametrize("mask", [b"\0\0\0\0", b"abcd"])
def test_a_masked_text_arrives(mask):
    connection = FakeConnection().open()
    text = "Grüße 🎉".encode() * 1000
    masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(text))
    data = b"\x81\xfe" + len(text).to_bytes(2, "big") + mask + masked
    for start in range(0, len(data), 1001):
        connection.write(data[start : start + 1001])
    assert connection.passed_on("websocket.receive")["text"] == text.decode()


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535])
def test_a_whole_text_is_read_in_one_step(length):
    frame = make_frame(0x81, b"x" * length)
    assert read_text(frame + b"more", 65536) == ("x" * length, len(frame) - length, len(frame))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        make_frame(0x81, b"hello")[:-1],
        make_frame(0x01, b"hello"),
        make_frame(0x80, b"hello"),
        make_frame(0x82, b"hello"),
        make_frame(0x88, b"\x03\xe8"),
        make_frame(0xC1, b"hello"),
        make_frame(0x81, b"hello", is_masked=False),
        make_frame(0x81, b"\xff\xfe\xfd"),
        make_frame(0x81, b"x" * 65536),
        b"\x81\xfe\0\x05\0\0\0\0hello",  # not the shortest form of the length
        make_frame(0x81, b"x" * 1001),
    ],
)
def test_any_other_frame_is_left_to_autobahn(data):
    assert read_text(data, 65536 if len(data) != 1009 else 1000) is None


def exchange(parts):
    """Return what a server passes on and sends, for the bytes of a client."""
    connection = FakeConnection(capacity=1000).open()
    for part in parts:
        connection.write(part)
    passed_on = []
    while (message := connection.passed_on("websocket.receive")) is not None:
        passed_on.append((message["order"], message.get("text"), message.get("bytes")))
    return passed_on, connection.received


contents = st.one_of(st.text(max_size=70).map(str.encode), st.binary(max_size=140), st.just(b"\x03\xe8"))
kinds = st.sampled_from([0x81, 0x81, 0x81, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0x8A, 0xC1, 0x83])
frames = st.builds(make_frame, kinds, contents, is_masked=st.sampled_from([True] * 9 + [False]))


@examples(200)
@given(st.lists(st.one_of(frames, frames, st.binary(max_size=9)), max_size=6), st.integers(0, 300))
def test_frames_have_the_same_effect_if_autobahn_reads_all_of_them(pieces, cut):
    data = b"".join(pieces)
    parts = [part for part in (data[:cut], data[cut:]) if part]
    with mock.patch.object(reading, "read_text", lambda data, most_bytes: None):
        expected = exchange(parts)
    assert exchange(parts) == expected
