"""
The stored files that rows of Upload name. This module registers their owner, and deletes the files of deleted rows.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from chat.models import Upload
from chat.services import files

KIND = "uploads"


def find_used(names: list[str]) -> Iterable[str]:
    """Yield the names among `names` that uploads have."""
    yield from Upload.objects.filter(stored__in=names).values_list("stored", flat=True)
    yield from Upload.objects.filter(thumbnail__in=names).values_list("thumbnail", flat=True)


@receiver(post_delete, sender=Upload, dispatch_uid="chat.delete_files_of_upload")
def _delete_files(instance: Upload, **kwargs: Any) -> None:
    files.delete_after_commit(instance.stored)
    if instance.thumbnail:
        files.delete_after_commit(instance.thumbnail)


files.register_owner(KIND, find_used)
