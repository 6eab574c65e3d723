"""
The transport by itself: a site that has no chat in it, and everything that can be killed, stopped, cut or forgotten.

tests/channels_transport/site says what a frame makes its consumers do.
"""

import asyncio
import contextlib
import datetime
import http.client
import itertools
import json
import os
import signal
import socket
import ssl
import time
import types

import pytest
import redis
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live.client import Person, close_code
from tests.live.processes import START_SECONDS, Site, end_together, free_port, wait_until

pytestmark = pytest.mark.no_database

SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.channels_transport.site.settings"}
# What a connection that lost something may be without service: 5 s (tests/test_worker.py counts them together), and
# a margin for a busy machine.
GOES_ON_SECONDS = 15
# What nobody else may notice: whoever has to wait for a lost turn waits at least three seconds, a lease less a beat.
AT_ONCE_SECONDS = 2.8
# Whoever is told to end while waiting for a message, which takes five seconds, does not wait on.
ENDS_SECONDS = 4.5
# When Redis is back, some pause for five seconds still; and a margin.
AGAIN_SECONDS = 25
# Until what must come has come: no promise.
BACK_SECONDS = 60

_names = (f"room-{number}" for number in itertools.count(1))
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def lasting_site():
    site = Site(**SETTINGS).start()
    yield site
    site.stop()


@pytest.fixture
def site(lasting_site):
    """The site, whole before each test and after it."""
    mend(lasting_site)
    yield lasting_site
    mend(lasting_site)


def mend(site):
    for part in site.parts:
        if part.is_running:
            os.kill(part.pid, signal.SIGCONT)
    site.start()


@pytest.fixture
def valkey(site):
    return redis.StrictRedis.from_url(site.redis_url)


@contextlib.contextmanager
def running(part):
    """A process of the test's own."""
    try:
        yield part.start()
    finally:
        part.kill()


def open_socket(site, room=None, url=None, **options):
    """Returns an async context manager: a websocket in the group of a room, a new one unless it is named."""
    person = Person(types.SimpleNamespace(url=url or site.url))
    return person.socket(f"/{room or next(_names)}/", close_timeout=1, **options)


async def say(socket, do, **frame):
    await socket.send(json.dumps({"do": do, **frame}))


async def hear(socket, seconds=BACK_SECONDS):
    async with asyncio.timeout(seconds):
        return json.loads(await socket.recv())


async def ask(socket, do="echo", seconds=BACK_SECONDS, **frame):
    await say(socket, do, **frame)
    return await hear(socket, seconds)


async def hold(socket, site, **frame):
    """Has a frame of this socket in a worker's hand. Returns (the worker, a function that lets it finish)."""
    go = site.folder / f"go-{next(_numbers)}"
    pid = (await ask(socket, "hold", until=str(go), **frame))["held"]
    return next(worker for worker in site.workers if worker.pid == pid), go.touch


async def is_quiet(socket, seconds=0.3):
    """Nothing more comes."""
    with contextlib.suppress(TimeoutError):
        raise AssertionError(f"unexpected: {await hear(socket, seconds)}")
    return True


@contextlib.asynccontextmanager
async def bystanders(site, count=3, seconds=AT_ONCE_SECONDS):
    """Others who ask all the time, each in a room of their own; in the end nobody has waited longer than `seconds`."""
    waits = []

    async def chatter():
        async with open_socket(site) as socket:
            for number in itertools.count():
                started = time.monotonic()
                assert (await ask(socket, number=number))["number"] == number
                waits.append(time.monotonic() - started)
                await asyncio.sleep(0.01)

    tasks = [asyncio.create_task(chatter()) for _ in range(count)]
    await wait(lambda: len(waits) >= count)
    try:
        yield
    finally:
        failed = [task.exception() for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert not failed
    assert max(waits) < seconds


async def keep_busy(socket, outstanding=8):
    """Asks on and on, with so many questions on their way, and hears each answer in its turn."""
    for number in range(outstanding):
        await say(socket, "echo", number=number)
    for number in itertools.count():
        assert (await hear(socket))["number"] == number
        await say(socket, "echo", number=number + outstanding)


async def wait(is_true, seconds=BACK_SECONDS, what="it"):
    deadline = time.monotonic() + seconds
    while not (answer := is_true()):
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        await asyncio.sleep(0.02)
    return answer


async def start_again(worker):
    """Starts a worker that has ended, and returns when it takes messages."""
    start = worker.log.stat().st_size
    worker.start()
    await wait(lambda: "Listening" in worker.said(start), START_SECONDS, "a worker that listens")


async def a_fresh_socket_works(site):
    """Returns how long it took until one did."""
    started = time.monotonic()
    while True:
        with contextlib.suppress(TimeoutError, OSError, InvalidStatus, ConnectionClosed):
            async with open_socket(site, open_timeout=5) as socket:
                await ask(socket, "join", seconds=5)
                await say(socket, "broadcast", hello=True)
                assert await hear(socket, 5) == {"hello": True}
                return time.monotonic() - started
        assert time.monotonic() - started < BACK_SECONDS, "no fresh socket works"
        await asyncio.sleep(0.1)


def answers(url):
    """Whether a request there is answered with 200."""
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=30).status_code == 200
    return False


