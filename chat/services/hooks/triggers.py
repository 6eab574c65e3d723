"""
Triggers: find the messages that an outgoing hook sends, and store them as deliveries. A job sends the deliveries.

A message of a hook triggers no hook, so two hooks cannot answer each other without end. This module writes
HookDelivery.
"""

from chat import broadcast
from chat.models import Hook, HookDelivery, Member, Message
from chat.services.after_commit import after_commit
from chat.services.rooms import register_listener

MAX_WAITING = 1000  # deliveries of one hook
TOO_MANY = "Too many deliveries are waiting."


def trigger_hooks(author: Member, message: Message) -> None:
    """Store a delivery for each hook that a new message triggers. In a room without such hooks, run no query."""
    if not author.room.is_hooked or author.person.is_bot:
        return
    hooks = Hook.objects.filter(room=message.room_id, kind=Hook.OUTGOING, disabled_at=None)
    for hook in hooks.exclude(trigger=Hook.COMMAND).order_by("id"):
        word = _find_word(hook, message.body)
        if word is not None:
            add_delivery(hook, number=message.number, thread_root=message.thread_root, word=word)


def _find_word(hook: Hook, body: str) -> str | None:
    """Return the trigger word with which a body begins, "" for a hook that sends every message, or None."""
    if hook.trigger == Hook.EVERY:
        return ""
    folded = body.casefold()
    for word in hook.words.split("\n"):
        rest = folded.removeprefix(word.casefold())
        if len(rest) < len(folded) and not (word[-1].isalnum() and rest[:1].isalnum()):
            return word
    return None


def add_delivery(hook: Hook, **fields: object) -> HookDelivery:
    """
    Store a delivery with these columns, and start the job of its hook on commit. Return the delivery.

    If MAX_WAITING deliveries already wait, store it as failed.
    """
    delivery = HookDelivery(hook=hook, **fields)
    if HookDelivery.objects.waiting().filter(hook=hook).count() >= MAX_WAITING:
        delivery.state, delivery.error = HookDelivery.FAILED, TOO_MANY
    delivery.save()
    start_job(hook.id)
    return delivery


def start_job(hook_id: int, seconds: float = 0) -> None:
    """Start the job that sends the waiting deliveries of a hook, `seconds` after the commit. The job may be lost."""
    job = {"hook": hook_id}
    if seconds:
        after_commit(
            "start the job of a webhook", lambda: broadcast.start_job_later(broadcast.TASKS_CHANNEL, job, seconds)
        )
    else:
        after_commit("start the job of a webhook", lambda: broadcast.start_job(broadcast.TASKS_CHANNEL, job))


register_listener(trigger_hooks)
