"""
Create the product's people once for a whole run: one database file, and a login cookie for each person.

This module starts `benchmarks.people` with the product's Python. It must not import the product itself.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from benchmarks import stacks
from benchmarks.running import CannotStart

TIMEOUT_SECONDS = 300


class Audience:
    """The people of a run. The first call of `database` creates them; the end of the `with` block deletes them."""

    def __init__(self, scenarios: list):
        self.scenarios = scenarios
        self.cookies: list[str] = []

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="chat-bench-people-"))
        return self

    def __exit__(self, *exception):
        shutil.rmtree(self.folder, ignore_errors=True)

    def database(self) -> Path:
        """Return the database file; the first call creates it."""
        site = stacks.Site(self.folder, (), "")
        if not self.cookies:
            self._create_people(site)
        return site.database

    def _create_people(self, site):
        rooms: dict[str, list[int]] = {}
        # Several scenarios may use the same room, and each person joins it once.
        for room, person in dict.fromkeys(place for scenario in self.scenarios for place in scenario.people()):
            rooms.setdefault(room, []).append(person)
        plan = {"people": 1 + max(map(max, rooms.values())), "rooms": rooms}
        done = subprocess.run(
            [stacks.PRODUCT_PYTHON, "-m", "benchmarks.people"],
            input=json.dumps(plan),
            cwd=stacks.ROOT,
            text=True,
            env=stacks.environment(stacks.BY_NAME["product"], site),
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
        )
        if done.returncode:
            raise CannotStart(f"the product's people cannot be created:\n{done.stderr[-2500:]}")
        self.cookies = json.loads(done.stdout)["cookies"]
