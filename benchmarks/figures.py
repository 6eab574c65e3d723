"""Compute percentiles, medians and ratios. This module measures nothing and imports nothing of this project."""

import math
import statistics


def percentile(values: list[float], part: float) -> float | None:
    """Return the smallest value that is at least as large as `part` (0 to 1) of the values; None without values."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * part) - 1)]


def milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def latencies(seconds: list[float], prefix: str = "") -> dict[str, float | None]:
    """Return p50 and p99 in ms, as fields of a result."""
    return {
        f"{prefix}p50_ms": milliseconds(percentile(seconds, 0.5)),
        f"{prefix}p99_ms": milliseconds(percentile(seconds, 0.99)),
    }


def median(values: list) -> float | None:
    """Return the median of the values that are numbers, or None."""
    numbers = [value for value in values if isinstance(value, int | float)]
    return statistics.median(numbers) if numbers else None


def median_result(results: list[dict], worst: tuple = ()) -> dict:
    """
    Combine several results of one scenario into one: the median of each figure, also in nested results.

    For the figures named in `worst`, the result has the largest value.
    """
    found = {}
    for key in dict.fromkeys(key for result in results for key in result):
        values = [result[key] for result in results if key in result]
        if all(isinstance(value, dict) for value in values):
            found[key] = median_result(values, worst)
        elif key in worst:
            found[key] = max(values)
        elif all(isinstance(value, int | float | None) for value in values):
            found[key] = median(values)
        else:
            # Take the last list, such as the minutes of a soak: a median of lists would describe none of the runs.
            found[key] = values[-1]
    return found


def ratio(value: float | None, other: float | None, is_less_better: bool = False) -> float | None:
    """
    Return how many times better `value` is than `other`: 2 is twice as good, also if less is better.

    Return None if one of them is missing or 0.
    """
    if not value or not other:
        return None
    return other / value if is_less_better else value / other
