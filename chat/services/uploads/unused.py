"""Files that belong to no message yet. This module deletes rows of Upload."""

from django.db import transaction

from chat.models import Upload
from chat.protocol import ChatError


def delete_unused(upload: Upload) -> None:
    """
    Delete a file that the person will not send. The caller has checked that the file belongs to the person.

    Raise `forbidden` for a file of a message: the message must be removed.
    """
    with transaction.atomic():
        # A post at the same moment waits for this lock, and then does not find the file.
        unused = Upload.objects.unused().filter(id=upload.id).select_for_update().first()
        if unused is not None:
            unused.delete()
            return
    raise ChatError("forbidden", "This file belongs to a message. Remove the message instead.")
