"""
Unmasks the payloads of frames and checks that texts are UTF-8, as autobahn does, but with functions written in C.

autobahn's own classes are Python loops over all bytes. They need 12 ms for a frame of 64 KiB, so one client with
5 MB/s could keep an interface busy. These classes need 0.1 ms.

Almost every frame of a client is one whole text. `read_text` reads such a frame in one step. It decides nothing about
other frames: autobahn reads them, and refuses those that are not valid.
"""

from __future__ import annotations

import codecs

# The first byte of a text in one fragment, and the flag of a masked payload in the second byte (RFC 6455, section 5.2).
WHOLE_TEXT, MASKED = 0x81, 0x80

_make_decoder = codecs.getincrementaldecoder("utf-8")


def unmask(mask: bytes, data: bytes) -> bytes:
    """Return a payload, or a part that begins at a multiple of four, without its mask."""
    length = len(data)
    # A number of any length takes one operation.
    key = int.from_bytes((mask * (length // 4 + 1))[:length], "little")
    return (int.from_bytes(data, "little") ^ key).to_bytes(length, "little")


def read_text(data: bytes, most_bytes: int) -> tuple[str, int, int] | None:
    """
    Return the text of the frame at the beginning of `data`, and where its payload begins and ends in `data`.

    Return None unless the frame is a whole text: in one fragment, complete, masked, valid, and with at most
    `most_bytes`. A text of 64 KiB and more counts as another frame too.
    """
    if len(data) < 6 or data[0] != WHOLE_TEXT or data[1] < MASKED:
        return None
    length, start = data[1] - MASKED, 6
    if length == 126:
        length, start = int.from_bytes(data[2:4], "big"), 8
    # Eight bytes of length follow the value 127. A length is invalid if it is not in its shortest form.
    is_short = length < 126 if start == 6 else length >= 126
    end = start + length
    if not is_short or len(data) < end or length > most_bytes:
        return None
    try:
        return unmask(data[start - 4 : start], data[start:end]).decode(), start, end
    except UnicodeDecodeError:
        return None


class XorMasker:
    """Applies the mask of one frame. The parts of a payload may arrive one after another."""

    def __init__(self, mask: bytes) -> None:
        self._mask = mask
        self._pointer = 0

    def pointer(self) -> int:
        """Return how many bytes were processed."""
        return self._pointer

    def process(self, data: bytes) -> bytes:
        """Return the next part of the payload without its mask."""
        start = self._pointer % 4
        self._pointer += len(data)
        return unmask(self._mask[start:] + self._mask[:start], data)


class Utf8Validator:
    """Checks a text whose parts arrive one after another. It finds an invalid byte as soon as it arrives."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin a new text."""
        self._decoder = _make_decoder()
        self._total = 0

    def validate(self, data: bytes) -> tuple[bool, bool, int, int]:
        """Return (whether it is valid, whether it may end here, the length of the part, the length of the text)."""
        self._total += len(data)
        try:
            self._decoder.decode(data)
        except UnicodeDecodeError:
            return False, False, len(data), self._total
        rest = self._decoder.getstate()[0]
        # Python waits for the third byte of a surrogate before it refuses the first two.
        is_surrogate = rest[:1] == b"\xed" and rest[1:2] >= b"\xa0"
        return not is_surrogate, not rest, len(data), self._total
