"""
A histogram of times that several processes can merge: its buckets grow by 2%. This module is pure.
"""

import math

GROWTH = math.log(1.02)
SMALLEST = 1e-5  # seconds


class Histogram:
    """Counts of times by bucket. `take` returns JSON: {text of the bucket's number: count}."""

    def __init__(self):
        self._counts: dict[int, int] = {}

    def add(self, seconds: float) -> None:
        bucket = int(math.log(max(seconds, SMALLEST) / SMALLEST) / GROWTH)
        self._counts[bucket] = self._counts.get(bucket, 0) + 1

    def take(self) -> dict[str, int]:
        """Return the buckets, and begin again."""
        found, self._counts = {str(bucket): count for bucket, count in self._counts.items()}, {}
        return found


def merge(histograms: list[dict[str, int]]) -> dict[str, int]:
    """Return the sum of histograms."""
    found: dict[str, int] = {}
    for one in histograms:
        for bucket, count in one.items():
            found[bucket] = found.get(bucket, 0) + count
    return found


def percentiles(buckets: dict[str, int], parts: tuple = (0.5, 0.95, 0.99)) -> dict[str, float | None]:
    """Return {"p50_ms": ...} of a histogram. Without values, each percentile is None."""
    total, found = sum(buckets.values()), {}
    for part in parts:
        name, left = f"p{round(part * 100)}_ms", max(1, math.ceil(total * part))
        found[name] = None
        for bucket in sorted(map(int, buckets)):
            left -= buckets[str(bucket)]
            if left <= 0:
                found[name] = round(1000 * SMALLEST * math.exp((bucket + 1) * GROWTH), 2)
                break
    return found
