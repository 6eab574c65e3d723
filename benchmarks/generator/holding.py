"""
Hold idle sockets until standard input ends: `python -m benchmarks.generator.holding`.

The first line of standard input is the plan (JSON). The process prints a line when all sockets are in their rooms, and
at each further line how many of them the server has closed. It sends nothing that the server has not asked for.
"""

import asyncio
import json
import sys

import uvloop

from benchmarks.generator.crowd import Crowd
from benchmarks.generator.dialects import DIALECTS


async def hold(plan: dict) -> None:
    """Open the sockets of a plan, and hold them."""
    crowd = Crowd(plan, DIALECTS[plan["dialect"]]("idle"))
    await crowd.connect()
    print(len(crowd.clients), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(sum(client.is_closed for client in crowd.clients), flush=True)
    await crowd.leave()


if __name__ == "__main__":
    uvloop.run(hold(json.loads(sys.stdin.readline())))
