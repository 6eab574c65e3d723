"""
Clients that do not read, that send many frames at once, or whose connections break.

The site answers the clients or drops them, without effect on others, and loses no message.
"""

import asyncio
import contextlib
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.faults.clients import Probe, chatting, make_person, p95_of, report
from tests.faults.people import people_in_rooms
from tests.live.client import read_until
from tests.live.processes import read_memory

DROPPED_SECONDS = 90
# The largest additional memory for each client that does not read, in bytes. The interface keeps a megabyte of unread
# bytes for the client; the rest is Python's overhead.
MOST_MEMORY = 12 * 2**20
# Below this time, the noise of a machine can double a wait.
UNNOTICED_SECONDS = 0.5
OTHERS_SECONDS = 1
ESTABLISHED = "01"


@contextlib.asynccontextmanager
async def unread_socket(person, slug):
    """Open a socket that reads its backlog and nothing after it, with a small receive buffer. Yield its port."""
    address = urlsplit(person.site.url)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (address.hostname, address.port))
    async with person.socket(f"/chat/{slug}/", sock=raw, close_timeout=0.1) as unread:
        await read_until(unread, lambda event: event["type"] == "synced")
        unread.transport.pause_reading()
        try:
            yield raw.getsockname()[1]
        finally:
            unread.transport.abort()


class LongPosts:
    """A loop that posts long messages through several tabs in turn."""

    def __init__(self, tabs, pause):
        self.tabs, self.pause = tabs, pause

    async def run(self):
        number = 0
        while True:
            for tab in self.tabs:
                number += 1
                if len(tab.outbox) < 20:
                    await tab.send("post", body=f"{number} " + "x" * 3900)
            await asyncio.sleep(self.pause)


async def test_a_client_that_stops_reading_a_busy_room_is_dropped_without_effect_on_others(make_site, size):
    # The short test has no time to fill the kernel's buffers of a loopback connection, which take megabytes.
    site = make_site(**size.pick({"FAULT_SEND_BUFFER": "32768"}, {})).start()
    count = size.pick(2, 10)
    async with people_in_rooms(site, rooms=1, each=6) as people:
        watcher, *rest = people.tabs
        probes, busy = [Probe(tab, pause=0.05) for tab in rest[:3]], LongPosts(rest[3:], 0.08)
        posting = [asyncio.create_task(busy.run()), *(probe.start()._task for probe in probes)]
        slow_people = [await asyncio.to_thread(make_person, site, "Slow") for _ in range(count)]
        await asyncio.sleep(size.pick(4, 20))
        before, began = read_memory(site.web), time.monotonic()
        p95_before = p95_of(probes, since=0, before=began)
        peak = before
        async with contextlib.AsyncExitStack() as stack:
            ports = [await stack.enter_async_context(unread_socket(person, watcher.slug)) for person in slow_people]
            started = time.monotonic()
            assert len(open_ports(site.port, ports)) == count
            while open_ports(site.port, ports):
                peak = max(peak, read_memory(site.web))
                assert time.monotonic() - started < DROPPED_SECONDS, "the clients were not dropped"
                await asyncio.sleep(0.1)
            dropped = time.monotonic() - started
            p95_during = p95_of(probes, since=began, before=time.monotonic())
        for task in posting:
            task.cancel()
        await asyncio.gather(*posting, return_exceptions=True)
        report(
            f"{count} clients that do not read: dropped after {dropped:.1f} s; the interface grew from"
            f" {before / 2**20:.0f} to at most {peak / 2**20:.0f} MiB; p95 of the others {p95_before * 1000:.0f} ms"
            f" before, {p95_during * 1000:.0f} ms with them"
        )
        assert peak - before < count * MOST_MEMORY + 20 * 2**20
        assert p95_during < max(2 * p95_before, UNNOTICED_SECONDS)
        assert people.close_codes() == []
        log_lines = [line for line in site.web.read_log().splitlines() if "does not read: dropped" in line]
        report(f"the log has {len(log_lines)} lines: {log_lines[:1]}")
        assert log_lines
        await people.check_complete()


def open_ports(server_port, ports):
    """Return the clients' ports to which the server still has a connection, according to the kernel."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file][1:]
    ends = [(int(row[1].split(":")[1], 16), int(row[2].split(":")[1], 16)) for row in rows if row[3] == ESTABLISHED]
    return {there for here, there in ends if here == server_port} & set(ports)


async def test_a_burst_of_five_hundred_frames_is_answered_and_other_rooms_do_not_wait(site, size):
    async with people_in_rooms(site, rooms=4, each=1) as people:
        speaker, *others = people.tabs
        for _ in range(size.pick(1, 5)):
            probes = [Probe(tab, pause=0.02).start() for tab in others]
            await asyncio.sleep(0.3)
            began = time.monotonic()
            refs = [await speaker.send("post", body=f"burst {number}") for number in range(500)]
            await speaker.until(lambda refs=refs: set(refs) <= set(speaker.answers), 60)
            took = time.monotonic() - began
            while sum(at > began for probe in probes for at, _ in probe.waits) < 20:
                await asyncio.sleep(0.1)
            p95 = p95_of(probes, since=began - 0.1, before=began + max(took, 1))
            for probe in probes:
                await probe.stop()
            limited = sum(event["code"] == "rate_limited" for event in speaker.heard("rejected"))
            report(
                f"500 frames at once: all answered after {took:.1f} s ({limited} had to be sent again); other rooms'"
                f" p95 {p95 * 1000:.0f} ms"
            )
            assert p95 < OTHERS_SECONDS
            # The person's rate limit refills at 50 events a second.
            await asyncio.sleep(size.pick(0, 10))
        assert speaker.close_codes == []
        await people.check_complete()


@pytest.mark.long
async def test_a_connection_that_breaks_under_load_loses_nothing(site, size):
    async with people_in_rooms(site, rooms=1, each=4) as people:
        async with chatting(people.tabs):
            for _ in range(size.pick(6, 60)):
                for tab in people.tabs[::2]:
                    tab.cut()
                await asyncio.sleep(0.7)
        took = await people.check_complete()
        report(f"{len(people.close_codes())} broken connections, {people.changes} changes: complete after {took:.1f} s")
