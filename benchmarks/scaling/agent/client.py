"""
One websocket of a tab: a room's socket, or a person's own stream. It counts what arrives; it decides nothing.
"""

import asyncio
import itertools
import time
from urllib.parse import urlsplit

from picows import WSListener, WSMsgType, ws_connect

HANDSHAKE_SECONDS = 60
READ_BUFFER = 2048  # bytes; 20,000 sockets with the default of picows would take 300 MB
BODY_LENGTH = 64
STARTS = {
    b'{"type":"message"': "message",
    b'{"type":"synced"': "synced",
    b'{"type":"ack"': "ack",
    b'{"type":"rejected"': "rejected",
    b'{"type":"room"': "room",
    b'{"type":"workspace"': "workspace",
    b'{"type":"page"': "page",
}
_refs = itertools.count(1)


class Client(WSListener):
    """One socket. `agent` gets what arrives: `on_message`, `on_answer` and `on_closed`."""

    def __init__(self, agent, number: int, room: str, person: int):
        self.agent, self.number, self.room, self.person = agent, number, room, person
        self.transport = None
        self.is_ready = self.is_closed = False
        self.cursor = self.read_up_to = 0
        self.offsets: set[int] = set()  # of the messages since `begin`
        self.asked_at = 0.0
        self.ready = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport):
        self.transport = transport

    def on_ws_frame(self, transport, frame):
        if frame.msg_type == WSMsgType.TEXT:
            payload = frame.get_payload_as_bytes()
            self.agent.count_frame(len(payload))
            kind = STARTS.get(payload[: payload.find(b",")])
            if kind is not None:
                self.receive(kind, payload)
        elif frame.msg_type == WSMsgType.CLOSE:
            self.close_code = frame.get_close_code()
            transport.disconnect()

    def on_ws_disconnected(self, transport):
        if not self.is_closed:
            self.is_closed = True
            self.agent.on_closed(self, getattr(self, "close_code", None))
            self.become_ready()

    def receive(self, kind: str, payload: bytes) -> None:
        if kind == "message":
            sent_at, offset = self.agent.read_message(payload)
            self.cursor = max(self.cursor, offset)
            if offset in self.offsets:
                # The answer to a heartbeat may contain a message whose broadcast is on its way. Clients ignore repeats.
                self.agent.repeats += 1
            elif self.is_ready:
                # A message that arrives before `is_ready` belongs to the backlog.
                self.offsets.add(offset)
                self.agent.on_message(self, sent_at)
        elif kind == "room":
            self.agent.events += 1
        elif kind in ("synced", "workspace") and not self.is_ready:
            if kind == "synced":
                # The person has read what is in the room so far, so each later marker moves.
                self.cursor = self.read_up_to = max(self.cursor, read_number(payload, b'"offset":'))
            # A room's join ends with `synced`; a stream begins with `workspace`.
            self.become_ready()
        elif kind != "workspace":
            self.agent.on_answer(self, kind, payload)

    def become_ready(self):
        self.is_ready = True
        if not self.ready.done():
            self.ready.set_result(None)

    # These methods send.

    def send(self, text: bytes) -> None:
        if not self.is_closed:
            self.transport.send(WSMsgType.TEXT, text)

    def beat(self) -> None:
        self.send(b'{"type":"sync","cursor":%d}' % self.cursor if self.room else b'{"type":"sync"}')

    def post(self, due: float, run: str) -> None:
        """Post a message that says when it was due, by the clock that all processes of the machine share."""
        body = f"t={due:.6f} ".ljust(BODY_LENGTH, ".")
        self.send(f'{{"type":"post","ref":"{run}-{next(_refs)}","body":"{body}"}}'.encode())

    def fetch(self, run: str) -> None:
        self.send(f'{{"type":"fetch","ref":"{run}-{next(_refs)}","limit":50}}'.encode())

    def read(self) -> bool:
        """Move the read marker to the newest message. Return False if it is there already."""
        if self.read_up_to >= self.cursor:
            return False
        self.read_up_to = self.cursor
        self.send(b'{"type":"read","offset":%d}' % self.cursor)
        return True

    def type_then_beat(self) -> None:
        self.send(b'{"type":"typing","on":true}')
        self.beat()


def read_number(payload: bytes, name: bytes) -> int:
    """Return the integer after the first occurrence of a name in a frame, or 0."""
    start = payload.find(name)
    if start < 0:
        return 0
    end = start + len(name)
    while payload[end : end + 1].isdigit():
        end += 1
    return int(payload[start + len(name) : end] or 0)


def read_sent_at(payload: bytes) -> float:
    """Return the time in a body of `post`, or 0 for another message."""
    start = payload.find(b'"body":"t=')
    if start < 0:
        return 0.0
    start += len(b'"body":"t=')
    return float(payload[start : payload.find(b" ", start)])


async def connect(agent, seat: dict, address: str) -> tuple[Client, float]:
    """Open a socket from a local address. Return it when it is in its room, with the seconds until then."""
    started = time.perf_counter()
    headers = {"Origin": f"http://{urlsplit(seat['url']).netloc}", "Cookie": f"sessionid={seat['cookie']}"}
    _, client = await ws_connect(
        lambda: Client(agent, seat["number"], seat["room"], seat["person"]),
        seat["url"] + seat["path"],
        extra_headers=headers,
        websocket_handshake_timeout=HANDSHAKE_SECONDS,
        read_buffer_init_size=READ_BUFFER,
        local_addr=(address, 0),
    )
    async with asyncio.timeout(HANDSHAKE_SECONDS):
        await client.ready
    return client, time.perf_counter() - started
