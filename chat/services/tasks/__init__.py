"""
Work in the background: asked for in a room, done by a pool of workers of its own, its result kept for a while.

A task is a row; the job on the channel only says that it waits, and may be lost or come twice. To add a kind of task,
write one function: see `registry.py`, and `statistics.py` for a short one.
"""

from . import export, statistics  # noqa: F401 (what they register)
from .asking import (
    Started,
    forget_task,
    get_recent_tasks,
    get_result,
    get_task,
    start_task,
    tell_task,
)
from .parts import read_parts
from .registry import get_kind
from .running import run_task
from .sweeping import sweep_tasks
from .telling import describe

__all__ = [
    "Started",
    "describe",
    "forget_task",
    "get_kind",
    "get_recent_tasks",
    "get_result",
    "get_task",
    "read_parts",
    "run_task",
    "start_task",
    "sweep_tasks",
    "tell_task",
]
