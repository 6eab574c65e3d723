"""The doctor of a site that tests have started."""

import json
import subprocess
import sys

from tests.live.processes import ROOT

# The PostgreSQL of the tests does not wait for the disk, and doctor rightly says so.
FAST_POSTGRESQL = "fsync is off"


def doctor(site, url=None, **environment):
    """
    Return (exit code, {part: texts of its problems}, whole output).

    That the tests' PostgreSQL does not wait for the disk counts as no problem, also in the exit code.
    """
    command = [sys.executable, "manage.py", "doctor", "--json", "--url", url or site.url]
    done = subprocess.run(
        command, cwd=ROOT, env={**site.environment, **environment}, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stdout + done.stderr
    found = json.loads(done.stdout)
    unwell = [part for part in found["parts"] if not part["well"]]
    assert found["well"] is (not unwell) and done.returncode == (1 if unwell else 0)
    problems = {}
    for part in unwell:
        if not part["text"].startswith(FAST_POSTGRESQL):
            problems[part["part"]] = f"{problems.get(part['part'], '')} {part['text']}"
    return (1 if problems else 0), problems, done.stdout
