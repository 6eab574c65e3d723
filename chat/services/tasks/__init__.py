"""
Background tasks: a person starts one in a room, a separate pool of workers runs it, and the result is kept for a while.

A task is a row. The job on the channel only says that the row waits. A job may be lost or arrive twice. To add a kind
of task, write one function: `registry.py` describes it, and `statistics.py` is a short example.
"""

from . import export, statistics  # noqa: F401 (importing them registers their kinds)
from .publishing import describe
from .registry import get_kind
from .requests import (
    Started,
    delete_task,
    get_recent_tasks,
    get_result,
    get_task,
    publish_task,
    start_task,
)
from .results import count_missing, read_result
from .running import run_task
from .sweeping import delete_and_publish, sweep_tasks

__all__ = [
    "Started",
    "count_missing",
    "delete_and_publish",
    "delete_task",
    "describe",
    "get_kind",
    "get_recent_tasks",
    "get_result",
    "get_task",
    "publish_task",
    "read_result",
    "run_task",
    "start_task",
    "sweep_tasks",
]
