#!/usr/bin/env python3
"""
Compare the locked packages with the published advisories, for `bin/audit`. This module runs with the Python of
.venv-audit, and imports nothing of the project.

Two services publish advisories: osv.dev, and the package index. A mirror of the package index may know no advisories,
and would report none for any package. So the module first asks each service about an old package that has advisories,
and uses the first service that knows them. OSV_URL may name a copy of osv.dev, such as
https://osv.example.com/v1/query. Then the module asks only this copy.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.txt", "requirements-test.txt")
OSV_URL = os.environ.get("OSV_URL", "")
SERVICES = ("osv",) if OSV_URL else ("osv", "pypi")
# CVE-2022-28346 and others concern this version.
KNOWN_BAD = "django==2.2.27\n"
ID = re.compile(r"\b(?:CVE|GHSA|PYSEC)-[0-9A-Za-z-]+")


class Advisory(NamedTuple):
    """One advisory about one locked package: its ids in all lists, and the versions that fix it."""

    package: str
    version: str
    ids: tuple[str, ...]
    fixed_in: tuple[str, ...]
    text: str


def main() -> int:
    """Print what was found. Return 1 if an advisory has no row in SECURITY.md, else 0."""
    service = next((service for service in SERVICES if find_advisories(service, KNOWN_BAD)), None)
    if service is None:
        print("The advisories cannot be reached from here, so nothing was compared.")
        return 0
    known = read_known_ids((ROOT / "SECURITY.md").read_text())
    found = find_advisories(service, "\n".join(read_pins((ROOT / lock).read_text()) for lock in LOCKS))
    if found is None:
        print("The advisories could no longer be reached, so nothing was compared.")
        return 0
    new = select_new(found, known)
    print(
        f"{len(found)} advisories of {service} concern the locked packages; {len(found) - len(new)} are in SECURITY.md."
    )
    for advisory in new:
        print(describe(advisory))
    return 1 if new else 0


def read_pins(lock: str) -> str:
    """Return the lines `name==version` of a lock, without hashes and conditions."""
    return "\n".join(sorted(set(re.findall(r"^[A-Za-z0-9._-]+==[^\s;\\]+", lock, re.MULTILINE))))


def read_known_ids(text: str) -> set[str]:
    """Return the ids of all advisories that a text names."""
    return set(ID.findall(text))


def find_advisories(service: str, pins: str) -> list[Advisory] | None:
    """Ask a service about pinned packages. Return None if it does not answer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "pins.txt")
        path.write_text(pins)
        command = [sys.executable, "-m", "pip_audit", "-r", str(path), "--disable-pip", "--no-deps", "-s", service]
        if OSV_URL:
            command += ["--osv-url", OSV_URL]
        command += ["-f", "json", "--progress-spinner", "off", "--timeout", "20"]
        ended = subprocess.run(command, capture_output=True, text=True)
    return read_report(ended.stdout) if ended.stdout.startswith("{") else None


def read_report(report: str) -> list[Advisory]:
    """Return the advisories in a report of pip-audit."""
    return [
        Advisory(
            package["name"],
            package["version"],
            (found["id"], *found["aliases"]),
            tuple(found["fix_versions"]),
            found["description"],
        )
        for package in json.loads(report)["dependencies"]
        for found in package.get("vulns", [])
    ]


def select_new(found: list[Advisory], known: set[str]) -> list[Advisory]:
    """Return the advisories none of whose ids is known."""
    return [advisory for advisory in found if not known & set(advisory.ids)]


def describe(advisory: Advisory) -> str:
    """Return two lines about an advisory: what it concerns, and the beginning of its text."""
    fixed = f", fixed in {' and '.join(advisory.fixed_in)}" if advisory.fixed_in else ", without a fixed version"
    ids = ", ".join(advisory.ids)
    return f"{advisory.package} {advisory.version}: {ids}{fixed}\n    {' '.join(advisory.text.split())[:300]}"


if __name__ == "__main__":
    sys.exit(main())