def memory(part):
    """Returns the bytes that a process has in memory."""
    with open(f"/proc/{part.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def nobody_ends(site, most_lines=40):
    """Whatever happens within, workers and interface live on, and do not fill the disk with what they say of it."""
    parts = [site.web, *site.workers]
    pids, sizes = [part.pid for part in parts], site.log_sizes()
    yield
    assert all(part.is_running for part in parts), site.logs(sizes)
    assert [part.pid for part in parts] == pids
    for part in parts:
        assert len(part.said(sizes[part.log]).splitlines()) <= most_lines, part.said(sizes[part.log])


# Order.

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


async def test_three_thousand_broadcasts_are_heard_once_and_in_order(any_site):
    # Some say more at once, so that another worker has the time to overtake, if it can.
    parts = [10 if number % 10 == 0 else 1 for number in range(3000)]
    expected = [[number, part] for number in range(len(parts)) for part in range(parts[number])]
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        speaker, listener = await enter(open_socket(any_site, "order")), await enter(open_socket(any_site, "order"))
        crowd = [asyncio.create_task(keep_busy(await enter(open_socket(any_site)))) for _ in range(4)]

        async def speak():
            for number, count in enumerate(parts):
                await say(speaker, "broadcast_parts", number=number, count=count)

        speaking = asyncio.create_task(speak())
        heard = [[await hear(member) for _ in expected] for member in (listener, speaker)]
        await speaking
        for texts in heard:
            places = [text["place"] for text in texts]
            assert places == expected, next((a, b) for a, b in zip(expected, places, strict=True) if a != b)
        switches = sum(a["pid"] != b["pid"] for a, b in itertools.pairwise(heard[0]))
        assert switches > 50, "one worker alone cannot swap anything"
        assert await is_quiet(listener)
        for task in crowd:
            assert not task.done()
            task.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)


async def test_everything_works_on_any_kind_of_site(any_site):
    async with open_socket(any_site, "all/of/it") as socket, open_socket(any_site, "all/of/it") as other:
        for number in range(30):
            await say(socket, "answer_and_broadcast", number=number)
        for number in range(30):
            assert [await hear(socket) for _ in range(3)] == [{"first": number}, {"second": number}, {"third": number}]
            assert await hear(other) == {"second": number}
        assert [(await ask(socket, "count"))["count"] for _ in range(20)] == list(range(1, 21))
        await say(socket, "start_jobs", times=60)
        for member in (socket, other):
            assert sorted([(await hear(member))["job"] for _ in range(60)]) == list(range(60))
    for number in range(12):
        async with open_socket(any_site, f"hosts-{number}") as socket:
            await say(socket, "broadcast", number=number)
            assert await hear(socket) == {"number": number}
    answers = await asyncio.to_thread(lambda: [requests.get(f"{any_site.url}/who", timeout=60) for _ in range(10)])
    assert {answer.json()["pid"] for answer in answers} <= {worker.pid for worker in any_site.workers}
    with pytest.raises(InvalidStatus, match="403"):
        async with open_socket(any_site, "denied"):
            pass


# A consumer that fails, a worker that dies, something that is lost.


async def test_after_a_consumer_that_raises_the_next_frame_runs_at_once(site):
    async with open_socket(site) as socket:
        for number in range(5):
            assert await ask(socket, "fail") == {"before": "it fails"}
            assert (await ask(socket, number=number, seconds=AT_ONCE_SECONDS))["number"] == number


