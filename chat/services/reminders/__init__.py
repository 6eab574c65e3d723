"""
Reminders: texts that the site shows to a person at a later time, or posts in a room as a message of the person.

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
