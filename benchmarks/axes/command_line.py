"""
Parse the command line of `bin/bench --scaling`. This module starts nothing, and needs only the standard library.
"""

import argparse
import time
from pathlib import Path

from benchmarks import stacks
from benchmarks.axes import axis
from benchmarks.command_line import environments, leave_out_missing, pick, positive

MINUTES = 20.0


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the choices, with `axes` and `stacks` as objects. End the process if a choice is wrong."""
    parser = argparse.ArgumentParser(
        prog="bin/bench --scaling", description="Measures how the cost of a message grows, axis by axis."
    )
    parser.add_argument(
        "--quick", action="store_true", help="measure two small levels of each axis, to check that everything works"
    )
    parser.add_argument("--axes", help=f"names, separated by commas, of: {', '.join(axis.BY_NAME)} (default: all)")
    parser.add_argument(
        "--stacks",
        help=f"names, separated by commas, of: {', '.join(axis.HOLDERS)} (default: {', '.join(axis.STACKS)}; "
        f"{', '.join(axis.QUICK_STACKS)} with --quick)",
    )
    parser.add_argument("--levels", help="numbers, separated by commas, instead of the levels of the chosen axes")
    parser.add_argument(
        "--seconds", type=positive(float), help="length of each measurement (default: 2; 0.5 with --quick)"
    )
    parser.add_argument("--repetitions", type=positive(int), default=1, help="default: 1")
    parser.add_argument(
        "--warm-up", type=positive(float), help="seconds before each measurement (default: 1; 0.2 with --quick)"
    )
    parser.add_argument(
        "--minutes",
        type=positive(float),
        default=MINUTES,
        help=f"the most that the run may take (default: {MINUTES:g})",
    )
    parser.add_argument("--out", type=Path, help="folder for the results (default: var/bench/scaling-<time>)")
    parser.add_argument("--update-docs", action="store_true", help="write the tables into docs/performance.md")
    parser.add_argument("--list", action="store_true", help="print the axes and their levels")
    parser.add_argument("--environments", action="store_true", help=argparse.SUPPRESS)
    choices = parser.parse_args(arguments)
    choices.are_stacks_named = bool(choices.stacks)
    known = {name: stacks.BY_NAME[name] for name in axis.HOLDERS}
    names = choices.stacks or ",".join(axis.QUICK_STACKS if choices.quick else axis.STACKS)
    choices.stacks = pick(parser, names, known)
    choices.axes = [axis.quick(one) if choices.quick else one for one in pick(parser, choices.axes, axis.BY_NAME)]
    if choices.levels:
        choices.axes = [one._replace(levels=_levels(parser, choices.levels)) for one in choices.axes]
    leave_out_missing(choices)
    choices.seconds = choices.seconds or (0.5 if choices.quick else 2.0)
    choices.warm_up = choices.warm_up or (0.2 if choices.quick else 1.0)
    choices.settle = 0.3 if choices.quick else 1.0
    choices.out = choices.out or stacks.ROOT / "var" / "bench" / time.strftime("scaling-%Y%m%d-%H%M%S")
    return choices


def _levels(parser, text):
    try:
        levels = tuple(sorted({int(number) for number in text.split(",")}))
    except ValueError:
        levels = ()
    if not levels or levels[0] < 1:
        parser.error("--levels needs positive numbers, separated by commas")
    return levels


def table() -> str:
    """Return all axes as text, for --list."""
    return "\n".join(
        f"{one.name:12}{', '.join(f'{level:,}' for level in one.levels)} {one.unit}: {one.scenario.title}"
        for one in axis.ALL
    )


__all__ = ["environments", "parse", "table"]
