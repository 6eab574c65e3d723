"""
Open websockets, a limited number at a time. `crowd.py` counts and decides, and this module does neither.
"""

import asyncio
from urllib.parse import urlsplit

from picows import WSError, WSListener, WSMsgType, ws_connect

MAX_CONCURRENT = 50  # handshakes
ATTEMPTS = 3
HANDSHAKE_SECONDS = 30


class CannotConnect(Exception):
    """The server refused a handshake several times, or did not answer. The error text says what happened."""


class Socket(WSListener):
    """One websocket. It calls `on_frame(socket, payload)` for each text frame; picows answers pings."""

    def __init__(self, on_frame):
        self.on_frame = on_frame
        self.is_closed = False
        self.close_code = None
        self.attempts = 1

    def on_ws_connected(self, transport):
        self.transport = transport

    def on_ws_frame(self, transport, frame):
        if frame.msg_type == WSMsgType.TEXT:
            self.on_frame(self, frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            self.is_closed = True
            self.close_code = frame.get_close_code()
            transport.disconnect()

    def on_ws_disconnected(self, transport):
        self.is_closed = True

    def send(self, text: bytes) -> None:
        if not self.is_closed:
            self.transport.send(WSMsgType.TEXT, text)

    def leave(self) -> None:
        self.transport.disconnect()


async def open_socket(url: str, path: str, cookie: str | None, make, local_address: str | None = None) -> Socket:
    """
    Return a connected socket. `make` returns a new Socket, and `cookie` is the key of a login session.

    The socket connects from `local_address`, if there is one: a pair of addresses has only 28,000 ports. Raise
    CannotConnect if every attempt fails.
    """
    headers = {"Origin": f"http://{urlsplit(url).netloc}"}
    if cookie is not None:
        headers["Cookie"] = f"sessionid={cookie}"
    options = {"local_addr": (local_address, 0)} if local_address else {}
    reason = None
    for attempt in range(ATTEMPTS):
        try:
            _, socket = await ws_connect(
                make, url + path, extra_headers=headers, websocket_handshake_timeout=HANDSHAKE_SECONDS, **options
            )
            socket.attempts = attempt + 1
            return socket
        except (OSError, WSError, TimeoutError) as error:
            reason = error
            await asyncio.sleep(0.2 * (attempt + 1))
    raise CannotConnect(f"{path}: {type(reason).__name__}: {reason}")


async def run_concurrently(jobs, limit: int = MAX_CONCURRENT) -> None:
    """Run the coroutines that the callables in `jobs` return, at most `limit` at a time."""
    waiting = iter(jobs)

    async def work():
        for job in waiting:
            await job()

    async with asyncio.TaskGroup() as group:
        for _ in range(limit):
            group.create_task(work())
