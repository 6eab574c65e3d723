"""
The closed loops: a message leaves when the last one has arrived, at its sender (`ClosedLoop`) or at everybody (`Fan`).

They run from callbacks alone, since a task for each message would be measured with the server. Nothing is counted as
lost here; the crowd tells that from what was heard.
"""

import asyncio
import time

from benchmarks.generator.dialects import ACK

PATIENCE_SECONDS = 5  # until a sender whose message does not come back says the next one
FAN_QUIET_SECONDS = 1  # without a delivery, until a room's next message leaves although not all have heard the last
TICK_SECONDS = 0.1


class Load:
    """What all loops share: started, stopped, and looked after for messages that never come."""

    def __init__(self, crowd):
        self.crowd = crowd
        self.is_running = False
        crowd.on_message, crowd.on_answer = self.on_message, self.on_answer
        self.forget()

    def forget(self) -> None:
        """Start counting anew."""
        self.times: list[float] = []
        self.ack_times: list[float] = []
        self.messages = self.stalled = 0

    async def run(self, seconds: float) -> float:
        """Run for so long, and return how long it was exactly. What is on its way then is still counted as heard."""
        self.is_running = True
        started = time.perf_counter()
        self.start()
        while (left := started + seconds - time.perf_counter()) > 0:
            await asyncio.sleep(min(left, TICK_SECONDS))
            self.look_after(time.perf_counter())
        self.is_running = False
        return time.perf_counter() - started

    def on_answer(self, seat, kind, number):
        """An `ack` or a `rejected`."""


class ClosedLoop(Load):
    """Each speaker keeps so many messages on their way. One has arrived when it is back, and acked where acks are."""

    def __init__(self, crowd, speakers, outstanding: int = 1):
        self.speakers, self.outstanding = speakers, outstanding
        self.pending: dict[int, dict[int, list]] = {seat.number: {} for seat in speakers}
        self.needed = 2 if crowd.dialect.is_acked else 1
        super().__init__(crowd)

    def start(self) -> None:
        for seat in self.speakers:
            self.pending[seat.number].clear()
            for _ in range(self.outstanding):
                self.say(seat)

    def say(self, seat) -> None:
        # Before it is said: what it costs to say it is not the server's.
        entry = [time.perf_counter(), self.needed]
        self.pending[seat.number][self.crowd.say(seat)] = entry

    def on_message(self, seat, sender, number):
        if sender == seat.number:
            self._arrived(seat, number, self.times)

    def on_answer(self, seat, kind, number):
        if kind == ACK:
            self._arrived(seat, number, self.ack_times)
        else:
            self.pending[seat.number].pop(number, None)
            self.go_on(seat)

    def _arrived(self, seat, number, times):
        entry = self.pending[seat.number].get(number)
        if entry is None:
            return
        if self.is_running:
            times.append(time.perf_counter() - entry[0])
        entry[1] -= 1
        if not entry[1]:
            del self.pending[seat.number][number]
            self.messages += self.is_running
            self.go_on(seat)

    def go_on(self, seat) -> None:
        if self.is_running and not seat.is_closed:
            self.say(seat)

    def look_after(self, now: float) -> None:
        for seat in self.speakers:
            pending = self.pending[seat.number]
            for number in [n for n, entry in pending.items() if now - entry[0] > PATIENCE_SECONDS]:
                del pending[number]
                self.stalled += 1
                self.go_on(seat)


class Fan(Load):
    """One room: its members speak in turn, the next when all have heard the last. Its times are to the last of them."""

    def __init__(self, crowd):
        self.seats = crowd.seats
        self.current = None
        super().__init__(crowd)

    def forget(self) -> None:
        super().forget()
        self.deliveries = 0
        self.vain_seconds = 0.0

    def start(self) -> None:
        self.say()

    def say(self) -> None:
        seat = self.seats[self.messages % len(self.seats)]
        self.messages += 1
        self.left = len(self.seats)
        self.said_at = self.last_at = time.perf_counter()
        self.left_at_look = self.left
        self.current = seat.number, self.crowd.say(seat)

    def on_message(self, seat, sender, number):
        self.deliveries += self.is_running
        if self.current != (sender, number):
            return
        self.left -= 1
        if not self.left:
            self._note(time.perf_counter())

    def on_answer(self, seat, kind, number):
        if kind == ACK and self.current == (seat.number, number) and self.is_running:
            self.ack_times.append(time.perf_counter() - self.said_at)

    def _note(self, at):
        if self.is_running:
            self.times.append(at - self.said_at)
            self.say()

    def look_after(self, now: float) -> None:
        # Where messages are lost, the wait for them is not held against the rate of those that came.
        if self.left != self.left_at_look:
            self.left_at_look, self.last_at = self.left, now
        elif now - self.last_at > FAN_QUIET_SECONDS:
            self.stalled += 1
            self.vain_seconds += now - self.last_at
            self._note(self.last_at)
