"""
Deliveries: send the deliveries that wait in an outgoing hook, in order, and try again after a failure.

A job names a hook, and may be lost or run twice. One UPDATE claims the hook for one worker, and a sweep starts the jobs
of hooks whose deliveries are overdue. If a worker dies after a request, another worker sends the request again. So a
receiver may get a delivery twice, with the same id. The answer of the receiver is posted once.

This module writes Hook and HookDelivery.
"""

import logging
import time
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone

from chat.models import Hook, HookDelivery
from chat.protocol import ChatError, CloseConnection
from chat.services import numbers
from chat.services.free_rows import delete_free_rows

from .making import disable
from .notices import notify_owners
from .posting import HookRefused, post_answer
from .requesting import Response, request
from .triggers import start_job

logger = logging.getLogger(__name__)

LOCK = timedelta(minutes=2)  # longer than a run and its last request
RUN_SECONDS = 60  # a run sends for this time, and then leaves the rest to another job
# The times between two tries of a delivery. The fifth try is the last.
PAUSES = [timedelta(seconds=10), timedelta(minutes=2), timedelta(minutes=20), timedelta(hours=2)]
MAX_TRIES = len(PAUSES) + 1
DISABLED_AFTER = timedelta(days=1)  # since the first failure, if no later delivery succeeded
OVERDUE_AFTER = timedelta(seconds=10)  # within this time, the job may still arrive
KEEP = timedelta(days=7)
MAX_KEPT = 100  # finished deliveries of one hook
MAX_SWEPT = 100


def deliver(hook_id: int) -> int:
    """Send the deliveries that wait in a hook, oldest first. Return how many were sent or will not be tried again."""
    locked_until = _claim(hook_id)
    if locked_until is None:
        return 0
    done, end = 0, time.monotonic() + RUN_SECONDS
    pause = None
    while pause is None and time.monotonic() < end:
        hook = Hook.objects.select_related("room", "person").filter(id=hook_id, disabled_at=None).first()
        waiting = hook and hook.deliveries.waiting().select_related("person").order_by("id").first()
        if not hook or not waiting:
            break
        pause = _deliver_one(hook, waiting)
        done += pause is None
    _delete_old(hook_id)
    _release(hook_id, locked_until, pause)
    return done


def _claim(hook_id: int) -> datetime | None:
    """Claim a hook that is due for this worker. Return the end of the claim, or None."""
    now = timezone.now()
    due = Hook.objects.filter(id=hook_id, kind=Hook.OUTGOING, disabled_at=None, due_at__lte=now)
    return now + LOCK if due.update(due_at=now + LOCK) else None


def _release(hook_id: int, locked_until: datetime, pause: timedelta | None) -> None:
    now = timezone.now()
    # If the claim has ended, another worker may have claimed the hook.
    Hook.objects.filter(id=hook_id, due_at=locked_until).update(due_at=now + (pause or timedelta()))
    if pause is not None:
        start_job(hook_id, pause.total_seconds())
    elif HookDelivery.objects.waiting().filter(hook=hook_id, hook__disabled_at=None).exists():
        # Deliveries that were stored during this run wait. Their jobs ended immediately, because the hook was claimed.
        start_job(hook_id)


def _deliver_one(hook: Hook, delivery: HookDelivery) -> timedelta | None:
    """Send a delivery, and store the result. Return how long the hook has to wait, or None if the delivery is done."""
    response = request(hook, delivery)
    delivery.tries += 1
    is_over = not response.error or response.is_final or delivery.tries >= MAX_TRIES
    error = response.error or _post_answer(hook, delivery, response)
    state = HookDelivery.WAITING if not is_over else HookDelivery.FAILED if response.error else HookDelivery.SENT
    fields = {"tries": delivery.tries, "state": state, "tried_at": timezone.now(), "error": error[:200]}
    fields |= {"status": response.status, "milliseconds": response.milliseconds}
    HookDelivery.objects.waiting().filter(id=delivery.id).update(**fields)
    numbers.count_hook_delivery("sent" if not response.error else "failed" if is_over else "retried")
    if response.error:
        _note_failure(hook)
    else:
        Hook.objects.filter(id=hook.id).update(used_at=timezone.now(), failing_since=None)
    return None if is_over else PAUSES[delivery.tries - 1]


def _note_failure(hook: Hook) -> None:
    """Store the time at which a hook began to fail. If it has failed for a day, disable it, and tell the owners."""
    now = timezone.now()
    Hook.objects.filter(id=hook.id, failing_since=None).update(failing_since=now)
    if hook.failing_since is not None and now - hook.failing_since > DISABLED_AFTER:
        disable(hook, "The webhook was disabled, because it failed for a day.")
        notify_owners(hook)


def _post_answer(hook: Hook, delivery: HookDelivery, response: Response) -> str:
    """Post what the receiver answered. Return why it was not posted, or ""."""
    if response.content is None:
        return ""
    try:
        post_answer(hook, delivery, response.content)
    except HookRefused as refusal:
        return f"The answer was not posted: {refusal}."
    except ChatError as error:
        return f"The answer was not posted: {error.code}."
    except CloseConnection:
        return "The answer was not posted: rate_limited."
    return ""


def _delete_old(hook_id: int) -> None:
    """Delete the finished deliveries of a hook, except the newest MAX_KEPT."""
    finished = HookDelivery.objects.filter(hook=hook_id).exclude(state=HookDelivery.WAITING)
    last = finished.order_by("-id").values_list("id", flat=True)[MAX_KEPT : MAX_KEPT + 1]
    for newest in list(last):
        finished.filter(id__lte=newest).delete()


def sweep_deliveries() -> int:
    """Start the jobs of hooks whose deliveries are overdue, and delete old deliveries. Return how many in total."""
    now = timezone.now()
    overdue = HookDelivery.objects.waiting().filter(
        hook__disabled_at=None, hook__due_at__lt=now - OVERDUE_AFTER, created_at__lt=now - OVERDUE_AFTER
    )
    ids = list(overdue.order_by(F("hook_id")).values_list("hook_id", flat=True).distinct()[:MAX_SWEPT])
    for hook_id in ids:
        start_job(hook_id)
    return len(ids) + len(delete_free_rows(HookDelivery.objects.filter(created_at__lt=now - KEEP), MAX_SWEPT))
