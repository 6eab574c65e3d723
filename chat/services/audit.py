"""
The audit log: the acts of moderators and owners. Each entry is stored in the transaction of its act.

This module checks no permission and publishes nothing. The services of these acts call it.
"""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from chat.models import AuditEntry, Message, Person, Report, Room, read_page


def record(actor: Person | None, act: str, room_id: int, person: Person, **details: Any) -> None:
    """
    Store one entry: `actor` did something to `person` in a room. Call this function in the transaction of the act.

    - `actor`: the person who acted; None for the shell.
    - `act`: one of AuditEntry's acts.
    - `room_id`: the room.
    - `person`: the person on whom the actor acted.
    - `details`: more fields of AuditEntry.
    """
    AuditEntry.objects.create(actor=actor, act=act, room_id=room_id, person=person, **details)


def record_removal(actor: Person | None, message: Message) -> int:
    """
    Record that `actor` removed another person's message, and close the open reports of the message.

    Return how many reports were closed.
    """
    record(actor, AuditEntry.REMOVE, message.room_id, message.author, message=message.number)
    return close_reports(actor, message, Report.REMOVED, Report.objects.filter(message=message))


def close_reports(actor: Person | None, message: Message, outcome: str, reports: QuerySet) -> int:
    """
    Close the open reports among `reports`, and record the decision. Return how many were closed.

    All `reports` are about `message`. The caller has locked the room's row. Run one statement if no report is open,
    otherwise three.
    """
    reasons = dict(reports.filter(closed_at=None).order_by("id").values_list("id", "reason"))
    if reasons:
        # The UPDATE selects the reports by id. A report that is stored at this moment has no audit entry, so it must
        # stay open.
        fields = {"closed_at": timezone.now(), "closed_by": actor, "outcome": outcome}
        Report.objects.filter(id__in=list(reasons)).update(**fields)
        AuditEntry.objects.bulk_create(_make_entry(actor, message, outcome, reason) for reason in reasons.values())
    return len(reasons)


def _make_entry(actor, message, outcome, reason):
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


def find_audit_entries(room: Room, page: int = 0, size: int = 50) -> tuple[list[AuditEntry], bool]:
    """Return one page of a room's audit log, newest first, and whether there are more entries."""
    entries = AuditEntry.objects.filter(room=room).select_related("actor", "person").order_by("-id")
    return read_page(entries, size, page)