def other_worker(site, worker):
    return next(other for other in site.workers if other is not worker)


async def test_a_connection_whose_worker_was_killed_goes_on_and_nobody_else_waits(site):
    async with open_socket(site) as socket, open_socket(site) as second:
        busy, _ = await hold(socket, site)
        async with bystanders(site):
            started = time.monotonic()
            busy.kill()
            assert (await ask(socket, number=1, seconds=GOES_ON_SECONDS))["number"] == 1
            # The one that a consumer takes with it counts the same.
            await start_again(busy)
            await say(second, "leave")
            assert (await ask(second, number=2, seconds=GOES_ON_SECONDS))["number"] == 2
        assert time.monotonic() - started > 1


async def test_a_connection_whose_worker_is_frozen_goes_on_and_nobody_else_waits(site):
    async with open_socket(site) as socket:
        busy, let_go = await hold(socket, site, number=1)
        idle = other_worker(site, busy)
        async with bystanders(site):
            os.kill(busy.pid, signal.SIGSTOP)
            let_go()
            assert await ask(socket, number=2, seconds=GOES_ON_SECONDS) == {"number": 2, "pid": idle.pid}
            assert await ask(socket, number=3) == {"number": 3, "pid": idle.pid}
            os.kill(busy.pid, signal.SIGCONT)
            # It says what it had to say, and takes no turn from anybody.
            assert (await hear(socket))["number"] == 1
            for number in range(20):
                assert (await ask(socket, number=number))["number"] == number
        assert await is_quiet(socket)


async def test_a_consumer_that_takes_longer_than_a_lease_keeps_its_turn(site):
    async with open_socket(site) as socket, bystanders(site):
        await say(socket, "sleep", seconds=6, number=1)
        await say(socket, "echo", number=2)
        assert [(await hear(socket))["number"] for _ in range(2)] == [1, 2]


async def test_an_idle_worker_that_is_frozen_delays_one_connection_at_most(site):
    async with open_socket(site) as first, open_socket(site) as second:
        os.kill(site.workers[0].pid, signal.SIGSTOP)
        waits = []

        async def ask_twice(socket):
            for _ in range(2):
                started = time.monotonic()
                await ask(socket, seconds=GOES_ON_SECONDS)
                waits.append(time.monotonic() - started)

        await asyncio.gather(ask_twice(first), ask_twice(second))
        assert sum(wait > AT_ONCE_SECONDS for wait in waits) <= 1, waits


def lose_token(valkey, reply):
    waiting = valkey.lrange("asgi:websocket.receive", 0, -1)
    [item] = [item for item in waiting if item[30:].startswith(f"{reply}\0".encode())]
    assert valkey.lrem("asgi:websocket.receive", 0, item) == 1


def lose_frame(valkey, reply):
    assert valkey.lpop(f"asgi:frames:{reply}")


def lose_turn(valkey, reply):
    assert valkey.delete(f"asgi:turn:{reply}")


def lose_all(valkey, reply):
    lose_token(valkey, reply)
    assert valkey.delete(f"asgi:turn:{reply}", f"asgi:frames:{reply}")
    assert valkey.zrem("asgi:turns", reply)


def lose_last_frames(valkey, reply):
    """As a replica does that takes over and lags behind: what the interface was told to be there is not."""
    valkey.hincrby(f"asgi:turn:{reply}", "order", -2)
    valkey.delete(f"asgi:frames:{reply}")


@pytest.mark.parametrize("lose", [lose_token, lose_frame, lose_turn, lose_all, lose_last_frames])
async def test_whatever_is_lost_the_next_frame_runs_or_the_connection_is_closed_with_4408(site, valkey, lose):
    room = next(_names)
    async with contextlib.AsyncExitStack() as stack:
        socket, *others = [await stack.enter_async_context(open_socket(site, room)) for _ in range(3)]
        await ask(socket, "count")
        let_go = [(await hold(other, site))[1] for other in others]
        for number in range(3):
            await say(socket, "echo", number=number)
        # Not just any: the disconnect of an earlier test's socket may wait there, too.
        [key] = await wait(lambda: [key for key in valkey.keys("asgi:frames:*") if valkey.llen(key) == 3])
        reply = key.decode().partition("frames:")[2]
        lose(valkey, reply)
        await say(socket, "echo", number="next")
        for go in let_go:
            go()
        answers = []
        with contextlib.suppress(ConnectionClosed):
            while not answers or answers[-1] != "next":
                answers.append((await hear(socket, GOES_ON_SECONDS))["number"])
        if socket.close_code is None:
            assert answers in ([0, 1, 2, "next"], [1, 2, "next"], ["next"])
            assert (await ask(socket, number="and on"))["number"] == "and on"
        else:
            assert socket.close_code == 4408
            # Its consumers hear of it.
            await wait(lambda: valkey.zcard(f"asgi:members:{room}:{reply.partition('!')[0]}!") == 2)


