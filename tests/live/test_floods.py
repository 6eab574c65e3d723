"""Many messages of a person who leaves, and a body above the limit. tests/security/test_floods.py has the attacks."""

import asyncio
import contextlib
import itertools
import json
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.live.client import Person
from tests.live.processes import wait_until

pytestmark = pytest.mark.no_database

numbers = itertools.count(1)


def make_room(site):
    """Return a new person and the slug of a room that this person owns."""
    owner = Person(site, f"Owner of the floods {next(numbers)}", "correct horse")
    return owner, owner.make_room()


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
