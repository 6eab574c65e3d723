"""
Measure the exports and the statistics of a long room: seconds, and the memory of the workers, the interface and Valkey.

    .venv/bin/python -m benchmarks.exports                    200,000 messages, on SQLite
    .venv/bin/python -m benchmarks.exports --messages 20000
    DATABASE_URL=postgres://... .venv/bin/python -m benchmarks.exports

The program starts its own site with one task worker, as the live tests do, and prints a table. The test requirements
must be installed. Linux only.
"""

import argparse
import contextlib
import time

from tests.live import rooms
from tests.live.client import Person, new_ref
from tests.live.processes import Site, wait_until

TASKS = [*(("export", {"format": file_format}) for file_format in ("json", "csv", "html")), ("statistics", {})]
TIMEOUT_SECONDS = 1800


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--messages", type=int, default=200_000, help="messages of the room (default: %(default)s)")
    count = parser.parse_args().messages
    with contextlib.ExitStack() as stack:
        site = Site(workers=1, task_workers=1, CHAT_LIMITS="off")
        stack.callback(site.stop)
        site.start()
        person = Person(site, "Alice", "correct horse")
        slug = person.make_room()
        rooms.fill(site, slug, count)
        print(f"{count:,} messages, {'PostgreSQL' if site.database.server else 'SQLite'}; memory is RSS in MB")
        print(
            "| task | seconds | result MB | task worker before | peak | fetched in s | web worker before | peak "
            "| interface peak | Valkey peak |\n|---|---|---|---|---|---|---|---|---|---|"
        )
        for kind, params in TASKS:
            print(measure(site, person, slug, kind, params), flush=True)


def measure(site, person, slug, kind, params):
    """Run one task and fetch its result. Return its row of the table."""
    worker = site.task_workers[0]
    before = reset_peak(worker)
    began = time.monotonic()
    task = person.call("POST", f"/api/rooms/{slug}/tasks/", ref=new_ref(), task=kind, params=params).json()
    path = f"/api/tasks/{task['task_id']}/"
    task = wait_until(lambda: find_done(person, path), TIMEOUT_SECONDS, "the end of the task")
    seconds, peak = time.monotonic() - began, rooms.memory_mb(worker.pid, "VmHWM")
    parts = [site.workers[0], site.web, site.valkey]
    web_before, *_ = [reset_peak(part) for part in parts]
    began = time.monotonic()
    size = sum(len(piece) for piece in person.http.get(site.url + task["result"], stream=True).iter_content(65536))
    assert size == task["size"], (size, task)
    fetch_seconds = time.monotonic() - began
    peaks = [rooms.memory_mb(part.pid, "VmHWM") for part in parts]
    name = f"{kind} {params.get('format', '')}".strip()
    values = [seconds, size / 1e6, before, peak, fetch_seconds, web_before, *peaks]
    return f"| {name} | {' | '.join(f'{value:.1f}' for value in values)} |"


def find_done(person, path):
    """Return the task if it is done, otherwise None. Raise AssertionError if it failed."""
    task = person.call("GET", path, expected=200).json()
    assert task["state"] != "failed", task
    return task if task["state"] == "done" else None


def reset_peak(part):
    """Reset the peak memory of a process. Return its memory now, in MB."""
    rooms.reset_peak_memory(part.pid)
    return rooms.memory_mb(part.pid)


if __name__ == "__main__":
    main()
