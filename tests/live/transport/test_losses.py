"""Consumers that fail, workers that die, and data that is lost in Redis: connections continue, or are closed."""

import asyncio
import contextlib
import os
import signal
import time

import pytest
from websockets.exceptions import ConnectionClosed

from tests.live.transport.sockets import (
    PROMPT_SECONDS,
    RESUME_SECONDS,
    ask,
    is_silent,
    names,
    occupy_worker,
    open_socket,
    other_clients,
    other_worker,
    receive,
    restart,
    send,
    wait,
)

pytestmark = pytest.mark.no_database


async def test_the_next_frame_runs_at_once_after_a_consumer_raised(site):
    async with open_socket(site) as socket:
        for number in range(5):
            assert await ask(socket, "fail") == {"before": "it fails"}
            assert (await ask(socket, number=number, seconds=PROMPT_SECONDS))["number"] == number


async def test_a_connection_continues_after_its_worker_was_killed_and_others_do_not_wait(site):
    async with open_socket(site) as socket, open_socket(site) as second:
        busy, _ = await occupy_worker(socket, site)
        async with other_clients(site):
            started = time.monotonic()
            busy.kill()
            assert (await ask(socket, number=1, seconds=RESUME_SECONDS))["number"] == 1
            # The same holds for a worker that its own consumer ends.
            await restart(busy)
            await send(second, "leave")
            assert (await ask(second, number=2, seconds=RESUME_SECONDS))["number"] == 2
        assert time.monotonic() - started > 1


async def test_a_strict_class_of_channels_continues_after_its_worker_was_killed(site):
    async with open_socket(site, "strict/first") as first, open_socket(site, "strict/second") as second:
        for socket, name in ((first, "first"), (second, "second")):
            assert await ask(socket, "remember", name=name) == {"name": name}
        busy, _ = await occupy_worker(first, site)
        for number in range(3):
            await send(first, "tell_name", number=number)
        busy.kill()
        for number in range(20):
            answer = await ask(second, "tell_name", number=number, seconds=PROMPT_SECONDS)
            assert answer == {"name": "second", "number": number}
        # The killed worker lost the frame that it handled. The frames behind it run in their order, with their session.
        for number in range(3):
            assert await receive(first, RESUME_SECONDS) == {"name": "first", "number": number}
        assert await ask(first, "tell_name", number=3) == {"name": "first", "number": 3}
        assert await is_silent(first) and await is_silent(second)


async def test_a_connection_continues_while_its_worker_is_frozen_and_others_do_not_wait(site):
    async with open_socket(site) as socket:
        busy, finish = await occupy_worker(socket, site, number=1)
        idle = other_worker(site, busy)
        async with other_clients(site):
            os.kill(busy.pid, signal.SIGSTOP)
            finish()
            assert await ask(socket, number=2, seconds=RESUME_SECONDS) == {"number": 2, "pid": idle.pid}
            assert await ask(socket, number=3) == {"number": 3, "pid": idle.pid}
            os.kill(busy.pid, signal.SIGCONT)
            # The frozen worker's answer arrives, and the worker takes no turn from another worker.
            assert (await receive(socket))["number"] == 1
            for number in range(20):
                assert (await ask(socket, number=number))["number"] == number
        assert await is_silent(socket)


async def test_a_consumer_that_takes_longer_than_a_lease_keeps_its_turn(site):
    async with open_socket(site) as socket, other_clients(site):
        await send(socket, "sleep", seconds=6, number=1)
        await send(socket, "echo", number=2)
        assert [(await receive(socket))["number"] for _ in range(2)] == [1, 2]


async def test_a_frozen_idle_worker_delays_at_most_one_connection(site):
    async with open_socket(site) as first, open_socket(site) as second:
        os.kill(site.workers[0].pid, signal.SIGSTOP)
        waits = []

        async def ask_twice(socket):
            for _ in range(2):
                started = time.monotonic()
                await ask(socket, seconds=RESUME_SECONDS)
                waits.append(time.monotonic() - started)

        await asyncio.gather(ask_twice(first), ask_twice(second))
        assert sum(wait > PROMPT_SECONDS for wait in waits) <= 1, waits


def lose_turn_item(valkey, reply):
    waiting = valkey.lrange("asgi:websocket.receive", 0, -1)
    [item] = [item for item in waiting if item[30:].startswith(f"{reply}\0".encode())]
    assert valkey.lrem("asgi:websocket.receive", 0, item) == 1


def lose_frame(valkey, reply):
    assert valkey.lpop(f"asgi:frames:{reply}")


def lose_turn(valkey, reply):
    assert valkey.delete(f"asgi:turn:{reply}")


def lose_all(valkey, reply):
    lose_turn_item(valkey, reply)
    assert valkey.delete(f"asgi:turn:{reply}", f"asgi:frames:{reply}")
    assert valkey.zrem("asgi:turns", reply)


def lose_last_frames(valkey, reply):
    """Lose frames that Redis has accepted, as if a replica without the newest writes had become the master."""
    valkey.hincrby(f"asgi:turn:{reply}", "order", -2)
    valkey.delete(f"asgi:frames:{reply}")


@pytest.mark.parametrize("lose", [lose_turn_item, lose_frame, lose_turn, lose_all, lose_last_frames])
async def test_after_a_loss_the_next_frame_runs_or_the_connection_is_closed_with_4408(site, valkey, lose):
    room = next(names)
    async with contextlib.AsyncExitStack() as stack:
        socket, *others = [await stack.enter_async_context(open_socket(site, room)) for _ in range(3)]
        await ask(socket, "count")
        finish = [(await occupy_worker(other, site))[1] for other in others]
        for number in range(3):
            await send(socket, "echo", number=number)
        # Only this connection has three frames. Another key may have the disconnect of an earlier test's socket.
        [key] = await wait(lambda: [key for key in valkey.keys("asgi:frames:*") if valkey.llen(key) == 3])
        reply = key.decode().partition("frames:")[2]
        lose(valkey, reply)
        await send(socket, "echo", number="next")
        for go in finish:
            go()
        answers = []
        with contextlib.suppress(ConnectionClosed):
            while not answers or answers[-1] != "next":
                answers.append((await receive(socket, RESUME_SECONDS))["number"])
        if socket.close_code is None:
            assert answers in ([0, 1, 2, "next"], [1, 2, "next"], ["next"])
            assert (await ask(socket, number="and on"))["number"] == "and on"
        else:
            assert socket.close_code == 4408
            # The disconnect consumer of the closed connection runs.
            await wait(lambda: valkey.zcard(f"asgi:members:{room}:{reply.partition('!')[0]}!") == 2)
