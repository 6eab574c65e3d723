"""Collects the metrics of all parts of a site, within a bounded time. A part that hangs or fails is left out."""

from __future__ import annotations

import logging
import platform
import threading
import time
from typing import Callable, List, Mapping

import channels
import django
from django.apps import apps
from django.db import connections
from django.utils import timezone

from ..version import __version__
from .families import Family, gauge
from .layer import collect_layer

logger = logging.getLogger(__name__)

NAMESPACE = "channels"
PART_SECONDS = 0.6

Parts = Mapping[str, Callable[[], List[Family]]]


class _Reader(threading.Thread):
    """Reads the families of a part. `found` is None until they have been read, and stays None if the part fails."""

    def __init__(self, part: str, function: Callable[[], list[Family]]) -> None:
        super().__init__(name=f"metrics of {part}", daemon=True)
        self.function = function
        self.found: list[Family] | None = None

    def run(self) -> None:
        try:
            self.found = self.function()
        except Exception:
            logger.debug("A part of the metrics failed", exc_info=True)  # `<namespace>_up` reports it
        finally:
            # Connections to the database belong to the thread that opened them.
            connections.close_all()


# {the function of a part: the thread that runs it}. Requests at the same time share a thread. So a part that hangs gets
# no second thread.
_readers: dict[Callable[[], list[Family]], _Reader] = {}
_lock = threading.Lock()


def collect_versions(namespace: str = NAMESPACE) -> list[Family]:
    """Return the family with the versions of this process."""
    return [
        gauge(f"{namespace}_info", "Versions of the process that answers").add(
            1,
            transport=__version__,
            channels=channels.__version__,
            django=django.get_version(),
            python=platform.python_version(),
        )
    ]


def collect_delayed(namespace: str = NAMESPACE) -> list[Family]:
    """Return the families of the rows of delayed messages, if the app `channels.delay` is installed."""
    if not apps.is_installed("channels.delay"):
        return []
    # Without the app in INSTALLED_APPS, its models cannot be imported.
    from channels.delay.models import DelayedMessage

    rows = DelayedMessage.objects
    overdue = rows.filter(due_date__lt=timezone.now())
    return [
        gauge(f"{namespace}_delayed", "Delayed messages that are stored").add(rows.count()),
        gauge(f"{namespace}_delayed_overdue", "Delayed messages that are due and not sent").add(overdue.count()),
    ]


PARTS: Parts = {"redis": lambda: collect_layer(NAMESPACE), "database": collect_delayed}


def collect(parts: Parts = PARTS, namespace: str = NAMESPACE, seconds: float = PART_SECONDS) -> list[Family]:
    """Return the versions, `<namespace>_up` for each part, and the families of the parts that answer in time."""
    found = collect_in_time(parts, seconds)
    up = gauge(f"{namespace}_up", "Whether the part answers in time")
    for part in parts:
        up.add(part in found, part=part)
    families = [family for part in parts if part in found for family in found[part]]
    return [*collect_versions(namespace), up, *families]


def collect_in_time(parts: Parts, seconds: float) -> dict[str, list[Family]]:
    """Return {part: its families} of the parts whose function returns within `seconds`."""
    deadline = time.monotonic() + seconds
    readers = {part: _start_reader(part, function) for part, function in parts.items()}
    found = {}
    for part, reader in readers.items():
        reader.join(max(0, deadline - time.monotonic()))
        if reader.found is not None:
            found[part] = reader.found
    return found


def _start_reader(part: str, function: Callable[[], list[Family]]) -> _Reader:
    with _lock:
        reader = _readers.get(function)
        if reader is None or not reader.is_alive():
            reader = _readers[function] = _Reader(part, function)
            reader.start()
        return reader