# A worker lives on.


@pytest.mark.parametrize(
    "do, fields, answers",
    [
        ("fill_in_flush", {"number": 1}, [{"number": 1}]),
        ("fill_at_once", {}, []),
        ("deny", {}, []),
        ("send_nonsense", {"number": 2}, [{"number": 2}]),
        ("later", {"number": 3}, [{"number": 3, "retries": 2}]),
        ("send_on", {"number": 4}, [{"number": 4}]),
        ("fail", {}, [{"before": "it fails"}]),
        ("unheard_of", {}, []),
    ],
)
async def test_nothing_that_a_consumer_does_ends_its_worker(site, do, fields, answers):
    with nobody_ends(site, 400):
        async with open_socket(site) as socket:
            for _ in range(4):
                await say(socket, do, **fields)
                await say(socket, "echo", last=True)
                for answer in answers:
                    assert await hear(socket) == answer
                assert (await hear(socket))["last"]


async def test_a_consumer_closes_by_raising_and_its_worker_lives_on(site):
    with nobody_ends(site):
        for code in (4321, 1000):
            async with open_socket(site) as socket:
                await say(socket, "close", code=code)
                await asyncio.wait_for(socket.wait_closed(), BACK_SECONDS)
                assert socket.close_code == code
            await a_fresh_socket_works(site)


def test_a_view_that_fails_answers_500_and_its_worker_lives_on(site):
    with nobody_ends(site, 400):
        for _ in range(4):
            assert requests.get(f"{site.url}/fail", timeout=60).status_code == 500
            assert requests.get(f"{site.url}/who", timeout=60).json()["pid"] in [w.pid for w in site.workers]


# Redis.


async def ask_through(site, fault):
    """A socket stays open while `fault()` strikes, and what it says meanwhile is answered, in order, after."""
    async with open_socket(site) as stayed:
        assert (await ask(stayed, "count"))["count"] == 1
        # The answer is here before its worker has heard that it left; a fault between the two is another test's.
        await asyncio.sleep(0.5)

        async def speak():
            for number in range(100):
                await say(stayed, "echo", number=number)
                await asyncio.sleep(0.01)

        speaking = None
        async for _ in fault():
            speaking = asyncio.create_task(speak())
        assert await a_fresh_socket_works(site) < AGAIN_SECONDS
        assert [(await hear(stayed))["number"] for _ in range(100)] == list(range(100))
        await speaking
        await ask(stayed, "join")
        await say(stayed, "broadcast", number="and on")
        assert await hear(stayed) == {"number": "and on"}
        assert await is_quiet(stayed)


async def come_back_through(site, forget):
    """A socket whose Redis loses its memory is closed with 4408, and who comes back then is as well off as ever."""
    async with open_socket(site) as lost:
        assert (await ask(lost, "count"))["count"] == 1
        await forget()
        assert await close_code(lost) == 4408
    assert await a_fresh_socket_works(site) < AGAIN_SECONDS
    async with open_socket(site) as back:
        await ask(back, "join")
        await say(back, "broadcast", number="and on")
        assert await hear(back) == {"number": "and on"}
        assert await is_quiet(back)


async def test_a_redis_killed_and_started_again_ends_nobody_and_jams_nothing(site):
    async def forget():
        site.valkey.kill()
        await asyncio.sleep(3)
        site.valkey.start()

    with nobody_ends(site):
        await come_back_through(site, forget)
    # A worker that has lived through it still ends at once.
    codes, seconds = await asyncio.to_thread(end_together, site.workers)
    assert codes == [0, 0] and seconds < ENDS_SECONDS


