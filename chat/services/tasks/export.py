"""
The task `export`: the transcript of a room as a file, or as an archive with the files of its messages.

The task reads the messages in blocks by their number. So the worker's memory does not grow with the room, and people
can post during the export. The file contains the messages up to the room's offset at the time of the request. A
message that is edited or removed during the export appears as it was when its block was read.
"""

import json
from collections.abc import Callable, Collection, Generator
from typing import Any

from django.conf import settings
from django.utils import timezone

from chat.models import Message, Room, read_from_replica
from chat.protocol import (
    ChatError,
    check_boolean,
    check_choice,
    check_fields,
    check_moment,
    check_zone,
    format_time,
    parse_moment,
    person,
)
from chat.services import custom_emoji
from chat.services.rooms import describe_additions

from .archive import Archive
from .formats import FORMATS, Csv, Html, Json, Transcript
from .job import Job
from .packing import Packing, make_path
from .pages import check_language
from .registry import task

# A block has this many messages. A query reads the reactions of a block by the ids of its messages, and older versions
# of SQLite allow 999 parameters in a query.
BLOCK = 500
MOST_BYTES_OF_MESSAGE = 40_000  # in every format


def check_params(params: dict) -> dict:
    """
    Return {format, from, to}, and `zone`, `language`, `bom` and `files` if the request has them.

    `from` and `to` are each a day, a time or None.

    Raise `missing_field` or `invalid_field`.
    """
    checked = check_fields(params, format=lambda value, name: check_choice(value, name, FORMATS))
    optional: dict[str, Callable[[Any, str], Any]] = {
        "zone": check_zone,
        "language": check_language,
        "bom": check_boolean,
        "files": check_boolean,
    }
    for name, check in optional.items():
        if params.get(name) is not None:
            checked[name] = check(params[name], name)
    for name in ("from", "to"):
        value = params.get(name)
        checked[name] = None if value is None else check_moment(value, name, checked.get("zone"))
    if checked["from"] is not None and checked["to"] is not None:
        _check_order(checked)
    return checked


def _check_order(params):
    start, end = _get_period(params)
    # The day `to` ends when the next day begins. A `from` at that moment is after the day, although it equals `end`.
    is_day = "T" not in params["to"]
    if start > end or (is_day and start == end):
        raise ChatError("invalid_field", "'from' must not be after 'to'.")


def _get_period(params):
    """Return (start, end) as aware datetimes or None. The period contains `start`, but not `end`."""
    start, end, zone = params["from"], params["to"], params.get("zone")
    return start and parse_moment(start, zone), end and parse_moment(end, zone, is_end=True)


Format = Json | Csv | Html


@task("export", check_params)
def export(job: Job) -> Generator[float, None, None]:
    """Write the transcript, and yield the progress (0 to 1) after each block of messages and each part of a file."""
    params = json.loads(job.task.params)
    file_format = FORMATS[params["format"]](_get_transcript(job, params))
    if params.get("files"):
        yield from _write_archive(job, params, file_format)
    else:
        job.name_result(f"{job.room.slug}.{file_format.extension}", file_format.content_type)
        yield from _write_transcript(job, params, file_format, job.write)


def _write_archive(job: Job, params: dict, file_format: Format) -> Generator[float, None, None]:
    job.name_result(f"{job.room.slug}.zip", "application/zip")
    with Archive(job.write) as archive:
        packing = Packing(job, archive, _get_period(params))
        yield from packing.run()
        name, most = f"messages.{file_format.extension}", job.upto * MOST_BYTES_OF_MESSAGE
        with archive.add(name, timezone.now(), most) as entry:
            steps = _write_transcript(job, params, file_format, lambda text: entry.write(text.encode()), packing.packed)
            for fraction in steps:
                yield packing.share + (1 - packing.share) * fraction


def _write_transcript(
    job: Job, params: dict, file_format: Format, write: Callable[[str], object], packed: Collection[str] | None = None
) -> Generator[float, None, None]:
    write(file_format.start())
    number = 0
    while block := _read_block(job, number, *_get_period(params)):
        additions = describe_additions(block)
        for message in block:
            write(file_format.message(describe(message, additions.get(message.number), packed)))
        number = block[-1].number
        yield number / job.upto
    write(file_format.end())


def _get_transcript(job, params):
    return Transcript(
        slug=job.room.slug,
        name=job.room.name,
        topic=job.room.topic,
        offset=job.upto,
        exported_at=timezone.now(),
        start=params["from"],
        end=params["to"],
        zone=params.get("zone"),
        has_bom=params.get("bom", True),
        has_files=params.get("files", False),
        find_emoji=custom_emoji.find_picture,
    )


def _read_block(job, after, start, end):
    found = Message.objects.complete().filter(room=job.room, number__gt=after, number__lte=job.upto)
    if start is not None:
        found = found.filter(created_at__gte=start)
    if end is not None:
        found = found.filter(created_at__lt=end)
    has_all = Room.objects.filter(id=job.room.id, offset__gte=job.upto)
    return read_from_replica(lambda: list(found.order_by("number")[:BLOCK]), has_all.exists)


def describe(message: Message, additions: dict | None = None, packed: Collection[str] | None = None) -> dict:
    """
    Return the values of a message in a transcript. The caller must have read the message with `complete`.

    `additions` are the message's fields from `describe_additions`. A transcript has the addresses of files. In an
    archive, it also has the paths of the files whose ids are in `packed`, and says that the other files are missing.
    """
    values = {
        "id": message.number,
        "offset": message.offset,
        "author": person(message.author.handle, message.author.is_guest),
        "body": message.body,
        "at": format_time(message.created_at),
        "edited_at": format_time(message.edited_at),
        "removed": message.is_removed,
        "reactions": message.group_reactions(),
        "reply_to": message.reply_to,
    }
    values.update(additions or {})
    if "files" in values:
        values["files"] = [_describe_file(file, packed) for file in values["files"]]
    # `thread` (the number of replies and the time of the last reply) is left out, because the transcript contains the
    # replies themselves.
    values.pop("thread", None)
    if message.thread_root is not None:
        values["thread"] = {"root": message.thread_root}
    guests = message.list_reacting_guests()
    return {**values, "guests": guests} if guests else values


def _describe_file(file, packed):
    described = {**file, "url": f"{settings.PUBLIC_URL or ''}{file['url']}"}
    if packed is None:
        return described
    if file["id"] not in packed:
        return {**described, "missing": True}
    return {**described, "path": make_path(file["id"], file["name"])}
