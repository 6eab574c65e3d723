"""The decoding of payloads gives the results of autobahn's slow functions, for all parts in which a payload arrives."""

import pytest
from autobahn.websocket import utf8validator, xormasker
from hypothesis import given
from hypothesis import strategies as st

from channels_transport.interface.decoding import Utf8Validator, XorMasker
from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database

# Valid and invalid beginnings of characters, so that the parts end within a character.
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
def test_an_invalid_text_closes_before_it_is_complete(invalid):
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
