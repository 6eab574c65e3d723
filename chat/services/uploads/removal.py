"""
Remove a single file from a message. `rooms` decides who may do this.

This module deletes Upload, writes AuditEntry, and publishes the changed message.
"""

from chat.models import AdditionBit, AuditEntry, Message, Person, Upload
from chat.protocol import ChatError
from chat.services import audit, rooms
from chat.services.holds import is_held


def remove_file(person: Person, slug: str, number: int, key: str) -> None:
    """
    Remove a file from a message, and delete its bytes.

    The author of the message and moderators may do this. If a moderator does it, write an audit entry. During a hold,
    keep the file until the hold ends; nobody can open it.

    Raise `not_found`, `muted` or `forbidden` as `rooms.edit_message` does; `not_found` if the message does not have the
    file; `forbidden` if the message contains nothing else.
    """
    member = rooms.join_room(person, slug)

    def apply(message: Message) -> bool:
        rooms.get_editable_message(member, number)
        found = list(Upload.objects.of_messages(member.room_id, [number]))
        upload = next((upload for upload in found if upload.key == key), None)
        if upload is None:
            raise ChatError("not_found", "This message does not have this file.")
        if len(found) == 1 and not message.body:
            raise ChatError("forbidden", "The message contains only this file. Remove the message instead.")
        _delete(upload)
        if len(found) == 1:
            message.additions = ((message.additions or 0) & ~AdditionBit.FILES) or None
            message.save(update_fields=["additions"])
        if message.author_id != person.id:
            audit.record(person, AuditEntry.EDIT, member.room_id, message.author, message=number)
        return True

    if not rooms.change_addition(member.room_id, number, apply):
        raise rooms.make_no_message_error()


def _delete(upload: Upload) -> None:
    if upload.number is not None and is_held(upload.room_id):
        # No message has a negative number, so nobody finds the file.
        Upload.objects.filter(id=upload.id).update(number=-upload.number)
    else:
        upload.delete()


def find_rooms_with_held_files() -> set[int]:
    """Return the ids of the rooms in which holds have kept files."""
    return set(Upload.objects.filter(number__lt=0).values_list("room_id", flat=True))


def delete_held_files(room_id: int) -> None:
    """Delete the files that holds have kept since they were removed from their messages."""
    Upload.objects.filter(room_id=room_id, number__lt=0).delete()
