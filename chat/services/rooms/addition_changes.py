"""
Changes of what the additions of a message show, after the message was stored: for example, when it gets its previews.

Such a change takes an offset like every other change, so each client finds it. It does not count as an edit. It has no
ref, because running such a change twice does no harm.
"""

from collections.abc import Callable

from django.db import transaction

from chat import broadcast
from chat.models import Message, Room
from chat.services.after_commit import publish_after_commit

from .reading import describe

# A function that changes the additions of a message in a transaction, and returns whether the message shows the change.
Apply = Callable[[Message], bool]


def change_addition(room_id: int, number: int, apply: Apply) -> bool:
    """
    Run `apply` with a message that was read with `complete`. If `apply` returns true, publish the message and return
    True.

    The room is locked, as for every change of a message. If the message was removed, or the room was deleted, return
    False without a call. Raise what `apply` raises; then nothing is stored.
    """
    with transaction.atomic():
        try:
            offset = Room.objects.take_offset(room_id)
        except Room.DoesNotExist:
            return False
        message = Message.objects.complete().filter(room_id=room_id, number=number, removed_at=None).first()
        if message is None or not apply(message):
            Room.objects.give_back_offset(room_id)
            return False
        message.offset = offset
        message.save(update_fields=["offset"])
        publish_after_commit(broadcast.room_group(room_id), lambda: describe(message))
    return True
