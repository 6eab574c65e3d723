"""
The metrics of a running site, in the text format of Prometheus, on any Channels 1.x site.

docs/monitoring.md lists the metrics. A site serves them in one of three ways:

* `metrics` is a view, for a line in the site's URLs. A worker answers.
* `answer_metrics` is a function for INTERFACE_ANSWERS. The interface answers, also while no worker runs.
* `manage.py metrics` is a process with a port of its own.

The metrics are computed for each request, because a counter in one process would count only the share of this process.
This package changes nothing, and needs no library of Prometheus. Applications with metrics of their own import from
this package, not from its modules. They import it after Django has loaded the models.
"""

from __future__ import annotations

from .collecting import Parts, collect, collect_delayed
from .families import CONTENT_TYPE, Family, counter, gauge, histogram, write
from .layer import collect_layer
from .views import answer_metrics, collect_interface, find_refusal, metrics

__all__ = [
    "CONTENT_TYPE",
    "Family",
    "Parts",
    "answer_metrics",
    "collect",
    "collect_delayed",
    "collect_interface",
    "collect_layer",
    "counter",
    "find_refusal",
    "gauge",
    "histogram",
    "metrics",
    "write",
]
