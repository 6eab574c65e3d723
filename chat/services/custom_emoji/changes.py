"""
Add, delete and list the site's own emoji. This module decides who may do this, because `rights` is about rooms.

This module writes CustomEmoji and the files of the pictures. It publishes nothing: pages ask for the list when they
open the picker.
"""

import hashlib

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.signals import post_delete
from django.dispatch import receiver

from chat.models import CustomEmoji, Person
from chat.protocol import ChatError
from chat.services import files
from chat.services.rights import is_operator

from .drawing import forget_emoji
from .names import check_name
from .pictures import make_picture

KIND = "emoji"  # of the stored files
OPERATORS, MEMBERS, NOBODY = "operators", "members", "nobody"


def may_add(person: Person | AnonymousUser) -> bool:
    """Return whether a person may add emoji: see the setting CHAT_CUSTOM_EMOJI."""
    if settings.CHAT_CUSTOM_EMOJI == NOBODY or not person.is_authenticated:
        return False
    return is_operator(person) or (settings.CHAT_CUSTOM_EMOJI == MEMBERS and not person.is_guest)


def may_delete(person: Person | AnonymousUser, emoji: CustomEmoji) -> bool:
    """
    Return whether a person may delete an emoji.

    Operators may, and the person who added the emoji, if this person may still add emoji.
    """
    return is_operator(person) or (emoji.added_by_id == person.id and may_add(person))


def list_emoji() -> list[CustomEmoji]:
    """Return all emoji with `added_by`, sorted by name."""
    return list(CustomEmoji.objects.select_related("added_by").order_by("name"))


def add_emoji(person: Person, name: str, content: bytes) -> CustomEmoji:
    """
    Add an emoji, from the bytes of an image file.

    Raise:

    - `forbidden` if the person may not add emoji, or if the site already has CHAT_MAX_CUSTOM_EMOJI of them;
    - `taken` or `invalid_field` for the name;
    - `too_large` or `invalid_field` for the picture;
    - `unavailable` if the server has no space.
    """
    if not may_add(person):
        raise ChatError("forbidden", "You may not add emoji to this site.")
    check_name(name)
    if CustomEmoji.objects.filter(name=name).exists():
        raise _make_taken_error()
    if CustomEmoji.objects.count() >= settings.CHAT_MAX_CUSTOM_EMOJI:
        raise ChatError(
            "forbidden",
            "This site can have at most %(most)s emoji of its own. Delete some first.",
            most=settings.CHAT_MAX_CUSTOM_EMOJI,
        )
    return _store(person, name, make_picture(content))


def add_imported_emoji(name: str, content: bytes) -> bool:
    """Add an emoji from another system, if the site accepts it. Return whether the site has an emoji with this name."""
    if CustomEmoji.objects.filter(name=name).exists():
        return True
    is_full = CustomEmoji.objects.count() >= settings.CHAT_MAX_CUSTOM_EMOJI
    if settings.CHAT_CUSTOM_EMOJI == NOBODY or is_full:
        return False
    try:
        check_name(name)
        _store(None, name, make_picture(content))
    except ChatError:
        return False
    return True


def _make_taken_error():
    return ChatError("taken", "There is already an emoji with this name.", field="name")


def _store(person: Person | None, name: str, webp: bytes) -> CustomEmoji:
    digest = hashlib.sha256(name.encode() + b":" + webp).hexdigest()[:32]
    try:
        # The row comes before its file: see chat/services/files. Nobody sees the row before the commit.
        with transaction.atomic():
            emoji = CustomEmoji.objects.create(name=name, digest=digest, file=files.make_name(KIND), added_by=person)
            files.write(emoji.file, [webp])
    except IntegrityError:
        raise _make_taken_error() from None
    except files.NoSpace:
        raise ChatError("unavailable", "The server has no space for this picture. Tell an operator.") from None
    forget_emoji()
    return emoji


def delete_emoji(person: Person, name: str) -> None:
    """
    Delete an emoji. Bodies and reactions then show its name.

    Raise `not_found` if there is none with this name, and `forbidden` if the person may not delete it.
    """
    emoji = CustomEmoji.objects.filter(name=name).first()
    if emoji is None:
        raise ChatError("not_found", "There is no such emoji.")
    if not may_delete(person, emoji):
        raise ChatError("forbidden", "Only operators, and the person who added an emoji, can delete it.")
    emoji.delete()
    forget_emoji()


def read_picture(digest: str) -> bytes:
    """Return the picture with this digest as WebP. Raise `not_found`."""
    content = _read_file(CustomEmoji.objects.filter(digest=digest))
    if content is None:
        raise ChatError("not_found", "There is no such picture.")
    return content


def find_picture(name: str) -> bytes | None:
    """Return the picture of the emoji with this name as WebP, or None if there is none."""
    return _read_file(CustomEmoji.objects.filter(name=name))


def _read_file(found: QuerySet) -> bytes | None:
    name = found.values_list("file", flat=True).first()
    try:
        return None if name is None else b"".join(files.read(name))
    except files.FileLost:
        return None  # for example, this process has another CHAT_FILES than the one that stored the file


@receiver(post_delete, sender=CustomEmoji, dispatch_uid="chat.delete_picture_of_emoji")
def _delete_file(instance: CustomEmoji, **kwargs: object) -> None:
    files.delete_after_commit(instance.file)


def _find_used(names: list[str]) -> list[str]:
    return list(CustomEmoji.objects.filter(file__in=names).values_list("file", flat=True))


files.register_owner(KIND, _find_used)