async def test_a_redis_frozen_for_eight_seconds_ends_nobody_and_jams_nothing(site):
    async def fault():
        os.kill(site.valkey.pid, signal.SIGSTOP)
        yield
        await asyncio.sleep(8)
        os.kill(site.valkey.pid, signal.SIGCONT)

    with nobody_ends(site):
        await ask_through(site, fault)


async def test_a_redis_frozen_while_consumers_run_takes_no_turn_from_them(site, valkey):
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(open_socket(site)) for _ in site.workers]
        lost = int(valkey.hget("asgi-meta:#global#", "lost_count") or 0)
        let_go = []
        for socket in sockets:
            let_go.append((await hold(socket, site, number=1))[1])
            await say(socket, "echo", number=2)
        pid = valkey.info()["process_id"]
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(5.5)
        os.kill(pid, signal.SIGCONT)
        # Time for those who look for the turns of the dead, once a second.
        await asyncio.sleep(2)
        for go in let_go:
            go()
        for socket in sockets:
            assert [(await hear(socket))["number"], (await hear(socket))["number"]] == [1, 2]
        assert int(valkey.hget("asgi-meta:#global#", "lost_count") or 0) == lost


async def test_a_redis_that_was_emptied_ends_nobody_and_jams_nothing(site, valkey):
    async def forget():
        valkey.flushall()

    with nobody_ends(site):
        for _ in range(3):
            await come_back_through(site, forget)


async def test_a_redis_that_forgot_its_scripts_ends_nobody_and_jams_nothing(site, valkey):
    async def fault():
        valkey.script_flush()
        yield

    with nobody_ends(site):
        await ask_through(site, fault)


async def test_a_redis_that_hung_up_on_everybody_ends_nobody_and_jams_nothing(site, valkey):
    async def fault():
        valkey.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        yield

    with nobody_ends(site):
        await ask_through(site, fault)


async def test_a_redis_without_memory_ends_nobody_and_jams_nothing(site, valkey):
    with nobody_ends(site):
        async with open_socket(site) as busy:
            worker, let_go = await hold(busy, site)
            start = worker.log.stat().st_size

            async def fault():
                valkey.config_set("maxmemory", 1)
                yield
                # Its consumer ends while nothing can be written: what it says is refused, but it is the last so.
                let_go()
                await wait(lambda: "refused what a consumer sent" in worker.said(start))
                await asyncio.sleep(2)
                assert not await asyncio.to_thread(answers, f"{site.url}/who")
                valkey.config_set("maxmemory", 0)

            await ask_through(site, fault)
            assert (await ask(busy, number=1))["number"] == 1


async def test_a_worker_and_an_interface_may_be_started_before_their_redis(site):
    site.valkey.kill()
    port = free_port()
    worker, web = site.make_part("early-worker", "runworker"), site.make_part("early-web", "interface", "-p", str(port))
    with running(worker), running(web):
        await wait(lambda: "Redis cannot be reached" in worker.said() and "Listening" in web.said(), START_SECONDS)
        await asyncio.sleep(1)
        assert worker.is_running and web.is_running
        site.valkey.start()
        async with asyncio.timeout(BACK_SECONDS):
            while True:
                with contextlib.suppress(OSError, InvalidStatus, TimeoutError):
                    async with open_socket(site, url=f"http://127.0.0.1:{port}", open_timeout=5) as socket:
                        await ask(socket)
                        break
        codes, seconds = await asyncio.to_thread(end_together, [worker])
        assert codes == [0] and seconds < ENDS_SECONDS


async def test_without_redis_everybody_still_ends_with_zero_when_told_to(site):
    async with open_socket(site) as socket:
        await ask(socket)
        site.valkey.kill()
        await say(socket, "echo", never="heard")
        codes, seconds = await asyncio.to_thread(end_together, [site.web, *site.workers])
        # The interface waits three seconds for Redis to take what has not left; nobody waits until it is back.
        assert codes == [0, 0, 0] and seconds < 15
        await asyncio.wait_for(socket.wait_closed(), BACK_SECONDS)
        assert socket.close_code == 1001


# Workers come and go.


