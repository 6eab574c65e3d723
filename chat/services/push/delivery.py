"""
The delivery of pushes: encrypt a message for each browser, and send it to the push service that the browser has named.

A push is sent at most a few times and may be lost: the message itself stays in the room. Push services keep a push for
a closed browser, and replace an earlier push with the same topic. This module writes PushSubscription.
"""

import json
import logging
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from chat.models import PushSubscription
from chat.services import numbers, outgoing

from .encryption import decode, encode, encrypt
from .identity import sign_request

logger = logging.getLogger(__name__)

MAX_BYTES = 3000  # push services accept 4096 with the encryption
SENDING_SECONDS = 5
MAX_AT_ONCE = 10
MAX_ANSWER_BYTES = 1024
TOPIC_LENGTH = 32  # the longest that RFC 8030 allows
FIRST_HOLD = timedelta(seconds=30)  # after a failure; each later one lasts twice as long
LONGEST_HOLD = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=3)  # since the first failure, if no later push succeeded
MIN_FAILURES = 10
GONE = (404, 410)
SENT, ENDED, RETRIED, FAILED = "sent", "ended", "retried", "failed"  # the outcomes: see `numbers.count_push`
DAY_SECONDS = 24 * 3600


class Push(NamedTuple):
    """
    What a browser gets.

    - `content`: what the notification shows; see `texts`.
    - `topic`: a newer push replaces an earlier one with the same topic that the push service has not delivered.
    - `is_urgent`: whether a sleeping phone must show the push at once.
    """

    content: dict[str, Any]
    topic: str
    is_urgent: bool


class Answered(NamedTuple):
    """The answer of a push service: its status (0 without an answer), and how long the server must send nothing."""

    status: int
    hold: timedelta | None


def make_topic(*parts: object) -> str:
    """Return a topic that tells a push service nothing. The same parts give the same topic."""
    return encode(salted_hmac("chat.push", " ".join(map(str, parts))).digest())[:TOPIC_LENGTH].ljust(TOPIC_LENGTH, "A")


def deliver(pushes: Sequence[tuple[PushSubscription, Push]], is_last: bool) -> list[PushSubscription]:
    """
    Send pushes to browsers. Return the subscriptions to which a push must be sent again after their `held_until`.

    After the last try, return none.

    Delete the subscription of a browser that has ended it, or to which at least MIN_FAILURES pushes have failed for
    longer than GIVE_UP_AFTER.
    """
    if not pushes:
        return []
    # Threads, because a push service that does not answer must not delay the others. They do not use the database.
    with ThreadPoolExecutor(max_workers=min(MAX_AT_ONCE, len(pushes))) as pool:
        answers = list(pool.map(lambda pair: _send(*pair), pushes))
    held = []
    for (subscription, _), answer in zip(pushes, answers, strict=True):
        outcome = _record(subscription, answer)
        if outcome == RETRIED and is_last:
            outcome = FAILED
        elif outcome == RETRIED:
            held.append(subscription)
        numbers.count_push(outcome)
    return held


def _send(subscription: PushSubscription, push: Push) -> Answered:
    body = encrypt(encode_content(push.content), decode(subscription.public_key), decode(subscription.secret))
    headers = {
        "Authorization": sign_request(subscription.endpoint),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(DAY_SECONDS),
        "Topic": push.topic,
        "Urgency": "high" if push.is_urgent else "normal",
    }
    try:
        response = outgoing.send(
            "POST", subscription.endpoint, SENDING_SECONDS, MAX_ANSWER_BYTES, data=body, headers=headers
        )
    except outgoing.OutgoingError:
        return Answered(0, None)
    return Answered(response.status_code, _read_hold(response.headers.get("Retry-After")))


def encode_content(content: dict[str, Any]) -> bytes:
    """Return a content as JSON of at most MAX_BYTES. Shorten its `body` if the JSON is too long."""
    encoded, body = _encode(content), content.get("body", "")
    while len(encoded) > MAX_BYTES and body:
        # A character takes up to six bytes in JSON, so the right length is found in steps.
        body = body[: int(len(body) * min(0.95, MAX_BYTES / len(encoded)))]
        encoded = _encode({**content, "body": f"{body}\u2026"})
    return encoded


def _encode(content):
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _read_hold(text: str | None) -> timedelta | None:
    """Return the time in a header Retry-After, at most LONGEST_HOLD; None without a valid one."""
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=min(int(text[:9]), DAY_SECONDS)), LONGEST_HOLD)
    try:
        left = parsedate_to_datetime(text) - timezone.now()
    except (TypeError, ValueError):
        return None
    return min(max(left, timedelta(0)), LONGEST_HOLD)


def _record(subscription: PushSubscription, answer: Answered) -> str:
    """Store the answer of a push service. Return the outcome; RETRIED if the push can be sent again later."""
    row, now = PushSubscription.objects.filter(id=subscription.id), timezone.now()
    if 200 <= answer.status < 300:
        row.update(sent_at=now, failures=0, failing_since=None, held_until=None)
        return SENT
    if answer.status in GONE or _must_give_up(subscription, now):
        row.delete()
        return ENDED
    since = subscription.failing_since or now
    hold = answer.hold or min(FIRST_HOLD * 2 ** min(subscription.failures, 10), LONGEST_HOLD)
    row.update(failures=F("failures") + 1, failing_since=since, held_until=now + hold)
    # The address of a subscription is a secret.
    logger.warning("A push service answered %s; push %s is held", answer.status or "nothing", subscription.id)
    subscription.held_until = now + hold
    return RETRIED if answer.status == 0 or answer.status == 429 or answer.status >= 500 else FAILED


def _must_give_up(subscription: PushSubscription, now: datetime) -> bool:
    since = subscription.failing_since
    return since is not None and subscription.failures + 1 >= MIN_FAILURES and now - since > GIVE_UP_AFTER


def count_seconds_held(held: Collection[PushSubscription]) -> float:
    """Return after how many seconds the last of these subscriptions may be used again."""
    times = [subscription.held_until for subscription in held if subscription.held_until is not None]
    return max(((held_until - timezone.now()).total_seconds() for held_until in times), default=0)
