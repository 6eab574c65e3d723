"""
The JSON API of moderation: roles of members, reports and earlier bodies of messages, and the audit log.

The docstrings say "moderators" for the moderators and owners of a room, and for operators.
"""

from django.http import JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, page_response, signed_in
from chat.http.reads import ListResponse
from chat.models import POST, READ, ROOMS
from chat.services import limits, moderation, rooms
from chat.services.rights import Action

# Roles.


@signed_in
def list_members(request, slug):
    """
    Return {members: [...], more} to the room's moderators, in the order of joining. Query: `role`, `page`.

    With `handle`, the list contains only this person. Raise `not_found` if the person is not a member.
    """
    room = moderation.get_moderated_room(request.user, slug, Action.SEE_ROLES)
    if "handle" in request.GET:
        member = moderation.get_room_member(room, request.GET["handle"])
        return ListResponse({"members": [describe_member(member)], "more": False})
    role = request.GET.get("role")
    if role is not None:
        protocol.check_choice(role, "role", moderation.ROLES)

    def find(page):
        return moderation.find_members(room, role, page)

    return page_response(request, "members", find, lambda found: [describe_member(member) for member in found])


@signed_in
def get_member(request, slug, handle):
    """Return the member {handle, guest?, role, until, joined_at} to the room's moderators."""
    room = moderation.get_moderated_room(request.user, slug, Action.SEE_ROLES)
    return JsonResponse(describe_member(moderation.get_room_member(room, handle)))


@signed_in
def set_role(request, slug, handle=None):
    """
    Give a person a role, for moderators of the room who may give this role. Return the member.

    Body {role, handle?, seconds?, reason?, was?}. The body needs a `handle` only if the address has none.
    """
    limits.check_event(request.user.id)
    fields = protocol.parse_object(request.body)
    role = protocol.check_fields(fields, role=protocol.check_string)["role"]
    if handle is None:
        handle = protocol.check_fields(fields, handle=protocol.check_string)["handle"]
    reason = "" if fields.get("reason") is None else fields["reason"]
    room = moderation.get_moderated_room(request.user, slug, Action.CHANGE_ROLES)
    seconds, was = fields.get("seconds"), fields.get("was")
    member = moderation.change_role(request.user, room, handle, role, seconds, reason, was=was)
    return JsonResponse(describe_member(member))


def describe_member(member):
    """Return the fields of a Member that moderators see."""
    return {
        **_describe_person(member.person),
        "role": member.role,
        "until": protocol.format_time(member.muted_until),
        "joined_at": protocol.format_time(member.joined_at),
    }


def _describe_person(person):
    return protocol.person(person.handle, person.is_guest)


# Reports.


@signed_in
def report_message(request, slug, number):
    """
    Report another person's message to the moderators, for people who may read the room. Body {reason}.

    Return 201 and {id, message, reason, at}; 200 and the earlier report if the person has already made one.
    """
    limits.check_event(request.user.id)
    fields = protocol.check_fields(protocol.parse_object(request.body), reason=protocol.check_reason)
    room = rooms.get_room_for(request.user, slug, Action.REPORT)
    report, is_new = moderation.report_message(request.user, room, number, fields["reason"])
    body = {
        "id": report.id,
        "message": number,
        "reason": report.reason,
        "at": protocol.format_time(report.created_at),
    }
    return JsonResponse(body, status=201 if is_new else 200)


@signed_in
def list_reports(request, slug):
    """
    Return {reports: [...], more} to the room's moderators, the newest first.

    Query: `all` (1: closed reports too), `page`. Reports of the moderator's own messages are left out.
    """
    room = moderation.get_moderated_room(request.user, slug, Action.SEE_REPORTS)
    is_open = request.GET.get("all") != "1"

    def find(page):
        return moderation.find_reports(request.user, room, is_open, page)

    return page_response(request, "reports", find, lambda found: [describe_report(report) for report in found])


@signed_in
def close_report(request, slug, report_id):
    """Close a report, for the room's moderators. Body {action} (`dismiss` or `remove`). Return the report."""
    limits.check_event(request.user.id)
    fields = protocol.check_fields(protocol.parse_object(request.body), action=protocol.check_string)
    room = moderation.get_moderated_room(request.user, slug, Action.SEE_REPORTS)
    return JsonResponse(describe_report(moderation.close_report(request.user, room, report_id, fields["action"])))


def describe_report(report):
    """Return the fields of a Report that moderators see."""
    return {
        "id": report.id,
        "message": report.message.number,
        "author": _describe_person(report.message.author),
        "body": report.body,
        "reporter": _describe_person(report.reporter),
        "reason": report.reason,
        "at": protocol.format_time(report.created_at),
        "outcome": report.outcome or None,
        "closed_by": report.closed_by and _describe_person(report.closed_by),
        "closed_at": protocol.format_time(report.closed_at),
    }


# Earlier bodies of messages.


@signed_in
def list_versions(request, slug, number):
    """Return {versions: [{body, at, by}]} of a message to the room's moderators, the present body last."""
    room = moderation.get_moderated_room(request.user, slug, Action.SEE_HISTORY)
    found = rooms.get_history(room, number)
    return ListResponse({"versions": [_describe_version(version) for version in found]})


def _describe_version(version):
    return {"body": version.body, "at": protocol.format_time(version.at), "by": _describe_person(version.by)}


# The audit log.


@signed_in
def list_audit(request, slug):
    """Return {entries: [...], more} to the room's moderators, the newest first. Query: `page`."""
    room = moderation.get_moderated_room(request.user, slug, Action.SEE_AUDIT)

    def find(page):
        return moderation.find_audit_entries(room, page)

    return page_response(request, "entries", find, lambda found: [describe_entry(entry) for entry in found])


def describe_entry(entry):
    """Return the fields of an AuditEntry that moderators see; `actor` is null for a command."""
    return {
        "id": entry.id,
        "at": protocol.format_time(entry.created_at),
        "actor": entry.actor and _describe_person(entry.actor),
        "act": entry.act,
        "person": _describe_person(entry.person),
        "message": entry.message,
        "before": entry.before or None,
        "after": entry.after or None,
        "seconds": entry.seconds,
        "reason": entry.reason,
    }


members = endpoint(GET=(READ, list_members), PUT=(ROOMS, set_role))
member = endpoint(GET=(READ, get_member), PUT=(ROOMS, set_role))
message_reports = endpoint(POST=(POST, report_message))
message_history = endpoint(GET=(READ, list_versions))
reports = endpoint(GET=(READ, list_reports))
report = endpoint(PUT=(ROOMS, close_report))
audit = endpoint(GET=(READ, list_audit))
