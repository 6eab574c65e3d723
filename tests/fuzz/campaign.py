"""
Search for inputs that crash or hang, for a given time, in all targets of fuzzing. `bin/test --fuzz` runs this module.

    python -m tests.fuzz.campaign --seconds 600 --workers 2 [--keep] [target ...]

Each failing input is stored in the corpus, so the next build fails until the code is mended. With `--keep`, inputs that
reach new code are stored too, within the limits of `corpus_files.py`.
"""

import argparse
import concurrent.futures
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import django

from tests.fuzz.corpus_files import CORPUS, FAILED, MOST_BYTES_PER_TARGET, keep_input, list_inputs

INPUT_SECONDS = 20  # an input that needs more time counts as one that hangs
MEMORY_MB = 3000
MERGE_SECONDS = 60
# A search needs this time for imports and the database, in addition to its own time.
START_SECONDS = 120
LAST_LINES = 40


@dataclass
class Outcome:
    """What the search has found for one target."""

    name: str
    inputs: int
    coverage: int
    failed: list[Path]
    output: str
    is_broken: bool


class Campaign:
    """The searches of one run, in a temporary folder."""

    def __init__(self, folder: Path, seconds: float, is_keeping: bool) -> None:
        self.folder, self.seconds, self.is_keeping = folder, seconds, is_keeping

    def search(self, target) -> Outcome:
        """
        Search in one target, and return the Outcome. Store failing inputs, and with `is_keeping` also those that reach
        new code.
        """
        found, broken = self._make_folder(target, "found"), self._make_folder(target, "broken")
        options = [f"-max_total_time={self.seconds:.0f}", f"-artifact_prefix={broken}/", "-print_final_stats=1"]
        code, output = self._run(
            target, [*options, str(found), str(CORPUS / target.name)], self.seconds + START_SECONDS
        )
        failed = [keep_input(target, path.read_bytes(), FAILED) for path in sorted(broken.iterdir())]
        if self.is_keeping and code == 0:
            self._keep_new(target, found)
        return Outcome(
            target.name,
            _last_number(r"stat::number_of_executed_units: (\d+)", output),
            _last_number(r"cov: (\d+)", output),
            failed,
            find_cause(output),
            code != 0 and not failed,
        )

    def _make_folder(self, target, kind: str) -> Path:
        folder = self.folder / target.name / kind
        folder.mkdir(parents=True)
        return folder

    def _run(self, target, arguments: list[str], seconds: float) -> tuple[int, str]:
        tokens = self.folder / target.name / "tokens"
        tokens.write_text("".join(map(write_token, filter(None, target.tokens))))
        command = [sys.executable, "-m", "tests.fuzz.search", target.name, ",".join(target.code), f"-dict={tokens}"]
        command += [
            f"-max_len={target.most_bytes}",
            f"-timeout={INPUT_SECONDS}",
            f"-rss_limit_mb={MEMORY_MB}",
            *arguments,
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds)
        except subprocess.TimeoutExpired as error:
            return 1, (error.stderr or b"").decode(errors="replace") + "\nThe search did not end."
        return done.returncode, done.stdout + done.stderr

    def _keep_new(self, target, found: Path) -> None:
        """Store the smallest inputs that reach code which the corpus does not reach, up to MOST_BYTES_PER_TARGET."""
        merged = self._make_folder(target, "merged")
        self._run(
            target, ["-merge=1", str(merged), str(CORPUS / target.name), str(found)], MERGE_SECONDS + START_SECONDS
        )
        known = {path.read_bytes() for path in list_inputs(target)}
        size = sum(map(len, known))
        for data in sorted((path.read_bytes() for path in merged.iterdir()), key=len):
            if data and data not in known and size + len(data) <= MOST_BYTES_PER_TARGET:
                keep_input(target, data)
                size += len(data)


def find_cause(output: str) -> str:
    """Return the part of the output that says why a search has ended: the exception, or the last lines."""
    start = output.find("Uncaught Python exception")
    lines = output[max(start, 0) :].splitlines()
    return "\n".join(lines[:LAST_LINES] if start >= 0 else lines[-LAST_LINES:])


def _last_number(pattern: str, output: str) -> int:
    numbers = re.findall(pattern, output)
    return int(numbers[-1]) if numbers else 0


def write_token(token: bytes) -> str:
    """Return a line of libFuzzer's dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n'


def choose_targets(names):
    """Return the targets with these names, or all targets. End the program for an unknown name."""
    from tests.fuzz.targets import TARGETS

    unknown = set(names) - set(TARGETS)
    if unknown:
        sys.exit(f"There is no target {', '.join(sorted(unknown))}. Targets: {', '.join(TARGETS)}.")
    return [TARGETS[name] for name in names or TARGETS]


def report(outcome: Outcome) -> None:
    """Print one line about a target, and the end of the output of a search that has failed."""
    result = (
        f"{len(outcome.failed)} failing inputs"
        if outcome.failed
        else "the search failed"
        if outcome.is_broken
        else "ok"
    )
    print(f"{outcome.name:16} {outcome.inputs:9} inputs {outcome.coverage:6} branches  {result}", flush=True)
    if outcome.failed or outcome.is_broken:
        print(outcome.output)


def main() -> int:
    """Search in all chosen targets. Return the exit code: 1 if an input or a search has failed."""
    parser = argparse.ArgumentParser(description="Search for inputs that crash or hang.")
    parser.add_argument("targets", nargs="*", metavar="target")
    parser.add_argument("--seconds", type=float, default=600, help="the time for all targets together (default: 600)")
    parser.add_argument("--workers", type=int, default=2, help="the number of targets at a time (default: 2)")
    parser.add_argument("--keep", action="store_true", help="store inputs that reach new code in the corpus")
    options = parser.parse_args()
    targets = choose_targets(options.targets)
    share = max(options.seconds * options.workers / len(targets), 1)
    print(f"Fuzzing {len(targets)} targets, each for {share:.0f} s ...", flush=True)
    started, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="chat-fuzz-"))
    try:
        campaign = Campaign(folder, share, options.keep)
        with concurrent.futures.ThreadPoolExecutor(options.workers) as pool:
            outcomes = []
            for done in concurrent.futures.as_completed([pool.submit(campaign.search, target) for target in targets]):
                outcomes.append(done.result())
                report(outcomes[-1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return summarize(outcomes, time.monotonic() - started)


def summarize(outcomes: list[Outcome], seconds: float) -> int:
    """Print the result of all searches. Return the exit code."""
    failed = [path for outcome in outcomes for path in outcome.failed]
    broken = [outcome.name for outcome in outcomes if outcome.is_broken]
    print(f"{sum(outcome.inputs for outcome in outcomes)} inputs in {seconds:.0f} s.")
    for path in failed:
        print(f"This input fails: {path}")
    if failed:
        print("Mend the code. `bin/test tests/fuzz/test_corpus.py` replays these inputs.")
    if broken:
        print(f"These searches failed, without a failing input: {', '.join(broken)}. Their output is above.")
    return 1 if failed or broken else 0


if __name__ == "__main__":
    django.setup()
    sys.exit(main())