async def test_workers_told_to_end_under_load_lose_nothing_and_the_others_take_over_at_once(site):
    waits, is_over = [], asyncio.Event()
    third = site.make_part("worker-3", "runworker")

    async def load(socket, outstanding=8):
        # As much as the machine answers: with a fixed pace, a slow one's queue would grow, and with it the waits.
        sent_at = []

        async def speak():
            sent_at.append(time.monotonic())
            await say(socket, "sleep", seconds=0.002, number=len(sent_at) - 1)

        for _ in range(outstanding):
            await speak()
        for number in itertools.takewhile(lambda number: number < len(sent_at), itertools.count()):
            assert (await hear(socket))["number"] == number
            waits.append(time.monotonic() - sent_at[number])
            if not is_over.is_set():
                await speak()

    async def wait_for_more(count=150):
        target = len(waits) + count
        await wait(lambda: len(waits) > target)

    with running(third):
        third.wait_until_said("Listening")
        async with contextlib.AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(open_socket(site)) for _ in range(3)]
            loads = [asyncio.create_task(load(socket)) for socket in sockets]
            for worker in site.workers:
                await wait_for_more()
                codes, seconds = await asyncio.to_thread(end_together, [worker])
                assert codes == [0] and seconds < ENDS_SECONDS
            await wait_for_more()
            is_over.set()
            await asyncio.gather(*loads)
    assert max(waits) < AT_ONCE_SECONDS


async def test_a_worker_told_to_end_finishes_what_it_has_in_hand(site):
    async with open_socket(site) as socket:
        busy, let_go = await hold(socket, site, number=1)
        await say(socket, "echo", number=2)
        busy.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        let_go()
        assert await hear(socket) == {"number": 1, "pid": busy.pid}
        assert await hear(socket, AT_ONCE_SECONDS) == {"number": 2, "pid": other_worker(site, busy).pid}
        assert await asyncio.to_thread(busy.process.wait, BACK_SECONDS) == 0


async def test_a_worker_ends_with_zero_after_so_many_messages(site, valkey):
    # What earlier tests' sockets have left to say would count.
    await wait(lambda: not valkey.keys("asgi:frames:*") and not valkey.exists("asgi:turns"))
    for worker in site.workers:
        worker.end()
    short = site.make_part("short", "runworker", "--max-messages", "20")
    with running(short):
        async with open_socket(site) as socket:
            for number in range(50):
                await say(socket, "echo", number=number)
            assert await asyncio.to_thread(short.process.wait, BACK_SECONDS) == 0
            await start_again(site.workers[0])
            answers = [await hear(socket) for _ in range(50)]
    assert [answer["number"] for answer in answers] == list(range(50))
    # The handshake was the first of twenty.
    assert [answer["pid"] for answer in answers].count(short.pid) == 19


def test_threads_are_refused_with_a_sentence(site):
    refused = site.make_part("threads", "runworker", "--threads", "2")
    with running(refused):
        assert refused.process.wait(START_SECONDS) == 1
    assert "Start more processes" in refused.said() and "Traceback" not in refused.said()


async def test_workers_report_themselves_under_a_lease(site, valkey):
    def reports():
        found = map(json.loads, filter(None, valkey.mget(["none", *valkey.keys("asgi:worker:*")])))
        pids = [worker.pid for worker in site.workers]
        return {report["pid"]: report for report in found if report["pid"] in pids}

    await wait(lambda: len(reports()) == 2)
    assert max(valkey.ttl(key) for key in valkey.keys("asgi:worker:*")) <= 10
    async with open_socket(site) as socket:
        before = sum(report["handled"] for report in reports().values())
        busy, let_go = await hold(socket, site)
        await wait(lambda: reports()[busy.pid]["busy_since"])
        let_go()
        await hear(socket)
        await wait(lambda: reports()[busy.pid]["busy_since"] is None)
        await wait(lambda: sum(report["handled"] for report in reports().values()) > before)


# Backpressure.


