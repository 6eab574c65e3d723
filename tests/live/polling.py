"""
A reference client for a network that forbids websockets: it polls, and has the interface of a websocket.

Like tests/live/client.py it is written from docs/protocol.md, and shares no code with the product.
"""

import asyncio
import contextlib
import json
from types import SimpleNamespace
from urllib.parse import urlsplit

from tests.live.client import Person

WAIT_SECONDS = 20  # how long the server holds a poll


class PollingPerson(Person):
    """A person whose network forbids websockets. `socket` returns an object that looks like a websocket, and polls."""

    wait_seconds = WAIT_SECONDS

    def socket(self, path, **options):
        parts = urlsplit(path)
        return Polls(self, parts.path.split("/")[2], parts.query)


class Polls:
    """The polls of one room, one after another, with the interface of a websocket, for `Client`."""

    def __init__(self, person, slug, query=""):
        self.person, self.query = person, query
        self.path = f"/api/rooms/{slug}/poll/"
        self.transport = SimpleNamespace(abort=self.abort)
        self.close_code = self.poll = self.cursor = None
        self.status = None  # the HTTP status of the last response
        self.events, self.writers = asyncio.Queue(), set()
        self.ahead, self.present = set(), set()
        self.sending = asyncio.Lock()

    async def __aenter__(self):
        self.task = asyncio.create_task(self.run())
        return self

    async def __aexit__(self, *exception):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        if self.poll is not None:
            with contextlib.suppress(OSError, ValueError):
                await self.ask("DELETE", f"poll={self.poll}")

    def __aiter__(self):
        return self

    async def __anext__(self):
        text = await self.events.get()
        if text is None:
            raise StopAsyncIteration
        return text

    def abort(self):
        """Cut the connection."""
        self.end(1006)
        for writer in list(self.writers):
            writer.transport.abort()

    def end(self, code):
        self.close_code = self.close_code or code
        self.events.put_nowait(None)

    async def run(self):
        try:
            response = await self.ask("GET", self.query)
            self.poll = response.get("poll")
            while self.close_code is None:
                response = await self.ask("GET", self.next_query())
        except (OSError, ValueError, EOFError, IndexError):
            self.end(1006)

    def next_query(self):
        wait = self.person.wait_seconds
        return f"poll={self.poll}&cursor={self.cursor}&present={len(self.present)}&wait={wait}"

    async def send(self, text):
        async with self.sending:
            with contextlib.suppress(OSError, ValueError, EOFError, IndexError):
                await self.ask("POST", f"poll={self.poll}", f"[{text}]".encode())

    async def ask(self, method, query, body=b""):
        """Send a request, queue the events of its response, and return the response."""
        self.status, response = await self.request(method, query, body)
        for event in response.get("events", ()):
            self.track(event)
            self.events.put_nowait(json.dumps(event))
        if response.get("close") or self.status >= 400:
            self.end(response.get("close", 1006))
        return response

    def track(self, event):
        """Move the cursor, and record which members are in the room."""
        if event["type"] == "synced":
            self.cursor = max(self.cursor or 0, event["offset"])
        elif event["type"] == "message":
            self.ahead.add(event["offset"])
        if "present" in event:
            self.present = {person["handle"] for person in event["present"]}
        if event["type"] == "presence":
            self.present = (self.present | set(event["came"])) - set(event["went"])
        while self.cursor is not None and self.cursor + 1 in self.ahead:
            self.cursor += 1

    async def request(self, method, query, body=b""):
        """Return (status, response). Raise TimeoutError if the response is late."""
        async with asyncio.timeout(self.person.wait_seconds + 5):
            return await self._request(method, query, body)

    async def _request(self, method, query, body):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.person.site.port)
        self.writers.add(writer)
        try:
            headers = {
                **self.person.headers,
                "Host": f"127.0.0.1:{self.person.site.port}",
                "Content-Length": len(body),
                "X-CSRFToken": self.person.http.cookies.get("csrftoken", ""),
            }
            lines = [f"{method} {self.path}?{query} HTTP/1.0", *(f"{name}: {value}" for name, value in headers.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            head, _, content = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            self.writers.discard(writer)
            writer.close()
        return int(head.split()[1]), json.loads(content or b"{}")
