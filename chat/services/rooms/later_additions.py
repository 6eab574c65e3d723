"""
Messages that change because one of their additions has changed, for example when the thumbnail of a picture is ready.
"""

from chat import broadcast
from chat.models import Message, Room
from chat.services.after_commit import publish_after_commit

from .reading import describe


def publish_again(room_id: int, number: int) -> bool:
    """
    Give a message the room's next offset, and publish it to the room after the commit.

    Call this within a transaction that has changed an addition of the message. Return False, and change nothing, if the
    message was removed or deleted.
    """
    offset = Room.objects.take_offset(room_id)
    if not Message.objects.filter(room=room_id, number=number, removed_at=None).update(offset=offset):
        Room.objects.give_back_offset(room_id)
        return False
    message = Message.objects.complete().get(room=room_id, number=number)
    publish_after_commit(broadcast.room_group(room_id), lambda: describe(message))
    return True
