"""The times that people write in commands, in their own time zone."""

from datetime import UTC, datetime

import pytest

from chat.protocol import get_zone
from chat.services.moments import find_moment

pytestmark = pytest.mark.no_database

BERLIN = get_zone("Europe/Berlin")
NOW = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)  # a Monday; 11:30 in Berlin


def read(text, now=NOW, zone=BERLIN):
    """Return (the local time that a text names, the rest of the text), or None."""
    found = find_moment(text, now, zone)
    return found and (f"{found[0].astimezone(zone):%Y-%m-%d %H:%M}", found[1])


@pytest.mark.parametrize(
    "text, time",
    [
        ("in 20 minutes", "2026-11-30 11:50"),
        ("20m", "2026-11-30 11:50"),
        ("20 min", "2026-11-30 11:50"),
        ("2h30m", "2026-11-30 14:00"),
        ("1h30", "2026-11-30 13:00"),
        ("in an hour", "2026-11-30 12:30"),
        ("in half an hour", "2026-11-30 12:00"),
        ("in 2 hours and 30 minutes", "2026-11-30 14:00"),
        ("in 3 days", "2026-12-03 11:30"),
        ("1w", "2026-12-07 11:30"),
        ("at 14:05", "2026-11-30 14:05"),
        ("14:05", "2026-11-30 14:05"),
        ("at 9", "2026-12-01 09:00"),
        ("9am", "2026-12-01 09:00"),
        ("9:30 pm", "2026-11-30 21:30"),
        ("12am", "2026-12-01 00:00"),
        ("noon", "2026-11-30 12:00"),
        ("today at 18:00", "2026-11-30 18:00"),
        ("tonight", "2026-11-30 20:00"),
        ("tomorrow", "2026-12-01 09:00"),
        ("Tomorrow at 9", "2026-12-01 09:00"),
        ("at 9 tomorrow", "2026-12-01 09:00"),
        ("on friday", "2026-12-04 09:00"),
        ("next Friday at 14:05", "2026-12-04 14:05"),
        ("monday", "2026-12-07 09:00"),
        ("monday at 18:00", "2026-11-30 18:00"),
        ("next week", "2026-12-07 09:00"),
        ("2026-12-01", "2026-12-01 09:00"),
        ("2026-12-01 10:15", "2026-12-01 10:15"),
        ("2026-12-01T10:15", "2026-12-01 10:15"),
        ("1 december at 8", "2026-12-01 08:00"),
        ("December 1st, 2027 at 8pm", "2027-12-01 20:00"),
        ("on the 5th of march", "2027-03-05 09:00"),
        ("2026-11-01", "2026-11-01 09:00"),
    ],
)
def test_a_time_is_read(text, time):
    assert read(text) == (time, "")
    assert read(f"{text} call Bob") == (time, "call Bob")


@pytest.mark.parametrize(
    "text, rest",
    [("to drink water at 3pm", "to drink water"), ("call Bob, tomorrow!", "call Bob"), ("rest in 5 minutes", "rest")],
)
def test_a_time_at_the_end_is_read(text, rest):
    assert read(text)[1] == rest


@pytest.mark.parametrize(
    "text",
    ["", "water the plants", "in a while", "every day", "24 bottles", "at 25:00", "13pm", "31 february", "2026-13-01"]
    + ["rest for 5 days", "99999999m", "friday's report", "9:75"],
)
def test_other_texts_name_no_time(text):
    assert read(text) is None


def test_a_time_that_the_clocks_skip_is_an_hour_later():
    assert read("2027-03-28 02:30") == ("2027-03-28 03:30", "")


def test_a_duration_is_exact_also_when_the_clocks_change():
    found, _ = find_moment("in 3 hours", datetime(2027, 3, 28, 0, tzinfo=UTC), BERLIN)
    assert found == datetime(2027, 3, 28, 3, tzinfo=UTC)


def test_a_day_is_the_day_of_the_person():
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # in Tokyo, it is the next morning
    assert read("today at 10", late, get_zone("Asia/Tokyo")) == ("2026-12-01 10:00", "")
