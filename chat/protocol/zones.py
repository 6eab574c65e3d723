"""
Time zones: the names of the IANA database, and the moments of local times.

The names and rules come from pytz, which Django uses for its queries. This module knows no requests and no rows.
"""

from datetime import UTC, datetime, tzinfo
from typing import Any

import pytz  # type: ignore[import-untyped]

from .errors import ChatError

# The zone `Factory` stands for "not configured". Its time equals UTC, but people cannot see this from the name.
_ZONES = pytz.all_timezones_set - {"Factory"}


def check_zone(value: Any, name: str = "zone") -> str:
    """Return the name of a time zone, such as `Europe/Berlin`. Raise `invalid_field`."""
    if not isinstance(value, str) or value not in _ZONES:
        raise ChatError("invalid_field", "'%(name)s' must be a time zone like Europe/Berlin.", name=name)
    return value


def get_zone(name: str | None) -> tzinfo:
    """Return the time zone with a name that `check_zone` accepts; UTC for None."""
    return pytz.timezone(name or "UTC")


def localize(moment: datetime, zone: tzinfo) -> datetime:
    """
    Return the aware datetime in UTC of a naive datetime in a time zone.

    A time that clocks skip is read with the offset before the change: 02:30 means 03:30. If a time occurs twice, the
    first occurrence counts.
    """
    try:
        local = zone.localize(moment, is_dst=None)  # type: ignore[attr-defined]
    except pytz.AmbiguousTimeError:
        local = zone.localize(moment, is_dst=True)  # type: ignore[attr-defined]
    except pytz.NonExistentTimeError:
        local = zone.localize(moment, is_dst=False)  # type: ignore[attr-defined]
    return local.astimezone(UTC)
