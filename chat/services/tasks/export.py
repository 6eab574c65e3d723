"""
The transcript of a room as a file: the task `export`.

It reads page after page by number, so what a worker holds does not grow with the room, and nobody who posts waits for
it. It goes up to the room's offset when it was asked for. What is edited or removed while it runs is shown as it was
when its page was read.
"""

import json

from django.utils import timezone

from chat.models import Message
from chat.protocol import ChatError, check_choice, check_fields, check_moment, format_time, parse_moment

from .formats import FORMATS, Transcript
from .registry import task

# SQLite takes 999 parameters, and the reactions of a page are asked for by the ids of its messages.
PAGE = 500


def check_params(params):
    """Returns {format, from, to}, the latter two a day, a time or None. Raises `missing_field`, `invalid_field`."""
    checked = check_fields(params, format=lambda value, name: check_choice(value, name, FORMATS))
    for name in ("from", "to"):
        value = params.get(name)
        checked[name] = None if value is None else check_moment(value, name)
    if checked["from"] is not None and checked["to"] is not None:
        _check_order(checked)
    return checked


def _check_order(params):
    start, end = _get_period(params)
    # A day's end is the next day's beginning: who begins there begins after it.
    is_day = "T" not in params["to"]
    if start > end or (is_day and start == end):
        raise ChatError("invalid_field", "'from' must not be after 'to'.")


def _get_period(params):
    """Returns the aware datetimes between which messages are wanted: not before the first, before the second."""
    start, end = params["from"], params["to"]
    return start and parse_moment(start), end and parse_moment(end, is_end=True)


@task("export", check_params)
def export(job):
    params = json.loads(job.task.params)
    form = FORMATS[params["format"]](_get_transcript(job, params))
    job.name_result(f"{job.room.slug}.{form.extension}", form.content_type)
    job.write(form.start())
    number = 0
    while page := _read_page(job, number, *_get_period(params)):
        for message in page:
            job.write(form.message(describe(message)))
        number = page[-1].number
        yield number / job.upto
    job.write(form.end())


def _get_transcript(job, params):
    room = job.room
    return Transcript(room.slug, room.name, room.topic, job.upto, timezone.now(), params["from"], params["to"])


def _read_page(job, after, start, end):
    found = Message.objects.complete().filter(room=job.room, number__gt=after, number__lte=job.upto)
    if start is not None:
        found = found.filter(created_at__gte=start)
    if end is not None:
        found = found.filter(created_at__lt=end)
    return list(found.order_by("number")[:PAGE])


def describe(message):
    """Returns a message, read with `complete`, as transcripts have it."""
    reactions = {}
    for reaction in message.all_reactions:
        reactions.setdefault(reaction.emoji, []).append(reaction.person.handle)
    return {
        "id": message.number,
        "offset": message.offset,
        "author": {"handle": message.author.handle},
        "body": message.body,
        "at": format_time(message.created_at),
        "edited_at": format_time(message.edited_at),
        "removed": message.is_removed,
        "reactions": reactions,
        "reply_to": message.reply_to,
    }