async def test_without_workers_frames_wait_at_their_sender_and_are_all_answered_in_the_end(site):
    count = 5000
    for worker in site.workers:
        worker.end()
    site.workers[0].start()
    async with open_socket(site) as socket, open_socket(site) as other:
        await ask(socket), await ask(other)
        site.workers[0].end()
        before = memory(site.web)

        async def speak():
            for number in range(count):
                await say(socket, "echo", number=number, filler="x" * 4000)

        speaking = asyncio.create_task(speak())
        await asyncio.sleep(3)
        assert memory(site.web) - before < 8 * 1024 * 1024
        assert not speaking.done(), "its frames are to be held back"
        await say(other, "echo", number="the other's")
        assert socket.close_code is None
        heard = []

        async def listen():
            for _ in range(count):
                heard.append((await hear(socket, START_SECONDS))["number"])

        # From the beginning: what comes back unread, beyond a limit, would end the connection.
        listening = asyncio.create_task(listen())
        await start_again(site.workers[0])
        started = time.monotonic()
        assert (await hear(other))["number"] == "the other's"
        assert len(heard) < count / 2, "the other has waited for all of these"
        await listening
        assert heard == list(range(count))
        # Were each batch to wait for its longest retry, it would be eighty.
        assert time.monotonic() - started < 60
        await speaking
        assert memory(site.web) - before < 16 * 1024 * 1024


async def test_who_does_not_read_is_dropped_and_the_others_are_served(site):
    # Never so much at once that the reader, on a slow machine, would be dropped as well.
    room, size, times = next(_names), 60000, 10
    async with open_socket(site, room) as slow, open_socket(site, room) as reader:
        await ask(slow), await ask(reader)
        before, peak, sizes = memory(site.web), 0, site.log_sizes()
        slow.transport.pause_reading()
        for _ in range(50):
            await say(reader, "huge_to_all", size=size, times=times)
            for _ in range(times):
                assert len(await asyncio.wait_for(reader.recv(), BACK_SECONDS)) == size
                peak = max(peak, memory(site.web))
        assert "does not read: dropped" in site.logs(sizes)
        assert peak - before < 24 * 1024 * 1024
        slow.transport.resume_reading()
        await asyncio.wait_for(slow.wait_closed(), BACK_SECONDS)
        assert (await ask(reader, number=1))["number"] == 1


# Interfaces come and go.


@pytest.fixture
def second_web(site):
    """A second interface; `url` is its address."""
    port = free_port()
    part = site.make_part("web-2", "interface", "--port", str(port))
    part.url = f"http://127.0.0.1:{port}"
    with running(part):
        part.wait_until_said("Listening on endpoint")
        wait_until(lambda: answers(f"{part.url}/readyz"), START_SECONDS)
        yield part


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_of_an_interface_that_is_gone_nothing_is_left(site, second_web, valkey, number):
    room = next(_names)
    async with contextlib.AsyncExitStack() as stack:
        reader = await stack.enter_async_context(open_socket(site, room))
        gone = [await stack.enter_async_context(open_socket(site, room, second_web.url)) for _ in range(5)]
        for socket in [reader, *gone]:
            await ask(socket)
        processes = {name.decode() for name in valkey.hkeys(f"asgi:group:{room}")}
        assert len(processes) == 2
        assert await asyncio.to_thread(second_web.end, number) == (0 if number == signal.SIGTERM else -9)
        await asyncio.wait_for(asyncio.gather(*(socket.wait_closed() for socket in gone)), BACK_SECONDS)
        assert {socket.close_code for socket in gone} == {1001 if number == signal.SIGTERM else 1006}
        started = time.monotonic()
        while valkey.hlen(f"asgi:group:{room}") == 2:
            # Who is killed leaves a lease of ten seconds behind; who is told to end gives it back.
            assert time.monotonic() - started < (8 if number == signal.SIGTERM else 30)
            assert await say(reader, "broadcast", hello=True) or await hear(reader) == {"hello": True}
            await asyncio.sleep(0.1)
        [left] = [name.decode() for name in valkey.hkeys(f"asgi:group:{room}")]
        [dead] = processes - {left}
        await wait(lambda: not valkey.exists(f"asgi:{dead}"), what="the end of its list")
        assert valkey.keys(f"asgi:members:{room}:*") == [f"asgi:members:{room}:{left}".encode()]
        await say(reader, "broadcast", still="here")
        assert await hear(reader) == {"still": "here"}
        assert not valkey.exists(f"asgi:{dead}")


async def test_the_sockets_of_an_interface_that_was_taken_for_dead_are_closed_with_4408(site, second_web, valkey):
    room = next(_names)
    async with open_socket(site, room) as reader, open_socket(site, room, second_web.url) as cut_off:
        await ask(reader)
        await ask(cut_off)
        assert valkey.hlen(f"asgi:group:{room}") == 2
        os.kill(second_web.pid, signal.SIGSTOP)
        async with asyncio.timeout(BACK_SECONDS):
            while valkey.hlen(f"asgi:group:{room}") == 2:
                await asyncio.sleep(0.5)
                await say(reader, "broadcast", hello=True)
                await hear(reader)
        os.kill(second_web.pid, signal.SIGCONT)
        await asyncio.wait_for(cut_off.wait_closed(), BACK_SECONDS)
        assert cut_off.close_code == 4408


