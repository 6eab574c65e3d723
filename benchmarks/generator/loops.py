"""
Run the closed loops. The next message waits until the last one has reached its sender (`ClosedLoop`) or all members
(`Fan`).

The loops use only callbacks, because the CPU of a task for each message would distort the result. They do not count
losses; the crowd counts them.
"""

import asyncio
import time

from benchmarks.generator.dialects import ACK

PATIENCE_SECONDS = 5  # a sender waits this long for its own message, then sends the next one
FAN_QUIET_SECONDS = 1  # after this long without a delivery, the last message counts as stalled
TICK_SECONDS = 0.1


class Load:
    """The common part of all loops: start, stop, and check for messages that never arrive."""

    def __init__(self, crowd):
        self.crowd = crowd
        self.is_running = False
        crowd.on_message, crowd.on_answer = self.on_message, self.on_answer
        self.forget()

    def forget(self) -> None:
        """Reset all counts."""
        self.times: list[float] = []
        self.ack_times: list[float] = []
        self.messages = self.stalled = 0

    async def run(self, seconds: float) -> float:
        """Run for `seconds`, and return the exact time. Messages that arrive after the end are not counted."""
        self.is_running = True
        started = time.perf_counter()
        self.start()
        while (left := started + seconds - time.perf_counter()) > 0:
            await asyncio.sleep(min(left, TICK_SECONDS))
            self.check_stalled(time.perf_counter())
        self.is_running = False
        return time.perf_counter() - started

    def on_answer(self, client, kind, number):
        """Handle an `ack` or a `rejected`."""


class ClosedLoop(Load):
    """
    Each sender keeps `outstanding` messages in flight.

    A message is in flight until its sender has received it, and also its ack if the server sends acks.
    """

    def __init__(self, crowd, senders, outstanding: int = 1):
        self.senders, self.outstanding = senders, outstanding
        self.pending: dict[int, dict[int, list]] = {client.number: {} for client in senders}
        self.needed = 2 if crowd.dialect.is_acked else 1
        super().__init__(crowd)

    def start(self) -> None:
        for client in self.senders:
            self.pending[client.number].clear()
            for _ in range(self.outstanding):
                self.send(client)

    def send(self, client) -> None:
        # The clock is read before sending, so that the latency includes the send.
        entry = [time.perf_counter(), self.needed]
        self.pending[client.number][self.crowd.send(client)] = entry

    def on_message(self, client, sender, number):
        if sender == client.number:
            self._arrived(client, number, self.times)

    def on_answer(self, client, kind, number):
        if kind == ACK:
            self._arrived(client, number, self.ack_times)
        else:
            self.pending[client.number].pop(number, None)
            self.go_on(client)

    def _arrived(self, client, number, times):
        entry = self.pending[client.number].get(number)
        if entry is None:
            return
        if self.is_running:
            times.append(time.perf_counter() - entry[0])
        entry[1] -= 1
        if not entry[1]:
            del self.pending[client.number][number]
            self.messages += self.is_running
            self.go_on(client)

    def go_on(self, client) -> None:
        if self.is_running and not client.is_closed:
            self.send(client)

    def check_stalled(self, now: float) -> None:
        for client in self.senders:
            pending = self.pending[client.number]
            for number in [n for n, entry in pending.items() if now - entry[0] > PATIENCE_SECONDS]:
                del pending[number]
                self.stalled += 1
                self.go_on(client)


class Fan(Load):
    """One room. A member sends when all members have received the last message. A latency ends at the last receiver."""

    def __init__(self, crowd):
        self.clients = crowd.clients
        self.current = None
        super().__init__(crowd)

    def forget(self) -> None:
        super().forget()
        self.deliveries = 0
        self.stalled_seconds = 0.0

    def start(self) -> None:
        self.send()

    def send(self) -> None:
        client = self.clients[self.messages % len(self.clients)]
        self.messages += 1
        self.left = len(self.clients)
        self.sent_at = self.last_at = time.perf_counter()
        self.left_at_check = self.left
        self.current = client.number, self.crowd.send(client)

    def on_message(self, client, sender, number):
        self.deliveries += self.is_running
        if self.current != (sender, number):
            return
        self.left -= 1
        if not self.left:
            self._note(time.perf_counter())

    def on_answer(self, client, kind, number):
        if kind == ACK and self.current == (client.number, number) and self.is_running:
            self.ack_times.append(time.perf_counter() - self.sent_at)

    def _note(self, at):
        if self.is_running:
            self.times.append(at - self.sent_at)
            self.send()

    def check_stalled(self, now: float) -> None:
        # The wait for a lost message must not lower the rate of deliveries.
        if self.left != self.left_at_check:
            self.left_at_check, self.last_at = self.left, now
        elif now - self.last_at > FAN_QUIET_SECONDS:
            self.stalled += 1
            self.stalled_seconds += now - self.last_at
            self._note(self.last_at)
