"""
Measures what each step costs a site, and computes from this what a larger site needs.

`run` measures everything, and `plan` computes from the results of this version in `measured.json`. `write` makes the
results of an earlier run those of this version, and writes their tables into docs/scaling.md.

    bin/bench --costs                          measures in at most 14 minutes
    bin/bench --costs --update-docs            also does what `write` does
    bin/bench --costs --levels 50,100,200      checks that everything runs; ignore its numbers
    bin/bench --plan --sockets 50000 --room-size 200 --posts-per-person-minute 0.5
    python -m benchmarks.scaling write var/bench/scaling-<time>/results.json
"""

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks import stacks
from benchmarks.run import INTERRUPTED
from benchmarks.scaling import model, plan_tables
from benchmarks.scaling.run import MEASURED, publish, run
from benchmarks.scaling.workload import Workload


def plan(choices) -> int:
    """Print what a workload needs, and its limits."""
    results = json.loads(MEASURED.read_text())
    given = {name: getattr(choices, name) for name in Workload._fields if getattr(choices, name) is not None}
    prices, need = plan_tables.make_plan(results, Workload(**given))
    load = need.load
    print(f"{need.workload.sockets:,} sockets need, each process at half of its core:")
    megabits = load.amounts["wire_out"] * 8 / 1e6
    print(f"  {need.interfaces} interfaces, {need.memory_gb['interface']} GB; {megabits:,.0f} Mbit/s to clients")
    print(f"  {need.workers} workers, {need.memory_gb['worker']} GB")
    print(f"  {need.shards} Redis servers; {load.amounts['commands']:,.0f} commands a second")
    print(f"  {need.database_cores:.0f} cores of PostgreSQL, {need.connections} connections, ", end="")
    print(f"{load.amounts['transactions']:,.0f} transactions and {load.amounts['rows']:,.0f} changed rows a second")
    print("The limits that more processes do not remove, and how much of each is used:")
    for limit in model.limits(prices, need):
        print(f"  {100 * limit.share:5.0f}%  {limit.name}")
    return 0


def parse():
    """Return the choices of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__.splitlines()[1])
    commands = parser.add_subparsers(dest="command", required=True)
    measure = commands.add_parser("run", prog="bin/bench --costs", help="measure everything")
    measure.add_argument(
        "--levels",
        type=lambda text: sorted(map(int, text.split(","))),
        default=[1000, 5000, 20000],
        help="numbers of sockets, separated by commas (default: 1000,5000,20000)",
    )
    measure.add_argument("--seconds", type=float, default=2.0, help="of each measured step (default: %(default)s)")
    measure.add_argument(
        "--level-seconds", type=float, default=30.0, help="of each measured level (default: %(default)s)"
    )
    measure.add_argument(
        "--connect-seconds",
        type=float,
        default=150.0,
        help="the most that the sockets of a level may take (default: %(default)s)",
    )
    measure.add_argument(
        "--settle-seconds",
        type=float,
        default=4.0,
        help="between the handshakes and the measurement (default: %(default)s)",
    )
    measure.add_argument("--posts", type=float, default=8.0, help="posts a second at each level (default: %(default)s)")
    measure.add_argument("--only-levels", action="store_true", help="measure no costs")
    measure.add_argument(
        "--minutes", type=float, default=14.0, help="the most that the run may take (default: %(default)s)"
    )
    measure.add_argument(
        "--largest-room", type=int, default=1000, help="members of the largest room (default: %(default)s)"
    )
    measure.add_argument("--loopback", action="store_true", help="loopback addresses instead of network namespaces")
    measure.add_argument(
        "--update-docs",
        action="store_true",
        help="make the results those of this version, and write the tables into docs/scaling.md",
    )
    measure.add_argument(
        "--out",
        type=Path,
        default=stacks.ROOT / "var" / "bench" / time.strftime("scaling-%Y%m%d-%H%M%S"),
        help="folder for the results (default: var/bench/scaling-<time>)",
    )
    writing = commands.add_parser("write", help="make the results of an earlier run those of this version")
    writing.add_argument("results", type=Path, help="the file results.json of a run")
    planning = commands.add_parser("plan", prog="bin/bench --plan", help="compute what a site needs")
    for name in Workload._fields:
        kind = int if Workload.__annotations__[name] is int else float
        words = plan_tables.ASSUMED.get(name, "open sockets: two for each tab")
        default = Workload._field_defaults.get(name)
        words += "" if default is None else f" (default: {default})"
        planning.add_argument(f"--{name.replace('_', '-')}", type=kind, required=default is None, help=words)
    return parser.parse_args()


def main() -> int:
    choices = parse()
    if choices.command == "write":
        publish(json.loads(choices.results.read_text()))
        return 0
    return plan(choices) if choices.command == "plan" else run(choices)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
