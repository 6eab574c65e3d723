"""
Run all measurements, part by part, and write the results after each part.
"""

import contextlib
import fcntl
import json
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from benchmarks import machine, running, stacks
from benchmarks.run import INTERRUPTED, stop_on_signals
from benchmarks.scaling import people, tables
from benchmarks.scaling.agents import Agents, CannotMeasure
from benchmarks.scaling.costs import Costs
from benchmarks.scaling.database import Database, say
from benchmarks.scaling.growth import Growth, faults, say_level
from benchmarks.scaling.network import Network
from benchmarks.scaling.site import RunningSite, Shape

MEASURED = Path(__file__).parent / "measured.json"
PAGE = stacks.ROOT / "docs" / "scaling.md"
GENERATORS = 2
MEMORY_FOLDER = Path("/dev/shm")
MIN_FREE_BYTES = 3e9
LEVEL_RESERVE_SECONDS = 60  # what a level takes besides connecting


class Run:
    """One run of all measurements. `results` is complete up to the last part that has ended."""

    def __init__(self, choices):
        self.choices = choices
        self.started = time.time()
        self.deadline = time.monotonic() + choices.minutes * 60
        self.results: dict = {
            "started_at": time.strftime("%Y-%m-%d %H:%M"),
            "machine": machine.describe(["product"]),
            "costs": [],
            "levels": [],
            "failures": [],
        }

    def measure(self, folder: Path) -> None:
        """Measure the costs of two Redis servers, the levels, and the costs of one Redis server, in this order."""
        levels = self.choices.levels
        with Network(GENERATORS, not self.choices.loopback) as network:
            say(f"Creating the people of {levels[-1]:,} sockets ...")
            with Database(folder, people.all_rooms(levels[-1] // 2, self.choices.largest_room)) as database:
                self.results.update(namespaces=network.has_namespaces, database=database.kind)
                if not self.choices.only_levels:
                    self._measure_costs(Shape(), database, network)
                self._measure_growth(Shape(helpers=True), database, network)
                if self.choices.only_levels:
                    return
                if self.left > 120:
                    self._measure_costs(Shape(shards=1), database, network)
                else:
                    self._fail("no time was left for the costs of one Redis server")

    @property
    def left(self) -> float:
        """Return how many seconds are left."""
        return self.deadline - time.monotonic()

    def _measure_costs(self, shape, database, network):
        say(f"Costs: {shape.words} ...")
        costs = None
        try:
            with RunningSite(shape, database, network) as site, Agents(network) as agents:
                costs = Costs(site, agents, self.choices.seconds, self.choices.largest_room)
                costs.run()
        except Exception as failure:  # the other parts are of use without this one
            self._fail(f"costs of {shape.words}: {describe(failure)}")
        if costs is not None:
            self.results["costs"].append(costs.found)
        self.write()

    def _measure_growth(self, shape, database, network):
        self.results["shape"] = shape._asdict()
        say(f"Growth: {shape.words}, monitor, delay server ...")
        try:
            with RunningSite(shape, database, network) as site, Agents(network) as agents:
                chosen = self.choices
                growth = Growth(site, agents, chosen.level_seconds, chosen.settle_seconds, chosen.posts)
                growth.begin()
                for level in self.choices.levels:
                    limit = min(
                        self.choices.connect_seconds, self.left - LEVEL_RESERVE_SECONDS - self.choices.level_seconds
                    )
                    if limit < 5:
                        self._fail(f"no time was left for {level} sockets")
                        break
                    say(f"  opening {level:,} sockets ...")
                    self.results["levels"].append(growth.measure(level, limit))
                    say_level(self.results["levels"][-1])
                    for fault in faults(self.results["levels"][-1]):
                        self._fail(fault)
                    self.write()
        except Exception as failure:  # the other parts are of use without this one
            self._fail(f"growth: {describe(failure)}")
        self.write()

    def _fail(self, text):
        self.results["failures"].append(text)
        say(f"FAILED: {text}")

    def write(self) -> None:
        """Write the results so far."""
        self.results["minutes"] = round((time.time() - self.started) / 60, 1)
        out = self.choices.out
        out.mkdir(parents=True, exist_ok=True)
        (out / "results.json").write_text(json.dumps(self.results, indent=1, sort_keys=True) + "\n")
        if self.results["costs"]:
            (out / "results.md").write_text(tables.report(self.results))
            if self.choices.update_docs:
                publish(self.results)


def describe(failure: Exception) -> str:
    """Return a failure as text; its class if it is not one of ours."""
    if isinstance(failure, running.CannotStart | CannotMeasure):
        return str(failure)
    traceback.print_exception(failure)
    return f"{type(failure).__name__}: {failure}"


def publish(results: dict) -> None:
    """Keep results as those of this version: the model reads them, and docs/scaling.md shows them."""
    MEASURED.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    tables.update_page(PAGE, results)


def run(choices) -> int:
    """Measure, and return the exit code: 1 if a part failed, 130 after a signal."""
    if not sys.platform.startswith("linux"):
        sys.exit("bin/bench: needs Linux, because it reads CPU times from /proc.")
    stop_on_signals()
    running.raise_file_limit()
    with only_run():
        return _run(choices)


@contextlib.contextmanager
def only_run():
    """Hold the machine's lock. Exit if another run holds it, because it would lose its namespaces to this run."""
    with open(Path(tempfile.gettempdir()) / "chat-scale.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("bin/bench: another run of --costs measures on this machine. Wait until it has ended.")
        yield


def _run(choices):
    is_large = MEMORY_FOLDER.is_dir() and shutil.disk_usage(MEMORY_FOLDER).free > MIN_FREE_BYTES
    folder = Path(tempfile.mkdtemp(prefix="chat-scale-", dir=MEMORY_FOLDER if is_large else None))
    one = Run(choices)
    try:
        one.measure(folder)
    except KeyboardInterrupt:
        say("Interrupted. The results so far are kept.")
        return INTERRUPTED
    except running.CannotStart as failure:
        one._fail(str(failure))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        one.write()
        say(f"The results are in {choices.out}")
    return 1 if one.results["failures"] else 0
