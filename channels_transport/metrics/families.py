"""Families of samples, and their text in version 0.0.4 of the format of Prometheus. This module reads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Dict, Tuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Sample = Tuple[Dict[str, str], float]


@dataclass
class Family:
    """A metric: its name, what it means, `counter` or `gauge`, and its samples. The name of a counter gets `_total`."""

    name: str
    help_text: str
    kind: str = "gauge"
    samples: list[Sample] = field(default_factory=list)

    def add(self, value: float, **labels: str) -> Family:
        """Add a sample, and return this family."""
        self.samples.append((labels, value))
        return self

    def write(self) -> Iterator[str]:
        """Yield the lines of this family."""
        name = f"{self.name}_total" if self.kind == "counter" else self.name
        yield f"# HELP {name} {self.help_text}\n"
        yield f"# TYPE {name} {self.kind}\n"
        for labels, value in self.samples:
            yield f"{name}{_write_labels(labels)} {float(value)!r}\n"


def gauge(name: str, help_text: str) -> Family:
    """Return a family for values that rise and fall, without samples."""
    return Family(name, help_text)


def counter(name: str, help_text: str) -> Family:
    """Return a family for values that only rise, without samples."""
    return Family(name, help_text, "counter")


def write(families: Iterable[Family]) -> bytes:
    """Return families as the body of a response."""
    return "".join(line for family in families for line in family.write()).encode()


def _write_labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(text)}"' for name, text in sorted(labels.items())) + "}"


def _escape(text: str) -> str:
    return str(text).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
