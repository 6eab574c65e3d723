"""Workers: no consumer ends a worker, and each worker finishes its message before it stops."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import time

import pytest
import requests

from tests.live.processes import START_SECONDS, end_together, wait_until
from tests.live.transport.sockets import (
    LIMIT_SECONDS,
    PROMPT_SECONDS,
    STOP_SECONDS,
    all_survive,
    occupy_worker,
    open_socket,
    other_worker,
    receive,
    restart,
    running,
    send,
    wait,
    wait_for_new_socket,
)

pytestmark = pytest.mark.no_database


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
async def test_no_action_of_a_consumer_ends_its_worker(site, do, fields, answers):
    with all_survive(site, 400):
        async with open_socket(site) as socket:
            for _ in range(4):
                await send(socket, do, **fields)
                await send(socket, "echo", last=True)
                for answer in answers:
                    assert await receive(socket) == answer
                assert (await receive(socket))["last"]


async def test_a_consumer_that_closes_its_socket_with_an_exception_does_not_end_its_worker(site):
    with all_survive(site):
        for code in (4321, 1000):
            async with open_socket(site) as socket:
                await send(socket, "close", code=code)
                await asyncio.wait_for(socket.wait_closed(), LIMIT_SECONDS)
                assert socket.close_code == code
            await wait_for_new_socket(site)


def test_a_failing_view_answers_500_and_its_worker_continues(site):
    with all_survive(site, 400):
        for _ in range(4):
            assert requests.get(f"{site.url}/fail", timeout=60).status_code == 500
            assert requests.get(f"{site.url}/client", timeout=60).json()["pid"] in [
                worker.pid for worker in site.workers
            ]


async def test_workers_that_stop_under_load_lose_nothing_and_the_others_take_over_at_once(site):
    waits, is_over = [], asyncio.Event()
    third = site.make_part("worker-3", "runworker")

    async def load(socket, outstanding=8):
        # Each frame follows an answer. At a fixed rate, the queue of a slow machine would grow without end.
        sent_at = []

        async def send_next():
            sent_at.append(time.monotonic())
            await send(socket, "sleep", seconds=0.002, number=len(sent_at) - 1)

        for _ in range(outstanding):
            await send_next()
        for number in itertools.takewhile(lambda number: number < len(sent_at), itertools.count()):
            assert (await receive(socket))["number"] == number
            waits.append(time.monotonic() - sent_at[number])
            if not is_over.is_set():
                await send_next()

    async def wait_for_more(count=150):
        target = len(waits) + count
        await wait(lambda: len(waits) > target)

    with running(third):
        third.wait_until_logged("Listening")
        async with contextlib.AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(open_socket(site)) for _ in range(3)]
            loads = [asyncio.create_task(load(socket)) for socket in sockets]
            for worker in site.workers:
                await wait_for_more()
                codes, seconds = await asyncio.to_thread(end_together, [worker])
                assert codes == [0] and seconds < STOP_SECONDS
            await wait_for_more()
            is_over.set()
            await asyncio.gather(*loads)
    assert max(waits) < PROMPT_SECONDS


async def test_a_worker_finishes_its_message_before_it_stops(site):
    async with open_socket(site) as socket:
        busy, finish = await occupy_worker(socket, site, number=1)
        await send(socket, "echo", number=2)
        busy.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        finish()
        assert await receive(socket) == {"number": 1, "pid": busy.pid}
        assert await receive(socket, PROMPT_SECONDS) == {"number": 2, "pid": other_worker(site, busy).pid}
        assert await asyncio.to_thread(busy.process.wait, LIMIT_SECONDS) == 0


async def test_a_worker_stops_with_exit_code_zero_after_max_messages(site, valkey):
    # The last frames of earlier tests' sockets must have run, because --max-messages would count them.
    await wait(lambda: not valkey.keys("asgi:frames:*") and not valkey.exists("asgi:turns"))
    for worker in site.workers:
        worker.end()
    short = site.make_part("short", "runworker", "--max-messages", "20")
    with running(short):
        async with open_socket(site) as socket:
            for number in range(50):
                await send(socket, "echo", number=number)
            assert await asyncio.to_thread(short.process.wait, LIMIT_SECONDS) == 0
            await restart(site.workers[0])
            answers = [await receive(socket) for _ in range(50)]
    assert [answer["number"] for answer in answers] == list(range(50))
    # The handshake was the first of the twenty messages.
    assert [answer["pid"] for answer in answers].count(short.pid) == 19


def child_pids(part):
    """Return the pids of the worker processes that a command with --threads has started."""
    with open(f"/proc/{part.pid}/task/{part.pid}/children") as file:
        return set(map(int, file.read().split()))


async def test_the_option_threads_is_the_number_of_processes_and_a_killed_process_is_replaced(site, valkey):
    for worker in site.workers:
        worker.end()
    several = site.make_part("threads", "runworker", "--threads", "2")
    with running(several):
        await wait(lambda: len(child_pids(several)) == 2)
        async with open_socket(site) as socket, open_socket(site) as other:
            await send(socket, "hold", until=str(several.log) + ".go")
            busy = (await receive(socket))["held"]
            await send(other, "echo")
            free = (await receive(other))["pid"]
            assert {busy, free} == child_pids(several)
            # A killed process is replaced.
            os.kill(free, signal.SIGKILL)
            await wait(lambda: len(child_pids(several)) == 2 and free not in child_pids(several))
            await send(other, "echo")
            assert (await receive(other))["pid"] in child_pids(several) - {busy}
            several.process.terminate()
            await wait(lambda: child_pids(several) == {busy})
            several.log.with_suffix(".log.go").touch()
            assert await asyncio.to_thread(several.process.wait, LIMIT_SECONDS) == 0


def test_the_processes_of_a_killed_parent_end(site):
    several = site.make_part("orphans", "runworker", "--threads", "2")
    with running(several):
        wait_until(lambda: several.read_log().count("Listening on channels") == 2, START_SECONDS)
        pids = child_pids(several)
        several.kill()
        wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids))


def test_processes_that_cannot_start_end_with_one_sentence(site):
    several = site.make_part("wrong", "runworker", "--threads", "2")
    url = several.environment["REDIS_URL"].replace("//", "//:a-password@")
    several.environment = {**several.environment, "REDIS_URL": url}
    with running(several):
        assert several.process.wait(START_SECONDS) == 1
    log = several.read_log()
    assert "has no password, but REDIS_URL contains one" in log and "Traceback" not in log


async def test_workers_write_reports_that_expire(site, valkey):
    def reports():
        found = map(json.loads, filter(None, valkey.mget(["none", *valkey.keys("asgi:worker:*")])))
        pids = [worker.pid for worker in site.workers]
        return {report["pid"]: report for report in found if report["pid"] in pids}

    await wait(lambda: len(reports()) == 2)
    assert max(valkey.ttl(key) for key in valkey.keys("asgi:worker:*")) <= 10
    async with open_socket(site) as socket:
        before = sum(report["handled"] for report in reports().values())
        busy, finish = await occupy_worker(socket, site)
        await wait(lambda: reports()[busy.pid]["busy_since"])
        finish()
        await receive(socket)
        await wait(lambda: reports()[busy.pid]["busy_since"] is None)
        await wait(lambda: sum(report["handled"] for report in reports().values()) > before)
