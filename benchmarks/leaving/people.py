"""
Clients of the chat in `examples/leaving`.

They connect again after every close, and record what they send and receive. They count nothing: `counting.py` does.
"""

import asyncio
import contextlib
import json
import random
import socket
import time
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, WebSocketException

HANDSHAKE_SECONDS = 10
PAUSE_SECONDS = 0.3  # before a client connects again, on average
TCP_ESTABLISHED = 1
ANSWER_SECONDS = 10  # a client resends a frame that has no ack after this time


class Person:
    """
    One client. After each reconnect it asks for the messages that it has missed, and resends its unanswered messages.

    `live` has (id, author, ref) of the messages that arrived while it did not ask for missed messages, in the order of
    arrival. `asked` has the ids of the messages that arrived between `after` and `synced`. `acks` maps each ref to its
    id. `sent` has the refs with their texts, `resent` the refs that were sent again. A person that `is_slow` reads
    nothing after `joined`.
    """

    def __init__(self, urls, session, name, room="garden", is_slow=False):
        self._urls, self._session, self.name, self._room = urls, session, name, room
        self.live, self.asked, self.acks = [], set(), {}
        self.sent, self.resent, self._sent_at = {}, set(), {}
        self.close_codes, self._heard_at = [], None
        self.longest_silence = 0.0
        self.socket, self.is_joined = None, asyncio.Event()
        self.is_slow = is_slow
        self._is_asking = False
        self._has_joined = False
        self._task = None
        self._attempts = 0
        # There is only one room, so its ids have no gaps. This client has all messages up to `cursor`.
        self.cursor, self._above = 0, set()

    def start(self):
        self._task = asyncio.create_task(self._run())
        return self

    async def stop(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self):
        while True:
            with contextlib.suppress(OSError, TimeoutError, InvalidHandshake, WebSocketException, EOFError):
                await self._connect()
            self.is_joined.clear()
            await asyncio.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))

    async def _connect(self):
        # There is no proxy here, so each attempt uses the next front process, as a proxy would if one does not answer.
        url = self._urls[self._attempts % len(self._urls)]
        self._attempts += 1
        headers = {"Cookie": f"sessionid={self._session}"}
        async with connect(
            f"{url}/chat/{self._room}/",
            additional_headers=headers,
            open_timeout=HANDSHAKE_SECONDS,
            close_timeout=1,
            ping_interval=None,
            max_queue=1 if self.is_slow else None,
            proxy=None,
            sock=self._open_small_socket(url) if self.is_slow else None,
        ) as self.socket:
            try:
                while not self.is_slow or not self.is_joined.is_set():
                    await self._handle(json.loads(await self.socket.recv()))
                await self.socket.wait_closed()
            finally:
                self.close_codes.append(self.socket.close_code)

    async def _handle(self, frame):
        kind = frame["type"]
        now = time.monotonic()
        if kind == "joined":
            self.is_joined.set()
            if self._has_joined:
                await self.ask()
                await self._send_unanswered()
            self._has_joined = True
        elif kind == "ack":
            self.acks[frame["ref"]] = frame["id"]
        elif kind == "message":
            self.longest_silence = max(self.longest_silence, now - (self._heard_at or now))
            self._heard_at = now
            self._note(frame)
        elif kind == "synced":
            self._is_asking = False
            if frame["more"]:
                await self.ask()

    def _note(self, frame):
        if self._is_asking:
            self.asked.add(frame["id"])
        else:
            self.live.append((frame["id"], frame["author"], frame["ref"]))
        self._above.add(frame["id"])
        while self.cursor + 1 in self._above:
            self.cursor += 1
            self._above.discard(self.cursor)

    async def ask(self):
        """Ask for the messages after the cursor."""
        self._is_asking = True
        await self._send({"after": self.cursor})

    @property
    def ids(self):
        """Return the ids of all messages that have arrived."""
        return {id for id, _, _ in self.live} | self.asked

    @property
    def is_open(self):
        return self.is_joined.is_set()

    async def _send(self, frame):
        with contextlib.suppress(WebSocketException, OSError):
            await self.socket.send(json.dumps(frame))

    async def _send_unanswered(self):
        for ref in [ref for ref in self.sent if ref not in self.acks]:
            self.resent.add(ref)
            await self._send({"ref": ref, "text": self.sent[ref]})

    async def say(self, number, padding=""):
        """Send the next message, if the client is connected. Otherwise the client sends it after it reconnects."""
        ref = f"{self.name}-{number}"
        self.sent[ref] = f"{number} {padding}"
        self._sent_at[ref] = time.monotonic()
        if self.is_joined.is_set():
            await self._send({"ref": ref, "text": self.sent[ref]})

    async def send_again(self):
        """Resend each message that has had no ack for ANSWER_SECONDS."""
        now = time.monotonic()
        for ref, sent_at in self._sent_at.items():
            if ref not in self.acks and now - sent_at > ANSWER_SECONDS:
                self._sent_at[ref] = now
                self.resent.add(ref)
                await self._send({"ref": ref, "text": self.sent[ref]})

    def _open_small_socket(self, url):
        """Return a connected socket with a receive buffer of 4 KB."""
        address = urlsplit(url)
        self.small_socket = socket.socket()
        self.small_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.small_socket.connect((address.hostname, address.port))
        self.small_socket.setblocking(False)
        return self.small_socket

    @property
    def is_dropped(self):
        """Return whether the server has closed the connection. A slow client reads nothing, so this asks the kernel."""
        return self.small_socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_ESTABLISHED
