"""Redis that loses its data, dies, freezes or is full: no process of the site ends, and no person is logged out."""

import asyncio
import time

import pytest
import redis
import requests

from tests.faults.clients import Listener, listening, make_person, report, until
from tests.faults.people import people_in_rooms
from tests.faults.sites import all_survive, pause, records, resume
from tests.live.client import close_code, read_until

MARGIN_SECONDS = 10
# Each connection to Redis logs the outage once, and its end once.
MOST_RECORDS = 12


async def check_still_logged_in(people):
    for tab in people.tabs:
        response = await asyncio.to_thread(tab.person.call, "GET", "/api/session/", 200)
        assert response.json()["handle"] == tab.person.handle


def seconds_to_detect_a_loss(size):
    # A client sends its heartbeat up to a fifth earlier or later.
    return 1.2 * size.heartbeat + MARGIN_SECONDS


async def flush(site):
    await asyncio.to_thread(site.redis().flushall)


async def kill_and_start_empty(site):
    site.valkey.kill()
    await asyncio.sleep(1)
    site.valkey.start()
    await asyncio.to_thread(site.wait_for_redis)


@pytest.mark.parametrize("lose_data", [flush, kill_and_start_empty])
async def test_after_redis_lost_its_data_no_process_ends_and_the_next_post_is_delivered(site, size, lose_data):
    async with people_in_rooms(site, rooms=2, each=3) as people:
        with all_survive(site):
            async with people.chatting(pause=0.2):
                await asyncio.sleep(1)
                await lose_data(site)
                lost_at = time.monotonic()
                await asyncio.sleep(1)
            # Clients that only listen get these messages too.
            for tab in (people.tabs[0], people.tabs[3]):
                await tab.send("post", body="does anybody hear this?")
            took = await people.check_complete(seconds_to_detect_a_loss(size))
            assert time.monotonic() - lost_at < seconds_to_detect_a_loss(size) + 10
            await check_still_logged_in(people)
            # When all tabs have joined again, none of them waits for an answer to a heartbeat.
            await until(lambda: all(tab.is_joined for tab in people.tabs))
        report(
            f"Redis lost its data ({lose_data.__name__}): {people.changes} changes, all tabs were complete"
            f" {took:.1f} s after the next post"
        )


async def test_an_idle_room_receives_the_next_post_after_redis_lost_its_data(site, size):
    # The groups are gone, so the post does not reach the other tabs. Only their heartbeats detect that.
    async with people_in_rooms(site, rooms=1, each=3) as people:
        alice, *others = people.tabs
        await alice.post("before")
        await kill_and_start_empty(site)
        lost_at = time.monotonic()
        await alice.post("after")
        for tab in others:
            await tab.until(lambda tab=tab: "after" in tab.bodies(), seconds_to_detect_a_loss(size))
        report(
            f"Redis restarted empty: an idle room had the next post {time.monotonic() - lost_at:.1f} s later,"
            f" with a heartbeat of {size.heartbeat} s"
        )
        await people.check_complete()
        # From now on, these clients send no heartbeats. They are in the group again, so they receive the message.
        for tab in others:
            tab.be_silent()
        await alice.post("and on")
        for tab in others:
            await tab.until(lambda tab=tab: "and on" in tab.bodies())


@pytest.mark.parametrize("lose_data", [flush, pytest.param(kill_and_start_empty, marks=pytest.mark.long)])
async def test_the_lobby_gets_an_event_for_the_next_room_after_redis_lost_its_data(site, size, lose_data):
    owner = await asyncio.to_thread(make_person, site, "Owner", "correct horse")
    async with owner.socket("/lobby/") as lobby:
        await asyncio.to_thread(owner.make_room)
        await read_until(lobby, lambda event: event["type"] == "updated")
        lost_at = time.monotonic()
        await lose_data(site)
        # The page reconnects at once after this code.
        assert await close_code(lobby, seconds_to_detect_a_loss(size)) == 4408
    async with owner.socket("/lobby/") as lobby:
        await asyncio.to_thread(owner.make_room)
        await read_until(lobby, lambda event: event["type"] == "updated")
    took = time.monotonic() - lost_at
    report(f"Redis lost its data ({lose_data.__name__}): the lobby got the event of the next room {took:.1f} s later")
    assert took < seconds_to_detect_a_loss(size)


