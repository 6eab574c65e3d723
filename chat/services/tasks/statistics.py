"""
A room in numbers, drawn: the task `statistics`. It shows all that a kind of task needs: one function.

The database counts, a stretch of messages at a time; what is held are sums per day, per hour and per person.
"""

from collections import Counter
from datetime import timedelta

from django.db.models import Count
from django.db.models.functions import ExtractHour, TruncDate
from django.utils import timezone

from chat.models import Message, Person

from .charts import Chart, draw_rows, draw_upright
from .pages import page_end, page_start
from .registry import task

STRETCH = 20_000  # messages that one query looks at: a lock must outlive it
DAYS = 60
TOP = 10


def check_params(params):
    """There are none; whatever was sent is ignored."""
    return {}


@task("statistics", check_params, is_shown=True)
def statistics(job):
    job.name_result(f"{job.room.slug}-statistics.html", "text/html; charset=utf-8")
    days, hours, people, removed = Counter(), Counter(), Counter(), 0
    for start in range(0, job.upto, STRETCH):
        stretch = Message.objects.filter(room=job.room, number__gt=start, number__lte=min(start + STRETCH, job.upto))
        at = {"day": TruncDate("created_at"), "hour": ExtractHour("created_at")}
        for row in stretch.values(**at).annotate(count=Count("id")).order_by():
            days[row["day"]] += row["count"]
            hours[row["hour"]] += row["count"]
        people.update(dict(stretch.values_list("author").annotate(Count("id")).order_by()))
        removed += stretch.exclude(removed_at=None).count()
        yield (start + STRETCH) / job.upto
    job.write(page_start(job.room.name, job.room.topic, f"Statistics, made {timezone.now():%d %B %Y, %H:%M} UTC"))
    job.write(_numbers(days, people, removed))
    if days:
        job.write(_days_chart(days) + _hours_chart(hours) + _people_chart(people))
    job.write(page_end("All times are UTC."))


def _numbers(days, people, removed):
    busiest = max(days, key=lambda day: (days[day], day), default=None)
    facts = [
        (f"{sum(days.values()):,}", "messages"),
        (f"{len(people):,}", "people who wrote"),
        (f"{removed:,}", "removed since"),
        (f"{busiest:%d %b %Y}" if busiest else "–", "the busiest day"),
    ]
    lines = "".join(f"<li><b>{number}</b> {what}</li>" for number, what in facts)
    return f'<ul class="numbers">{lines}</ul>\n'


def _days_chart(days):
    first, last = min(days), max(days)
    begin = max(first, last - timedelta(days=DAYS - 1))
    shown = [begin + timedelta(days=number) for number in range((last - begin).days + 1)]
    title = f"Messages per day, the last {DAYS} days" if first < begin else "Messages per day"
    labels = [f"{day:%d %b %Y}" for day in shown]
    return draw_upright(Chart(title, labels, [days[day] for day in shown]), ends_only=True)


def _hours_chart(hours):
    labels = [f"{hour}:00" for hour in range(24)]
    return draw_upright(Chart("Messages by hour of the day", labels, [hours[hour] for hour in range(24)]))


def _people_chart(people):
    top = people.most_common(TOP)
    handles = dict(Person.objects.filter(id__in=[person for person, _ in top]).values_list("id", "handle"))
    chart = Chart("Who wrote most", [handles[person] for person, _ in top], [count for _, count in top])
    return draw_rows(chart)
