"""
The samples that the store keeps: the points of the last 15 minutes, and the newest state.

If Redis loses its data, the samples are lost, and the charts begin again. No row contains the samples.
"""

import json
from typing import Any

from chat.store import store

from .sampling import Sample

SAMPLE_SECONDS = 5
HISTORY_SECONDS = 900
MAX_POINTS = HISTORY_SECONDS // SAMPLE_SECONDS
_POINTS, _STATE = "operations-points", "operations-state"


def store_sample(sample: Sample) -> None:
    """Append the point of a sample to the history, and replace the newest state, in one round trip."""
    texts = {_POINTS: encode(sample.point), _STATE: encode(sample.state)}
    store.append_texts(texts, {_POINTS: MAX_POINTS, _STATE: 1}, HISTORY_SECONDS)


def read_history() -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return the points of the last 15 minutes, the oldest first, and the newest state, or None if there is none."""
    points, states = store.read_series(_POINTS, _STATE)
    return [json.loads(point) for point in points], json.loads(states[-1]) if states else None


def encode(value: Any) -> str:
    """Return JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
