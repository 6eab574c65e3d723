"""
The loads of an agent: closed loops of one kind of step, and the steady load of growth.
"""

import asyncio
import time

TICK_SECONDS = 0.02
HEARTBEAT_SECONDS = 25
READER_OF = 5  # one of this number of tabs is visible, and moves the read marker for each message
READ_SECONDS = 1.0
STALL_SECONDS = 10  # without an answer for this long, a client counts as stalled
ANSWERS = {"post": "ack", "beat": "synced", "fetch": "page", "post_read": "ack", "typing": "synced"}


class ClosedLoop:
    """
    Each client sends its next frame when the last one is answered. `count` is the number of answered frames.

    With `pause` (seconds), the clients send one after another at this pace, and none waits for an answer.
    """

    def __init__(self, agent, kind: str, clients: list, pause: float = 0.0):
        self.agent, self.kind, self.clients, self.pause = agent, kind, clients, pause
        self.count = 0
        self.is_over = False
        agent.on_answer_hook = self.on_answer
        # In `post_read`, all members move their read marker to each new message.
        agent.on_message_hook = (lambda client: client.read()) if kind == "post_read" else (lambda client: None)

    def send(self, client) -> None:
        client.asked_at = now = time.perf_counter()
        if self.kind in ("post", "post_read"):
            client.post(now, self.agent.run)
        elif self.kind == "beat":
            client.beat()
        elif self.kind == "fetch":
            client.fetch(self.agent.run)
        else:
            client.type_then_beat()

    def on_answer(self, client, kind: str) -> None:
        if kind != ANSWERS[self.kind] and kind != "rejected":
            return
        self.count += kind != "rejected"
        self.agent.times.add(time.perf_counter() - client.asked_at)
        if not self.is_over and not self.pause:
            self.send(client)

    async def run(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        if self.pause:
            due, index = time.perf_counter(), 0
            while due < end:
                await asyncio.sleep(max(0, due - time.perf_counter()))
                self.send(self.clients[index % len(self.clients)])
                index, due = index + 1, due + self.pause
        else:
            for client in self.clients:
                self.send(client)
            await asyncio.sleep(max(0, end - time.perf_counter()))
        self.is_over = True


class Steady:
    """
    The load of growth: heartbeats of all sockets, and posts at a rate. A post's time begins when it is due.

    A wheel of lists sends the heartbeats: one timer for each of 20,000 sockets would cost the generator more.
    """

    def __init__(self, agent):
        self.agent = agent
        self.slots: list[list] = [[] for _ in range(round(HEARTBEAT_SECONDS / TICK_SECONDS))]
        self.count = 0
        self.beats = 0
        self.reads = 0
        self.readers: list[list] = [[] for _ in self.slots]  # the clients that move their read marker at a tick
        self.tick = 0
        self.posts: dict[str, int] = {}  # by room
        self.senders: list = []
        self.posts_per_second = 0.0
        self.sent = 0
        agent.on_answer_hook, agent.on_message_hook = self.on_answer, self.on_message

    def add(self, client) -> None:
        """Put a client into one of the wheel's lists. The clients are spread evenly over the lists."""
        self.slots[(self.count * 7919) % len(self.slots)].append(client)
        self.count += 1

    async def run(self) -> None:
        """Run until cancelled."""
        started = time.perf_counter()
        posts_started = None
        while True:
            self.tick += 1
            await asyncio.sleep(max(0, started + self.tick * TICK_SECONDS - time.perf_counter()))
            self._beat_and_read(self.tick % len(self.slots))
            if not self.posts_per_second:
                posts_started = None
                continue
            if posts_started is None:
                posts_started, first = time.perf_counter(), self.sent
            while posts_started + (self.sent - first) / self.posts_per_second <= time.perf_counter():
                self._post(posts_started + (self.sent - first) / self.posts_per_second)

    def _beat_and_read(self, slot):
        for client in self.slots[slot]:
            if not client.is_closed:
                client.asked_at = time.perf_counter()
                client.beat()
                self.beats += 1
        readers, self.readers[slot] = self.readers[slot], []
        self.reads += sum(client.read() for client in readers)

    def on_message(self, client) -> None:
        """Let every fifth tab move its read marker a second later, as a tab that somebody looks at."""
        if client.number // 2 % READER_OF == 0:
            self.readers[(self.tick + round(READ_SECONDS / TICK_SECONDS)) % len(self.slots)].append(client)

    def _post(self, due):
        client = self.senders[self.sent % len(self.senders)]
        self.sent += 1
        if not client.is_closed:
            client.post(due, self.agent.run)
            self.posts[client.room] = self.posts.get(client.room, 0) + 1

    def on_answer(self, client, kind: str) -> None:
        if kind == "synced":
            self.agent.beat_times.add(time.perf_counter() - client.asked_at)
            client.asked_at = 0.0

    def count_stalled(self) -> int:
        """Return the number of sockets whose last heartbeat has no answer after STALL_SECONDS."""
        now = time.perf_counter()
        return sum(
            bool(client.asked_at) and now - client.asked_at > STALL_SECONDS
            for slot in self.slots
            for client in slot
            if not client.is_closed
        )
