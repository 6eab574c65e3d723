"""
The events of one person that a polling client missed because none of its requests was waiting.

The backlog repeats changes of messages. Read markers, tasks, announcements, reports and the person's own role do not
move the cursor. This module compares their present state with the state at the client's last poll, and sends an event
for each difference. The store keeps that state for each client. If the store has lost it, the client gets the whole
present state. This module writes no rows.
"""

import json

from chat import protocol
from chat.connections import Connection
from chat.models import Member, Task
from chat.store import store

from . import announcements, moderation, rooms, tasks
from .rights import Action, has_role_for

Events = dict[str, dict]

# A client whose last poll was earlier gets the whole state.
STATE_SECONDS = 3600
DELETED = "This task was deleted."


def remember_state(connection: Connection, member: Member) -> None:
    """
    Store the present state as known to a client.

    Call this before `admission.admit`, which then sends the state of the same `member`.
    """
    _exchange(connection, _get_events(member))


def send_missed_events(connection: Connection, member: Member) -> None:
    """
    Send what has changed since the client's last poll, and store the present state as known to the client.

    The client may get an event twice, because a waiting request receives events directly, without this function.
    """
    events = _get_events(member)
    known = _exchange(connection, events)
    for key, event in events.items():
        if known.get(key) != event:
            connection.reply(event)
    for event in _get_ends({key: known[key] for key in known.keys() - events.keys()}):
        connection.reply(event)


def _exchange(connection, events: Events) -> Events:
    """Store the events that a client knows. Return the events that it knew before."""
    before = store.exchange(f"polled:{connection.name}", json.dumps(events), STATE_SECONDS)
    return json.loads(before or "{}")


def _get_events(member) -> Events:
    """Return {key: event} for the events that describe the present state of a member."""
    role = protocol.member(member.handle, member.role, member.muted_until, member.person.is_guest)
    events = {"read": protocol.read(member.read_offset), "role": role}
    state = rooms.get_join_state(member)
    if state.has_announcements:
        events.update((f"announcement {event['id']}", event) for event in announcements.find_pending(member))
    if state.has_tasks:
        found = tasks.get_recent_tasks(member.person, member.room_id)
        events.update((f"task {task.id}", tasks.describe(task)) for task in found)
    if has_role_for(member, Action.SEE_REPORTS):
        # The event has no content, so its key tells whether the reports have changed.
        events[f"reports {moderation.get_reports_version(member.room)}"] = protocol.reported()
    return events


def _get_ends(gone: Events) -> list[dict]:
    """Return the events that end the announcements and tasks in `gone`: the client knows them, but they are over."""
    ends = [protocol.dismissed(event["id"]) for event in gone.values() if event["type"] == "announcement"]
    deleted = {event["task_id"]: event for event in gone.values() if event["type"] == "task"}
    if deleted:
        # An older task may be missing only because the person has started many others.
        for task_id in Task.objects.filter(id__in=deleted).values_list("id", flat=True):
            del deleted[task_id]
    return ends + [_describe_deletion(event) for event in deleted.values()]


def _describe_deletion(event):
    return protocol.task(
        event["ref"],
        event["task_id"],
        event["task"],
        event["params"],
        Task.FAILED,
        event["progress"],
        error=DELETED,
        forgotten=True,
    )
