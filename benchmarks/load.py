"""
A light load generator for websocket chats: `python benchmarks/load.py ws://127.0.0.1:8000 pp fan1000`.

It prints one line of JSON for each scenario. Loopback only, and bounded in count and time. It needs picows and uvloop.
"""
import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

SECONDS = 5
AT_ONCE = 50  # handshakes


class Socket(WSListener):
    """One websocket; `heard(socket, payload)` is told of each text."""

    def __init__(self, heard):
        self.heard = heard
        self.is_closed = False

    def on_ws_connected(self, transport: WSTransport):
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame):
        if frame.msg_type == WSMsgType.TEXT:
            self.heard(self, frame)
        elif frame.msg_type == WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            self.is_closed = True
            transport.disconnect()

    def on_ws_disconnected(self, transport):
        self.is_closed = True

    def say(self, text):
        self.transport.send(WSMsgType.TEXT, text)


async def connect(base, path, heard):
    origin = f"http://{urlsplit(base).netloc}"
    _, socket = await ws_connect(lambda: Socket(heard), base + path, extra_headers={"Origin": origin})
    return socket


async def connect_many(base, paths, heard):
    sockets = []
    for start in range(0, len(paths), AT_ONCE):
        sockets += await asyncio.gather(*(connect(base, path, heard) for path in paths[start : start + AT_ONCE]))
    return sockets


def percentile(values, part):
    """Returns a percentile of seconds, in ms."""
    return round(sorted(values)[int(len(values) * part)] * 1000, 3) if values else None


def count_closed(sockets):
    return sum(socket.is_closed for socket in sockets)


async def ping_pong(base, path="/echo/", count=2000):
    """One message at a time until its own echo is back."""
    loop, state = asyncio.get_running_loop(), {}
    socket = await connect(base, path, lambda *_: state["back"].set_result(None))
    times = []
    for _ in range(count):
        state["back"] = loop.create_future()
        started = time.perf_counter()
        socket.say(b"x" * 32)
        await asyncio.wait_for(state["back"], 10)
        times.append(time.perf_counter() - started)
    return {"p50_ms": percentile(times, 0.5), "p99_ms": percentile(times, 0.99)}


async def fan(base, members):
    """One room, closed loop: the next message leaves when all members have the last one."""
    state = {"count": 0, "deliveries": 0}
    loop = asyncio.get_running_loop()

    def heard(socket, frame):
        state["count"] += 1
        if state["count"] == members:
            state["done"].set_result(None)

    sockets = await connect_many(base, [f"/room/fan{members}/"] * members, heard)
    await asyncio.sleep(1)
    times, lost, started, number = [], 0, time.perf_counter(), 0
    while time.perf_counter() - started < SECONDS:
        state.update(count=0, done=loop.create_future())
        sent = time.perf_counter()
        sockets[number % members].say(b"message %d" % number)
        number += 1
        try:
            await asyncio.wait_for(state["done"], 5)
        except TimeoutError:
            lost += members - state["count"]
        state["deliveries"] += state["count"]
        times.append(time.perf_counter() - sent)
    elapsed = time.perf_counter() - started
    return {
        "deliveries_per_s": round(state["deliveries"] / elapsed), "lost": lost, "p99_ms": percentile(times, 0.99),
        "closed": count_closed(sockets),
    }  # fmt: skip


async def rooms(base, count=100, members=5, senders=50):
    """Many rooms, and senders with one message on its way each."""
    waiting, times, state = {}, [], {"messages": 0, "stop": False}

    def heard(socket, frame):
        mine = waiting.get(socket)
        if mine is not None and mine[0] == frame.get_payload_as_bytes():
            times.append(time.perf_counter() - mine[1])
            state["messages"] += 1
            send(socket)

    def send(socket):
        if not state["stop"]:
            payload = b"%d %d" % (id(socket), state["messages"])
            waiting[socket] = payload, time.perf_counter()
            socket.say(payload)

    paths = [f"/room/r{number}/" for number in range(count) for _ in range(members)]
    sockets = await connect_many(base, paths, heard)
    await asyncio.sleep(1)
    for socket in sockets[:: members * count // senders]:
        send(socket)
    await asyncio.sleep(SECONDS)
    state["stop"] = True
    return {
        "messages_per_s": round(state["messages"] / SECONDS), "p99_ms": percentile(times, 0.99),
        "closed": count_closed(sockets),
    }  # fmt: skip


async def burst(base, clients=50, outstanding=8, each=40):
    """Each client keeps eight messages on their way: what is lost, closed, out of order."""
    received, sent = {}, {}

    def heard(socket, frame):
        received[socket].append(int(frame.get_payload_as_bytes()))
        if sent[socket] < each:
            socket.say(b"%d" % sent[socket])
            sent[socket] += 1

    sockets = await connect_many(base, [f"/room/b{number}/" for number in range(clients)], heard)
    await asyncio.sleep(0.5)
    started = time.perf_counter()
    for socket in sockets:
        received[socket], sent[socket] = [], outstanding
        for number in range(outstanding):
            socket.say(b"%d" % number)
    while time.perf_counter() - started < 30 and sum(map(len, received.values())) < clients * each:
        await asyncio.sleep(0.01)
    elapsed = time.perf_counter() - started
    total = sum(map(len, received.values()))
    return {
        "messages_per_s": round(total / elapsed), "lost": clients * each - total,
        "out_of_order": sum(numbers != sorted(numbers) for numbers in received.values()),
        "closed": count_closed(sockets),
    }  # fmt: skip


async def idle(base, count=2000):
    """Connects so many sockets, says how fast, and holds them until the input ends or has a line."""
    started = time.perf_counter()
    sockets = await connect_many(base, ["/echo/"] * count, lambda *_: None)
    print(json.dumps({"connects_per_s": round(count / (time.perf_counter() - started))}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    return {"closed": count_closed(sockets)}


SCENARIOS = {
    "pp": ping_pong,
    "fan50": lambda base: fan(base, 50),
    "fan1000": lambda base: fan(base, 1000),
    "rooms": rooms,
    "burst": burst,
    "idle": idle,
}


def main():
    base, names = sys.argv[1], sys.argv[2:] or ["pp", "fan50", "fan1000", "rooms", "burst"]
    if urlsplit(base).hostname not in ("127.0.0.1", "localhost", "::1"):
        sys.exit("Only servers on this machine are measured.")
    for name in names:
        print(json.dumps({"scenario": name, **uvloop.run(SCENARIOS[name](base))}), flush=True)


if __name__ == "__main__":
    main()
