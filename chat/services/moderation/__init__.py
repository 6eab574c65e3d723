"""
Moderation: who stands how in a room, what was reported, and what those who moderate have done.

Everybody who acts for somebody (API, command, admin) goes through here: rights are judged from the database at the
time of the act, what is done is noted in the audit log in the same transaction, and open tabs hear of it on commit.
"""

from .reports import close_report, find_reports, report_message
from .rights import get_moderated_room
from .standings import (
    ROLES,
    end_mute,
    find_audit_entries,
    find_members,
    get_standing,
    remove_standing,
    set_role,
    sweep_mutes,
)

__all__ = [
    "ROLES",
    "close_report",
    "end_mute",
    "find_audit_entries",
    "find_members",
    "find_reports",
    "get_moderated_room",
    "get_standing",
    "remove_standing",
    "report_message",
    "set_role",
    "sweep_mutes",
]
