"""
Every sweep that the monitor runs, in this order. A sweep repairs or deletes what killed processes left behind.

Each sweep is a function without arguments. It does a bounded amount of work, may run in two processes at once, and
returns how many rows it repaired or deleted. (Each check of the lobby's list sweeps the rosters.)
"""

from . import announcements, boards, invitations, moderation, people, scheduled, tasks

SWEEPS = [
    # First the sweeps whose results people are waiting for.
    tasks.sweep_tasks,
    scheduled.sweep_scheduled,
    moderation.sweep_mutes,
    people.sweep_sessions,
    people.sweep_guests,
    announcements.sweep_announcements,
    invitations.sweep_invitations,
    boards.sweep_boards,
]
