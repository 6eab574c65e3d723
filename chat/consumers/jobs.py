"""
Jobs: work that no client waits for. A job may be lost, late, or run twice. Its row says whether the work is still due.

In this module `message` is always the Channels message.
"""

import functools
import logging

from channels_transport import OUTAGES, LogThrottle
from chat.services import feed_posts, mails, moderation, push, scheduled, tasks

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)


def _is_id(value):
    return isinstance(value, int)


def job(name, is_valid=_is_id):
    """
    Decorate a function that takes the id of a row, so that it consumes jobs with that id under `name`.

    `is_valid(value)` says whether the function can take a value. By default it takes only an id.
    """

    def decorate(function):
        @functools.wraps(function)
        def consumer(message):
            subject = message.content.get(name)
            if not is_valid(subject):
                logger.error("A job on %s names no %s", message.channel.name, name)
                return
            try:
                function(subject)
            except OUTAGES as outage:
                # A sweep will do the work later.
                throttle.warning("Jobs cannot be done for now: %s", outage)
            except Exception:
                logger.exception("A job on %s failed", message.channel.name)

        return consumer

    return decorate


@job("member")
def unmute(member_id):
    """End a mute if its time has passed. If this job fails, the person's next message ends the mute."""
    moderation.end_mute(member_id)


def take_long_job(message):
    """Run a job that may take long: a background task, a mail or pushes. Such jobs have workers of their own."""
    chosen = next((name for name in LONG_JOBS if name in message.content), "task")
    LONG_JOBS.get(chosen, run_task)(message)


@job("mail")
def send_mail(mail_id):
    """Send a mail that is due. If the mail server cannot be reached, a later job sends it."""
    mails.send_mail(mail_id)


@job("task")
def run_task(task_id):
    """Run a background task to its end."""
    tasks.run_task(task_id)


@job("push", is_valid=lambda spans: isinstance(spans, list) and all(isinstance(span, dict) for span in spans))
def send_pushes(spans):
    """Send the pushes for new messages of rooms. If this job is lost, the messages still wait in their rooms."""
    push.send_pushes(spans)


@job("push_test")
def send_test_push(subscription_id):
    """Send the push with which a person tests a browser."""
    push.send_test(subscription_id)


# {name of the subject in a job on the channel for long jobs: its consumer}. Other jobs are background tasks.
LONG_JOBS = {"mail": send_mail, "push": send_pushes, "push_test": send_test_push}


@job("rooms", is_valid=lambda ids: isinstance(ids, list) and all(isinstance(room_id, int) for room_id in ids))
def publish_newest(room_ids):
    """Publish the newest states of rooms to their members' own streams."""
    feed_posts.publish_newest(room_ids)


@job("scheduled")
def post_scheduled(scheduled_id):
    """Post a scheduled message if it is still due."""
    scheduled.post_scheduled(scheduled_id)
