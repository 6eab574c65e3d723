"""
People with a browser's cookies, and a reference client that fulfils the duties of a client in docs/protocol.md.

The client is written from that contract, and shares no code with the product.
"""

import asyncio
import contextlib
import json
import random
import secrets
import time
from datetime import UTC, datetime, timedelta

import requests
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

HEARTBEAT_SECONDS, HEARTBEAT_JITTER = 25, 5
GAP_SECONDS = 0.3
ANSWER_SECONDS = 5
SYNCED_SECONDS = 10
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15
# Tests wait this long for an event that must arrive. The server does not promise this time.
PATIENCE_SECONDS = 60
FINAL_CODES = {1007, 1009, 4401, 4403, 4404}
RETRIED = {"rate_limited", "unavailable"}


class Person:
    """A person with a browser: a session with cookies. `call` returns a response; `socket` returns a websocket."""

    def __init__(self, site, handle=None, password=None):
        self.site, self.handle = site, handle
        self.http = requests.Session()
        self.http.headers["Referer"] = site.url
        if password is not None:
            self.call("POST", "/api/users/", handle=handle, password=password, expected=201)
        elif handle is not None:
            self.call("POST", "/api/guests/", handle=handle, expected=201)

    def call(self, method, path, expected=None, **body):
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken", "")}
        if method != "GET" and not headers["X-CSRFToken"]:
            headers["X-CSRFToken"] = self.http.get(f"{self.site.url}/api/session/", timeout=60).json()["csrf"]
        url = f"{self.site.url}{path}"
        response = self.http.request(method, url, json=body or None, headers=headers, timeout=60)
        assert expected in (None, response.status_code), f"{method} {path}: {response.status_code} {response.text}"
        return response

    def make_room(self, slug=None):
        slug = slug or f"room-{secrets.token_hex(6)}"
        self.call("POST", "/api/rooms/", slug=slug, name=f"The room {slug}", expected=201)
        return slug

    def post(self, slug, body, ref=None, **fields):
        ref = ref or new_ref()
        return self.call("POST", f"/api/rooms/{slug}/messages/", ref=ref, body=body, **fields)

    def history(self, slug):
        """Return all messages of a room by id, as the API gives them."""
        found, after, more = {}, 0, True
        while more:
            page = self.call("GET", f"/api/rooms/{slug}/messages/?after={after}&limit=100", expected=200).json()
            found.update((message["id"], message) for message in page["messages"])
            after, more = max([after, *(message["offset"] for message in page["messages"])]), page["more"]
        return dict(sorted(found.items()))

    @property
    def headers(self):
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        return {"Origin": self.site.url, **({"Cookie": cookies} if cookies else {})}

    def socket(self, path, headers=None, **options):
        """Return a bare websocket (an async context manager), for tests that break the protocol."""
        address = self.site.url.replace("http", "ws", 1) + path
        headers = self.headers if headers is None else headers
        options = {"open_timeout": 20, "ping_interval": None, "max_size": None, "proxy": None, **options}
        return connect(address, additional_headers=headers, compression=None, **options)

    def client(self, slug):
        return Client(self, slug)


