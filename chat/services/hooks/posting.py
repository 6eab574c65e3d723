"""
Post messages of a hook's bot: what an incoming hook received, and what the receiver of a delivery answered.

A hook has the limits and the rights of a member: rate limits, mutes, bans and archived rooms stop it too. A sender that
repeats a request with the same id does not post twice.

This module writes `Hook.used_at`. `rooms` stores the message.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from chat.models import Hook, HookDelivery
from chat.protocol import ChatError
from chat.services import budgets, limits, rooms
from chat.services.digests import digest_secret

from .senders import HookPost
from .slack import Payload, read_payload

USED_PRECISION = timedelta(minutes=1)
# The markup of a larger body is counted before the body is parsed. Converting a large payload takes much longer than
# storing its short message.
FREE_BYTES = 16 * 1024


class HookRefused(Exception):
    """A hook may not post. The text of the exception is Slack's code for the reason."""


@dataclass(frozen=True)
class Delivered:
    """
    The result of a request to a hook.

    - `number`: the id of the message; None if an earlier request with the same id had another content.
    - `is_new`: whether this request posted the message, and not an earlier one.
    """

    number: int | None
    is_new: bool


def find_hook(key: str) -> Hook | None:
    """Return the enabled incoming hook with this key, with its room and its bot, or None. Run one query."""
    hooks = Hook.objects.select_related("room", "person").filter(kind=Hook.INCOMING, disabled_at=None)
    return hooks.filter(digest=digest_secret(key)).first()


def check_request(hook: Hook, body: bytes) -> bool:
    """
    Count a request to a hook. If its body is large, count its markup too. Call this before the body is parsed.

    Return whether the markup was counted. Raise `rate_limited`, or CloseConnection for a sender that ignores the rate
    limit.
    """
    limits.check_event(hook.person_id)
    is_large = len(body) > FREE_BYTES
    if is_large:
        budgets.check_markup(hook.person_id, body.decode("utf-8", "replace"))
    return is_large


def post_by_hook(
    hook: Hook, payload: Payload, delivery: str | None = None, is_markup_counted: bool = False
) -> Delivered:
    """
    Post a payload as the hook's bot. Call `check_request` first, and pass its result as `is_markup_counted`.

    `delivery` is the id that the sender gives to the request, if any: only the first request with an id posts.

    Raise HookRefused, or `rate_limited` for too much markup.
    """
    _touch(hook)
    if not is_markup_counted:
        budgets.check_markup(hook.person_id, payload.body)
    return _post(hook, payload, _make_ref(delivery))


def post_answer(hook: Hook, delivery: HookDelivery, content: dict[str, Any]) -> None:
    """
    Post the answer of a receiver, the JSON object `content`, once for each delivery. Post no answer without a text.

    If the message or command of the delivery was written in a thread, the answer is a reply there. With
    `"response_type": "comment"`, the answer quotes the message. Raise as `check_request` and `post_by_hook` do.
    """
    payload = read_payload(content)
    if payload is not None:
        limits.check_event(hook.person_id)
        budgets.check_markup(hook.person_id, payload.body)
        reply_to = delivery.number if content.get("response_type") == "comment" else None
        # The ref contains the time, so that it stays unique if a backup of the database is restored.
        ref = f"hook-answer-{delivery.id}-{delivery.created_at:%Y%m%d%H%M%S%f}"
        _post(hook, payload, ref, reply_to, delivery.thread_root)


def _post(hook: Hook, payload: Payload, ref: str, reply_to: int | None = None, thread: int | None = None) -> Delivered:
    event = HookPost(ref, payload.body, reply_to, thread=thread, name=payload.name, icon=payload.icon)
    try:
        member = rooms.join_room(hook.person, hook.room.slug)
        outcome = rooms.post_message(member, event)
    except ChatError as refusal:
        if refusal.code == "ref_conflict":
            return Delivered(None, False)
        if refusal.code in ("forbidden", "muted", "not_found"):
            raise HookRefused("channel_is_archived" if hook.room.archived else "action_prohibited") from None
        raise
    return Delivered(outcome.ack["id"], outcome.is_new)


def _make_ref(delivery: str | None) -> str:
    if not delivery:
        return f"hook-{secrets.token_urlsafe(16)}"
    return f"hook-{hashlib.sha256(delivery.encode('utf-8', 'replace')).hexdigest()[:40]}"


def _touch(hook: Hook) -> None:
    now = timezone.now()
    if hook.used_at is None or now - hook.used_at > USED_PRECISION:
        Hook.objects.filter(id=hook.id).update(used_at=now)
