"""
The pushes of private reminders: decide whether a person gets one when a reminder is due, and send it.

While the person uses a page, the page shows the reminder and there is no push. Quiet hours have no effect, because the
person has chosen the time. A job may be lost: every page that opens later shows the reminder. This module writes no
rows itself.
"""

from typing import Any

from chat import broadcast
from chat.models import Announcement
from chat.services.after_commit import after_commit
from chat.store import store

from .activity import ACTIVE_SECONDS, is_active
from .delivery import count_seconds_held, deliver
from .identity import is_push_on
from .recipients import read_choices
from .subscriptions import find_subscriptions
from .texts import write_reminder

MAX_TRIES = 3
TOLD_SECONDS = 3600


def post_reminder(announcement: Announcement) -> None:
    """Start the job of a reminder's push after the commit, if the site sends pushes."""
    if is_push_on():
        job = {"announcement": announcement.id, "tries": 0}
        after_commit(f"start the push of announcement {announcement.id}", lambda: _start_job(job))


def send_reminder_push(job: dict[str, Any]) -> None:
    """
    Send the push of a reminder, unless the person has dismissed it.

    A job has `announcement` and `tries`, and `browsers` if only these subscriptions are left.
    """
    found = Announcement.objects.current().filter(id=job["announcement"]).select_related("person").first()
    if found is None or found.person is None or not is_push_on() or found.receipts.exists():
        return
    if _is_due(job, found.person_id):
        _send(found, job)


def _is_due(job: dict[str, Any], person_id: int) -> bool:
    """Return whether the person gets the push now. If the person gets it later, start a job for that."""
    if "browsers" in job:  # this push was due before, and only failed
        return True
    if is_active(person_id):
        # The page shows the reminder. If it is still there after a minute, the person may have left.
        if job["tries"] == 0:
            _start_job({**job, "tries": 1}, ACTIVE_SECONDS)
        return False
    # A job may run twice.
    return store.increment(f"push-reminder:{job['announcement']}", TOLD_SECONDS) == 1


def _send(announcement: Announcement, job: dict[str, Any]) -> None:
    person = announcement.person
    choices = read_choices([person.id])[person.id]
    subscriptions = find_subscriptions([person.id], job.get("browsers"))
    pushes = [(each, write_reminder(announcement, each, choices)) for each in subscriptions]
    held = deliver(pushes, is_last=job["tries"] + 1 >= MAX_TRIES)
    if held:
        again = {**job, "tries": job["tries"] + 1, "browsers": [subscription.id for subscription in held]}
        _start_job(again, count_seconds_held(held) + 1)


def _start_job(job: dict[str, Any], seconds: float = 0) -> None:
    content = {"push_reminder": job}
    if seconds:
        broadcast.start_job_later(broadcast.TASKS_CHANNEL, content, seconds)
    else:
        broadcast.start_job(broadcast.TASKS_CHANNEL, content)
