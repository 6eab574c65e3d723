"""
Every sweep that the monitor runs, in this order. A sweep runs jobs that were lost, repairs what killed processes left,
or deletes old rows and files.

Each sweep is a function without arguments. It does a limited amount of work, may run in two processes at once, and
returns how much it has done. The rosters have no sweep here, because each check of the lobby's list sweeps them.
"""

from . import (
    announcements,
    boards,
    files,
    hooks,
    invitations,
    link_previews,
    lost_rights,
    mails,
    moderation,
    people,
    reminders,
    retention,
    rooms,
    scheduled,
    tasks,
    uploads,
)

SWEEPS = [
    # These sweeps come first, because people wait for their results.
    tasks.sweep_tasks,
    scheduled.sweep_scheduled,
    reminders.sweep_reminders,
    mails.sweep_mails,
    hooks.sweep_deliveries,
    link_previews.sweep_previews,
    moderation.sweep_mutes,
    lost_rights.sweep_inactive_people,
    lost_rights.sweep_banned_members,
    people.sweep_sessions,
    people.sweep_tokens,
    people.sweep_guests,
    people.sweep_bots,
    people.sweep_places,
    announcements.sweep_announcements,
    invitations.sweep_invitations,
    boards.sweep_boards,
    rooms.sweep_old_refs,
    uploads.sweep_uploads,
    files.sweep_files,
    retention.sweep_retention,
]
