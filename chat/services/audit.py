"""
The audit log: what was done by those who moderate, written in the transaction in which they do it.

It judges nothing and publishes nothing: `rooms` and `moderation` call it with what they are doing.
"""
from django.utils import timezone

from chat.models import AuditEntry, Report


def note(actor, act, room_id, person, **details):
    """
    Writes one entry: `actor` (None: the shell) did `act` (an AuditEntry's) to `person`. `details` are more of its
    fields. Belongs into the transaction that does it.
    """
    AuditEntry.objects.create(actor=actor, act=act, room_id=room_id, person=person, **details)


def note_removal(actor, message):
    """Notes that somebody else's message was removed, and closes what was reported of it. Three statements or more."""
    note(actor, AuditEntry.REMOVE, message.room_id, message.author, message=message.number)
    for report in Report.objects.filter(message=message, closed_at=None).order_by("id"):
        close_report(actor, report, message, Report.REMOVED)


def close_report(actor, report, message, outcome):
    """Closes an open report (of a room whose row is locked), and notes who decided what."""
    report.closed_at, report.closed_by, report.outcome = timezone.now(), actor, outcome
    report.save(update_fields=["closed_at", "closed_by", "outcome"])
    note(
        actor, AuditEntry.REPORT, message.room_id, message.author, message=message.number,
        before="open", after=outcome, reason=report.reason,
    )  # fmt: skip
