"""`manage.py serve`: the whole chat on one machine, as the Procfile says, kept running by a supervisor.

The parts know processes, ports and files; none of them knows the chat.
"""

import sys

from chatproj import local


class CannotServe(Exception):
    """Why `serve` does not start; its text is the sentence for the person who typed it."""


def prepare() -> None:
    """Take this folder for ourselves and make its secret key; exit with a sentence where we cannot."""
    from chatproj.serve import lock

    try:
        lock.take()
        local.ensure_secret_key()
    except CannotServe as refusal:
        sys.exit(str(refusal))
    except OSError as error:
        sys.exit(f"Cannot write to {local.VAR}: {error.strerror}.")
