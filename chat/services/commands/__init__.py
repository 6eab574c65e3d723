"""
Commands: what a person can type in place of a message. `registry` says how to add one.

Each command calls the service that does the same for the page. So it has the same rights and limits, and this package
writes no rows itself.
"""

from . import everyday, membership, polls, reminders  # noqa: F401 (importing them registers their commands)
from .registry import (
    Call,
    CommandInfo,
    Notice,
    Source,
    command,
    list_commands,
    register_source,
    run_command,
)

__all__ = [
    "Call",
    "CommandInfo",
    "Notice",
    "Source",
    "command",
    "list_commands",
    "register_source",
    "run_command",
]