async def test_a_unix_socket_serves_requests_and_websockets(site):
    path = str(site.folder / "web.sock")
    with running(site.make_part("unix", "interface", "--unix-socket", path)) as part:
        part.wait_until_said("Listening on endpoint")
        await wait(lambda: os.path.exists(path))

        class Connection(http.client.HTTPConnection):
            def connect(self):
                self.sock = socket.socket(socket.AF_UNIX)
                self.sock.connect(path)

        def get(address):
            connection = Connection("localhost", timeout=10)
            connection.request("GET", address)
            return connection.getresponse().read()

        assert await asyncio.to_thread(get, "/readyz") == b"ready"
        async with unix_connect(path, "ws://localhost/unix/", compression=None) as line:
            assert (await ask(line, number=1))["number"] == 1
            await say(line, "broadcast", number=2)
            assert await hear(line) == {"number": 2}
        assert part.end() == 0
        assert "Traceback" not in part.said()


def make_certificate(folder):
    """Writes a key and a certificate signed with it; returns their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "key.pem", folder / "certificate.pem"
    pem = serialization.Encoding.PEM
    paths[0].write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    paths[1].write_bytes(certificate.public_bytes(pem))
    return paths


async def test_a_tls_endpoint_serves_requests_and_websockets(site, tmp_path):
    key, certificate = make_certificate(tmp_path)
    port, room = free_port(), next(_names)
    url, endpoint = f"https://localhost:{port}", f"ssl:{port}:privateKey={key}:certKey={certificate}"
    with running(site.make_part("tls", "interface", "--endpoint", endpoint)) as part:
        part.wait_until_said("Listening on endpoint")
        answer = await asyncio.to_thread(requests.get, f"{url}/who", verify=str(certificate), timeout=60)
        assert answer.status_code == 200
        context = ssl.create_default_context(cafile=str(certificate))
        async with open_socket(site, room, url, ssl=context) as line, open_socket(site, room) as plain:
            assert (await ask(line, number=1))["number"] == 1
            await ask(plain)
            await say(plain, "broadcast", number=2)
            assert await hear(line) == await hear(plain) == {"number": 2}
            for member in (line, plain):
                await say(member, "huge", size=300000, times=2)
                for _ in range(2):
                    assert len(await asyncio.wait_for(member.recv(), BACK_SECONDS)) == 300000
        assert part.end() == 0
        assert "Traceback" not in part.said()


async def test_behind_one_trusted_proxy_the_last_address_it_wrote_is_the_clients(site):
    port = free_port()
    headers = {"X-Forwarded-For": "6.6.6.6, 7.7.7.7", "X-Forwarded-Proto": "https"}
    with running(site.make_part("proxied", "interface", "-p", str(port), "--trusted-proxies", "1")) as part:
        part.wait_until_said("Listening on endpoint")
        answer = await asyncio.to_thread(requests.get, f"http://127.0.0.1:{port}/who", headers=headers, timeout=60)
        assert answer.json()["address"] == "7.7.7.7"
    assert requests.get(f"{site.url}/who", headers=headers, timeout=60).json()["address"] == "127.0.0.1"


# Many.


async def test_three_hundred_members_hear_everything_for_as_many_commands_as_ten_need(site, valkey):
    room, times = next(_names), 50

    def commands():
        stats = valkey.info("commandstats")
        return sum(value["calls"] for name, value in stats.items() if name != "cmdstat_info")

    async with contextlib.AsyncExitStack() as stack:

        async def enter(count):
            sockets = [stack.enter_async_context(open_socket(site, room)) for _ in range(count)]
            return list(await asyncio.gather(*sockets))

        async def broadcast(members):
            """Returns the fewest commands that one broadcast took: what beats and waits anyhow is in the others."""
            taken = []
            for number in range(times):
                before = commands()
                await say(members[0], "broadcast", number=number)
                for member in members:
                    assert await hear(member) == {"number": number}
                taken.append(commands() - before)
            return min(taken)

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
