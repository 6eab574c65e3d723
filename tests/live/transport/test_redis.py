"""Outages of Redis: every process survives them, and connections continue or are closed."""

import asyncio
import contextlib
import os
import signal

import pytest
from websockets.exceptions import InvalidStatus

from tests.live.client import close_code
from tests.live.processes import START_SECONDS, answers, end_together
from tests.live.transport.sockets import (
    LIMIT_SECONDS,
    RECOVERY_SECONDS,
    STOP_SECONDS,
    all_survive,
    ask,
    is_silent,
    occupy_worker,
    open_socket,
    receive,
    running,
    send,
    wait,
    wait_for_new_socket,
)
from tests.valkey import free_port

pytestmark = pytest.mark.no_database


async def ask_during(site, fault):
    """Check that a socket stays open during `fault()`, and that frames sent during the fault are answered in order."""
    async with open_socket(site) as stayed:
        assert (await ask(stayed, "count"))["count"] == 1
        # The answer arrives before the worker knows that it was sent. Another test covers a fault in between.
        await asyncio.sleep(0.5)

        async def send_all():
            for number in range(100):
                await send(stayed, "echo", number=number)
                await asyncio.sleep(0.01)

        sending = None
        async for _ in fault():
            sending = asyncio.create_task(send_all())
        assert await wait_for_new_socket(site) < RECOVERY_SECONDS
        assert [(await receive(stayed))["number"] for _ in range(100)] == list(range(100))
        await sending
        await ask(stayed, "join")
        await send(stayed, "broadcast", number="and on")
        assert await receive(stayed) == {"number": "and on"}
        assert await is_silent(stayed)


async def reconnect_after(site, lose_data):
    """Check that a socket is closed with 4408 when Redis loses its data, and that a new socket works."""
    async with open_socket(site) as lost:
        assert (await ask(lost, "count"))["count"] == 1
        await lose_data()
        assert await close_code(lost) == 4408
    assert await wait_for_new_socket(site) < RECOVERY_SECONDS
    async with open_socket(site) as back:
        await ask(back, "join")
        await send(back, "broadcast", number="and on")
        assert await receive(back) == {"number": "and on"}
        assert await is_silent(back)


async def test_processes_survive_a_restart_of_redis_and_clients_reconnect(site):
    async def lose_data():
        site.valkey.kill()
        await asyncio.sleep(3)
        site.valkey.start()

    with all_survive(site):
        await reconnect_after(site, lose_data)
    # A worker that survived the outage still stops at once.
    codes, seconds = await asyncio.to_thread(end_together, site.workers)
    assert codes == [0, 0] and seconds < STOP_SECONDS


async def test_processes_and_connections_survive_eight_seconds_of_a_frozen_redis(site):
    async def fault():
        os.kill(site.valkey.pid, signal.SIGSTOP)
        yield
        await asyncio.sleep(8)
        os.kill(site.valkey.pid, signal.SIGCONT)

    with all_survive(site):
        await ask_during(site, fault)


async def test_running_consumers_keep_their_turns_while_redis_is_frozen(site, valkey):
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(open_socket(site)) for _ in site.workers]
        lost = int(valkey.hget("asgi-meta:#global#", "lost_count") or 0)
        finish_all = []
        for socket in sockets:
            finish_all.append((await occupy_worker(socket, site, number=1))[1])
            await send(socket, "echo", number=2)
        pid = valkey.info()["process_id"]
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(5.5)
        os.kill(pid, signal.SIGCONT)
        # Each second, the heartbeats look for turns whose lease has ended.
        await asyncio.sleep(2)
        for finish in finish_all:
            finish()
        for socket in sockets:
            assert [(await receive(socket))["number"], (await receive(socket))["number"]] == [1, 2]
        assert int(valkey.hget("asgi-meta:#global#", "lost_count") or 0) == lost


async def test_processes_survive_flushall_and_clients_reconnect(site, valkey):
    async def lose_data():
        valkey.flushall()

    with all_survive(site):
        for _ in range(3):
            await reconnect_after(site, lose_data)


async def test_processes_and_connections_survive_script_flush(site, valkey):
    async def fault():
        valkey.script_flush()
        yield

    with all_survive(site):
        await ask_during(site, fault)


async def test_processes_and_connections_survive_client_kill(site, valkey):
    async def fault():
        valkey.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        yield

    with all_survive(site):
        await ask_during(site, fault)


async def test_processes_and_connections_survive_a_redis_without_memory(site, valkey):
    with all_survive(site):
        async with open_socket(site) as busy:
            worker, finish = await occupy_worker(busy, site)
            start = worker.log.stat().st_size

            async def fault():
                valkey.config_set("maxmemory", 1)
                yield
                # The consumer ends while Redis refuses writes, so its answer is lost.
                finish()
                await wait(lambda: "refused a consumer's message" in worker.read_log(start))
                await asyncio.sleep(2)
                assert not await asyncio.to_thread(answers, f"{site.url}/client")
                valkey.config_set("maxmemory", 0)

            await ask_during(site, fault)
            assert (await ask(busy, number=1))["number"] == 1


async def test_a_worker_and_an_interface_start_before_redis(site):
    site.valkey.kill()
    port = free_port()
    worker, web = site.make_part("early-worker", "runworker"), site.make_part("early-web", "interface", "-p", str(port))
    with running(worker), running(web):
        await wait(lambda: "Redis cannot be reached" in worker.read_log(), START_SECONDS)
        await wait(lambda: "Listening" in web.read_log(), START_SECONDS)
        await asyncio.sleep(1)
        assert worker.is_running and web.is_running
        site.valkey.start()
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                with contextlib.suppress(OSError, InvalidStatus, TimeoutError):
                    async with open_socket(site, url=f"http://127.0.0.1:{port}", open_timeout=5) as socket:
                        await ask(socket)
                        break
        codes, seconds = await asyncio.to_thread(end_together, [worker])
        assert codes == [0] and seconds < STOP_SECONDS


async def test_without_redis_all_processes_stop_with_exit_code_zero_on_sigterm(site):
    async with open_socket(site) as socket:
        await ask(socket)
        site.valkey.kill()
        await send(socket, "echo", never="heard")
        codes, seconds = await asyncio.to_thread(end_together, [site.web, *site.workers])
        # The interface waits three seconds for Redis to take the last frames; no process waits until Redis is back.
        assert codes == [0, 0, 0] and seconds < 15
        await asyncio.wait_for(socket.wait_closed(), LIMIT_SECONDS)
        assert socket.close_code == 1001
