"""
What was found, and how it is looked for within a time.
"""

import logging
import threading
import time
from dataclasses import dataclass

import redis
from django.db import DatabaseError, InterfaceError, connections

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """One part of the site: whether it is well, and one or two sentences: what was measured, or what to do."""

    part: str
    is_well: bool
    text: str


def well(part, text):
    return Finding(part, True, text)


def ill(part, text):
    return Finding(part, False, text)


def one_line(error):
    """Returns an error's words on one line, and not too many of them."""
    return " ".join(str(error).split()).rstrip(".")[:200] or type(error).__name__


def run_checks(checks, seconds):
    """
    Runs checks, [(part, function)], beside each other, and returns all that they found, in their order.

    A function returns a list of findings; one that takes longer than `seconds` is left to itself.
    """
    found = {}
    threads = [
        threading.Thread(target=_run, args=[found, part, check], name=part, daemon=True) for part, check in checks
    ]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    late = f"There is no answer within {seconds} s. Look whether it stands still, or is overloaded."
    return [finding for part, _ in checks for finding in found.get(part, [ill(part, late)])]


def _run(found, part, check):
    try:
        found[part] = check()
    except redis.RedisError:
        found[part] = [ill(part, "Nobody can say while Redis does not answer.")]
    except (DatabaseError, InterfaceError):
        found[part] = [ill(part, "Nobody can say while the database does not answer.")]
    except Exception as error:
        logger.debug("A check failed", exc_info=True)
        found[part] = [ill(part, f"It cannot be checked ({type(error).__name__}): {one_line(error)}.")]
    finally:
        # Of this thread.
        connections.close_all()
