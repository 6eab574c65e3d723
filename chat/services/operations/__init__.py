"""
The state of the site for the operators' page `/operations/`.

Every SAMPLE_SECONDS the monitor takes a sample: a point for each chart, and the state of all parts. The store keeps the
points of the last 15 minutes and the newest state. If an operator has the page open, the monitor also publishes the
sample, and closes the streams of people who are no longer operators. This package writes no rows.
"""

from .conditions import CONDITIONS, find_problems
from .history import SAMPLE_SECONDS, read_history, store_sample
from .publishing import join_listeners, leave_listeners, publish_sample
from .sampling import Sample, Sampler, take_single_sample

__all__ = [
    "CONDITIONS",
    "SAMPLE_SECONDS",
    "Sample",
    "Sampler",
    "find_problems",
    "join_listeners",
    "leave_listeners",
    "publish_sample",
    "read_history",
    "store_sample",
    "take_single_sample",
]
