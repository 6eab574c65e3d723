"""Clients that follow the protocol, as the clients of tests.live.client do, and measure how long each answer took."""

import asyncio
import contextlib
import itertools
import json
import random
import secrets
import time

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.live import client as live
from tests.live.client import Person, new_ref

_numbers = itertools.count(1)
EMOJI = "👍🎉❤"


def make_person(site, name, password=None, url=None):
    """Return a person with a new handle. `url` is the address of the interface that the person uses."""
    address = site if url is None else InterfaceAddress(url)
    return Person(address, f"{name} {next(_numbers)}", password)


def fault_ref(fault):
    """Return a ref that makes tests.faults.injection inject `fault`."""
    return f"{fault}-{secrets.token_hex(8)}"


class InterfaceAddress:
    """The address of an interface other than the site's first interface."""

    def __init__(self, url):
        self.url, self.port = url, int(url.rpartition(":")[2])


class Tab(live.Client):
    """
    A client that records its changes by ref: `sent` has the events, and `took` the seconds until each answer.

    `tried_at`, `joined_at` and `lost_at` are the times when it tried to connect, joined the room, and lost its
    connection.
    """

    def __init__(self, person, slug, heartbeat=live.HEARTBEAT_SECONDS):
        self.heartbeat = heartbeat
        self.sent, self.sent_at, self.took = {}, {}, {}
        self.lost_at, self.joined_at, self.tried_at = [], [], []
        super().__init__(person, slug)

    async def send(self, type, **fields):
        ref = fields.setdefault("ref", new_ref())
        self.sent[ref], self.sent_at[ref] = {"type": type, **fields}, time.monotonic()
        return await super().send(type, **fields)

    async def close(self):
        """Leave with a close frame, as a closed tab does."""
        if self._socket is not None:
            with contextlib.suppress(Exception):
                await self._socket.close()
        await self.__aexit__()

    def be_silent(self):
        """Stop the heartbeats, so that only published events reach the client."""
        self.heartbeat = 24 * 3600
        self._heartbeat_at = time.monotonic() + self._next_heartbeat()

    def slowest(self, since=0):
        """Return the longest time to an answer (s), of all frames sent after `since`."""
        return max((took for ref, took in self.took.items() if self.sent_at[ref] >= since), default=0)

    async def _connect(self):
        self.tried_at.append(time.monotonic())
        try:
            return await super()._connect()
        finally:
            self.lost_at.append(time.monotonic())

    async def _handle_joined(self, event):
        self.joined_at.append(time.monotonic())
        await super()._handle_joined(event)

    async def _handle_ack(self, event):
        if event["ref"] in self.sent_at:
            self.took.setdefault(event["ref"], time.monotonic() - self.sent_at[event["ref"]])
        await super()._handle_ack(event)

    def _reset_connection(self):
        super()._reset_connection()
        self._heartbeat_at = time.monotonic() + self._next_heartbeat()

    async def _handle_synced(self, event):
        await super()._handle_synced(event)
        self._heartbeat_at = time.monotonic() + self._next_heartbeat()

    def _next_heartbeat(self):
        return self.heartbeat * random.uniform(0.8, 1.2)


class Chatter:
    """
    A chatter changes a room through one tab. Most changes are posts; the others edit, remove or react to the tab's own
    messages.

    `chance` decides the changes and their times. At most `most_waiting` changes wait for their answers.
    """

    def __init__(self, tab, chance=None, pause=0.05, most_waiting=30, only_posts=False):
        self.tab, self.pause, self.most_waiting = tab, pause, most_waiting
        self.chance = chance or random.Random()
        self.only_posts = only_posts
        self.number = 0
        self._task = None

    def start(self):
        self._task = asyncio.create_task(self._run())
        return self

    async def stop(self):
        self._task.cancel()
        results = await asyncio.gather(self._task, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError), results

    async def _run(self):
        while True:
            if len(self.tab.outbox) < self.most_waiting:
                await self._change()
            await asyncio.sleep(self.pause * self.chance.uniform(0.5, 1.5))

    async def _change(self):
        kind = "post" if self.only_posts else self.chance.choice(["post", "post", "post", "edit", "remove", "react"])
        mine = [
            answer["id"]
            for ref, answer in self.tab.answers.items()
            if answer["type"] == "ack" and self.tab.sent[ref]["type"] == "post"
        ]
        self.number += 1
        if kind == "post" or not mine:
            await self.tab.send("post", body=f"{self.tab.person.handle} says {self.number}")
            return
        # Choose among the newest messages, because concurrent changes of one message are then likely.
        fields = {"id": self.chance.choice(mine[-10:])}
        if kind == "edit":
            fields["body"] = f"{self.tab.person.handle} means {self.number}"
        elif kind == "react":
            fields |= {"emoji": self.chance.choice(EMOJI), "on": self.chance.random() < 0.7}
        await self.tab.send(kind, **fields)


