"""
Jobs: work that no client waits for. A job may be lost, late, or run twice. Most jobs have a row that says whether the
work is still due.

In this module `message` is always the Channels message.
"""

import functools
import logging

from channels_transport import OUTAGES, LogThrottle
from chat.services import (
    feed_posts,
    hooks,
    link_previews,
    mails,
    moderation,
    push,
    reminders,
    scheduled,
    tasks,
    threads,
    uploads,
)

logger = logging.getLogger(__name__)
throttle = LogThrottle(logger)


def _is_id(value):
    return isinstance(value, int)


def job(name, is_valid=_is_id):
    """
    Make a consumer of a function. The consumer calls the function with the value that a job has under `name`.

    `is_valid(value)` says whether the function can take a value. By default it takes only an id.
    """

    def decorate(function):
        @functools.wraps(function)
        def consumer(message):
            subject = message.content.get(name)
            if not is_valid(subject):
                logger.error("A job on %s was ignored: its %r is missing or invalid", message.channel.name, name)
                return
            try:
                function(subject)
            except OUTAGES as outage:
                # For most jobs, a sweep does the work later. The others are lost.
                throttle.warning("Jobs cannot run during this outage: %s", outage)
            except Exception:
                logger.exception("A job on %s failed", message.channel.name)

        return consumer

    return decorate


@job("member")
def unmute(member_id):
    """End a mute if its time has passed. If this job fails, a sweep or the person's next message ends the mute."""
    moderation.end_mute(member_id)


def take_long_job(message):
    """Run a job that may take long, such as a task, a mail or a picture. Such jobs have workers of their own."""
    found = (consumer for name, consumer in _LONG_JOBS.items() if name in message.content)
    next(found, run_task)(message)


@job("mail")
def send_mail(mail_id):
    """Send a mail that is due. If the mail server cannot be reached, a later job sends it."""
    mails.send_mail(mail_id)


@job("upload")
def process_picture(upload_id):
    """Re-encode an uploaded picture without its metadata, and make its thumbnail."""
    uploads.process_picture(upload_id)


@job("previews", is_valid=lambda value: isinstance(value, list) and len(value) == 2 and all(map(_is_id, value)))
def make_previews(room_and_number):
    """Fetch the pages to which a message links. If this job fails, a sweep starts it again."""
    link_previews.make_previews(*room_and_number)


@job("hook")
def send_to_hook(hook_id):
    """Send the waiting deliveries of an outgoing webhook."""
    hooks.deliver(hook_id)


@job("push", is_valid=lambda spans: isinstance(spans, list) and all(isinstance(span, dict) for span in spans))
def send_pushes(spans):
    """Send the pushes for new messages of rooms. If this job is lost, nobody gets these pushes."""
    push.send_pushes(spans)


@job("push_reminder", is_valid=lambda value: isinstance(value, dict) and _is_id(value.get("announcement")))
def send_reminder_push(reminder):
    """Send the push of a reminder that is due. If this job is lost, every page that opens later shows the reminder."""
    push.send_reminder_push(reminder)


@job("push_test")
def send_test_push(subscription_id):
    """Send a test push to one of a person's browsers."""
    push.send_test(subscription_id)


# {key in a job on the channel for long jobs: the consumer of such jobs}. Jobs without these keys are background tasks.
_LONG_JOBS = {
    "hook": send_to_hook,
    "mail": send_mail,
    "previews": make_previews,
    "push": send_pushes,
    "push_reminder": send_reminder_push,
    "push_test": send_test_push,
    "upload": process_picture,
}


@job("task")
def run_task(task_id):
    """Run a background task to its end."""
    tasks.run_task(task_id)


def _are_ids(value):
    return isinstance(value, list) and all(_is_id(item) for item in value)


def publish_news(message):
    """Run a job for people's own streams: the newest states of rooms, or the newest replies of threads."""
    (publish_replies if "threads" in message.content else publish_newest)(message)


@job("threads", is_valid=_are_ids)
def publish_replies(thread_ids):
    """Publish the newest replies of threads to the streams of the people who follow them."""
    threads.publish_newest(thread_ids)


@job("rooms", is_valid=_are_ids)
def publish_newest(room_ids):
    """Publish the newest states of rooms to their members' own streams."""
    feed_posts.publish_newest(room_ids)


@job("scheduled")
def post_scheduled(scheduled_id):
    """Post a scheduled message if it is still due."""
    scheduled.post_scheduled(scheduled_id)


@job("reminder")
def send_reminder(reminder_id):
    """Send a reminder if it is still due."""
    reminders.send_reminder(reminder_id)
