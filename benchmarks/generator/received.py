"""
Count the messages that one socket has received: their order, duplicates and gaps.

This module does no input or output.
"""


class ReceivedMessages:
    """
    The counts of one receiver. The messages of each sender must arrive as 0, 1, 2, ..., in that order and once.

    `overtaken` counts messages that arrived after a message of the same room with a higher offset. This is no violation
    if their senders differ: the protocol's cursor handles it. `holes` counts offsets that have not arrived.
    """

    __slots__ = ("received", "out_of_order", "twice", "overtaken", "offset", "_last", "_missing", "_holes")

    def __init__(self):
        self.offset = 0
        self._last: dict[int, int] = {}
        self.begin()

    def begin(self) -> None:
        """
        Reset all counts, but keep the position of each sender and the highest offset.

        Call it only while no message is in flight.
        """
        self.received = self.out_of_order = self.twice = self.overtaken = 0
        self._missing: set[tuple[int, int]] = set()
        self._holes: set[int] = set()

    def count(self, sender: int, number: int, offset: int) -> None:
        """Count one received message."""
        expected = self._last.get(sender, -1) + 1
        if number == expected:
            self._last[sender] = number
            self.received += 1
        else:
            self._count_unexpected(sender, number, expected)
        if offset:
            if offset == self.offset + 1:
                self.offset = offset
            else:
                self._count_offset(offset)

    def _count_unexpected(self, sender, number, expected):
        if number > expected:
            self._missing.update((sender, skipped) for skipped in range(expected, number))
            self._last[sender] = number
            self.received += 1
        elif (sender, number) in self._missing:
            self._missing.remove((sender, number))
            self.out_of_order += 1
            self.received += 1
        else:
            self.twice += 1

    def _count_offset(self, offset):
        if offset > self.offset:
            self._holes.update(range(self.offset + 1, offset))
            self.offset = offset
        elif offset in self._holes:
            self._holes.remove(offset)
            self.overtaken += 1

    @property
    def holes(self) -> int:
        return len(self._holes)
