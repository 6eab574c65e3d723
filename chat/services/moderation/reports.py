"""
Reports: a person asks a room's moderators to check a message, and one of the moderators decides.
"""

from django.db import transaction
from django.db.models import Count, Max, QuerySet

from chat import protocol
from chat.models import Message, Person, Report, Room, read_page
from chat.protocol import ChatError
from chat.services import audit, rooms

DISMISS, REMOVE = "dismiss", "remove"


def report_message(person: Person, room: Room, number: int, reason: object) -> tuple[Report, bool]:
    """
    Store a person's report of a message. On commit, notify the moderators.

    `number` is the message's number in the room. The caller checks that the person may read the room. A person reports
    a message once. A second report changes nothing, even if it has another reason.

    Return the report, and whether it is new.

    Raise `not_found` if there is no such message or it was removed; `forbidden` for the person's own message; `empty`,
    `too_long` or `invalid_field` for the reason.
    """
    reason = protocol.check_reason(reason)
    message = Message.objects.filter(room=room, number=number).first()
    # Without a message, the query runs only to take the same time.
    earlier = Report.objects.filter(message=message.id if message else 0, reporter=person).first()
    if earlier is not None:
        return earlier, False
    if message is None or message.is_removed:
        raise rooms.make_no_message_error()
    if message.author_id == person.id:
        raise ChatError("forbidden", "You cannot report your own message. You can remove it.")
    fields = {"room": room, "reason": reason, "body": message.body}
    with transaction.atomic():
        report, is_new = Report.objects.get_or_create(message=message, reporter=person, defaults=fields)
        rooms.notify_moderators(room.id)
    return report, is_new


def find_reports(
    actor: Person, room: Room, is_open: bool = True, page: int = 0, size: int = 50
) -> tuple[list[Report], bool]:
    """
    Return one page of a room's reports, newest first, and whether there are more.

    With `is_open`, leave out closed reports. Always leave out reports of the actor's own messages, because other
    moderators decide on these reports.
    """
    reports = _get_decidable(actor, room)
    if is_open:
        reports = reports.filter(closed_at=None)
    return read_page(reports.order_by("-id"), size, page)


def _get_decidable(actor, room) -> QuerySet:
    reports = Report.objects.filter(room=room).exclude(message__author=actor)
    return reports.select_related("message__author", "reporter", "closed_by")


def get_reports_version(room: Room) -> str:
    """Return a text that changes whenever a report of a room is stored or closed."""
    reports = Report.objects.filter(room=room).aggregate(newest=Max("id"), closed=Count("closed_at"))
    return f"{reports['newest']} {reports['closed']}"


def close_report(actor: Person, room: Room, report_id: int, action: object) -> Report:
    """
    Decide on a report. Write the decision and an audit entry. On commit, notify the moderators.

    - `actor`: the moderator who decides. The caller checks the right to moderate with `get_moderated_room`.
    - `room`, `report_id`: the report. It must be in this room.
    - `action`: `dismiss`, or `remove` to remove the message, which closes all reports of the message. If the
      message is already removed, `remove` closes only this report.

    Return the report as stored afterwards. If the report was already closed, it keeps the earlier decision.

    Raise `not_found` if there is no such report, or if it reports the actor's own message; `invalid_field` for the
    action.
    """
    protocol.check_choice(action, "action", [DISMISS, REMOVE])
    with transaction.atomic():
        # The room is locked first, as for every change of messages. So two decisions run one after the other.
        rooms.lock_room(room.id)
        report = _get_report(actor, room, report_id)
        if not report.is_open:
            return report
        if action == REMOVE and not report.message.is_removed:
            rooms.remove_as_operator(actor, Message.objects.filter(id=report.message_id))
        else:
            outcome = Report.REMOVED if action == REMOVE else Report.DISMISSED
            audit.close_reports(actor, report.message, outcome, Report.objects.filter(id=report.id))
            rooms.notify_moderators(room.id)
        return _get_report(actor, room, report_id)


def _get_report(actor, room, report_id):
    report = _get_decidable(actor, room).filter(id=report_id).first()
    if report is None:
        raise ChatError("not_found", "There is no such report in this room.")
    return report
