"""A room by long polling, through the real interface: beside sockets, with its parts killed, and nothing left behind."""
import asyncio
import contextlib
import json
import signal
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests

from tests.live.client import Client, Person, new_ref
from tests.live.processes import wait_until

WAIT_SECONDS = 20  # how long the server holds a poll


class PollingPerson(Person):
    """Somebody whose network forbids sockets: `socket` looks like one, and polls."""

    wait_seconds = WAIT_SECONDS

    def socket(self, path, **options):
        parts = urlsplit(path)
        return Polls(self, parts.path.split("/")[2], parts.query)


class Polls:
    """What a browser's poll.js does, with the outside of a websocket, for `Client`."""

    def __init__(self, person, slug, query=""):
        self.person, self.query = person, query
        self.path = f"/api/rooms/{slug}/poll/"
        self.transport = SimpleNamespace(abort=self.abort)
        self.close_code = self.poll = self.cursor = None
        self.events, self.writers = asyncio.Queue(), set()
        self.ahead, self.present = set(), set()
        self.saying = asyncio.Lock()

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
        """The line goes dead."""
        self.end(1006)
        for writer in list(self.writers):
            writer.transport.abort()

    def end(self, code):
        self.close_code = self.close_code or code
        self.events.put_nowait(None)

    async def run(self):
        try:
            answer = await self.ask("GET", self.query)
            self.poll = answer.get("poll")
            while self.close_code is None:
                answer = await self.ask("GET", self.next_query())
        except (OSError, ValueError, EOFError, IndexError):
            self.end(1006)

    def next_query(self):
        wait = self.person.wait_seconds
        return f"poll={self.poll}&cursor={self.cursor}&present={len(self.present)}&wait={wait}"

    async def send(self, text):
        async with self.saying:
            with contextlib.suppress(OSError, ValueError, EOFError, IndexError):
                await self.ask("POST", f"poll={self.poll}", f"[{text}]".encode())

    async def ask(self, method, query, body=b""):
        """Returns the answer's object, after its events have been taken."""
        status, answer = await self.request(method, query, body)
        for event in answer.get("events", ()):
            self.see(event)
            self.events.put_nowait(json.dumps(event))
        if answer.get("close") or status >= 400:
            self.end(answer.get("close", 1006))
        return answer

    def see(self, event):
        """Moves the cursor by its rule, and remembers who is here."""
        if event["type"] == "synced":
            self.cursor = max(self.cursor or 0, event["offset"])
        elif event["type"] == "message":
            self.ahead.add(event["offset"])
        if "present" in event:
            self.present = {one["handle"] for one in event["present"]}
        if event["type"] == "presence":
            self.present = (self.present | set(event["came"])) - set(event["went"])
        while self.cursor is not None and self.cursor + 1 in self.ahead:
            self.cursor += 1

    async def request(self, method, query, body=b""):
        """Returns (status, the answer's object). Without any answer in good time the line is dead."""
        async with asyncio.timeout(self.person.wait_seconds + 5):
            return await self._request(method, query, body)

    async def _request(self, method, query, body):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.person.site.port)
        self.writers.add(writer)
        try:
            headers = {
                **self.person.headers, "Host": f"127.0.0.1:{self.person.site.port}", "Content-Length": len(body),
                "X-CSRFToken": self.person.http.cookies.get("csrftoken", ""),
            }  # fmt: skip
            lines = [f"{method} {self.path}?{query} HTTP/1.0", *(f"{name}: {value}" for name, value in headers.items())]
            writer.write("\r\n".join([*lines, "", ""]).encode() + body)
            head, _, content = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            self.writers.discard(writer)
            writer.close()
        return int(head.split()[1]), json.loads(content or b"{}")


@pytest.fixture
def poller(site):
    """Makes people who can only poll."""

    def make(name, at=site):
        return PollingPerson(at, f"{name} {new_ref()[:6]}")

    return make


