"""Families of samples, and their text in version 0.0.4 of the format of Prometheus. This module reads nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Dict, Tuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = Tuple[Dict[str, str], float]


@dataclass
class Family:
    """
    A metric: its name, what it means, its kind (`counter`, `gauge` or `histogram`), and its samples.

    The name of a counter gets `_total`.
    """

    name: str
    help_text: str
    kind: str = "gauge"
    samples: list[Sample] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)  # of a histogram: the ending of each sample's name

    def add(self, value: float, **labels: str) -> Family:
        """Add a sample, and return this family."""
        self.samples.append((labels, value))
        return self

    def add_histogram(self, bounds: Iterable[float], counts: list[int], total: float, **labels: str) -> Family:
        """Add the samples of a histogram: its buckets (`counts` is not cumulative), its sum and its count."""
        at_most = 0
        for bound, number in zip([*bounds, float("inf")], counts):
            at_most += number
            self.samples.append(({**labels, "le": "+Inf" if bound == float("inf") else repr(float(bound))}, at_most))
        self.parts += ["_bucket"] * len(counts) + ["_sum", "_count"]
        self.samples += [(labels, total), (labels, at_most)]
        return self

    def write(self) -> Iterator[str]:
        """Yield the lines of this family."""
        name = f"{self.name}_total" if self.kind == "counter" else self.name
        yield f"# HELP {name} {self.help_text}\n"
        yield f"# TYPE {name} {self.kind}\n"
        parts = self.parts or itertools.repeat("")
        for part, (labels, value) in zip(parts, self.samples):
            yield f"{name}{part}{_write_labels(labels)} {float(value)!r}\n"


def gauge(name: str, help_text: str) -> Family:
    """Return a family for values that rise and fall, without samples."""
    return Family(name, help_text)


def counter(name: str, help_text: str) -> Family:
    """Return a family for values that only rise, without samples."""
    return Family(name, help_text, "counter")


def histogram(name: str, help_text: str) -> Family:
    """Return a family for distributions, without samples."""
    return Family(name, help_text, "histogram")


def write(families: Iterable[Family]) -> bytes:
    """Return families as the body of a response."""
    return "".join(line for family in families for line in family.write()).encode()


def _write_labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(text)}"' for name, text in sorted(labels.items())) + "}"


def _escape(text: str) -> str:
    return str(text).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
