"""
Numbers for operators as short texts: durations, sizes, rates and shares, with international symbols.

`chat/static/chat/operations/figures.js` writes the same texts in the browser. This module must not know the page.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.formats import number_format

NOTHING = "–"
_DURATIONS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_SIZES = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def _round(value: float, digits: int) -> str:
    # This rounds first, because Django's `number_format` cuts digits off. Halves are rounded up, as browsers do it.
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return number_format(f"{rounded:f}", decimal_pos=digits, use_l10n=True, force_grouping=True)


def write_count(value: float) -> str:
    """Return a whole number: 1,234."""
    return _round(value, 0)


def write_rate(value: float) -> str:
    """Return how often something happens: 3.5/s."""
    return f"{_round(value, 0 if value >= 100 else 1)}/s"


def write_seconds(value: float) -> str:
    """Return a duration in a unit that gives few digits: 12 ms, 1.5 s, 3 min."""
    for size, unit in _DURATIONS:
        if value >= size * (2 if unit == "min" else 1):
            return f"{_round(value / size, 0)} {unit}"
    if value >= 1:
        return f"{_round(value, 0 if value >= 10 else 1)} s"
    milliseconds = value * 1000
    if milliseconds >= 10 or milliseconds == 0:
        return f"{_round(milliseconds, 0)} ms"
    return f"{_round(milliseconds, 2 if milliseconds < 1 else 1)} ms"


def write_bytes(value: float) -> str:
    """Return a size: 1.5 kB, 12 MB."""
    for size, unit in _SIZES:
        if value >= size:
            return f"{_round(value / size, 0 if value >= 10 * size else 1)} {unit}"
    return f"{_round(value, 0)} B"


def write_share(value: float) -> str:
    """Return a share in percent: 45 %."""
    return f"{_round(100 * value, 0)} %"


FORMATS: dict[str, Callable[[Any], str]] = {
    "count": write_count,
    "rate": write_rate,
    "seconds": write_seconds,
    "bytes": write_bytes,
    "share": write_share,
    "text": str,
}


def write_figure(value: Any, name: str) -> str:
    """Return a value in one of the FORMATS, or a dash for a value that is not known."""
    return NOTHING if value is None or value == "" else FORMATS[name](value)
