"""
The log of an outgoing hook: its latest deliveries with their results, and the deliveries that an owner starts.

`triggers` stores the deliveries.
"""

from chat.models import Hook, HookDelivery, Person
from chat.protocol import ChatError

from .making import get_hook
from .triggers import add_delivery

MAX_LISTED = 50


def get_deliveries(person: Person, slug: str, hook_id: int) -> list[HookDelivery]:
    """Return the newest MAX_LISTED deliveries of an outgoing hook, newest first. Raise as `making.get_hook` does."""
    hook = get_hook(person, slug, hook_id, Hook.OUTGOING)
    return list(hook.deliveries.select_related("person").order_by("-id")[:MAX_LISTED])


def send_test(person: Person, slug: str, hook_id: int) -> HookDelivery:
    """
    Store a test as a delivery of a hook, and return it. A job sends it.

    Raise as `making.get_hook` does, and `forbidden` for a disabled hook.
    """
    return add_delivery(_get_enabled(person, slug, hook_id))


def send_again(person: Person, slug: str, hook_id: int, delivery_id: int) -> HookDelivery:
    """
    Store the content of an earlier delivery as a new delivery, and return it. A job sends it.

    Raise as `making.get_hook` does, `not_found` for the delivery, and `forbidden` for a disabled hook.
    """
    hook = _get_enabled(person, slug, hook_id)
    earlier = hook.deliveries.filter(id=delivery_id).first()
    if earlier is None:
        raise ChatError("not_found", "There is no such delivery.")
    names = ("number", "thread_root", "word", "text", "person_id")
    return add_delivery(hook, **{name: getattr(earlier, name) for name in names})


def _get_enabled(person: Person, slug: str, hook_id: int) -> Hook:
    hook = get_hook(person, slug, hook_id, Hook.OUTGOING)
    if not hook.is_enabled:
        raise ChatError("forbidden", "This webhook is disabled. Enable it first.")
    return hook
