"""The list of a room's files, for people who may read the room. This module writes nothing."""

from dataclasses import dataclass

from django.db.models import Q

from chat.models import Message, Room, Upload

PAGE = 50


@dataclass(frozen=True)
class Listed:
    """A file and the message that it belongs to. The author of the message is loaded too."""

    upload: Upload
    message: Message


def list_files(room: Room, before: int | None = None, only_pictures: bool = False) -> tuple[list[Listed], int | None]:
    """
    Return (the files of a room's newest messages, or of those older than the id `before`; the next `before`, or None).

    A page has the files of whole messages, and at most PAGE files. Leave out removed messages. With `only_pictures`,
    leave out other files too.
    """
    posted = Upload.objects.filter(room=room, number__gt=0)
    if only_pictures:
        posted = posted.filter(width__isnull=False).exclude(state=Upload.FAILED)
    if before is not None:
        posted = posted.filter(number__lt=before)
    found = list(posted.order_by("-number", "position")[: PAGE + 1])
    following = None
    if len(found) > PAGE:
        # The last message may have more files than were read. It is on the next page.
        last = found[-1].number
        found, following = [upload for upload in found if upload.number != last], last + 1
    numbers = {upload.number for upload in found}
    messages = Message.objects.filter(Q(room=room, number__in=numbers, removed_at=None)).select_related("author")
    shown = {message.number: message for message in messages}
    return [Listed(upload, shown[upload.number]) for upload in found if upload.number in shown], following
