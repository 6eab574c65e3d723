"""
Jobs: what workers do that nobody waits for. A job may be lost, late, or run twice: a row says whether it is still due.

In this module `message` is always the Channels message.
"""

import functools
import logging

from channels_transport import OUTAGES, LogThrottle
from chat.services import moderation, scheduled, tasks

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)


def job(name):
    """Makes a consumer of a function that takes the id of a row, which the job carries under `name`."""

    def decorate(function):
        @functools.wraps(function)
        def consumer(message):
            number = message.content.get(name)
            if not isinstance(number, int):
                logger.error("A job on %s names no %s", message.channel.name, name)
                return
            try:
                function(number)
            except OUTAGES as outage:
                # A sweep finds what was missed.
                throttle.warning("Jobs cannot be done for now: %s", outage)
            except Exception:
                logger.exception("A job on %s failed", message.channel.name)

        return consumer

    return decorate


@job("member")
def unmute(member_id):
    """Ends a mute if its time has passed. Where that fails, the person's next word does it too."""
    moderation.end_mute(member_id)


@job("task")
def run_task(task_id):
    """Runs a background task to its end, which may take minutes: its channel has workers of its own."""
    tasks.run_task(task_id)


@job("scheduled")
def post_scheduled(scheduled_id):
    """Posts a scheduled message, if that is still to be done."""
    scheduled.post_scheduled(scheduled_id)
