"""
What the dead left behind: every sweep that the monitor runs, one after the other.

Each is a function without arguments that does a bounded piece of work, may run in two processes at once, and returns
how many it mended or removed. (Presence is not among them: each look at the lobby's list ends its leases.)
"""

from . import announcements, boards, invitations, moderation, people, scheduled, tasks

SWEEPS = [
    # First what somebody waits for.
    tasks.sweep_tasks,
    scheduled.sweep_scheduled,
    moderation.sweep_mutes,
    people.sweep_sessions,
    people.sweep_guests,
    announcements.sweep_announcements,
    invitations.sweep_invitations,
    boards.sweep_boards,
]
