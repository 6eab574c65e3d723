"""The processes of the site, as the Procfile and docs/operations.md name them."""

import shlex
from pathlib import Path

from chatproj.serve import procfile

ROOT = Path(__file__).resolve().parent.parent.parent
# docs/operations.md promises that each process ends within this time after SIGTERM.
STOP_SECONDS = {"interface": 10, "runworker": 25, "monitor": 3, "rundelay": 3}


def commands_of_the_procfile():
    """Return {process type: the arguments of manage.py}."""
    types = procfile.parse((ROOT / "Procfile").read_text())
    return {kind.name: shlex.split(kind.command)[2:] for kind in types}
