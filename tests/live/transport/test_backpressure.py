"""The server bounds the memory for frames that no worker takes, and for messages that a client does not read."""

import asyncio
import time

import pytest

from tests.live.processes import START_SECONDS, read_memory
from tests.live.transport.sockets import LIMIT_SECONDS, ask, names, open_socket, receive, restart, send

pytestmark = pytest.mark.no_database


async def test_without_workers_frames_wait_at_the_client_and_are_all_answered_later(site):
    count = 5000
    for worker in site.workers:
        worker.end()
    site.workers[0].start()
    async with open_socket(site) as socket, open_socket(site) as other:
        await ask(socket), await ask(other)
        site.workers[0].end()
        before = read_memory(site.web)

        async def send_all():
            for number in range(count):
                await send(socket, "echo", number=number, filler="x" * 4000)

        sending = asyncio.create_task(send_all())
        await asyncio.sleep(3)
        assert read_memory(site.web) - before < 8 * 1024 * 1024
        assert not sending.done(), "the server must stop reading the frames of this client"
        await send(other, "echo", number="the other's")
        assert socket.close_code is None
        heard = []

        async def read_all():
            for _ in range(count):
                heard.append((await receive(socket, START_SECONDS))["number"])

        # Read from now on, because too many unread answers would end the connection.
        reading = asyncio.create_task(read_all())
        await restart(site.workers[0])
        started = time.monotonic()
        assert (await receive(other))["number"] == "the other's"
        assert len(heard) < count / 2, "the other connection waited for all of these frames"
        await reading
        assert heard == list(range(count))
        # The server passes frames on in batches. If each batch waited for the longest pause, this would take eighty
        # seconds.
        assert time.monotonic() - started < 60
        await sending
        assert read_memory(site.web) - before < 16 * 1024 * 1024


async def test_a_client_that_does_not_read_is_dropped_and_the_others_are_served(site):
    # These numbers are small, so that `reader` is not dropped too on a slow machine.
    room, size, times = next(names), 60000, 10
    async with open_socket(site, room) as slow, open_socket(site, room) as reader:
        await ask(slow), await ask(reader)
        before, peak, sizes = read_memory(site.web), 0, site.log_sizes()
        slow.transport.pause_reading()
        for _ in range(50):
            await send(reader, "huge_to_all", size=size, times=times)
            for _ in range(times):
                assert len(await asyncio.wait_for(reader.recv(), LIMIT_SECONDS)) == size
                peak = max(peak, read_memory(site.web))
        assert "does not read: dropped" in site.logs(sizes)
        assert peak - before < 24 * 1024 * 1024
        slow.transport.resume_reading()
        await asyncio.wait_for(slow.wait_closed(), LIMIT_SECONDS)
        assert (await ask(reader, number=1))["number"] == 1
