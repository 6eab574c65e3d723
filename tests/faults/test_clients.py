"""Clients that do not read, or send everything at once: they are answered or dropped, without effect on others."""

import asyncio
import contextlib
import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.faults.clients import Probe, chatting, make_person, p95_of, report
from tests.faults.company import company
from tests.faults.sites import memory
from tests.live.client import read_until

DROPPED_SECONDS = 90
# Per client that does not read, beyond what others need: a megabyte of ours, and what Python makes of it.
MOST_MEMORY = 12 * 2**20
# Below this, twice as much is noise of the machine.
UNNOTICED_SECONDS = 0.5
OTHERS_SECONDS = 1
ESTABLISHED = "01"


@contextlib.asynccontextmanager
async def deaf_socket(person, slug):
    """A socket that reads its backlog and nothing after it, with a small buffer in its kernel."""
    place = urlsplit(person.site.url)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (place.hostname, place.port))
    async with person.socket(f"/chat/{slug}/", sock=raw, close_timeout=0.1) as deaf:
        await read_until(deaf, lambda event: event["type"] == "synced")
        deaf.transport.pause_reading()
        try:
            yield raw.getsockname()[1]
        finally:
            deaf.transport.abort()


class Loud:
    """Says long things in a busy room."""

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
    # The short test has no time to fill the megabytes that a loopback's kernel takes.
    site = make_site(**size.pick({"FAULT_SEND_BUFFER": "32768"}, {})).start()
    count = size.pick(2, 10)
    async with company(site, rooms=1, each=6) as people:
        watcher, *rest = people.tabs
        probes, loud = [Probe(tab, pause=0.05) for tab in rest[:3]], Loud(rest[3:], 0.08)
        speaking = [asyncio.create_task(loud.run()), *(probe.start()._task for probe in probes)]
        deaf_people = [await asyncio.to_thread(make_person, site, "Deaf") for _ in range(count)]
        await asyncio.sleep(size.pick(4, 20))
        before, began = memory(site.web), time.monotonic()
        calm = p95_of(probes, since=0, before=began)
        peak = before
        async with contextlib.AsyncExitStack() as stack:
            ports = [await stack.enter_async_context(deaf_socket(person, watcher.slug)) for person in deaf_people]
            started = time.monotonic()
            assert len(lines_of(site.port, ports)) == count
            while lines_of(site.port, ports):
                peak = max(peak, memory(site.web))
                assert time.monotonic() - started < DROPPED_SECONDS, "they were not dropped"
                await asyncio.sleep(0.1)
            dropped = time.monotonic() - started
            noisy = p95_of(probes, since=began, before=time.monotonic())
        for task in speaking:
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)
        report(
            f"{count} clients that do not read: dropped after {dropped:.1f} s; the interface grew from"
            f" {before / 2**20:.0f} to at most {peak / 2**20:.0f} MiB; p95 of the others {calm * 1000:.0f} ms"
            f" before, {noisy * 1000:.0f} ms with them"
        )
        assert peak - before < count * MOST_MEMORY + 20 * 2**20
        assert noisy < max(2 * calm, UNNOTICED_SECONDS)
        assert people.close_codes() == []
        said = [line for line in site.web.said().splitlines() if "does not read: dropped" in line]
        report(f"the log said {len(said)} times: {said[:1]}")
        assert said
        await people.catches_up_and_agrees()


def lines_of(server_port, ports):
    """Which of the clients' ports the server still has a connection to, as the kernel has it."""
    with open("/proc/net/tcp") as file:
        rows = [line.split() for line in file][1:]
    ends = [(int(row[1].split(":")[1], 16), int(row[2].split(":")[1], 16)) for row in rows if row[3] == ESTABLISHED]
    return {there for here, there in ends if here == server_port} & set(ports)


async def test_a_burst_of_five_hundred_frames_is_answered_and_other_rooms_do_not_wait(site, size):
    async with company(site, rooms=4, each=1) as people:
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
                f"500 frames at once: all answered after {took:.1f} s ({limited} had to be said again); other rooms'"
                f" p95 {p95 * 1000:.0f} ms"
            )
            assert p95 < OTHERS_SECONDS
            # The person's allowance comes back at 50 a second.
            await asyncio.sleep(size.pick(0, 10))
        assert speaker.close_codes == []
        await people.catches_up_and_agrees()


@pytest.mark.long
async def test_a_connection_that_breaks_under_load_loses_nothing(site, size):
    async with company(site, rooms=1, each=4) as people:
        async with chatting(people.tabs):
            for _ in range(size.pick(6, 60)):
                for tab in people.tabs[::2]:
                    tab.cut()
                await asyncio.sleep(0.7)
        took = await people.catches_up_and_agrees()
        report(f"{len(people.close_codes())} broken lines, {people.changes} changes: complete after {took:.1f} s")
