"""
Pauses: a process publishes the changes of one thing, such as a room, at most once in some seconds.

The pauses of many things end together. Things that did not change during their pauses then need no more work. This
module publishes nothing, and does not know what the things are: it knows only their ids.
"""

import math
import threading
import time
from collections import defaultdict
from collections.abc import Callable

from channels_transport import call_later

# Pauses end at common times: this many times within the length of a pause. So a pause may last up to a quarter longer.
ENDS_PER_PAUSE = 4
MIN_PAUSE_SECONDS = 0.001


class Pauses:
    """The things that have a pause in this process. Worker threads and the timers' thread use this object."""

    def __init__(self, name: str, on_end: Callable[[float], object]) -> None:
        """Call `on_end(end)` when the pauses that last until `end` are over. `name` tells the timers apart."""
        self._name = name
        self._on_end = on_end
        self._lock = threading.Lock()
        self._is_behind: dict[int, bool] = {}  # by id: whether the published state is not the newest one
        self._ending: defaultdict[float, list[int]] = defaultdict(list)  # by time.monotonic: the ids

    def mark_behind(self, id: int) -> bool:
        """Note that the published state of a thing is old. Return False, and note nothing, if it has no pause."""
        with self._lock:
            if id not in self._is_behind:
                return False
            self._is_behind[id] = True
            return True

    def begin(self, id: int, pause_seconds: float, is_behind: bool = False) -> None:
        """
        Begin the pause of a thing, unless it has one.

        With `is_behind`, also note that it has a newer state than the published one.
        """
        seconds, now = max(pause_seconds, MIN_PAUSE_SECONDS), time.monotonic()
        step = seconds / ENDS_PER_PAUSE
        end = math.ceil((now + seconds) / step) * step
        with self._lock:
            is_new = id not in self._is_behind
            self._is_behind[id] = self._is_behind.get(id, False) or is_behind
            if is_new:
                self._ending[end].append(id)
        if is_new:
            call_later(end - now, (self._name, end), self._on_end, end)

    def finish(self, end: float) -> list[int]:
        """End the pauses that last until `end`. Return the ids whose published states are not the newest ones."""
        with self._lock:
            return [id for id in self._ending.pop(end, ()) if self._is_behind.pop(id)]

    def clear(self) -> None:
        """End all pauses."""
        with self._lock:
            self._is_behind.clear()
            self._ending.clear()
