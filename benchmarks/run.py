"""
Run each scenario on each stack in turn, several times, and write the report. bin/bench starts it.

Only one stack runs at a time: idle stacks use CPU too (Daphne 1.x polls Redis twenty times a second, workers renew
their leases). Each measurement begins with an empty Redis and an empty table. Within a repetition, all stacks run
one after another for each scenario, so that other load affects all of them. Each repetition begins with another stack.
"""

import json
import signal
import sys
import time

from benchmarks import command_line, machine, measuring, report, running, scenarios, stacks
from benchmarks.audience import Audience

RESERVED_FILES = 500
INTERRUPTED = 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(text: str) -> None:
    print(text, flush=True)


def stop_on_signals() -> None:
    """Make each of SIGNALS end the run as Ctrl-C does, and stop all processes. Ignore later signals."""

    def interrupt(number, frame):
        for signal_number in SIGNALS:
            signal.signal(signal_number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for signal_number in SIGNALS:
        signal.signal(signal_number, interrupt)


def check_machine(choices) -> None:
    """Exit with an error text if this machine cannot run the scenarios."""
    if not sys.platform.startswith("linux"):
        sys.exit("bin/bench: needs Linux, because it reads CPU times from /proc.")
    most = max(scenario.sockets for scenario in choices.scenarios)
    limit = running.raise_file_limit()
    if limit < most + RESERVED_FILES:
        sys.exit(f"bin/bench: {most} sockets need more open files than the limit of {limit}: raise it (ulimit -n).")


def rounds(choices):
    """Yield (repetition, stack, scenarios) in the order of measurement. Each item starts one stack once."""
    # A quick run uses one start for all scenarios, because starting takes most of its time.
    blocks = [choices.scenarios] if choices.quick else [[scenario] for scenario in choices.scenarios]
    for repetition in range(choices.repetitions):
        for block in blocks:
            first = repetition % len(choices.stacks)
            for stack in choices.stacks[first:] + choices.stacks[:first]:
                fitting = [scenario for scenario in block if is_wanted(choices, repetition, stack, scenario)]
                if fitting:
                    yield repetition, stack, fitting


def is_wanted(choices, repetition, stack, scenario) -> bool:
    """Return whether to measure this scenario on this stack in this repetition."""
    if stack.dialect not in scenario.dialects or (scenario.is_long and repetition):
        return False
    if stack.is_ours:
        return True
    if choices.quick and not choices.are_scenarios_named:
        return scenario.name in scenarios.QUICK_PEER_NAMES
    return choices.are_stacks_named or not scenario.is_for_us


def run(choices, audience, runs: list[dict]) -> None:
    """Append all measurements to `runs`. A stack that fails becomes a row with the reason; the others continue."""
    for repetition, stack, block in rounds(choices):
        for scenario, result in measure_block(choices, audience, stack, block):
            runs.append({"stack": stack.name, "scenario": scenario.name, "repetition": repetition, **result})
            say(report.line(runs[-1], scenario))


def measure_block(choices, audience, stack, block):
    """Start a stack, and yield (scenario, result) for each scenario. A failed result has a `failure`."""
    remaining = list(block)
    is_chat = stack.dialect == "chat"
    try:
        database = audience.database() if is_chat else None
        with running.RunningStack(stack, database, choices.fixed_processors) as site:
            while remaining:
                cookies = audience.cookies if is_chat else []
                result = measuring.measure(site, remaining[0], choices, cookies)
                yield remaining.pop(0), {**result, "faults": measuring.faults(stack, result)}
    except (running.CannotStart, measuring.CannotMeasure) as failure:
        for scenario in remaining:
            yield scenario, {"failure": str(failure), "faults": [report.reason(str(failure))]}


def main() -> int:
    choices = command_line.parse()
    if choices.list:
        print(command_line.table())
        return 0
    if choices.environments:
        print(" ".join(command_line.environments(choices)))
        return 0
    stop_on_signals()
    check_machine(choices)
    for sentence in choices.skipped:
        say(sentence)
    started, runs, code = time.time(), [], 0
    described = machine.describe(command_line.environments(choices))
    try:
        with Audience(choices.scenarios) as audience:
            run(choices, audience, runs)
    except KeyboardInterrupt:
        # Keep the results that exist already, because a run may take more than an hour.
        code = INTERRUPTED
        say("Interrupted. The results so far:")
    return write(choices.out, describe(choices, runs, described, started)) or code


def describe(choices, runs, described, started) -> dict:
    """Return the content of results.json."""
    return {
        "machine": described,
        "started_at": time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(started)),
        "minutes": round((time.time() - started) / 60, 1),
        "repetitions": choices.repetitions,
        "fixed_processors": choices.fixed_processors,
        "scenarios": [scenario._asdict() for scenario in choices.scenarios],
        "stacks": [{"name": stack.name, "title": stack.title} for stack in choices.stacks],
        "baselines": stacks.BASELINES,
        "runs": runs,
    }


def write(folder, found) -> int:
    """Write the results, print their folder and all faults, and return the exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    (folder / "results.md").write_text(report.markdown(found))
    try:
        from benchmarks import plot

        plot.draw(found, folder / "plot.svg")
    except ImportError:
        say("There is no plot: matplotlib is not installed.")
    say(report.summary(found))
    say(f"The results are in {folder}")
    wrong = [f"{one['stack']}, {one['scenario']}: {', '.join(one['faults'])}" for one in found["runs"] if one["faults"]]
    for sentence in wrong:
        print(f"bin/bench: {sentence}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
