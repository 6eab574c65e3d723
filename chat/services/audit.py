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
    """Notes that somebody else's message was removed, and closes what was reported of it. Returns how many reports."""
    note(actor, AuditEntry.REMOVE, message.room_id, message.author, message=message.number)
    return close_reports(actor, message, Report.REMOVED, Report.objects.filter(message=message))


def close_reports(actor, message, outcome, reports):
    """
    Closes those of some reports of a message that are open, and notes who decided what; the room's row is locked.
    Returns how many. Three statements, where there is one.
    """
    reasons = dict(reports.filter(closed_at=None).order_by("id").values_list("id", "reason"))
    if reasons:
        # By their ids: one that is made in this moment stays open, and is in nobody's log.
        fields = {"closed_at": timezone.now(), "closed_by": actor, "outcome": outcome}
        Report.objects.filter(id__in=list(reasons)).update(**fields)
        AuditEntry.objects.bulk_create(_closing(actor, message, outcome, reason) for reason in reasons.values())
    return len(reasons)


def _closing(actor, message, outcome, reason):
    return AuditEntry(
        actor=actor,
        act=AuditEntry.REPORT,
        room_id=message.room_id,
        person=message.author,
        message=message.number,
        before="open",
        after=outcome,
        reason=reason,
    )
