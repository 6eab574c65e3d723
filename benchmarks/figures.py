"""Percentiles, medians and rates. Pure arithmetic: it measures nothing and imports nothing of ours."""

import math
import statistics


def percentile(values: list[float], part: float) -> float | None:
    """Return the smallest value that `part` (0 to 1) of all do not exceed, or None where there are none."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * part) - 1)]


def milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def latencies(seconds: list[float], prefix: str = "") -> dict[str, float | None]:
    """Return p50 and p99 in ms, as a part of a result."""
    return {
        f"{prefix}p50_ms": milliseconds(percentile(seconds, 0.5)),
        f"{prefix}p99_ms": milliseconds(percentile(seconds, 0.99)),
    }


def median(values: list) -> float | None:
    """Return the median of those that are numbers, or None."""
    numbers = [value for value in values if isinstance(value, int | float)]
    return statistics.median(numbers) if numbers else None


def median_result(results: list[dict], worst: tuple = ()) -> dict:
    """
    Return one result out of several of the same scenario: each figure's median, in nested results too.

    Of the figures named in `worst` it is the largest.
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
            # A list, as the soak's minutes are: a median of those would be of no run at all.
            found[key] = values[-1]
    return found


def ratio(value: float | None, other: float | None, is_less_better: bool = False) -> float | None:
    """Return how many times better `value` is than `other`: 2 is twice as good, whichever way the figure counts."""
    if not value or not other:
        return None
    return other / value if is_less_better else value / other
