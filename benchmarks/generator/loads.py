"""
Run each kind of scenario, one coroutine for each: connect the crowd, warm up, measure, and return the figures.

The CPU time and the figures cover exactly the same seconds.
"""

import asyncio
import time

from benchmarks import meters
from benchmarks.figures import latencies
from benchmarks.generator.loops import ClosedLoop, Fan
from benchmarks.generator.sockets import Socket, open_socket, run_concurrently
from benchmarks.generator.steady import HEARTBEAT_SECONDS, Heartbeats, OpenLoop
from benchmarks.generator.streams import Streams

WARM_MEMORY_SOCKETS = 50
LAST_STATE_SECONDS = 4
SOAK_SHARE = 0.6
SOAK_CALIBRATION_SECONDS = 5


async def measure(load, plan, cpu, on_begin=lambda: None) -> float:
    """
    Warm up, drain, run the load for the plan's seconds, and drain again. Return the exact seconds.

    `on_begin` runs after the warm-up, when all counts are reset.
    """
    await load.run(plan["warm_up"])
    await load.crowd.drain()
    load.crowd.begin()
    load.forget()
    on_begin()
    cpu.start()
    elapsed = await load.run(plan["seconds"])
    cpu.stop()
    await load.crowd.drain()
    return elapsed


async def loop(crowd, plan, cpu):
    """Run `pp`, `rooms` and `burst`: each sender waits for its own messages."""
    await crowd.connect()
    load = ClosedLoop(crowd, crowd.senders(plan["senders"]), plan["outstanding"])
    elapsed = await measure(load, plan, cpu)
    return {
        "messages_per_s": round(load.messages / elapsed, 1),
        **latencies(load.times),
        **(latencies(load.ack_times, "ack_") if crowd.dialect.is_acked else {}),
        "messages": load.messages,
        "stalled": load.stalled,
    }


async def fan(crowd, plan, cpu):
    """Run `fan50` and `fan1000`: a member sends when all members of the room have received the last message."""
    await crowd.connect()
    load = Fan(crowd)
    elapsed = await measure(load, plan, cpu)
    delivery_seconds = max(elapsed - load.stalled_seconds, 0.001)
    return {
        "deliveries_per_s": round(load.deliveries / delivery_seconds),
        **latencies(load.times),
        **(latencies(load.ack_times, "ack_") if crowd.dialect.is_acked else {}),
        "messages": load.messages,
        "stalled": load.stalled,
    }


async def elsewhere(crowd, plan, cpu):
    """Run `elsewhere`: one member is in the room and posts; all others have only their own streams."""
    await crowd.connect(0, 1)
    streams = Streams(crowd)
    await streams.connect(range(1, len(crowd.places)))
    load = ClosedLoop(crowd, crowd.senders([0]))
    elapsed = await measure(load, plan, cpu, on_begin=streams.begin)
    await asyncio.sleep(LAST_STATE_SECONDS)
    newest = max((stream.posts for stream in streams.all), default=0)
    figures = {
        "messages_per_s": round(load.messages / elapsed, 1),
        **latencies(load.times),
        **latencies(load.ack_times, "ack_"),
        "messages": load.messages,
        "stalled": load.stalled,
        "events_per_stream": round(sum(stream.events for stream in streams.all) / max(len(streams.all), 1), 1),
        # Each stream must know the last state, although it gets at most one event in a second.
        "behind": sum(stream.posts < newest for stream in streams.all),
        "streams_closed": sum(stream.is_closed for stream in streams.all),
    }
    streams.leave()
    return figures


async def echo(crowd, plan, cpu):
    """Run `echo`: one frame at a time, to a path that returns it."""
    event_loop = asyncio.get_running_loop()
    returned = None
    times = []

    def on_frame(socket, payload):
        returned.set_result(None)

    socket = await open_socket(crowd.url_of(0), "/echo/", None, lambda: Socket(on_frame))

    async def run(seconds):
        nonlocal returned
        end = time.perf_counter() + seconds
        while (sent_at := time.perf_counter()) < end:
            returned = event_loop.create_future()
            socket.send(b"x" * 64)
            async with asyncio.timeout(10):
                await returned
            times.append(time.perf_counter() - sent_at)

    await run(plan["warm_up"])
    times.clear()
    cpu.start()
    await run(plan["seconds"])
    cpu.stop()
    socket.leave()
    return {**latencies(times), "messages": len(times)}


