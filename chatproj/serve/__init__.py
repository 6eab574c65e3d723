"""
The command `manage.py serve`: it runs all processes of the Procfile on one machine, under a supervisor.

The modules handle processes, ports and files. They do not know what the processes do.
"""

import sys

from chatproj import local


class CannotServe(Exception):
    """Raised when `serve` cannot start. The text tells the user what to do."""


def prepare() -> None:
    """
    Let no other user read the folder `local.VAR`, lock it, and create its secret key if it has none.

    All processes that this process starts write files for this user alone. Exit with an error text on failure.
    """
    from chatproj.serve import lock

    try:
        local.make_private()
        lock.acquire()
        local.ensure_secret_key()
    except CannotServe as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"Cannot write to {local.VAR}: {error.strerror}.")
