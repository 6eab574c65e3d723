"""
How a stored change is told to others: when it has committed, and never so that a failure looks like a refusal.
"""

import logging

from django.db import transaction

from chat import broadcast

logger = logging.getLogger(__name__)


def publish_on_commit(group, make_event):
    """Publishes what `make_event()` returns to a group once the present transaction has committed."""
    transaction.on_commit(lambda: _publish(group, make_event))


def _publish(group, make_event):
    _try("told to", group, lambda: broadcast.publish(group, make_event()))


def close_on_commit(group, code):
    """Closes a group's connections once the present transaction has committed; the next frame finds out, if not."""
    transaction.on_commit(lambda: _try("carried out on", group, lambda: broadcast.close_group(group, code)))


def start_on_commit(channel, content, seconds):
    """Starts a job in some seconds, once the present transaction has committed; a sweep finds it, if not."""
    start = broadcast.start_job_later
    transaction.on_commit(lambda: _try("put on", channel, lambda: start(channel, content, seconds)))


def _try(done, where, tell):
    try:
        tell()
    except Exception:
        # It is stored: whoever asked must not hear that it was not.
        logger.exception("A stored change could not be %s %s; it will be found all the same", done, where)
