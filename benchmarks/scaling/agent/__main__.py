"""
The commands of an agent, one method for each. See the package.
"""

import asyncio
import gc
import json
import secrets
import sys
import time

import uvloop

from benchmarks import running
from benchmarks.scaling.agent.client import connect, read_number, read_sent_at
from benchmarks.scaling.agent.loads import ClosedLoop, Steady
from benchmarks.scaling.agent.requests import run_requests
from benchmarks.scaling.histogram import Histogram

MAX_CACHED_FRAMES = 500
QUIET_SECONDS, DRAIN_SECONDS = 1.0, 15


class Agent:
    """The sockets of one generator process, and what they have received."""

    def __init__(self, addresses: list[str]):
        self.addresses = addresses
        self.run = secrets.token_hex(4)
        self.clients: dict[int, object] = {}
        self.times, self.beat_times, self.post_times = Histogram(), Histogram(), Histogram()
        self.frames = self.bytes = self.events = self.messages = self.repeats = self.acks = self.rejected = 0
        self.closed: dict[str, int] = {}
        self.on_answer_hook = lambda client, kind: None
        self.on_message_hook = lambda client: None
        self.steady: Steady | None = None
        self._steady_task: asyncio.Task | None = None
        self._read_frames: dict[bytes, tuple[float, int]] = {}
        self._samples: list[str] = []

    # Clients call these methods.

    def count_frame(self, size):
        self.frames += 1
        self.bytes += size

    def read_message(self, payload):
        """Return (when the message was sent, its offset). A broadcast is read once for all its receivers."""
        found = self._read_frames.get(payload)
        if found is None:
            if len(self._read_frames) >= MAX_CACHED_FRAMES:
                self._read_frames.clear()
            found = self._read_frames[payload] = (read_sent_at(payload), read_number(payload, b'"offset":'))
        return found

    def on_message(self, client, sent_at):
        self.messages += 1
        self.on_message_hook(client)
        if sent_at:
            self.post_times.add(time.perf_counter() - sent_at)

    def on_answer(self, client, kind, payload):
        self.acks += kind == "ack"
        if kind == "rejected":
            self.rejected += 1
            if len(self._samples) < 3:
                self._samples.append(payload[:200].decode(errors="replace"))
        self.on_answer_hook(client, kind)

    def on_closed(self, client, code):
        self.closed[str(code)] = self.closed.get(str(code), 0) + 1

    # The driver calls these methods.

    async def connect(self, seats, concurrency, seconds=None) -> dict:
        """Open sockets, at most `concurrency` at a time, and at most for `seconds`."""
        waiting, end = iter(seats), time.perf_counter() + (seconds or 1e9)
        failures: list[str] = []

        async def work():
            for seat in waiting:
                if time.perf_counter() > end:
                    break
                address = self.addresses[seat["number"] % len(self.addresses)]
                try:
                    client, took = await connect(self, seat, address)
                except (OSError, TimeoutError, Exception) as error:  # picows has errors of its own
                    failures.append(f"{type(error).__name__}: {error}")
                    continue
                self.clients[client.number] = client
                self.times.add(took)
                if self.steady is not None:
                    self.steady.add(client)

        await asyncio.gather(*(work() for _ in range(concurrency)))
        is_open = [client for client in self.clients.values() if not client.is_closed]
        return {"open": len(is_open), "failed": len(failures), "errors": sorted(set(failures))[:3]}

    async def loop(self, kind, numbers, seconds, pause=0.0) -> dict:
        """Run a closed loop of these clients, and wait until nothing arrives."""
        load = ClosedLoop(self, kind, [self.clients[number] for number in numbers], pause)
        started = time.perf_counter()
        await load.run(seconds)
        elapsed = time.perf_counter() - started
        await self.drain()
        return {"count": load.count, "seconds": elapsed}

    async def drain(self) -> dict:
        """Wait until no frame has arrived for QUIET_SECONDS, for at most DRAIN_SECONDS."""
        deadline, seen, quiet_since = time.perf_counter() + DRAIN_SECONDS, -1, time.perf_counter()
        while time.perf_counter() < deadline and time.perf_counter() - quiet_since < QUIET_SECONDS:
            if self.frames != seen:
                seen, quiet_since = self.frames, time.perf_counter()
            await asyncio.sleep(0.05)
        return {}

    async def request(self, url, requests, workers, seconds, wants_bodies=False) -> dict:
        """Send requests, as `run_requests` describes."""
        return await run_requests(url, self.addresses, requests, workers, seconds, wants_bodies)

    async def start_beats(self) -> dict:
        """Begin heartbeats. Sockets that connect later take part."""
        self.steady = Steady(self)
        for client in self.clients.values():
            self.steady.add(client)
        self._steady_task = asyncio.create_task(self.steady.run())
        return {}

    async def set_posts(self, numbers, per_second) -> dict:
        """Post at a rate, in turn from these clients; 0 stops the posts."""
        self.steady.senders = [self.clients[number] for number in numbers if number in self.clients]
        self.steady.posts_per_second = per_second if self.steady.senders else 0.0
        return {}

    async def begin(self) -> dict:
        """Forget what has been counted so far."""
        for histogram in (self.times, self.beat_times, self.post_times):
            histogram.take()
        self.frames = self.bytes = self.events = self.messages = self.repeats = self.acks = self.rejected = 0
        for client in self.clients.values():
            client.offsets = set()
        if self.steady is not None:
            self.steady.beats, self.steady.reads, self.steady.posts = 0, 0, {}
        return {}

    async def counts(self) -> dict:
        """Return how many steady steps were sent since `begin`."""
        return {"posts": sum(self.steady.posts.values()), "reads": self.steady.reads, "beats": self.steady.beats}

    async def figures(self) -> dict:
        """
        Return what has been counted since `begin`, and empty the histograms of times.

        `received` has [sockets, messages of all] for each room. `closed` counts since the last `leave`. `samples` are
        the first refusals of this process.
        """
        rooms: dict[str, list[int]] = {}
        for client in self.clients.values():
            if client.room and not client.is_closed:
                count = rooms.setdefault(client.room, [0, 0])
                count[0] += 1
                count[1] += len(client.offsets)
        return {
            "frames": self.frames,
            "bytes": self.bytes,
            "events": self.events,
            "messages": self.messages,
            "repeats": self.repeats,
            "acks": self.acks,
            "rejected": self.rejected,
            "samples": self._samples,
            "closed": self.closed,
            "open": sum(not client.is_closed for client in self.clients.values()),
            "beats": self.steady.beats if self.steady else 0,
            "reads": self.steady.reads if self.steady else 0,
            "stalled": self.steady.count_stalled() if self.steady else 0,
            "posts": self.steady.posts if self.steady else {},
            "received": rooms,
            "times": self.times.take(),
            "beat_times": self.beat_times.take(),
            "post_times": self.post_times.take(),
        }

    async def leave(self, numbers=None) -> dict:
        """Close these sockets (None: all), forget them, and stop the steady load."""
        leaving = [self.clients.pop(number) for number in (numbers or list(self.clients)) if number in self.clients]
        if self._steady_task is not None:
            self._steady_task.cancel()
            self.steady = self._steady_task = None
        for count, client in enumerate(leaving):
            if not client.is_closed:
                client.is_closed = True
                client.transport.disconnect()
            if count % 200 == 199:
                await asyncio.sleep(0.05)
        self.closed = {}
        return {}


async def serve(addresses: list[str]) -> None:
    """Answer the commands on standard input, one after another, until it ends."""
    reader = asyncio.StreamReader(limit=1 << 26)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    agent = Agent(addresses)
    while line := await reader.readline():
        command = json.loads(line)
        name = command.pop("do")
        try:
            answer = await getattr(agent, name)(**command)
        except Exception as error:  # the driver decides what a failure means
            answer = {"error": f"{name}: {type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    running.raise_file_limit()
    # A garbage collection over thousands of sockets is a pause that the server did not cause.
    gc.disable()
    uvloop.run(serve(sys.argv[1:]))
