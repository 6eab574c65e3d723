"""Interfaces that are killed or stopped: clients reconnect, presence is correct, other clients are not affected."""

import asyncio
import signal
import time

from tests.faults.clients import Listener, Probe, listening, make_person, report, until
from tests.faults.people import people_in_rooms
from tests.faults.sites import start_and_wait

ALL_BACK_SECONDS = 30
PRESENCE_SECONDS = 90
# A client resends a frame after this time without an answer. A shorter wait is no interruption.
UNNOTICED_SECONDS = 5
TABS_OF_ONE = 10
# After this time, a killed interface's lease has expired, and also the lease of a turn together with the grace period.
LEASE_SECONDS = 12


async def make_crowd(site, count):
    """Return (listeners, owner of their rooms): people with ten tabs each, and fifty tabs in each room."""
    owner = await asyncio.to_thread(make_person, site, "Owner", "correct horse")
    rooms = [await asyncio.to_thread(owner.make_room) for _ in range(count // 50)]
    people = [await asyncio.to_thread(make_person, site, "Crowd") for _ in range(count // TABS_OF_ONE)]
    heartbeat = site.size.heartbeat
    crowd = [Listener(people[n // TABS_OF_ONE], rooms[n % len(rooms)], heartbeat) for n in range(count)]
    return crowd, owner


async def present(person, slug):
    """Return the handles of the other people in a room, as `joined` reports them to a person who joins."""
    async with person.client(slug) as client:
        joined = client.heard("joined")[-1]
        assert len(joined["present"]) == joined["count"]
        return {one["handle"] for one in joined["present"]} - {person.handle}


def handles(listeners, slug):
    return {listener.person.handle for listener in listeners if listener.slug == slug}


async def wait_for_presence(owner, listeners, seconds):
    """Wait until the presence in every room is correct. Return how many seconds that took."""
    started = time.monotonic()
    for slug in sorted({listener.slug for listener in listeners}):
        while (found := await present(owner, slug)) != (expected := handles(listeners, slug)):
            assert time.monotonic() - started < seconds, (
                f"wrongly present {found - expected}, missing {expected - found}"
            )
            await asyncio.sleep(0.5)
    return time.monotonic() - started


async def test_all_clients_of_a_killed_interface_reconnect_within_thirty_seconds(make_site, size):
    site = make_site(CHAT_LIMITS="off").start()
    crowd, owner = await make_crowd(site, size.pick(100, 1000))
    # Some clients do not reconnect, so only their leases show that they left.
    gone, staying = crowd[:TABS_OF_ONE], crowd[TABS_OF_ONE:]
    async with listening(crowd):
        await wait_for_presence(owner, crowd, PRESENCE_SECONDS)
        dead_processes = {name.decode() for name in site.redis().zrange("asgi:interfaces", 0, -1)}
        killed = time.monotonic()
        site.web.kill()
        await asyncio.gather(*(listener.stop() for listener in gone))
        ready = await asyncio.to_thread(start_and_wait, site.web)
        await until(lambda: all(listener.is_joined for listener in staying), ALL_BACK_SECONDS, "all have reconnected")
        back = [listener.joined_at[-1] - killed for listener in staying]
        tries = sorted(at - killed for listener in staying for at in listener.tried_at if at > killed)
        assert max(back) < ALL_BACK_SECONDS
        # The clients did not try together: their first tries are spread over the backoff's jitter.
        first = sorted(min(at for at in listener.tried_at if at > killed) - killed for listener in staying)
        spread = first[int(0.95 * len(first))] - first[int(0.05 * len(first))]
        assert spread > 0.04, spread
        presence_seconds = await wait_for_presence(owner, staying, PRESENCE_SECONDS)
        report(
            f"an interface killed with {len(crowd)} sockets: listening again after {ready:.1f} s, the last was back"
            f" after {max(back):.1f} s ({len(tries)} tries, the first ones spread over {spread:.2f} s), presence"
            f" right {presence_seconds:.1f} s later, and {time.monotonic() - killed:.0f} s after the kill"
        )
        await check_nothing_is_left(site, dead_processes, killed)


async def check_nothing_is_left(site, dead_processes, killed):
    """Check that all keys of dead interfaces in Redis expire, and that no lease or roster contains them."""
    redis, names = site.redis(), [name.encode() for name in dead_processes]
    await asyncio.sleep(max(0, killed + max(site.size.lease, LEASE_SECONDS) + 2 - time.monotonic()))

    def left_keys():
        return [key for key in redis.keys("*") if any(name in key for name in names)]

    # Statistics, and the records of ended connections, expire by themselves.
    await until(lambda: all(key.startswith((b"asgi-meta:", b"asgi:turn:")) for key in left_keys()), 30, "all is swept")
    left = left_keys()
    kinds = sorted({key.decode().split(":")[1] for key in left})
    longest = max((redis.ttl(key) or -1 for key in left), default=0)
    report(
        f"Redis still has {len(left)} keys that name the dead interface ({', '.join(kinds)}), the last of them for"
        f" {longest} s"
    )
    assert all((redis.ttl(key) or -1) > 0 for key in left), left
    seconds, micros = redis.time()
    for key in [*redis.keys("chat:lease:*"), *redis.keys("chat:roster:*:entries")]:
        # Ended leases may stay until the next sweep.
        holders = redis.zrangebyscore(key, seconds + micros / 1e6, "+inf")
        assert not [holder for holder in holders if any(name in holder for name in names)], key


async def test_the_clients_of_one_interface_are_not_interrupted_when_another_dies(make_site, size):
    site = make_site()
    second = site.add_interface()
    site.start()
    async with people_in_rooms(site, rooms=1, each=4, urls=(None, second.url)) as people:
        of_killed, of_other = people.tabs[::2], people.tabs[1::2]
        probe = Probe(of_other[0], pause=0.05).start()
        async with people.chatting(pause=0.2):
            await asyncio.sleep(2)
            killed = time.monotonic()
            site.web.kill()
            await asyncio.sleep(size.pick(3, 15))
            heard = len(of_other[1].heard("message"))
            await asyncio.to_thread(start_and_wait, site.web)
            await asyncio.sleep(2)
        await probe.stop()
        assert len(of_other[1].heard("message")) > heard
        during = max(wait for at, wait in probe.waits if at > killed - 1)
        report(f"one of two interfaces killed: the other's members waited at most {during:.2f} s for an ack")
        assert during < UNNOTICED_SECONDS
        assert [code for tab in of_other for code in tab.close_codes] == []
        assert all(tab.close_codes for tab in of_killed)
        await people.check_complete()


async def test_an_interface_that_stops_closes_its_sockets_and_presence_is_correct(make_site, size):
    site = make_site(CHAT_LIMITS="off").start()
    crowd, owner = await make_crowd(site, size.pick(100, 1000))
    gone, staying = crowd[:TABS_OF_ONE], crowd[TABS_OF_ONE:]
    async with people_in_rooms(site, rooms=1, each=2) as people, listening(crowd):
        async with people.chatting():
            await asyncio.sleep(1)
            sockets = [listener.socket for listener in crowd]
            closes = [asyncio.create_task(closed_at(socket)) for socket in sockets]
            started = time.monotonic()
            for listener in gone:
                listener.is_leaving = True
            assert await asyncio.to_thread(site.web.end, signal.SIGTERM, 20) == 0
            ended = time.monotonic() - started
            moments = await asyncio.wait_for(asyncio.gather(*closes), ALL_BACK_SECONDS)
            assert {socket.close_code for socket in sockets} <= {1001, 1012}, {socket.close_code for socket in sockets}
            await asyncio.to_thread(start_and_wait, site.web)
        await people.check_complete()
        assert {code for code in people.close_codes() if code != 1006} <= {1001, 1012}
        await until(lambda: all(listener.is_joined for listener in staying), ALL_BACK_SECONDS, "all have reconnected")
        presence_seconds = await wait_for_presence(owner, staying, PRESENCE_SECONDS)
        report(
            f"SIGTERM of an interface with {len(crowd)} sockets: all closed within {max(moments) - started:.2f} s,"
            f" over {max(moments) - min(moments):.2f} s; ended with 0 after {ended:.2f} s; presence right"
            f" {presence_seconds:.1f} s after the last was back"
        )


async def closed_at(socket):
    """Wait until a socket is closed, and return the time."""
    await socket.wait_closed()
    return time.monotonic()
