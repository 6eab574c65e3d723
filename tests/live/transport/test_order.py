"""The order of messages, on sites with one or several workers and Redis servers; and the cost of a broadcast."""

import asyncio
import contextlib
import itertools

import pytest
import requests
from websockets.exceptions import InvalidStatus

from tests.live.processes import Site
from tests.live.transport.sockets import SETTINGS, ask, is_silent, keep_busy, names, open_socket, receive, send

pytestmark = pytest.mark.no_database


KINDS = {
    "two workers": {"workers": 2},
    "four workers": {"workers": 4},
    "encrypted": {"workers": 2, "SITE_KEYS": "new old"},
    "three hosts": {"workers": 3, "SITE_HOSTS": "3", "SITE_KEYS": "new"},
}


@pytest.fixture(scope="module", params=KINDS)
def any_site(request):
    site = Site(**SETTINGS, **KINDS[request.param]).start()
    yield site
    site.stop()


@pytest.fixture
def number_of_frames(request):
    """Return 3,000 for the first kind of site. The others use the same scripts for the order, so return fewer."""
    return 3000 if request.node.callspec.params["any_site"] == next(iter(KINDS)) else 1000


async def test_broadcasts_arrive_once_and_in_order(any_site, number_of_frames):
    # Some frames send several messages. While one worker sends them, another worker has time to run the next frame.
    parts = [10 if number % 10 == 0 else 1 for number in range(number_of_frames)]
    expected = [[number, part] for number in range(len(parts)) for part in range(parts[number])]
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        speaker, listener = await enter(open_socket(any_site, "order")), await enter(open_socket(any_site, "order"))
        crowd = [asyncio.create_task(keep_busy(await enter(open_socket(any_site)))) for _ in range(4)]

        async def speak():
            for number, count in enumerate(parts):
                await send(speaker, "broadcast_parts", number=number, count=count)

        speaking = asyncio.create_task(speak())
        heard = [[await receive(member) for _ in expected] for member in (listener, speaker)]
        await speaking
        for texts in heard:
            places = [text["place"] for text in texts]
            pairs = zip(expected, places, strict=True)
            assert places == expected, next((wanted, place) for wanted, place in pairs if wanted != place)
        switches = sum(text["pid"] != following["pid"] for text, following in itertools.pairwise(heard[0]))
        assert switches > 50, "one worker alone cannot swap messages"
        assert await is_silent(listener)
        for task in crowd:
            assert not task.done()
            task.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)


async def test_sends_sessions_jobs_and_requests_work_on_each_kind_of_site(any_site):
    async with open_socket(any_site, "all/of/it") as socket, open_socket(any_site, "all/of/it") as other:
        for number in range(30):
            await send(socket, "answer_and_broadcast", number=number)
        for number in range(30):
            assert [await receive(socket) for _ in range(3)] == [
                {"first": number},
                {"second": number},
                {"third": number},
            ]
            assert await receive(other) == {"second": number}
        assert [(await ask(socket, "count"))["count"] for _ in range(20)] == list(range(1, 21))
        await send(socket, "start_jobs", times=60)
        for member in (socket, other):
            assert sorted([(await receive(member))["job"] for _ in range(60)]) == list(range(60))
    for number in range(12):
        async with open_socket(any_site, f"hosts-{number}") as socket:
            await send(socket, "broadcast", number=number)
            assert await receive(socket) == {"number": number}
    responses = await asyncio.to_thread(lambda: [requests.get(f"{any_site.url}/client", timeout=60) for _ in range(10)])
    assert {response.json()["pid"] for response in responses} <= {worker.pid for worker in any_site.workers}
    with pytest.raises(InvalidStatus, match="403"):
        async with open_socket(any_site, "denied"):
            pass


async def test_a_broadcast_costs_about_as_many_commands_for_three_hundred_members_as_for_ten(site, valkey):
    room, times = next(names), 50

    def commands():
        stats = valkey.info("commandstats")
        return sum(value["calls"] for name, value in stats.items() if name != "cmdstat_info")

    async with contextlib.AsyncExitStack() as stack:

        async def enter(count):
            sockets = [stack.enter_async_context(open_socket(site, room)) for _ in range(count)]
            return list(await asyncio.gather(*sockets))

        async def broadcast(members):
            """Return the fewest commands that a broadcast took; larger counts include heartbeats."""
            counts = []
            for number in range(times):
                before = commands()
                await send(members[0], "broadcast", number=number)
                for member in members:
                    assert await receive(member) == {"number": number}
                counts.append(commands() - before)
            return min(counts)

        members = await enter(10)
        await ask(members[0])
        few = await broadcast(members)
        for _ in range(5):
            members += await enter(58)
        assert len(members) == 300
        await asyncio.gather(*(ask(member) for member in members))
        many = await broadcast(members)
    assert abs(many - few) < 0.2 * few, (few, many)
    assert many < 80
