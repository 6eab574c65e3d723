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
    try:
        broadcast.publish(group, make_event())
    except Exception:
        # It is stored: whoever asked must not hear that it was not.
        logger.exception("A stored change could not be told to %s; cursors will find it", group)
