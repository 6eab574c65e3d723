"""
The task `statistics`: a page with charts of a room's messages. It is a short example of a kind of task.

The database counts the messages, one block at a time. The task holds only sums per day, per hour and per person.
"""

import json
from collections import Counter
from collections.abc import Generator
from datetime import date, timedelta

from django.db.models import Count
from django.db.models.functions import ExtractHour, TruncDate
from django.utils import timezone
from django.utils.translation import gettext, pgettext

from chat.models import Message, Person
from chat.protocol import check_zone, get_zone

from .charts import Chart, draw_horizontal_bars, draw_vertical_bars
from .job import Job
from .pages import (
    check_language,
    make_page_end,
    make_page_start,
    name_on_page,
    write_moment,
    write_number,
    write_short_day,
)
from .registry import task

BLOCK = 20_000  # messages that one query counts; the query must be shorter than the lock of a task
DAYS = 60  # shown in the chart of days
TOP = 10  # people shown in the chart of authors


def check_params(params: dict) -> dict:
    """Return `zone` and `language`, if the request has them. Raise `invalid_field`."""
    checks = {"zone": check_zone, "language": check_language}
    return {name: check(params[name], name) for name, check in checks.items() if params.get(name) is not None}


@task("statistics", check_params, is_shown=True)
def statistics(job: Job) -> Generator[float, None, None]:
    """Write the page, and yield the progress after each block of messages."""
    job.name_result(f"{job.room.slug}-statistics.html", "text/html; charset=utf-8")
    days: Counter[date] = Counter()
    hours: Counter[int] = Counter()
    people: Counter[int] = Counter()
    removed = 0
    zone = json.loads(job.task.params).get("zone")
    for start in range(0, job.upto, BLOCK):
        block = Message.objects.filter(room=job.room, number__gt=start, number__lte=min(start + BLOCK, job.upto))
        for day, hour, count in _count_by_hour(block, zone):
            days[day] += count
            hours[hour] += count
        people.update(dict(block.values_list("author").annotate(Count("id")).order_by()))
        removed += block.exclude(removed_at=None).count()
        yield (start + BLOCK) / job.upto
    created = gettext("Statistics, created on %(moment)s") % {"moment": write_moment(timezone.now(), zone)}
    job.write(make_page_start(job.room.name, job.room.topic, created))
    job.write(_numbers(days, people, removed))
    if days:
        job.write(_days_chart(days) + _hours_chart(hours) + _people_chart(people))
    job.write(make_page_end("", zone))


def _count_by_hour(messages, zone):
    # TruncDate ignores its argument `tzinfo` in this version of Django, and uses the current time zone.
    with timezone.override(get_zone(zone)):
        hours = messages.values(day=TruncDate("created_at"), hour=ExtractHour("created_at"))
        counted = hours.annotate(count=Count("id")).order_by()
        return list(counted.values_list("day", "hour", "count"))


def _numbers(days, people, removed):
    busiest = max(days, key=lambda day: (days[day], day), default=None)
    facts = [
        (write_number(sum(days.values())), pgettext("below a number", "messages")),
        (write_number(len(people)), pgettext("below a number", "authors")),
        (write_number(removed), pgettext("below a number", "removed messages")),
        (write_short_day(busiest) if busiest else "–", pgettext("below a day", "busiest day")),
    ]
    lines = "".join(f"<li><b>{number}</b> {what}</li>" for number, what in facts)
    return f'<ul class="numbers">{lines}</ul>\n'


def _days_chart(days):
    first, last = min(days), max(days)
    begin = max(first, last - timedelta(days=DAYS - 1))
    shown = [begin + timedelta(days=number) for number in range((last - begin).days + 1)]
    title = gettext("Messages per day")
    if first < begin:
        title = gettext("Messages per day, the last %(number)s days") % {"number": DAYS}
    labels = [write_short_day(day) for day in shown]
    return draw_vertical_bars(Chart(title, labels, [days[day] for day in shown]), ends_only=True)


def _hours_chart(hours):
    labels = [f"{hour}:00" for hour in range(24)]
    return draw_vertical_bars(
        Chart(gettext("Messages by hour of the day"), labels, [hours[hour] for hour in range(24)])
    )


def _people_chart(people):
    top = people.most_common(TOP)
    authors = Person.objects.in_bulk([person for person, _ in top])
    names = [name_on_page(authors[person].handle, authors[person].is_guest) for person, _ in top]
    chart = Chart(gettext("Most active authors"), names, [count for _, count in top])
    return draw_horizontal_bars(chart)
