"""
Measure all axes and write the report. bin/bench starts it.

A level that another axis has measured already, with the same load on the same processes, is not measured again.

Only one stack runs at a time. The levels of an axis follow each other on one running stack, so that other load on the
machine affects neighbouring levels alike; a level that needs another number of processes starts the stack again.
"""

import itertools
import json
import sys
import time
from functools import partial

from benchmarks import machine, measuring, report, running
from benchmarks.audience import Audience
from benchmarks.axes import command_line, fitting, history, pages, text
from benchmarks.axes.axis import QUICK_PEER_AXES
from benchmarks.axes.idle import IdleSockets
from benchmarks.run import INTERRUPTED, say, stop_on_signals

RESERVE_SECONDS = 10  # what a level takes besides its load


def find_blocks(choices):
    """Yield (repetition, axis, stack, levels) in the order of measurement. Each item starts one stack once."""
    for repetition, axis in itertools.product(range(choices.repetitions), choices.axes):
        first = repetition % len(choices.stacks)
        for stack in choices.stacks[first:] + choices.stacks[:first]:
            if is_wanted(choices, axis, stack):
                for sized, levels in itertools.groupby(axis.levels, partial(axis.stack_at, stack)):
                    yield repetition, axis, sized, list(levels)


def is_wanted(choices, axis, stack) -> bool:
    """Return whether to measure this axis on this stack."""
    if choices.quick and not choices.are_stacks_named and not stack.is_ours and axis.name not in QUICK_PEER_AXES:
        return False
    return stack.dialect in axis.dialects


def find_load(axis, stack, level) -> tuple:
    """Return what decides a measurement. Two axes may have a level with the same load on the same processes."""
    return stack.name, stack.holders, stack.workers, axis.at(level)._replace(name="")


class Run:
    """One run of all axes. `found` is the content of results.json, complete up to the last measurement."""

    def __init__(self, choices):
        self.choices = choices
        self.started, self.deadline = time.time(), time.monotonic() + choices.minutes * 60
        self.measured: dict[tuple, dict] = {}
        self.found: dict = {
            "machine": machine.describe(command_line.environments(choices)),
            "started_at": time.strftime("%Y-%m-%d %H:%M:%S %z"),
            "is_quick": choices.quick,
            "repetitions": choices.repetitions,
            "seconds": choices.seconds,
            "axes": [_describe(axis) for axis in choices.axes],
            "stacks": [{"name": stack.name, "title": stack.title} for stack in choices.stacks],
            "notes": list(choices.skipped),
            "runs": [],
        }

    @property
    def left(self) -> float:
        """Return how many seconds are left."""
        return self.deadline - time.monotonic()

    def measure(self) -> None:
        """Measure everything. A level that fails or does not fit becomes a row with the reason; the others continue."""
        with Audience([axis.at(level) for axis in self.choices.axes for level in axis.levels]) as audience:
            for repetition, axis, stack, levels in find_blocks(self.choices):
                keys = {level: (repetition, *find_load(axis, stack, level)) for level in levels}
                new = [level for level in levels if keys[level] not in self.measured]
                for level, result in self._measure_block(audience, axis, stack, new):
                    self.measured[keys[level]] = result
                    self._add(axis, level, stack, repetition, result)
                for level in levels:
                    if level not in new:
                        self._add(axis, level, stack, repetition, self.measured[keys[level]])

    def _add(self, axis, level, stack, repetition, result):
        place = {"axis": axis.name, "level": level, "stack": stack.name, "repetition": repetition}
        self.found["runs"].append({"faults": [], **place, **result})
        say(text.line(self.found["runs"][-1]))

    def _measure_block(self, audience, axis, stack, levels):
        """Start a stack, and yield (level, result) for each level."""
        waiting = []
        for level in levels:
            reason = self._find_obstacle(axis.at(level), stack)
            if reason:
                yield level, {"skipped": reason}
            else:
                waiting.append(level)
        if not waiting:
            return
        remark = fitting.find_remark(stack, fitting.Capacity.read())
        if remark and remark not in self.found["notes"]:
            self.found["notes"].append(remark)
            say(remark)
        try:
            is_chat = stack.dialect == "chat"
            if is_chat and not audience.cookies:
                say("Creating the people of the product ...")
            first_database = audience.database() if is_chat else None
            cookies = audience.cookies if is_chat else []
            with running.RunningStack(stack, first_database) as site:
                with IdleSockets(site, cookies, self.choices.settle) as idle:
                    while waiting:
                        yield waiting[0], self._measure_level(site, idle, axis.at(waiting[0]), cookies)
                        waiting.pop(0)
        except (running.CannotStart, measuring.CannotMeasure) as failure:
            for level in waiting:
                yield level, {"failure": str(failure), "faults": [report.reason(str(failure))]}

    def _find_obstacle(self, scenario, stack):
        if self.left < self.choices.seconds + RESERVE_SECONDS:
            return "no time was left"
        return fitting.find_misfit(scenario, stack, fitting.Capacity.read())

    def _measure_level(self, site, idle, scenario, cookies):
        scenario = scenario._replace(seconds=self.choices.seconds)
        spare = self.left - scenario.seconds - RESERVE_SECONDS
        if spare < 0 or not idle.grow(scenario.idle_clients(), spare):
            return {"skipped": "no time was left"}
        if scenario.history:
            history.fill(
                site.database,
                site.stack.dialect,
                site.stack.table,
                scenario.clients()[0][0],
                scenario.history - site.count_rows(),
            )
        site.wait_until_settled()
        result = measuring.measure(site, scenario, self.choices, cookies)
        result["closed"] += idle.count_closed()
        return {**result, "faults": measuring.faults(site.stack, result)}

    def write(self) -> None:
        """Write the results so far, and print them."""
        self.found["minutes"] = round((time.time() - self.started) / 60, 1)
        folder = self.choices.out
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "results.json").write_text(json.dumps(self.found, indent=1) + "\n")
        (folder / "results.md").write_text(text.markdown(self.found))
        try:
            from benchmarks.axes import picture

            picture.draw(self.found, folder / "plot.svg")
        except ImportError:
            say("There is no plot: matplotlib is not installed.")
        say(text.summary(self.found))
        say(f"The results are in {folder}")
        if self.choices.update_docs:
            pages.update(self.found, folder / "plot.svg")


def _describe(axis):
    described = {name: getattr(axis, name) for name in ("name", "title", "unit", "levels", "promise")}
    return {**described, "load": axis.scenario.title}


def main() -> int:
    choices = command_line.parse()
    if choices.list:
        print(command_line.table())
        return 0
    if choices.environments:
        print(" ".join(command_line.environments(choices)))
        return 0
    if not sys.platform.startswith("linux"):
        sys.exit("bin/bench: needs Linux, because it reads CPU times from /proc.")
    stop_on_signals()
    running.raise_file_limit()
    one, code = Run(choices), 0
    try:
        one.measure()
    except KeyboardInterrupt:
        code = INTERRUPTED
        say("Interrupted. The results so far:")
    one.write()
    wrong = [
        f"{run['stack']}, {run['axis']} {run['level']:,}: {', '.join(run['faults'])}"
        for run in one.found["runs"]
        if run["faults"]
    ]
    for sentence in wrong:
        print(f"bin/bench: {sentence}", file=sys.stderr)
    return code or (1 if wrong else 0)
