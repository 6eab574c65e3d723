"""
`python -m benchmarks.generator`: reads a plan (JSON) from its input, runs it, and prints the result (JSON).

The plan says which server, seats and processes; nothing else is known here. It ends with 3 where the server does not
let it in, and says why on its error output.
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
    """Return the figures of one scenario on one stack."""
    # Another load on the same server may still have messages in its rooms.
    dialect = DIALECTS[plan["dialect"]](secrets.token_hex(4))
    crowd = Crowd(plan, dialect)
    cpu = CpuMeter([*map(tuple, plan["processes"]), ("generator", os.getpid())])
    figures = await KINDS[plan["kind"]](crowd, plan, cpu)
    tally = crowd.tally()
    costs = cpu.report(figures.get("messages", 0))
    figures["cpu_percent"] = round(sum(cost["percent"] for role, cost in costs.items() if role != "generator"), 1)
    await crowd.leave()
    return {**figures, **tally, "said": crowd.said, "cpu": costs}


def main() -> None:
    plan = json.load(sys.stdin)
    # A collection over thousands of sockets is a pause that no server made; nothing here makes cycles in number.
    gc.disable()
    try:
        print(json.dumps(uvloop.run(run(plan))))
    except* (CannotConnect, TimeoutError) as group:
        print(f"{type(group.exceptions[0]).__name__}: {group.exceptions[0]}", file=sys.stderr)
        sys.exit(CANNOT_CONNECT)


if __name__ == "__main__":
    main()
