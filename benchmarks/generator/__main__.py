"""
Read a plan (JSON) from standard input, run it, and print the result (JSON): `python -m benchmarks.generator`.

The plan names the server, the clients and the processes. The exit code is 3 if the server does not accept a connection
or does not answer in time; standard error then says why.
"""

import gc
import json
import os
import secrets
import sys

import uvloop

from benchmarks.generator.crowd import Crowd
from benchmarks.generator.dialects import DIALECTS
from benchmarks.generator.loads import KINDS
from benchmarks.generator.sockets import CannotConnect
from benchmarks.meters import CpuMeter

CANNOT_CONNECT = 3


async def run(plan: dict) -> dict:
    """Run a plan. Return the figures of one scenario on one stack."""
    # With a random run id, the messages of this load differ from the messages of an earlier load in the same rooms.
    dialect = DIALECTS[plan["dialect"]](secrets.token_hex(4))
    crowd = Crowd(plan, dialect)
    cpu = CpuMeter([*map(tuple, plan["processes"]), ("generator", os.getpid())])
    figures = await KINDS[plan["kind"]](crowd, plan, cpu)
    tally = crowd.tally()
    costs = cpu.report(figures.get("messages", 0))
    figures["cpu_percent"] = round(sum(cost["percent"] for role, cost in costs.items() if role != "generator"), 1)
    await crowd.leave()
    return {**figures, **tally, "sent": crowd.sent, "cpu": costs}


def main() -> None:
    plan = json.load(sys.stdin)
    if plan["processor"] is not None:
        os.sched_setaffinity(0, {plan["processor"]})
    # A garbage collection over thousands of sockets is a pause that the server did not cause. The
    # generator makes so few reference cycles that it needs no collection.
    gc.disable()
    try:
        print(json.dumps(uvloop.run(run(plan))))
    except* (CannotConnect, TimeoutError) as group:
        print(f"{type(group.exceptions[0]).__name__}: {group.exceptions[0]}", file=sys.stderr)
        sys.exit(CANNOT_CONNECT)


if __name__ == "__main__":
    main()