async def test_each_process_logs_an_outage_of_redis_in_a_few_lines_without_a_traceback(site, size):
    async with people_in_rooms(site, rooms=4, each=2) as people:
        sizes = site.log_sizes()
        async with people.chatting(pause=0.5):
            site.valkey.kill()
            await asyncio.sleep(size.pick(3, 30))
            site.valkey.start()
        await people.check_complete()
    for name, entries in records(site, sizes).items():
        report(f"{name} logged {len(entries)} records of an outage of Redis: {[entry[:120] for entry in entries[:8]]}")
        assert not [entry for entry in entries if "Traceback" in entry], entries[0]
        assert len(entries) <= MOST_RECORDS, entries


async def test_during_a_freeze_of_redis_http_answers_503_and_the_site_recovers_in_thirty_seconds(site, size):
    async with people_in_rooms(site, rooms=2, each=2) as people:
        with all_survive(site):
            async with people.chatting(pause=0.3):
                pause(site.valkey)
                frozen_at = time.monotonic()
                responses = await asyncio.gather(
                    *(asyncio.to_thread(timed_get, f"{site.url}{path}") for path in ("/", "/api/rooms/"))
                )
                await asyncio.sleep(max(0, size.pick(10, 15) - (time.monotonic() - frozen_at)))
                resume(site.valkey)
            took = await people.check_complete(30)
        (page, page_seconds), (api, api_seconds) = responses
        report(
            f"Redis was frozen for {size.pick(10, 15)} s: HTTP 503 after {page_seconds:.1f} s and"
            f" {api_seconds:.1f} s;"
            f" {people.changes} changes complete {took:.1f} s after it continued"
        )
        assert (page.status_code, api.status_code) == (503, 503)
        assert "<" in page.text and api.json()["code"] == "unavailable"
        assert max(page_seconds, api_seconds) < 15
        await asyncio.to_thread(people.tabs[0].person.call, "GET", "/api/rooms/", 200)


def timed_get(url):
    started = time.monotonic()
    response = requests.get(url, timeout=60)
    return response, time.monotonic() - started


async def test_a_full_redis_ends_no_process_and_all_posts_are_acked_thirty_seconds_after_it_has_memory(site, size):
    async with people_in_rooms(site, rooms=2, each=2) as people:
        # A client whose heartbeat is not answered closes its connection. These listeners send none, so only the server
        # can close their connections.
        idle = await people.stack.enter_async_context(listening(idle_listeners(people)))
        with all_survive(site):
            async with people.chatting(pause=0.3):
                await asyncio.sleep(1)
                limit_memory(site, 1)
                try:
                    await asyncio.sleep(2)
                    response, waited = await asyncio.to_thread(timed_get, f"{site.url}/api/rooms/")
                    page, _ = await asyncio.to_thread(timed_get, f"{site.url}/")
                    await asyncio.sleep(size.pick(2, 30))
                finally:
                    limit_memory(site, 0)
                has_memory_at = time.monotonic()
            await people.check_complete(30)
        assert (response.status_code, page.status_code) == (503, 503)
        report(
            f"Redis was full: HTTP {response.status_code} after {waited:.2f} s; {people.changes} changes, all acked"
            f" {time.monotonic() - has_memory_at:.1f} s after Redis had memory again; idle sockets were"
            f" closed with {sorted({code for one in idle for code in one.close_codes}) or 'nothing'}"
        )
        assert {code for one in idle for code in one.close_codes} <= {1013}


def idle_listeners(people):
    return [Listener(tab.person, tab.slug, heartbeat=3600) for tab in people.tabs]


def limit_memory(site, most_bytes):
    """Limit the memory of Redis to `most_bytes` (0: no limit). Redis then refuses writes, and evicts nothing."""
    client = redis.StrictRedis.from_url(site.redis_url)
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("maxmemory", most_bytes)
