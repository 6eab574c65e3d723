"""The moments at which a day of a period begins and ends in the time zone of a person."""

import pytest

from chat.protocol import format_time, parse_moment


@pytest.mark.parametrize(
    ("zone", "day", "start", "end"),
    [
        (None, "2026-03-29", "2026-03-29T00:00", "2026-03-30T00:00"),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("Asia/Kathmandu", "2026-03-29", "2026-03-28T18:15", "2026-03-29T18:15"),
        # In Beirut, clocks skip the first hour of this day.
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00", "2026-03-29T21:00"),
        # On the Azores, the first hour of this day occurs twice.
        ("Atlantic/Azores", "2025-10-26", "2025-10-26T00:00", "2025-10-27T01:00"),
        # In Apia, there was no 30 December 2011.
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00", "2011-12-31T10:00"),
    ],
)
def test_a_day_begins_and_ends_in_its_zone(zone, day, start, end):
    assert format_time(parse_moment(day, zone)) == f"{start}:00.000Z"
    assert format_time(parse_moment(day, zone, is_end=True)) == f"{end}:00.000Z"


def test_a_time_with_a_z_is_in_utc_whatever_the_zone_is():
    for zone in (None, "Europe/Berlin", "Pacific/Apia"):
        assert format_time(parse_moment("2026-03-29T00:00Z", zone)) == "2026-03-29T00:00:00.000Z"


@pytest.mark.parametrize("zone", [None, "Asia/Tokyo", "America/New_York"])
def test_the_first_and_the_last_day_of_the_calendar_raise_nothing(zone):
    for day in ("0001-01-01", "9999-12-31"):
        for is_end in (False, True):
            parse_moment(day, zone, is_end=is_end)