def later(seconds):
    """Return the time in this many seconds, as the API reads it."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_ref():
    return secrets.token_urlsafe(12)


async def read_until(socket, is_it, seconds=PATIENCE_SECONDS):
    """Return the first event on a bare socket for which `is_it(event)` is true. Drop earlier events."""
    async with asyncio.timeout(seconds):
        while True:
            event = json.loads(await socket.recv())
            if is_it(event):
                return event


class Client:
    """
    One tab in one room: `messages` by id, `answers` by ref, and all `events` that it received.

    An `async with` block begins when the tab has joined the room and has received its backlog. `cut()` breaks the
    connection.
    """

    def __init__(self, person, slug):
        self.person, self.slug = person, slug
        self.messages, self.answers, self.events, self.close_codes = {}, {}, [], []
        self.outbox = {}  # ref: [event, when to send it again]
        self.cursor = None
        self.is_joined, self.is_kept_offline = False, False
        self._socket = self._run_task = None
        self._reset_connection()

    async def __aenter__(self):
        self._run_task = asyncio.create_task(self._run())
        await self.until(lambda: self.cursor is not None)
        return self

    async def __aexit__(self, *exception):
        self._run_task.cancel()
        await asyncio.gather(self._run_task, return_exceptions=True)

    # These methods are for tests.

    async def until(self, is_true, seconds=PATIENCE_SECONDS):
        """Wait until `is_true()`. After `seconds`, fail with the client's state."""
        deadline = time.monotonic() + seconds
        while not is_true():
            if self._run_task.done():
                self._run_task.result()
            assert time.monotonic() < deadline, f"waited {seconds} s without success: {self}"
            await asyncio.sleep(0.01)

    async def send(self, type, **fields):
        """
        Send an event as soon as the tab has joined, and again until its answer arrives.

        Return its ref.
        """
        ref = fields.setdefault("ref", new_ref())
        self.outbox[ref] = [{"type": type, **fields}, time.monotonic() + ANSWER_SECONDS]
        if self.is_joined:
            await self._send_event(self.outbox[ref][0])
        return ref

    async def ask(self, type, **fields):
        """Send an event with a ref, and return its answer."""
        ref = await self.send(type, **fields)
        await self.until(lambda: ref in self.answers)
        return self.answers[ref]

    async def post(self, body, **fields):
        answer = await self.ask("post", body=body, **fields)
        assert answer["type"] == "ack", answer
        return answer

    def cut(self, stay_away=False):
        """Cut the connection without a close frame. With `stay_away`, the client waits for `allow_reconnect()`."""
        self.is_kept_offline = stay_away
        if self._socket is not None:
            self._socket.transport.abort()

    def allow_reconnect(self):
        self.is_kept_offline = False

    def heard(self, type):
        """Return the events of one type, in the order of their arrival."""
        return [event for event in self.events if event["type"] == type]

    def came(self):
        """Return the handles of all members that joined, in the order of the events."""
        return [handle for event in self.heard("presence") for handle in event["came"]]

    def went(self):
        """Return the handles of all members that left, in the order of the events."""
        return [handle for event in self.heard("presence") for handle in event["went"]]

    def bodies(self):
        return [message["body"] for _, message in sorted(self.messages.items())]

    def __repr__(self):
        return (
            f"<client of {self.person.handle}: cursor {self.cursor}, {len(self.messages)} messages, "
            f"outbox {list(self.outbox)[:5]}, closed {self.close_codes}, last {self.events[-3:]}>"
        )

    # These methods fulfil the duties of a client.

    async def _run(self):
        pause = FIRST_PAUSE
        while True:
            while self.is_kept_offline:
                await asyncio.sleep(0.01)
            code, was_joined = await self._connect()
            self.close_codes.append(code)
            if code in FINAL_CODES:
                return
            pause = FIRST_PAUSE if was_joined else min(pause * 2, LONGEST_PAUSE)
            if code == 4429:
                await asyncio.sleep(self.heard("rejected")[-1].get("retry_after", 1))
            elif code != 4408:
                await asyncio.sleep(pause * random.uniform(0.5, 1))

    async def _connect(self):
        """Return (close code, whether the client had joined the room)."""
        self._reset_connection()
        path = f"/chat/{self.slug}/" + (f"?cursor={self.cursor}" if self.cursor is not None else "")
        ticks = None
        try:
            async with self.person.socket(path) as self._socket:
                ticks = asyncio.create_task(self._tick())
                async for text in self._socket:
                    await self._handle(json.loads(text))
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed):
            pass
        finally:
            if ticks:
                ticks.cancel()
            was_joined, self.is_joined = self.is_joined, False
        return (self._socket.close_code if self._socket else None) or 1006, was_joined

    def _reset_connection(self):
        self._socket = None
        self._ahead = set()
        self._gap_at = self._sync_sent_at = None
        self._heartbeat_at = time.monotonic() + HEARTBEAT_SECONDS

    async def _tick(self):
        while True:
            await asyncio.sleep(0.05)
            now = time.monotonic()
            if self._sync_sent_at is not None:
                if now - self._sync_sent_at > SYNCED_SECONDS:
                    self._socket.transport.abort()
            elif self.cursor is not None and now > min(self._heartbeat_at, (self._gap_at or now) + GAP_SECONDS):
                await self._sync()
            for entry in list(self.outbox.values()):
                if self.is_joined and now > entry[1]:
                    entry[1] = now + ANSWER_SECONDS
                    await self._send_event(entry[0])

    async def _send_event(self, event):
        # An event with a ref stays in the outbox, and is sent again.
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(json.dumps(event))

    async def _sync(self):
        self._sync_sent_at = time.monotonic()
        await self._send_event({"type": "sync", "cursor": self.cursor})

    async def _handle(self, event):
        self.events.append(event)
        handle = getattr(self, f"_handle_{event['type']}", None)
        if handle is not None:
            await handle(event)

    async def _handle_joined(self, event):
        if event.get("reset"):
            self._reset()
        self.is_joined = True
        # The backlog follows, and ends with `synced`. Until then, missing offsets are not gaps.
        self._sync_sent_at = time.monotonic()
        for entry in list(self.outbox.values()):
            entry[1] = time.monotonic() + ANSWER_SECONDS
            await self._send_event(entry[0])

    def _reset(self):
        self.messages.clear()
        self._ahead.clear()
        self.cursor = None

    async def _handle_message(self, event):
        known = self.messages.get(event["id"])
        if known is None or known["offset"] < event["offset"]:
            self.messages[event["id"]] = event
        self._ahead.add(event["offset"])
        self._advance()

    async def _handle_synced(self, event):
        if event.get("reset"):
            # The newest messages arrived before this event. Only these are kept.
            self.messages = {event["id"]: event for event in self._since_last_synced()}
            self.cursor = None
        self._sync_sent_at = None
        self._heartbeat_at = time.monotonic() + HEARTBEAT_SECONDS + random.uniform(-1, 1) * HEARTBEAT_JITTER
        # The cursor never moves back: live messages may have moved it beyond the offset of this answer.
        self.cursor = max(self.cursor or 0, event["offset"])
        self._advance()
        if event["more"]:
            await self._sync()

    def _since_last_synced(self):
        found = []
        for event in reversed(self.events[:-1]):
            if event["type"] in ("synced", "joined"):
                break
            if event["type"] == "message":
                found.append(event)
        return found

    def _advance(self):
        if self.cursor is None:
            return
        before = self.cursor
        while self.cursor + 1 in self._ahead:
            self.cursor += 1
        self._ahead = {offset for offset in self._ahead if offset > self.cursor}
        if not self._ahead:
            self._gap_at = None
        elif self._gap_at is None or self.cursor > before:
            self._gap_at = time.monotonic()

    async def _handle_ack(self, event):
        self.answers[event["ref"]] = event
        self.outbox.pop(event["ref"], None)

    _handle_page = _handle_ack

    async def _handle_rejected(self, event):
        entry = self.outbox.get(event["ref"])
        if event["code"] in RETRIED and entry is not None:
            entry[1] = time.monotonic() + event.get("retry_after", 1)
        elif entry is not None:
            await self._handle_ack(event)


async def close_code(socket, seconds=PATIENCE_SECONDS):
    """Read until a socket closes, and return the server's close code."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                await socket.recv()
    except ConnectionClosed:
        return socket.close_code
