"""
The families that processes count themselves: see `channels_transport.counting`.

A worker reports its numbers through Redis, and each sample has the label `worker`. A sum over all workers would fall
when a worker ends, and Prometheus would count that as a restart. An interface shows only the
numbers of its own process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .. import counting
from .families import Family, counter, histogram

INTERFACE = "interface_"


def collect_reported(namespace: str, reports: Iterable[Mapping[str, Any]]) -> list[Family]:
    """
    Return the families that workers and delay servers count, with the label `worker`.

    A process with several receivers has one report for each, with the same numbers. Only the newest one is read.
    """
    newest: dict[tuple[str, int], Mapping[str, Any]] = {}
    for report in sorted(reports, key=lambda report: (report["at"], report["name"])):
        newest[_find_host(report), report["pid"]] = report
    families = _make_families(namespace, is_interface=False)
    for report in newest.values():
        for name, series in report.get("numbers", {}).items():
            if name in families:
                _add(families[name], name, series, {"worker": f"{_find_host(report)}.{report['pid']}"})
    return list(families.values())


def _find_host(report: Mapping[str, Any]) -> str:
    """Return the machine of a report. Its name is the machine, the pid, and for further receivers a number."""
    return str(report["name"]).partition(f".{report['pid']}")[0]


def collect_own(namespace: str) -> list[Family]:
    """Return the families that this interface counts. The numbers come from memory, so none can be missing."""
    families = _make_families(namespace, is_interface=True)
    for name, series in counting.read().items():
        if name in families:
            _add(families[name], name, series, {})
    return list(families.values())


def _make_families(namespace: str, is_interface: bool) -> dict[str, Family]:
    return {
        name: (histogram if description.is_histogram else counter)(f"{namespace}_{name}", description.help_text)
        for name, description in counting.get_descriptions().items()
        if name.startswith(INTERFACE) == is_interface
    }


def _add(family: Family, name: str, series: Iterable[Any], more: Mapping[str, str]) -> None:
    description = counting.get_descriptions()[name]
    for texts, value in series:
        labels = {**dict(zip(description.label_names, texts)), **more}
        if description.is_histogram:
            family.add_histogram(counting.BOUNDS, *value, **labels)
        else:
            family.add(value, **labels)
