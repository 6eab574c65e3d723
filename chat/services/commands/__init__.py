"""
Commands: a person can type them in place of a message. `registry` says how to add a command.

Each command calls the service that does the same for the page, so the same rights and limits apply. This package writes
no rows itself.
"""

from . import everyday, membership, polls, reminders  # noqa: F401 (importing them registers their commands)
from .registry import (
    Call,
    CommandInfo,
    Notice,
    Source,
    command,
    enter_and_run,
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
    "enter_and_run",
    "list_commands",
    "register_source",
    "run_command",
]
