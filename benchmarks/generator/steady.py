"""
Run the loads that do not wait for the server: a constant rate of messages, and heartbeats.
"""

import asyncio
import random
import time

TICK_SECONDS = 0.005
HEARTBEAT_SECONDS, HEARTBEAT_JITTER = 25, 5
ANSWER_SECONDS = 10  # without an answer for this long, a client reconnects


class OpenLoop:
    """Send from each sender in turn, `rate` messages per second. A latency begins when its message is due."""

    def __init__(self, crowd, senders, rate: float):
        self.crowd, self.senders, self.rate = crowd, senders, rate
        self.due: dict[tuple[int, int], float] = {}
        self.times: list[float] = []
        crowd.on_message, crowd.on_answer = self.on_message, lambda *_: None

    async def run(self, seconds: float) -> None:
        started, sent, end = time.perf_counter(), 0, time.perf_counter() + seconds
        while (now := time.perf_counter()) < end:
            while started + sent / self.rate <= now:
                client = self.senders[sent % len(self.senders)]
                self.due[client.number, self.crowd.send(client)] = started + sent / self.rate
                sent += 1
            await asyncio.sleep(TICK_SECONDS)

    def on_message(self, client, sender, number):
        if sender == client.number:
            due = self.due.pop((sender, number), None)
            if due is not None:
                self.times.append(time.perf_counter() - due)

    def take_times(self) -> list[float]:
        """Return the latencies since the last call."""
        times, self.times = self.times, []
        return times


class Heartbeats:
    """The heartbeats of all clients. Each client sends its first heartbeat at a random time within 25 s."""

    def __init__(self, crowd):
        self.crowd = crowd
        self.event_loop = asyncio.get_running_loop()
        self.asked: dict[int, float] = {}
        self.begun: set[int] = set()
        self.times: list[float] = []
        crowd.on_synced = self.on_synced

    def beat(self, client) -> None:
        """Send a heartbeat of a client, and schedule its next one."""
        if client.is_closed:
            return
        self.asked[client.number] = time.perf_counter()
        client.send(self.crowd.dialect.heartbeat(client.messages.offset))
        pause = HEARTBEAT_SECONDS + random.uniform(-HEARTBEAT_JITTER, HEARTBEAT_JITTER)
        self.event_loop.call_later(pause, self.beat, client)

    def on_synced(self, client):
        asked_at = self.asked.pop(client.number, None)
        if asked_at is not None:
            self.times.append(time.perf_counter() - asked_at)
        elif client.number not in self.begun:
            # This `synced` answers the join, not a heartbeat.
            self.begun.add(client.number)
            self.event_loop.call_later(random.uniform(0, HEARTBEAT_SECONDS), self.beat, client)

    def count_unanswered(self) -> int:
        """Return the number of heartbeats without an answer after ANSWER_SECONDS."""
        now = time.perf_counter()
        return sum(now - asked_at > ANSWER_SECONDS for asked_at in self.asked.values())
