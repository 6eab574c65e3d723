"""
Reminders: texts that a person gets at a later time, or that a message of the person brings to a room then.

`storing` makes, lists, changes and deletes them, and `sending` sends those that are due. This package writes Reminder.
"""

from .sending import send_reminder, sweep_reminders
from .storing import (
    HERE,
    MAX_TEXT,
    ME,
    Wish,
    change_reminder,
    delete_reminder,
    find_reminder,
    get_reminders,
    remind_of_message,
    store_reminder,
)

__all__ = [
    "HERE",
    "MAX_TEXT",
    "ME",
    "Wish",
    "change_reminder",
    "delete_reminder",
    "find_reminder",
    "get_reminders",
    "remind_of_message",
    "send_reminder",
    "store_reminder",
    "sweep_reminders",
]
