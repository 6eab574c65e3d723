"""
Hold all connections: open the sockets, count what they receive, and report what is missing at the end.

The crowd starts no message itself: the loads call `send`.
"""

import asyncio
import time

from benchmarks.generator.dialects import ACK, MESSAGE, REJECTED, SYNCED
from benchmarks.generator.received import ReceivedMessages
from benchmarks.generator.sockets import Socket, open_socket, run_concurrently

UNKNOWN = object()
MAX_PARSED_FRAMES = 2000  # a full cache is emptied
QUIET_SECONDS = 1.5  # if no frame arrives for this time, `drain` expects no more
DRAIN_SECONDS = 15


class Room:
    """The clients of one room, and the number of messages that were sent to it."""

    def __init__(self):
        self.clients: list[Client] = []
        self.sent = 0


class Client(Socket):
    """One socket in its room. `number` identifies it to the other clients."""

    def __init__(self, on_frame, number: int, room: Room):
        super().__init__(on_frame)
        self.number, self.room = number, room
        self.messages = ReceivedMessages()
        self.sent = 0
        self.ready = asyncio.get_running_loop().create_future()


class Crowd:
    """
    All clients.

    A load sets `on_message(client, sender, number)`, `on_answer(client, kind, number)` and `on_synced(client)`.
    """

    def __init__(self, plan: dict, dialect):
        self.urls, self.dialect = plan["urls"], dialect
        self.local_address = plan.get("local_address")
        self.settle_seconds = plan["settle"]
        self.places, self.cookies = plan["clients"], plan["cookies"]
        self.clients: list[Client] = []
        self.rooms: dict[str, Room] = {}
        self.on_message = self.on_answer = self.on_synced = lambda *_: None
        self._parsed_frames: dict[bytes, tuple | None] = {}
        self.rejected = self.acked = 0
        self.sent = 0
        self.delivered_at = 0.0

    # These methods connect and disconnect.

    async def connect(self, first: int = 0, last: int | None = None) -> None:
        """Connect the clients `first` to `last` - 1, and wait until each is in its room. Raise CannotConnect."""
        last = len(self.places) if last is None else last
        await run_concurrently(lambda number=number: self.open(number) for number in range(first, last))
        # Wait, because the tutorials' consumers join their group only after the handshake.
        await asyncio.sleep(self.settle_seconds)

    async def open(self, number: int) -> "Client":
        """Connect one client, and return it. If the server sends `synced` after a join, wait for it."""
        name, person = self.places[number]
        room = self.rooms.setdefault(name, Room())
        cookie = self.cookies[person] if self.cookies else None
        client = await open_socket(
            self.url_of(number),
            self.dialect.path(name),
            cookie,
            lambda: Client(self.on_frames if self.dialect.joins_frames else self.on_frame, number, room),
            self.local_address,
        )
        self.clients.append(client)
        room.clients.append(client)
        if self.dialect.greeting:
            client.send(self.dialect.greeting)
        if self.dialect.sends_synced_after_join:
            async with asyncio.timeout(DRAIN_SECONDS * 2):
                await client.ready
        return client

    def url_of(self, number: int) -> str:
        """Return the address to which a client connects. The members of a room are spread over all addresses."""
        return self.urls[number % len(self.urls)]

    async def leave(self) -> None:
        """Disconnect all clients, and wait 0.1 s so that the close frames are sent."""
        for client in self.clients:
            client.leave()
        await asyncio.sleep(0.1)

    def senders(self, numbers: list[int]) -> list[Client]:
        """Return the connected clients with these numbers."""
        by_number = {client.number: client for client in self.clients}
        return [by_number[number] for number in numbers]

    # These methods send and receive.

    def send(self, client: Client) -> int:
        """Send the client's next message and return its number."""
        number = client.sent
        client.sent += 1
        client.room.sent += 1
        self.sent += 1
        client.send(self.dialect.encode(client.number, number))
        return number

    def on_frames(self, client: Client, payload: bytes) -> None:
        """Handle a websocket frame that contains several frames of the dialect, each on a line."""
        for line in payload.splitlines():
            self.on_frame(client, line)

    def on_frame(self, client: Client, payload: bytes) -> None:
        """Handle one frame. A broadcast is parsed once; its other receivers find it in the cache."""
        frame = self._parsed_frames.get(payload, UNKNOWN)
        if frame is UNKNOWN:
            frame = self._parse(payload)
        if frame is None:
            return
        kind, sender, number, offset = frame
        if kind == MESSAGE:
            client.messages.count(sender, number, offset)
            self.on_message(client, sender, number)
        elif kind == SYNCED:
            self._receive_synced(client, offset)
        elif kind in self.dialect.answers:
            client.send(self.dialect.answers[kind])
        else:
            self.rejected += kind == REJECTED
            self.acked += kind == ACK
            self.on_answer(client, kind, number)

    def _parse(self, payload):
        # This approximates the time of the last delivery. Reading the clock for each delivery would cost too much.
        self.delivered_at = time.perf_counter()
        if len(self._parsed_frames) >= MAX_PARSED_FRAMES:
            self._parsed_frames.clear()
        frame = self._parsed_frames[payload] = self.dialect.read(payload)
        return frame

    def _receive_synced(self, client, offset):
        client.messages.offset = max(client.messages.offset, offset)
        if not client.ready.done():
            client.ready.set_result(None)
        self.on_synced(client)

    # These methods count.

    def begin(self) -> None:
        """Reset the counters that `tally` reads. Call it only while no message is in flight."""
        self.rejected = self.acked = 0
        for room in self.rooms.values():
            room.sent = 0
        for client in self.clients:
            client.messages.begin()

    @property
    def received(self) -> int:
        return sum(client.messages.received for client in self.clients)

    @property
    def expected(self) -> int:
        return sum(room.sent * len(room.clients) for room in self.rooms.values())

    async def drain(self) -> None:
        """Wait until every client has received every message, or no more arrive, for at most DRAIN_SECONDS."""
        deadline = time.perf_counter() + DRAIN_SECONDS
        count, changed_at = -1, time.perf_counter()
        while (received := self.received) < self.expected and time.perf_counter() < deadline:
            if received != count:
                count, changed_at = received, time.perf_counter()
            elif time.perf_counter() - changed_at > QUIET_SECONDS:
                break
            await asyncio.sleep(0.05)
        # A duplicate, or an ack after its message, arrives within this time.
        await asyncio.sleep(0.1)

    def tally(self) -> dict:
        """Return the losses and errors since `begin`."""
        counters = [client.messages for client in self.clients]
        expected, received = self.expected, self.received
        sent = sum(room.sent for room in self.rooms.values())
        closed = [client for client in self.clients if client.is_closed]
        return {
            "expected": expected,
            "lost": expected - received,
            "lost_percent": round(100 * (expected - received) / expected, 2) if expected else 0,
            "out_of_order": sum(messages.out_of_order for messages in counters),
            "twice": sum(messages.twice for messages in counters),
            "overtaken": sum(messages.overtaken for messages in counters),
            "holes": sum(messages.holes for messages in counters),
            "rejected": self.rejected,
            "unacked": sent - self.acked if self.dialect.is_acked else 0,
            "closed": len(closed),
            "close_codes": sorted({str(client.close_code) for client in closed}),
        }
