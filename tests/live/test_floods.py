"""
Clients that send as much as they can, or as slowly as they can: other people notice nothing.

The sockets of the flood are plain TCP connections with prepared bytes, so that the flood costs this process little.
"""

import asyncio
import contextlib
import itertools
import json
import select
import socket
import statistics
import time
from urllib.parse import urlsplit

import pytest
import redis

from tests.live.client import Person
from tests.live.processes import wait_until

pytestmark = pytest.mark.no_database

COUNT = 20
FLOOD_SECONDS = 10
# Without limits, an answer took one to seven seconds. With limits, a quiet machine answers in a small part of
# PROMPT_SECONDS.
PROMPT_SECONDS, SLOWEST_SECONDS = 0.5, 3
numbers = itertools.count(1)


def frame(opcode, payload=b""):
    """Return the bytes of a masked frame of a client. The key of the mask is zero, so the payload stays as it is."""
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + b"\0\0\0\0" + payload


TEXTS, PINGS = frame(1, b"x") * 10000, frame(9) * 10000


async def open_raw_socket(site, path):
    """Return (reader, writer) of an open websocket of an anonymous client."""
    address = urlsplit(site.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    lines = [
        *(f"GET {path} HTTP/1.1", f"Host: {address.netloc}", f"Origin: {site.url}"),
        *("Upgrade: websocket", "Connection: Upgrade"),
        *("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==", "", ""),
    ]
    writer.write("\r\n".join(lines).encode())
    response = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in response, response
    return reader, writer


async def flood(site, path, data, seconds=FLOOD_SECONDS):
    """Send the same bytes again and again, read the responses, and disconnect. Return the last four bytes received."""
    reader, writer = await open_raw_socket(site, path)
    last = bytearray()

    async def read_answers():
        while part := await reader.read(65536):
            last[:] = (last + part)[-4:]

    async def send_repeatedly():
        while True:
            writer.write(data)
            await writer.drain()

    tasks = [asyncio.create_task(read_answers()), asyncio.create_task(send_repeatedly())]
    await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    writer.transport.abort()
    return bytes(last)


async def measure_acks(client, until):
    """Post messages until a task ends, and return the seconds until each was acknowledged."""
    waits = []
    while not until.done():
        started = time.monotonic()
        await client.post(f"message {len(waits)}")
        waits.append(time.monotonic() - started)
        await asyncio.sleep(0.05)
    return waits


def make_room(site):
    """Return a new person and the slug of a room that this person owns."""
    owner = Person(site, f"Owner of the floods {next(numbers)}", "correct horse")
    return owner, owner.make_room()


def count_waiting_frames(site):
    valkey = redis.StrictRedis.from_url(site.redis_url)
    return sum(valkey.llen(key) for key in valkey.scan_iter("asgi:frames:*", count=1000))


@pytest.mark.alone
@pytest.mark.parametrize("path", ["/echo/", "/lobby/"])
async def test_anonymous_floods_do_not_delay_messages_and_leave_no_frames_in_redis(frail_site, path):
    owner, room = make_room(frail_site)
    async with owner.client(room) as client:
        floods = asyncio.gather(*(flood(frail_site, path, TEXTS) for _ in range(COUNT)))
        waits = await measure_acks(client, floods)
        await floods
        assert statistics.median(waits) < PROMPT_SECONDS and max(waits) < SLOWEST_SECONDS, sorted(waits)[-5:]
    await asyncio.to_thread(wait_until, lambda: count_waiting_frames(frail_site) == 0, 10, "an empty queue")


@pytest.mark.alone
async def test_pings_after_a_flood_close_no_other_socket(frail_site):
    owner, room = make_room(frail_site)
    async with owner.client(room) as client, owner.socket("/lobby/") as lobby:
        sizes = frail_site.log_sizes()
        texts = asyncio.gather(*(flood(frail_site, "/echo/", TEXTS) for _ in range(COUNT)))
        waits = await measure_acks(client, texts)
        await texts
        pings = asyncio.gather(*(flood(frail_site, "/lobby/", PINGS, 20) for _ in range(2)))
        waits += await measure_acks(client, pings)
        assert set(await pings) == {b"\x88\x02" + (4429).to_bytes(2, "big")}
        assert max(waits) < SLOWEST_SECONDS
        assert lobby.close_code is None and client.close_codes == []
        assert "counted as dead" not in frail_site.logs(sizes)


async def test_messages_that_a_person_sends_just_before_leaving_are_kept(frail_site):
    owner, room = make_room(frail_site)
    await asyncio.sleep(1)
    async with owner.socket(f"/chat/{room}/") as websocket:
        for number in range(300):
            await websocket.send(json.dumps({"type": "post", "ref": f"kept-{number}", "body": str(number)}))
        await websocket.close()
    bodies = {str(number) for number in range(300)}
    await asyncio.to_thread(
        wait_until, lambda: {message["body"] for message in owner.history(room).values()} >= bodies, 60
    )


def read_to_end(connection):
    """Return all bytes that arrive until the server closes the connection."""
    received = b""
    with contextlib.suppress(OSError):
        while part := connection.recv(65536):
            received += part
    return received


def test_a_body_above_the_limit_is_refused_while_it_arrives(frail_site):
    address = urlsplit(frail_site.url)
    for head in (b"Content-Length: 12000000000", b"Transfer-Encoding: chunked"):
        connection = socket.create_connection((address.hostname, address.port), timeout=20)
        connection.sendall(b"POST /api/rooms/ HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        sent, started = 0, time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - started < 20:
                sent += connection.send(chunk)
        assert sent < 64 * 1024 * 1024 and time.monotonic() - started < 15
        assert b"HTTP/1.1 413 " in read_to_end(connection)
        connection.close()


SLOW = {
    "request line": b"GE",
    "headers": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ",
    "body": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
    "chunks": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    "handshake": b"GET /lobby/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-A: ",
}


def test_clients_that_send_a_byte_every_two_seconds_are_disconnected(frail_site):
    address = urlsplit(frail_site.url)
    slow = {}
    for name, head in SLOW.items():
        slow[name] = socket.create_connection((address.hostname, address.port), timeout=20)
        slow[name].sendall(head)
    started, responses = time.monotonic(), {}
    while slow and time.monotonic() - started < 60:
        time.sleep(2)
        for name, connection in list(slow.items()):
            with contextlib.suppress(OSError):
                connection.sendall(b"1\r\na\r\n" if name == "chunks" else b"a")
            if select.select([connection], [], [], 0)[0]:
                data = b""
                with contextlib.suppress(ConnectionResetError):
                    data = connection.recv(65536)
                if not data:
                    slow.pop(name).close()
                responses[name] = responses.get(name, b"") + data
    assert not slow
    assert all(b" 408 " in responses[name] for name in SLOW)
