"""
Reports: somebody asks a room's moderators to look at a message, and one of them decides.
"""

from django.db import transaction

from chat import protocol
from chat.models import Message, Report, Room
from chat.protocol import ChatError
from chat.services import audit, rooms

DISMISS, REMOVE = "dismiss", "remove"


def report_message(person, room, number, reason):
    """
    Stores a person's report of a message that they may read, and tells the moderators: once, whatever they say later.
    Returns (report, is_new).

    Raises `not_found`, `forbidden` (one's own), or the reason's refusal.
    """
    reason = protocol.check_reason(reason)
    message = Message.objects.filter(room=room, number=number).first()
    earlier = Report.objects.filter(message=message, reporter=person).first() if message else None
    if earlier is not None:
        return earlier, False
    if message is None or message.is_removed:
        raise ChatError("not_found", "There is no such message in this room.")
    if message.author_id == person.id:
        raise ChatError("forbidden", "This is your own message: you can remove it yourself.")
    fields = {"room": room, "reason": reason, "body": message.body}
    with transaction.atomic():
        report, is_new = Report.objects.get_or_create(message=message, reporter=person, defaults=fields)
        rooms.tell_moderators(room.id)
    return report, is_new


def find_reports(actor, room, is_open=True, page=0, size=50):
    """
    Returns (reports, more) of a room, newest first: the open ones, or all. What was said about the messages of
    `actor` is for the others to decide, and not shown.
    """
    reports = _decidable(actor, room)
    if is_open:
        reports = reports.filter(closed_at=None)
    found = list(reports.order_by("-id")[page * size : (page + 1) * size + 1])
    return found[:size], len(found) > size


def _decidable(actor, room):
    reports = Report.objects.filter(room=room).exclude(message__author=actor)
    return reports.select_related("message__author", "reporter", "closed_by")


def close_report(actor, room, report_id, action):
    """
    Decides about a report: `dismiss`, or `remove` the message, which closes all reports of it. Returns the report as
    it stands: if somebody was quicker, as they decided.

    `actor` must moderate the room (`get_moderated_room`). Raises `not_found`, `invalid_field`.
    """
    protocol.check_choice(action, "action", [DISMISS, REMOVE])
    with transaction.atomic():
        # As for every change of messages: the room first, so that two who decide come one after the other.
        Room.objects.select_for_update().get(id=room.id)
        report = _get_report(actor, room, report_id)
        if not report.is_open:
            return report
        if action == REMOVE and not report.message.is_removed:
            rooms.remove_as_operator(actor, Message.objects.filter(id=report.message_id))
        else:
            outcome = Report.REMOVED if action == REMOVE else Report.DISMISSED
            audit.close_reports(actor, report.message, outcome, Report.objects.filter(id=report.id))
            rooms.tell_moderators(room.id)
        return _get_report(actor, room, report_id)


def _get_report(actor, room, report_id):
    report = _decidable(actor, room).filter(id=report_id).first()
    if report is None:
        raise ChatError("not_found", "There is no such report in this room.")
    return report
