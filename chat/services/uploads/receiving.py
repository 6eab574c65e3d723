"""
Receive a file: first decide whether a person may upload it, then store its row when its bytes are in the store.

Between the two steps, the bytes stream into the store. The second step checks everything again: meanwhile the person
may have been banned, or may have used up the space with other uploads. This module writes Upload.
"""

import secrets
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

from django.db import transaction

from chat import broadcast
from chat.models import Member, Person, Upload
from chat.protocol import ChatError
from chat.services import budgets, files, numbers, rooms
from chat.services.after_commit import after_commit
from chat.services.rights import Action, check_may

from .headers import read_size
from .names import SNIFFED_BYTES, check_type, clean_name, find_picture_type, find_type
from .owner import KIND
from .quotas import check_is_on, get_most_bytes, make_too_large_error

# A larger picture is an ordinary file: the job needs a copy of it in memory.
MAX_PICTURE_BYTES = 50_000_000
# A multipart body has at most this many bytes more than the file in it.
MAX_OVERHEAD = 64 * 1024


@dataclass(frozen=True)
class Permission:
    """The file may be stored under `name`, and may have at most `most_bytes`."""

    name: str
    most_bytes: int


def allow_upload(member: Member, body_bytes: int | None = None) -> Permission:
    """
    Return the permission to upload one file into the member's room, and count the upload.

    `body_bytes` is the length of the request's body, or None if it is not known. Raise `forbidden`, `muted`,
    `rate_limited` or `too_large`.
    """
    check_is_on()
    check_may(member.person, Action.UPLOAD, member.room, member)
    budgets.check_upload(member.person_id)
    most_bytes = get_most_bytes(member.room_id, member.person_id)
    if body_bytes is not None and body_bytes > most_bytes + MAX_OVERHEAD:
        raise make_too_large_error(most_bytes)
    return Permission(files.make_name(KIND), most_bytes)


def make_failure(code: str = "malformed") -> ChatError:
    """Return the error for an upload that failed in the interface with `too_large`, `no_space` or `malformed`."""
    if code == "too_large":
        return ChatError("too_large", "This file is too large.")
    if code == "no_space":
        return ChatError("unavailable", "The site has no space for this file. Tell its operators.")
    return ChatError("invalid_field", "The request must contain one file.")


def store_upload(member: Member, name: str, parts: Iterable[bytes]) -> Upload:
    """
    Store a file from the body of a request: its bytes, which are in `parts`, and its row. Return the row.

    Raise `unavailable` if the store has no space, and what `allow_upload` and `finish_upload` raise.
    """
    permission = allow_upload(member)
    try:
        size = files.write(permission.name, parts, permission.most_bytes)
    except files.FileTooLarge:
        raise make_too_large_error(permission.most_bytes) from None
    except files.NoSpace:
        raise make_failure("no_space") from None
    return finish_upload(member, permission.name, name, size)


def finish_upload(member: Member, stored: str, name: str, size: int) -> Upload:
    """
    Store the row of a file whose bytes are in the store under `stored`. Return it, and start the job of a picture.

    If the file is refused, delete its bytes. Raise `unsupported_type`, `too_large`, `empty` and what `allow_upload`
    raises. Raise ValueError if `stored` is not the name of an upload.
    """
    # Without this check, the code below could delete the file of another module.
    if not files.is_name(stored) or not stored.startswith(f"{KIND}/"):
        raise ValueError(f"{stored!r} is not the name of an upload")
    try:
        upload = _store(member, stored, clean_name(name), size)
    except BaseException:
        files.delete_after_commit(stored)
        raise
    numbers.count_upload(size)
    return upload


def _store(member: Member, stored: str, name: str, size: int) -> Upload:
    if not size:
        raise ChatError("empty", "This file is empty.")
    start = _read_start(stored)
    kind = find_type(name, start)
    check_type(kind)
    is_picture = find_picture_type(start) is not None and size <= MAX_PICTURE_BYTES
    pixels = read_size(stored) if is_picture else None
    with transaction.atomic():
        # Two uploads of a person, or into a room, that end at the same moment are counted one after the other.
        Person.objects.lock(member.person_id)
        rooms.lock_room(member.room_id)
        check_may(member.person, Action.UPLOAD, member.room)
        most_bytes = get_most_bytes(member.room_id, member.person_id)
        if size > most_bytes:
            raise make_too_large_error(most_bytes)
        upload = Upload.objects.create(
            key=secrets.token_urlsafe(16),
            room_id=member.room_id,
            person_id=member.person_id,
            name=name,
            type=kind,
            size=size,
            stored=stored,
            width=pixels and pixels[0],
            height=pixels and pixels[1],
            state=Upload.READY if pixels is None else Upload.WAITING,
        )
        if pixels is not None:
            start_job(upload.id)
        # If Redis cannot be reached, this call raises an error, and the caller deletes the bytes. So the row must not
        # be committed yet.
        budgets.count_upload_bytes(member.person_id, size)
    return upload


def _read_start(stored: str) -> bytes:
    with closing(files.read(stored)) as parts:
        return next(iter(parts), b"")[:SNIFFED_BYTES]


def start_job(upload_id: int) -> None:
    """Start the job of a picture on commit. If the job is lost, the sweep starts it again."""
    after_commit(
        f"start the job of picture {upload_id}",
        lambda: broadcast.start_job(broadcast.TASKS_CHANNEL, {"upload": upload_id}),
    )