async def connect(crowd, plan, cpu):
    """Run `connect`: count the handshakes per second. All sockets stay open until the end."""
    times = []

    async def open_client(number):
        started = time.perf_counter()
        await crowd.open(number)
        times.append(time.perf_counter() - started)

    cpu.start()
    await run_concurrently(lambda number=number: open_client(number) for number in range(len(crowd.places)))
    cpu.stop()
    return {
        "connections_per_s": round(len(times) / cpu.elapsed, 1),
        **latencies(times),
        "messages": len(times),
        "retried": sum(client.attempts - 1 for client in crowd.clients),
    }


async def memory(crowd, plan, cpu):
    """Run `memory`: measure how much the memory grows for each idle socket after the first few."""
    warm = min(WARM_MEMORY_SOCKETS, len(crowd.places) // 2)
    await crowd.connect(0, warm)
    await asyncio.sleep(plan["warm_up"])
    before = meters.memory_by_role(plan["processes"])
    await crowd.connect(warm)
    cpu.start()
    await asyncio.sleep(plan["seconds"])
    cpu.stop()
    after = meters.memory_by_role(plan["processes"])
    count = len(crowd.places) - warm
    each = {
        role: {kind: round((size - before[role][kind]) / count, 2) for kind, size in sizes.items()}
        for role, sizes in after.items()
    }
    return {"kb_per_socket": each[plan["holder"]]["uss"], "kb_by_role": each, "kb_after": after, "sockets": count}


async def heartbeats(crowd, plan, cpu):
    """Run `heartbeats`: each client sends a heartbeat about every 25 s. The figure is the CPU of the whole stack."""
    beats = Heartbeats(crowd)
    await crowd.connect()
    await asyncio.sleep(plan["warm_up"])
    if plan["seconds"] > HEARTBEAT_SECONDS:
        # Each client sends its first heartbeat sooner after its join than a real client does. Do not measure this one.
        await asyncio.sleep(HEARTBEAT_SECONDS)
    beats.times.clear()
    cpu.start()
    await asyncio.sleep(plan["seconds"])
    cpu.stop()
    return {
        "beats_per_s": round(len(beats.times) / cpu.elapsed, 1),
        "messages": len(beats.times),
        **latencies(beats.times),
        "stalled": beats.count_unanswered(),
    }


async def soak(crowd, plan, cpu):
    """Run `soak`: measure the maximum rate of `rooms`, then send at a share of it. Report each minute."""
    await crowd.connect()
    senders = crowd.senders(plan["senders"])
    full = ClosedLoop(crowd, senders)
    elapsed = await full.run(SOAK_CALIBRATION_SECONDS)
    await crowd.drain()
    crowd.begin()
    load = OpenLoop(crowd, senders, max(1.0, SOAK_SHARE * full.messages / elapsed))
    minutes, every = [], []
    cpu.start()
    end = time.perf_counter() + plan["seconds"]
    while (left := end - time.perf_counter()) > 0.5:
        await load.run(min(60.0, left))
        times = load.take_times()
        every += times
        sizes = {role: kinds["rss"] for role, kinds in meters.memory_by_role(plan["processes"]).items()}
        minutes.append({**latencies(times), "messages": len(times), "rss_kb": sizes})
    cpu.stop()
    await crowd.drain()
    return {
        "rate": round(load.rate, 1),
        "messages": len(every),
        **latencies(every),
        "minutes": minutes,
    }


KINDS = {
    "loop": loop,
    "fan": fan,
    "elsewhere": elsewhere,
    "echo": echo,
    "connect": connect,
    "memory": memory,
    "heartbeats": heartbeats,
    "soak": soak,
}