@contextlib.asynccontextmanager
async def chatting(tabs, **options):
    """Run a Chatter with each tab within a `with` block."""
    chatters = [Chatter(tab, **options).start() for tab in tabs]
    try:
        yield chatters
    finally:
        for chatter in chatters:
            await chatter.stop()


class Listener:
    """
    One of very many tabs: it keeps its connection and its cursor, and sends only heartbeats.

    It reconnects as docs/protocol.md requires, and `joined_at` has the times at which it joined. A thousand listeners
    can run in one process.
    """

    def __init__(self, person, slug, heartbeat):
        self.person, self.slug, self.heartbeat = person, slug, heartbeat
        self.cursor, self.socket, self.is_joined = None, None, False
        self.joined_at, self.tried_at, self.close_codes, self.heard = [], [], [], []
        self.is_leaving = False  # it does not reconnect
        self._task = None

    def start(self):
        self._task = asyncio.create_task(self._run())
        return self

    async def stop(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self):
        pause = live.FIRST_PAUSE
        while not self.is_leaving:
            was_joined = await self._connect()
            pause = live.FIRST_PAUSE if was_joined else min(pause * 2, live.LONGEST_PAUSE)
            await asyncio.sleep(pause * random.uniform(0.5, 1))

    async def _connect(self):
        self.tried_at.append(time.monotonic())
        path = f"/chat/{self.slug}/" + (f"?cursor={self.cursor}" if self.cursor is not None else "")
        heartbeats = None
        try:
            async with self.person.socket(path) as self.socket:
                heartbeats = asyncio.create_task(self._send_heartbeats())
                async for text in self.socket:
                    self._handle(json.loads(text))
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed):
            pass
        finally:
            if heartbeats is not None:
                heartbeats.cancel()
            was_joined, self.is_joined = self.is_joined, False
        self.close_codes.append(self.socket.close_code if self.socket else None)
        return was_joined

    def _handle(self, event):
        if event["type"] == "synced":
            self.cursor = max(self.cursor or 0, event["offset"])
            if not self.is_joined:
                self.joined_at.append(time.monotonic())
            self.is_joined = True
        elif event["type"] == "message":
            self.heard.append(event["offset"])

    async def _send_heartbeats(self):
        while True:
            await asyncio.sleep(self.heartbeat * random.uniform(0.8, 1.2))
            with contextlib.suppress(ConnectionClosed):
                if self.is_joined:
                    await self.socket.send(json.dumps({"type": "sync", "cursor": self.cursor}))


@contextlib.asynccontextmanager
async def listening(listeners, at_once=50):
    """Keep all listeners in their rooms within a `with` block."""
    listeners = list(listeners)
    try:
        for start in range(0, len(listeners), at_once):
            batch = [listener.start() for listener in listeners[start : start + at_once]]
            await until(lambda batch=batch: all(listener.is_joined for listener in batch), 60, "all have joined")
        yield listeners
    finally:
        await asyncio.gather(*(listener.stop() for listener in listeners))


async def until(is_true, seconds=20, what="it"):
    """Wait until `is_true()` is true, and return its result. Raise AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := is_true()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        await asyncio.sleep(0.05)
    return answer


class Probe:
    """A probe posts one message after another in its own room, and records how long each ack took."""

    def __init__(self, tab, pause=0.1):
        self.tab, self.pause, self.waits = tab, pause, []
        self._task = None

    def start(self):
        self._task = asyncio.create_task(self._run())
        return self

    async def _run(self):
        for number in itertools.count():
            started = time.monotonic()
            await self.tab.until(lambda: not self.tab.outbox, 60)
            ref = await self.tab.send("post", body=f"probe {number}")
            await self.tab.until(lambda ref=ref: ref in self.tab.answers, 60)
            self.waits.append((started, time.monotonic() - started))
            await asyncio.sleep(self.pause)

    async def stop(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


def p95_of(probes, since=0, before=float("inf")):
    """Return the 95th percentile of all waits of the probes that began from `since` to `before`."""
    waits = sorted(wait for probe in probes for at, wait in probe.waits if since <= at < before)
    assert len(waits) >= 20, f"only {len(waits)} waits were measured"
    return waits[int(0.95 * (len(waits) - 1))]


def report(*words):
    """Print a measurement. Pytest shows it with -s, and for a failed test."""
    print("FIGURE:", *words, flush=True)
