"""
Moments: the times that people write in commands, such as `in 20 minutes`, `tomorrow at 9` or `2026-12-01 09:00`.

The words are English. The short forms, such as `20m`, `14:05` and `2026-12-01`, are the same in every language. This
module only reads text. It does not check whether a moment is in the future.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, tzinfo

from chat import protocol

MORNING = time(9)  # the time of a day that is named without a time
EVENING = time(20)

_UNITS = {
    "minute": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "m": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "hr": timedelta(hours=1),
    "h": timedelta(hours=1),
    "day": timedelta(days=1),
    "d": timedelta(days=1),
    "week": timedelta(weeks=1),
    "w": timedelta(weeks=1),
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_END = r"(?=[\s,.;!?]|$)"  # what follows a complete word
_IN = re.compile(r"in\s+", re.IGNORECASE)
_AND = re.compile(r"and\s+", re.IGNORECASE)
_PART = re.compile(
    r"(?P<half>half an hour)" + _END + r"|(?P<number>[0-9]{1,6}|an?)(?P<gap>\s*)"
    r"(?P<unit>minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)(?=[\s0-9,.;!?]|$)",
    re.IGNORECASE,
)
_LAST_MINUTES = re.compile(r"([0-9]{1,2})" + _END)  # in "1h30"
_CLOCK = re.compile(r"(?:at\s+)?([0-9]{1,2})(?:[:.]([0-9]{2}))?\s*([ap]\.?m\.?)?" + _END, re.IGNORECASE)
_NAMED_TIME = re.compile(r"(?:at\s+)?(noon|midnight)" + _END, re.IGNORECASE)
_ISO_DAY = re.compile(r"(?:on\s+)?([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T(?=[0-9])|" + _END + ")", re.IGNORECASE)
_WORD_DAY = re.compile(r"(today|tonight|tomorrow)" + _END, re.IGNORECASE)
_WEEKDAY = re.compile(r"(?:(?:on|next|this)\s+)*(" + "|".join(_WEEKDAYS) + ")" + _END, re.IGNORECASE)
_MONTH = "(?P<month>" + "|".join(_MONTHS) + ")"
_YEAR = r"(?:,?\s+(?P<year>[0-9]{4}))?"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|\.)?"
_DATES = [
    re.compile(rf"(?:on\s+)?(?:the\s+)?{_DAY}\s+(?:of\s+)?{_MONTH}{_YEAR}" + _END, re.IGNORECASE),
    re.compile(rf"(?:on\s+)?{_MONTH}\s+{_DAY}{_YEAR}" + _END, re.IGNORECASE),
]
_NEXT_WEEK = re.compile(r"next week" + _END, re.IGNORECASE)

# A day in a text: (a function that returns the moment at a time of this day, the position after the day, the time that
# counts if the text names no time).
_Day = tuple[Callable[[time], datetime], int, time]


def find_moment(text: str, now: datetime, zone: tzinfo) -> tuple[datetime, str] | None:
    """
    Return (the moment at the beginning or at the end of a text, the rest of the text), or None if it names no moment.

    - `now`: the present time, an aware datetime.
    - `zone`: the time zone of the person who wrote the text.

    The result is an aware datetime in UTC. A time without a day means its next occurrence. A weekday means the next day
    of this name, or today if the time is still to come.
    """
    text = text.strip()
    reader = _Reader(now, zone)
    found = reader.read(text, 0)
    if found is not None:
        return found[0], text[found[1] :].lstrip(" \t,;:\n")
    for start in [match.end() for match in re.finditer(r"\s+", text)]:
        found = reader.read(text, start)
        if found is not None and not text[found[1] :].strip(" \t.!?\n"):
            return found[0], text[:start].rstrip(" \t,;\n")
    return None


class _Reader:
    """Reads moments at positions of a text, for a time zone and a present time."""

    def __init__(self, now: datetime, zone: tzinfo) -> None:
        self._now = now.astimezone(UTC)
        self._zone = zone
        self._local = self._now.astimezone(zone).replace(tzinfo=None)

    def read(self, text: str, start: int) -> tuple[datetime, int] | None:
        """Return (the moment at a position, the position after it), or None if there is no moment or no such day."""
        try:
            return self._read_duration(text, start) or self._read_day_and_time(text, start)
        except (ValueError, OverflowError):
            return None

    def _read_duration(self, text, start):
        word = _IN.match(text, start)
        end = word.end() if word else start
        total, last = timedelta(), None
        while (part := _PART.match(text, end)) is not None:
            # Without "in", only the beginning of the text may have words: "rest for 5 days" is no moment.
            if word is None and (part["half"] or part["number"].lower() in ("a", "an") or (part["gap"] and start)):
                break
            total += _measure(part)
            last, end = part, _skip_space(text, part.end())
            end = _skip_and(text, end)
        if last is None:
            return None
        end = last.end()
        minutes = _LAST_MINUTES.match(text, end) if (last["unit"] or "").lower().startswith("h") else None
        if minutes is not None:
            total, end = total + timedelta(minutes=int(minutes[1])), minutes.end()
        return self._now + total, end

    def _read_day_and_time(self, text, start):
        day = self._read_day(text, start)
        if day is not None:
            make, end, default = day
            clock = _read_time(text, _skip_space(text, end))
            return (self._finish(make(clock[0])), clock[1]) if clock else (self._finish(make(default)), end)
        clock = _read_time(text, start)
        if clock is None:
            return None
        day = self._read_day(text, _skip_space(text, clock[1]))
        if day is not None:
            return self._finish(day[0](clock[0])), day[1]
        return (self._finish(self._find_next(clock[0])), clock[1]) if _is_clear(text, start, clock[1]) else None

    def _finish(self, local: datetime) -> datetime:
        return protocol.localize(local, self._zone)

    def _find_next(self, clock: time) -> datetime:
        today = datetime.combine(self._local.date(), clock)
        return today if today > self._local else today + timedelta(days=1)

    def _read_day(self, text, start) -> _Day | None:
        readers = (self._read_word, self._read_iso, self._read_weekday, self._read_date)
        return next((found for reader in readers if (found := reader(text, start)) is not None), None)

    def _read_word(self, text, start):
        match = _WORD_DAY.match(text, start)
        if match is not None:
            days = 1 if match[1].lower() == "tomorrow" else 0
            default = EVENING if match[1].lower() == "tonight" else MORNING
            return self._in_days(days), match.end(), default
        match = _NEXT_WEEK.match(text, start)
        return match and (self._in_days(7), match.end(), MORNING)

    def _in_days(self, days):
        return lambda clock: datetime.combine(self._local.date() + timedelta(days=days), clock)

    def _read_iso(self, text, start):
        match = _ISO_DAY.match(text, start)
        return match and (_on_day(*map(int, match.groups())), match.end(), MORNING)

    def _read_weekday(self, text, start):
        match = _WEEKDAY.match(text, start)
        if match is None:
            return None
        ahead = (_WEEKDAYS.index(match[1].lower()) - self._local.weekday()) % 7

        def make(clock):
            found = self._in_days(ahead)(clock)
            return found if found > self._local else found + timedelta(days=7)

        return make, match.end(), MORNING

    def _read_date(self, text, start):
        match = next((found for pattern in _DATES if (found := pattern.match(text, start))), None)
        if match is None:
            return None
        month, day = _MONTHS.index(match["month"].lower()) + 1, int(match["day"])
        if match["year"]:
            return _on_day(int(match["year"]), month, day), match.end(), MORNING

        def make(clock):
            found = _on_day(self._local.year, month, day)(clock)
            return found if found > self._local else _on_day(self._local.year + 1, month, day)(clock)

        return make, match.end(), MORNING


def _measure(part):
    if part["half"]:
        return timedelta(minutes=30)
    unit = part["unit"].lower()
    number = 1 if part["number"].lower() in ("a", "an") else int(part["number"])
    return number * (_UNITS.get(unit) or _UNITS[unit.removesuffix("s")])


def _skip_space(text, position):
    while position < len(text) and (text[position].isspace() or text[position] == ","):
        position += 1
    return position


def _skip_and(text, position):
    match = _AND.match(text, position)
    return match.end() if match else position


def _on_day(year, month, day):
    return lambda clock: datetime(year, month, day, clock.hour, clock.minute)


def _read_time(text, start) -> tuple[time, int] | None:
    named = _NAMED_TIME.match(text, start)
    if named is not None:
        return time(12 if named[1].lower() == "noon" else 0), named.end()
    match = _CLOCK.match(text, start)
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), (match[3] or "").lower()[:1]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59:
        return None
    return time(hour, minute), match.end()


def _is_clear(text, start, end):
    """Return whether a time without a day is more than a number: "at 9", "9am", "9:30" or "noon"."""
    return not text[start:end].isdigit()
