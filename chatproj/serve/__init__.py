"""
`manage.py serve`: runs all processes of the Procfile on one machine, under a supervisor.

The modules handle processes, ports and files; none of them knows what the processes do.
"""

import sys

from chatproj import local


class CannotServe(Exception):
    """Raised when `serve` cannot start; its text tells the user what to do."""


def prepare() -> None:
    """Lock this folder and make its secret key; exit with an error text if that fails."""
    from chatproj.serve import lock

    try:
        lock.take()
        local.ensure_secret_key()
    except CannotServe as refusal:
        sys.exit(str(refusal))
    except OSError as error:
        sys.exit(f"Cannot write to {local.VAR}: {error.strerror}.")
