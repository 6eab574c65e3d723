"""
The database of all measurements of a run, with its people: PostgreSQL if it is installed, else SQLite.
"""

import json
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import running, stacks
from benchmarks.scaling.counters import children
from benchmarks.scratch_database import scratch_database

PEOPLE_SECONDS = 240


class Database:
    """A context manager: one database, and the session keys of its people (`cookies`) by their number."""

    def __init__(self, folder: Path, rooms: dict[str, list[int]]):
        self.folder, self.rooms = folder, rooms
        self.kind = "postgresql" if Path("/usr/lib/postgresql").exists() and shutil.which("psql") else "sqlite"
        self.cookies: list[str] = []
        self._stack = ExitStack()

    def __enter__(self):
        with ExitStack() as stack:
            if self.kind == "postgresql":
                # PostgreSQL runs as another user, who must be able to enter the folder.
                self.folder.chmod(0o755)
            self.url = stack.enter_context(scratch_database(self.folder / "database", self.kind))
            self._create_people()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        self._stack.close()

    def environment(self, redis_url: str, **variables: str) -> dict[str, str]:
        """Return the environment of the site's processes, with the limits of a site in production."""
        product = stacks.BY_NAME["product"]._replace(variables={"DJANGO_SETTINGS_MODULE": "chatproj.settings"})
        found = stacks.environment(product, stacks.Site(self.folder, (), redis_url))
        return {**found, "DATABASE_URL": self.url, **variables}

    def pids(self) -> list[int]:
        """Return the ids of PostgreSQL's processes; none for SQLite, which runs inside the workers."""
        if self.kind != "postgresql":
            return []
        server = int((self.folder / "database" / "postgresql" / "data" / "postmaster.pid").read_text().split()[0])
        return [server, *children(server)]

    def _create_people(self):
        plan = {"people": 1 + max(map(max, self.rooms.values())), "rooms": self.rooms}
        done = subprocess.run(
            [stacks.PRODUCT_PYTHON, "-m", "benchmarks.people"],
            input=json.dumps(plan),
            cwd=stacks.ROOT,
            text=True,
            env=self.environment("redis://127.0.0.1:1/0"),
            capture_output=True,
            timeout=PEOPLE_SECONDS,
        )
        if done.returncode:
            raise running.CannotStart(f"the people cannot be created:\n{done.stderr[-running.LOG_TAIL :]}")
        self.cookies = json.loads(done.stdout)["cookies"]


def say(text: str) -> None:
    """Print a line of progress, with the time."""
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)
