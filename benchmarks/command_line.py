"""
Parse the command line of `bin/bench`. This module starts nothing, and needs no package that must be installed.
"""

import argparse
import shutil
import time
from pathlib import Path

from benchmarks import scenarios, stacks

REPETITIONS = 3


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the choices, with `stacks` and `scenarios` as objects. End the process if a choice is wrong."""
    parser = argparse.ArgumentParser(prog="bin/bench", description="Compares the chat with its usual alternatives.")
    parser.add_argument("--quick", action="store_true", help="run small scenarios, to check that everything works")
    parser.add_argument("--stacks", help="names, separated by commas (default: all; a few with --quick)")
    parser.add_argument("--scenarios", help="names, separated by commas (default: all; a few with --quick)")
    parser.add_argument("--repetitions", type=positive(int), help=f"default: {REPETITIONS}; 1 with --quick")
    parser.add_argument(
        "--seconds", type=positive(float), help="length of each measurement (default: 5; 0.5 with --quick)"
    )
    parser.add_argument(
        "--long-seconds",
        type=positive(float),
        help="length of `heartbeats` and `soak` (default: 60 and 600; 0.5 with --quick)",
    )
    parser.add_argument(
        "--warm-up", type=positive(float), help="seconds before each measurement (default: 1; 0.2 with --quick)"
    )
    parser.add_argument(
        "--fixed-processors",
        action="store_true",
        help="keep the load generator on the last processor, and each process with sockets on one of the processors",
    )
    parser.add_argument("--out", type=Path, help="folder for the results (default: var/bench/<time>)")
    parser.add_argument("--list", action="store_true", help="print the stacks and scenarios")
    parser.add_argument("--environments", action="store_true", help=argparse.SUPPRESS)
    choices = parser.parse_args(arguments)
    choices.are_stacks_named = bool(choices.stacks)
    choices.are_scenarios_named = bool(choices.scenarios)
    choices.stacks = _pick_from(parser, choices.stacks, stacks, choices.quick)
    leave_out_missing(choices)
    choices.scenarios = [
        _resize(one, choices) for one in _pick_from(parser, choices.scenarios, scenarios, choices.quick)
    ]
    choices.repetitions = choices.repetitions or (1 if choices.quick else REPETITIONS)
    choices.warm_up = choices.warm_up or (0.2 if choices.quick else 1.0)
    choices.settle = 0.3 if choices.quick else 1.0
    choices.out = choices.out or stacks.ROOT / "var" / "bench" / time.strftime("%Y%m%d-%H%M%S")
    return choices


def positive(kind):
    """Return a function that reads a positive number of this kind, for argparse."""

    def read(text):
        value = kind(text)
        if value <= 0:
            raise ValueError
        return value

    # argparse shows this name in its error text.
    read.__name__ = "positive number"
    return read


def _pick_from(parser, text, module, is_quick):
    return pick(parser, text or (",".join(module.QUICK_NAMES) if is_quick else ""), module.BY_NAME)


def pick(parser: argparse.ArgumentParser, text: str | None, known: dict) -> list:
    """
    Return the objects that `text` names, separated by commas, or all without `text`.

    End the process if a name is unknown.
    """
    names = text.split(",") if text else list(known)
    unknown = [name for name in names if name not in known]
    if unknown:
        parser.error(f"{unknown[0]!r} does not exist; choose from: {', '.join(known)}")
    return [known[name] for name in names]


def leave_out_missing(choices: argparse.Namespace) -> None:
    """Leave out the stacks whose programs are not installed, and say so in `choices.skipped`."""
    choices.skipped = []
    for packages, sentence in _find_missing():
        left_out = [stack for stack in choices.stacks if stack.packages == packages]
        if left_out:
            choices.stacks = [stack for stack in choices.stacks if stack not in left_out]
            names = ", ".join(f"`{stack.name}`" for stack in left_out)
            choices.skipped.append(f"{sentence}, so these stacks are skipped: {names}.")


def _find_missing():
    if not (shutil.which("node") and shutil.which("npm")):
        yield "node", "`node` or `npm` is not installed"
    if not (shutil.which("go") and stacks.CENTRIFUGE_SOURCE.exists()):
        yield "centrifuge", "Go or Centrifuge is not installed (benchmarks/README.md names the packages)"


def _resize(scenario, choices):
    """Return the scenario with the size and the length that the options ask for."""
    if choices.quick:
        scenario = scenarios.quick(scenario)
    seconds = choices.long_seconds if scenario.kind in ("heartbeats", "soak") else choices.seconds
    return scenario._replace(seconds=seconds or scenario.seconds)


def environments(choices: argparse.Namespace) -> list[str]:
    """Return the environments that the chosen stacks need, each once."""
    return list(dict.fromkeys(stack.packages for stack in choices.stacks))


def table() -> str:
    """Return all stacks and scenarios as text, for --list."""
    lines = ["Stacks:"] + [f"  {stack.name:26}{stack.title.replace('**', '')}" for stack in stacks.ALL]
    lines += ["", "Scenarios:"] + [f"  {one.name:26}{one.title}" for one in scenarios.ALL]
    return "\n".join(lines)
