"""
The jobs of pushes: decide who gets a push now and who gets it later, and send the pushes.

A job may be lost or run twice. The store remembers, for each person and room, the newest message about which the person
got a push. This module writes no rows itself.
"""

from collections.abc import Collection, Sequence
from typing import Any

from chat import broadcast
from chat.models import PushSubscription, Room
from chat.store import store

from .activity import ACTIVE_SECONDS, is_active
from .delivery import count_seconds_held, deliver
from .identity import is_push_on
from .recipients import Notice, find_notices, find_subscribers, is_quiet_for, read_choices
from .subscriptions import find_subscriptions
from .texts import write_push, write_test

PEOPLE_PER_JOB = 50
# A person gets at most one push from a room in this time. The next one counts all unread messages.
PAUSE_SECONDS = 20
TOLD_SECONDS = 3600
MAX_TRIES = 3


def send_pushes(spans: Sequence[dict[str, Any]]) -> None:
    """
    Send the pushes for new messages of rooms.

    A span has `room`, `first` and `last` (numbers of messages; `last` may be None for the newest). A span of an earlier
    job also has `people`, `tries`, and `browsers` if only these subscriptions are left.
    """
    if not is_push_on():
        return
    fresh = [span for span in spans if "people" not in span]
    for room_id, people in find_subscribers(fresh).items():
        span = next(span for span in fresh if span["room"] == room_id)
        ids = sorted(people)
        for start in range(PEOPLE_PER_JOB, len(ids), PEOPLE_PER_JOB):
            _start_job({**span, "people": ids[start : start + PEOPLE_PER_JOB], "tries": 0})
        _send({**span, "people": ids[:PEOPLE_PER_JOB], "tries": 0})
    for span in spans:
        if "people" in span:
            _send(span)


def _send(span: dict[str, Any]) -> None:
    room = Room.objects.filter(id=span["room"]).first()
    if room is None:
        return
    notices = find_notices(room, span["first"], span["last"], span["people"])
    due = [notice for notice in notices if _is_due(span, notice)]
    _send_to(room, due, span)


def _is_due(span: dict[str, Any], notice: Notice) -> bool:
    """Return whether a person gets a push now. If the person gets it later, start a job for that."""
    person_id = notice.person.id
    if "browsers" in span:  # this push was due before, and only failed
        return True
    if is_active(person_id):
        # The person sees the message on the page. If it is still unread after a minute, the person may have left.
        if span["tries"] == 0:
            _start_job(_later(span, [person_id]), ACTIVE_SECONDS)
        return False
    name = f"{span['room']}:{person_id}"
    if store.increment(f"push:{name}", PAUSE_SECONDS) == 1:
        told = store.exchange(f"pushed:{name}", str(notice.message.number), TOLD_SECONDS)
        return told is None or int(told) < notice.message.number
    if store.increment(f"push-later:{name}", PAUSE_SECONDS) == 1:
        _start_job({**_later(span, [person_id]), "tries": span["tries"]}, PAUSE_SECONDS + 1)
    return False


def _later(span: dict[str, Any], person_ids: Collection[int]) -> dict[str, Any]:
    return {**span, "last": None, "people": list(person_ids), "tries": span["tries"] + 1}


def _send_to(room: Room, notices: Sequence[Notice], span: dict[str, Any]) -> None:
    by_person = {notice.person.id: notice for notice in notices}
    if not by_person:
        return
    choices = read_choices(list(by_person))
    pushes = [
        (subscription, write_push(room, by_person[person_id], choices[person_id], subscription))
        for subscription in find_subscriptions(list(by_person), span.get("browsers"))
        for person_id in [subscription.person_id]
        if not is_quiet_for(choices[person_id], subscription)
    ]
    held = deliver(pushes, is_last=span["tries"] + 1 >= MAX_TRIES)
    if held:
        people = {subscription.person_id for subscription in held}
        again = {**_later(span, people), "browsers": [subscription.id for subscription in held]}
        _start_job(again, count_seconds_held(held) + 1)


def _start_job(span: dict[str, Any], seconds: float = 0) -> None:
    content = {"push": [span]}
    if seconds:
        broadcast.start_job_later(broadcast.TASKS_CHANNEL, content, seconds)
    else:
        broadcast.start_job(broadcast.TASKS_CHANNEL, content)


def post_test(subscription: PushSubscription) -> None:
    """Start the job of a push with which a person tests a browser."""
    broadcast.start_job(broadcast.TASKS_CHANNEL, {"push_test": subscription.id})


def send_test(subscription_id: int) -> None:
    """Send a push with which a person tests a browser, even in quiet hours."""
    found = PushSubscription.objects.filter(id=subscription_id).values_list("person", flat=True).first()
    if found is None or not is_push_on():
        return
    for subscription in find_subscriptions([found], [subscription_id]):
        push = write_test(subscription.person, subscription, read_choices([found])[found])
        deliver([(subscription, push)], is_last=True)
