"""
The busiest rooms: each process counts the new messages of the last minutes in its memory, and reports these rooms.

So a post costs an update of a dictionary, and no command to Redis. This module writes to nothing but this memory.
"""

import threading
import time
from collections import Counter, deque

MINUTES = 5
MAX_REPORTED = 20
# More rooms than this within one minute are not counted, so that a flood cannot fill the memory.
MAX_ROOMS = 10_000


class RoomCounts:
    """How many messages each room got in each of the last MINUTES."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minutes: deque[tuple[int, Counter[int]]] = deque(maxlen=MINUTES)

    def add(self, room_id: int) -> None:
        """Count a new message of a room."""
        with self._lock:
            counts = self._get_minute()
            if room_id in counts or len(counts) < MAX_ROOMS:
                counts[room_id] += 1

    def _get_minute(self) -> Counter[int]:
        now = int(time.monotonic() // 60)
        if not self._minutes or self._minutes[-1][0] != now:
            self._minutes.append((now, Counter()))
        return self._minutes[-1][1]

    def read(self) -> list[tuple[int, int]]:
        """Return (room id, messages in the last MINUTES) of at most MAX_REPORTED rooms, the busiest first."""
        with self._lock:
            oldest = int(time.monotonic() // 60) - MINUTES
            total: Counter[int] = Counter()
            for minute, counts in self._minutes:
                if minute > oldest:
                    total.update(counts)
            return total.most_common(MAX_REPORTED)

    def clear(self) -> None:
        """Forget everything. Only tests call this."""
        self._minutes.clear()


_counts = RoomCounts()
count_message, read_busiest, forget_messages = _counts.add, _counts.read, _counts.clear