def groups_of(valkey_url, room_id):
    """Returns how many members each group of a room has."""
    import redis

    client = redis.StrictRedis.from_url(valkey_url)
    return sum(client.zcard(key) for key in client.scan_iter(f"asgi:members:room-{room_id}:*"))


def room_id(site, slug):
    return site.database.query("SELECT id FROM chat_room WHERE slug = %s", slug)[0][0]


async def waits(site, slug, number=1):
    """Waits until so many connections listen to the room, sockets and waiting polls."""
    number_of = room_id(site, slug)
    async with asyncio.timeout(60):
        while groups_of(site.redis_url, number_of) != number:
            await asyncio.sleep(0.02)


async def test_a_poller_and_a_socket_talk_and_nothing_is_lost_doubled_or_out_of_order(room, poller, bob):
    async with poller("Alice").client(room) as polls, bob.client(room) as socket:
        for number in range(100):
            sayings = [asyncio.create_task(client.post(f"{name} {number}"))
                       for name, client in (("polls", polls), ("socket", socket))]  # fmt: skip
            if number % 20 == 10:
                polls.cut()
            if number % 20 == 15:
                socket.cut()
            await asyncio.gather(*sayings)
        for client in (polls, socket):
            await client.until(lambda client=client: client.cursor == 200)
        assert polls.messages == socket.messages
        for name in ("polls", "socket"):
            own = [body for body in polls.bodies() if body.startswith(name)]
            assert own == [f"{name} {number}" for number in range(100)]
        live = [event["offset"] for event in polls.events if event["type"] == "message"]
        assert len(set(live)) == 200


async def test_what_is_said_wakes_who_waits_at_once(site, room, poller, bob):
    async with poller("Alice").client(room) as polls, bob.client(room) as socket:
        await waits(site, room, 2)
        heard = len(polls.events)
        loop = asyncio.get_running_loop()
        started = loop.time()
        await socket.post("Hello")
        await polls.until(lambda: polls.bodies() == ["Hello"])
        assert loop.time() - started < WAIT_SECONDS / 2
        assert [event["type"] for event in polls.events[heard:]][0] in ("message", "presence")


async def test_a_ban_ends_a_waiting_poll_at_once_and_so_does_a_sign_out(site, room, poller, owner):
    banned, signed_out = poller("Alice"), poller("Bob")
    async with banned.client(room) as first, signed_out.client(room) as second:
        await waits(site, room, 2)
        loop = asyncio.get_running_loop()
        started = loop.time()
        script = (
            "from chat.models import Member; from chat.services import rooms;"
            f"rooms.set_role(Member.objects.get(room__slug='{room}', person__handle='{banned.handle}'), 'banned')"
        )
        await asyncio.to_thread(site.manage, "shell", "-c", script)
        await asyncio.to_thread(signed_out.call, "DELETE", "/api/session/", 200)
        await first.until(lambda: first._run_task.done() or first.close_codes)
        await second.until(lambda: second._run_task.done() or second.close_codes)
        assert first.close_codes == [4403] and second.close_codes == [4401]
        assert loop.time() - started < WAIT_SECONDS


async def test_presence_is_right_for_pollers_and_of_pollers(room, poller, bob):
    alice = poller("Alice")
    async with bob.client(room) as socket:
        async with alice.client(room) as polls:
            await socket.until(lambda: alice.handle in socket.came())
            assert polls.heard("joined")[0]["count"] == 2
        await socket.until(lambda: alice.handle in socket.went())
    async with alice.client(room) as polls:
        for _ in range(3):
            async with bob.client(room):
                await polls.until(lambda: polls._socket.present == {alice.handle, bob.handle})
            await polls.until(lambda: polls._socket.present == {alice.handle})


