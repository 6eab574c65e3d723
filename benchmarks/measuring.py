"""
Measure one scenario on one running stack: run the load generator, and compare its result with the database.

The load generator is a separate process; this process sleeps while the generator measures.
"""

import json
import os
import subprocess
import sys

from benchmarks import report, running, stacks

# The generator also needs time to connect, and to wait for lost messages. SOCKETS_PER_SECOND is the rate of the
# slowest stack.
PATIENCE_SECONDS = 120
SOCKETS_PER_SECOND = 40
MOST_ERRORS = 5


class CannotMeasure(Exception):
    """The load generator failed or did not end. The error text says why."""


def measure(site: running.RunningStack, scenario, choices, cookies: list[str]) -> dict:
    """Return the result of one scenario. Raise CannotMeasure, or CannotStart if a process of the stack has died."""
    rows, known_errors = site.count_rows(), len(site.errors())
    result = _generate(_plan(site, scenario, choices, cookies), scenario)
    site.check_alive()
    result["rows"] = site.count_rows() - rows
    result["rows_missing"] = result["sent"] - result["rows"]
    errors = site.errors()[known_errors:]
    result["tracebacks"], result["errors"] = len(errors), sorted(set(errors))[:MOST_ERRORS]
    return result


def _plan(site, scenario, choices, cookies):
    return {
        "kind": scenario.kind,
        "urls": site.urls,
        "dialect": site.stack.dialect,
        "clients": scenario.clients(),
        "senders": scenario.sending_clients(),
        "outstanding": scenario.outstanding,
        "seconds": scenario.seconds,
        "warm_up": choices.warm_up,
        "settle": choices.settle,
        "cookies": cookies,
        "holder": site.stack.holder,
        "processes": site.pids,
        "processor": max(os.sched_getaffinity(0)) if site.has_fixed_processors else None,
    }


def _generate(plan, scenario):
    seconds = plan["seconds"] + plan["warm_up"] + PATIENCE_SECONDS + scenario.sockets / SOCKETS_PER_SECOND
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.generator"],
        cwd=stacks.ROOT,
        stdin=subprocess.PIPE,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
        preexec_fn=running.die_with_parent,
    )
    try:
        output, errors = process.communicate(json.dumps(plan), timeout=seconds)
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"the load generator did not end within {seconds:.0f} s") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if process.returncode:
        raise CannotMeasure(f"the load generator failed: {errors.strip()[-running.LOG_TAIL :]}")
    return json.loads(output)


def faults(stack: stacks.Stack, result: dict) -> list[str]:
    """Return the violations of this result, in words. Only our own stacks can have violations."""
    if not stack.is_ours:
        return []
    return [f"{name.replace('_', ' ')}: {result[name]}" for name in report.WRONG if result.get(name)]
