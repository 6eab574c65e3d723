"""
Remove the preview of a link from a message, and read the image of a preview. `rooms` decides who may do this.

This module writes LinkPreview and AuditEntry, and publishes the changed message.
"""

from chat.models import AuditEntry, LinkPreview, Message, Person
from chat.protocol import ChatError
from chat.services import audit, files, rooms

from .links import hide


def hide_preview(person: Person, slug: str, number: int, link_id: int) -> None:
    """
    Remove a preview from a message. The preview does not come back.

    The author of the message and moderators may do this. If a moderator does it, write an audit entry. Raise
    `not_found`, `muted` or `forbidden` as `rooms.edit_message` does.
    """
    member = rooms.join_room(person, slug)

    def apply(message: Message) -> bool:
        rooms.get_editable_message(member, number)
        hide(_get_link(member.room_id, number, link_id))
        if message.author_id != person.id:
            audit.record(person, AuditEntry.EDIT, member.room_id, message.author, message=number)
        return True

    if not rooms.change_addition(member.room_id, number, apply):
        raise rooms.make_no_message_error()


def read_image(person: Person, slug: str, number: int, link_id: int) -> bytes:
    """Return the image of a preview as WebP, to a person who may read the room. Raise `not_found` or `forbidden`."""
    link = _get_link(rooms.get_readable_room(person, slug).id, number, link_id)
    if not link.preview.image:
        raise _make_error()
    try:
        return b"".join(files.read(link.preview.image))
    except files.FileLost:
        raise _make_error() from None


def _get_link(room_id: int, number: int, link_id: int) -> LinkPreview:
    shown = LinkPreview.objects.filter(id=link_id, room_id=room_id, number=number, hidden=False)
    link = shown.filter(preview__isnull=False).select_related("preview").first()
    if link is None:
        raise _make_error()
    return link


def _make_error() -> ChatError:
    return ChatError("not_found", "There is no such preview.")
