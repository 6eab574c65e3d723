"""
HTTP requests of an agent, on connections that stay open.
"""

import asyncio
import time

ANSWER_SECONDS = 30


async def run_requests(url, addresses, requests, workers, seconds, wants_bodies=False) -> dict:
    """
    Send requests, each given as (path, session key), at most `workers` at a time. Send none after `seconds`.

    Return {"count": answers with status 200, "refused": other answers, "bytes": of their bodies, "bodies": [texts, if
    wanted]}.
    """
    host, _, port = url.removeprefix("ws://").rpartition(":")
    waiting, end = iter(requests), time.perf_counter() + seconds
    found = {"count": 0, "refused": 0, "bytes": 0, "bodies": []}

    async def work(number):
        address = addresses[number % len(addresses)]
        reader, writer = await asyncio.open_connection(host, int(port), local_addr=(address, 0), limit=1 << 24)
        try:
            for path, cookie in waiting:
                if time.perf_counter() > end:
                    break
                head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: sessionid={cookie}\r\n\r\n"
                writer.write(head.encode())
                async with asyncio.timeout(ANSWER_SECONDS):
                    status, body = await _read_response(reader)
                found["count" if status == 200 else "refused"] += 1
                found["bytes"] += len(body)
                if wants_bodies:
                    found["bodies"].append(body.decode())
        finally:
            writer.close()

    async with asyncio.TaskGroup() as group:
        for number in range(workers):
            group.create_task(work(number))
    return found


async def _read_response(reader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    status = int(head.split(" ", 2)[1])
    for line in head.split("\r\n"):
        if line.startswith("content-length:"):
            return status, await reader.readexactly(int(line.partition(":")[2]))
    if "transfer-encoding: chunked" not in head:
        return status, b""
    parts = []
    while size := int((await reader.readline()).strip(), 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readline()
    return status, b"".join(parts)
