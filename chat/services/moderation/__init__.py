"""
Moderation: the roles of people in a room, reports of messages, and the audit log of what moderators did.

The API, the commands and the admin use this package to change roles and to decide on reports. `rooms` has the acts on
messages: to edit, remove and pin them. This package checks permissions against the database at the time of the act. It
stores the act and its entry in the audit log in one transaction, and publishes the act to open tabs on commit.
"""

from chat.services.audit import find_audit_entries

from .members import find_members, get_room_member
from .permissions import get_moderated_room
from .reports import close_report, find_reports, get_reports_version, report_message
from .roles import ROLES, change_role, end_mute, remove_member, sweep_mutes

__all__ = [
    "ROLES",
    "change_role",
    "close_report",
    "end_mute",
    "find_audit_entries",
    "find_members",
    "find_reports",
    "get_moderated_room",
    "get_reports_version",
    "get_room_member",
    "remove_member",
    "report_message",
    "sweep_mutes",
]