async def test_a_poll_that_is_aborted_leaves_nothing_behind(site, room, poller, bob):
    import redis

    store = redis.StrictRedis.from_url(site.redis_url)
    alice = poller("Alice")
    async with bob.client(room) as socket:
        polls = Polls(alice, room)
        async with polls:
            await waits(site, room, 2)
            await socket.until(lambda: alice.handle in socket.came())
            polls.abort()
            # Its place is free, though nobody has said a word of farewell.
            await waits(site, room, 1)
            await socket.until(lambda: alice.handle in socket.went())
            polls.poll = None
    roster = f"chat:roster:room:{room_id(site, room)}:entries"
    wait_until(lambda: store.zcard(roster) == 0, what="the roster is empty")
    members = [key for key in store.scan_iter("asgi:members:*") if f":member-{room}".encode() in key]
    assert members == []


async def test_polls_that_end_in_every_way_leave_no_member_of_any_group(site, room, poller, bob):
    import redis

    store = redis.StrictRedis.from_url(site.redis_url)
    alice = poller("Alice")
    async with bob.client(room) as socket, alice.client(room) as polls:
        for number in range(20):
            await socket.post(f"number {number}")
            if number % 5 == 4:
                polls.cut()
            await polls.until(lambda number=number: len(polls.messages) == number + 1)
        await waits(site, room, 2)
    await waits(site, room, 0)
    member = site.database.query(
        "SELECT m.id FROM chat_member m JOIN chat_person p ON p.id = m.person_id WHERE p.handle = %s", alice.handle
    )[0][0]
    wait_until(lambda: not list(store.scan_iter(f"asgi:members:member-{member}:*")), what="its group is empty")


async def test_nothing_is_lost_when_workers_are_killed_while_polls_wait(frail_site):
    owner = await asyncio.to_thread(Person, frail_site, f"Owner {new_ref()[:6]}", "correct horse")
    room = owner.make_room()
    alice = PollingPerson(frail_site, f"Alice {new_ref()[:6]}")
    # A request that a worker had in hand is answered by nobody: so long it waits.
    alice.wait_seconds = 1
    async with alice.client(room) as polls, owner.client(room) as socket:
        await waits(frail_site, room, 2)
        for number in range(4):
            worker = frail_site.workers[number % 2]
            await socket.send("post", body=f"number {number}")
            await polls.send("post", body=f"and {number}")
            worker.kill()
            worker.start()
        for client in (polls, socket):
            await client.until(lambda client=client: not client.outbox and client.cursor == 8)
        assert polls.messages == socket.messages and len(polls.messages) == 8
    await asyncio.to_thread(frail_site.start)


async def test_an_interface_that_ends_answers_who_waits(frail_site):
    alice = PollingPerson(frail_site, f"Alice {new_ref()[:6]}", "correct horse")
    room = alice.make_room()
    polls = Polls(alice, room)
    _, first = await polls.request("GET", "")
    waiting = asyncio.create_task(polls.request("GET", f"poll={first['poll']}&cursor=0"))
    await waits(frail_site, room, 1)
    try:
        await asyncio.to_thread(frail_site.web.end, signal.SIGTERM)
        assert await waiting == (200, {"events": [{"type": "synced", "offset": 0, "more": False}]})
    finally:
        await asyncio.to_thread(frail_site.start)


def test_over_one_line_polls_follow_each_other_and_head_lets_nobody_in(site, room, alice):
    url = f"{site.url}/api/rooms/{room}/poll/"
    head = alice.http.head(url, timeout=60)
    assert (head.status_code, head.content) == (405, b"")
    poll = alice.http.get(url, timeout=60).json()["poll"]
    for _ in range(3):
        answer = alice.http.get(url, params={"poll": poll, "cursor": 0, "wait": 1}, timeout=60)
        assert answer.json() == {"events": [{"type": "synced", "offset": 0, "more": False}]}
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Security-Policy" in answer.headers
    foreign = requests.get(url, headers={"Origin": "https://evil.example"}, timeout=60)
    assert foreign.status_code == 401
    assert not [name for name in foreign.headers if name.lower().startswith("access-control")]
