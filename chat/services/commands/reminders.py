"""The command `/remind`. It reads whom to remind, when and of what, and chat/services/reminders stores the reminder."""

import re
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop

from chat import protocol
from chat.protocol import ChatError
from chat.services import reminders, rooms
from chat.services.moments import find_moment
from chat.services.people import find_zone
from chat.services.rights import Action
from chat.services.rooms import Outcome

from .registry import Call, Notice, command

MAX_READ = 1000  # characters: more than a reminder has
_TARGET = re.compile(r"(me|here)\b[\s,]*", re.IGNORECASE)
_LIST = re.compile(r"list\W*", re.IGNORECASE)
# In "to call Bob" and "that the bus leaves", the first word belongs to the command.
_JOINT = re.compile(r"(?:to|that|about)\s+(?=\S)", re.IGNORECASE)


@command(
    "remind",
    gettext_lazy("Remind yourself, this room or a person"),
    gettext_lazy("me in 20 minutes to call Bob"),
    Action.SCHEDULE,
)
def remind(call: Call) -> Outcome:
    """Store a reminder, and answer with its time. `/remind list` answers with the waiting reminders."""
    text = call.get_text()
    if _LIST.fullmatch(text):
        return call.answer(_list_reminders(call))
    reminder_id, is_new = rooms.record_once(
        call.member, call.event, lambda: reminders.store_reminder(call.member, _read_wish(call, text)).id
    )
    stored = reminders.find_reminder(call.person, reminder_id)
    if stored is None:
        return call.answer(Notice(gettext_noop("The reminder is stored.")), is_new)
    notice = Notice(gettext_noop("The reminder is stored for %(time)s."), time=_write_time(call, stored.due_at))
    shown = {"id": stored.id, "at": protocol.format_time(stored.due_at)}
    return call.answer(notice, is_new, reminder=shown)


def _read_wish(call: Call, text: str) -> reminders.Wish:
    """
    Return the reminder that the text of the command asks for.

    Raise `invalid_field` if the text names no time, `empty` if it names only a time, and `too_long`; `not_found` for a
    handle that nobody has.
    """
    if len(text) > MAX_READ:
        raise ChatError("too_long", "A reminder has at most %(most)s characters.", most=reminders.MAX_TEXT)
    whom, rest = _read_whom(call, text)
    found = find_moment(rest, timezone.now(), protocol.get_zone(_get_zone(call)))
    if found is None:
        raise ChatError(
            "invalid_field",
            "Write when and what: /remind me in 20 minutes to call Bob, /remind here friday at 14:05 Meeting, or "
            "/remind @alice 2026-12-01 09:00 Report. Short times such as 20m or 2h30m work too.",
        )
    at, what = found
    what = _JOINT.sub("", what, count=1) if _JOINT.match(what) else what
    if not what:
        raise ChatError("empty", "Write what the reminder is about: /remind me in 20 minutes to call Bob")
    return reminders.Wish(whom, at, what)


def _read_whom(call, text):
    """Return (whom to remind, the rest of the text). Without a name, the reminder is for the person."""
    target = _TARGET.match(text)
    if target is not None:
        return target[1].lower(), text[target.end() :]
    if text.startswith(("@", "＠")):
        for person in rooms.find_named(call.member, text).people:
            if text[1:].casefold().startswith(person.handle.casefold()):
                whom = reminders.ME if person.id == call.person.id else person.handle
                return whom, text[1 + len(person.handle) :]
        raise ChatError("not_found", "There is nobody with this handle.")
    return reminders.ME, text


def _get_zone(call: Call) -> str | None:
    return call.event.zone or find_zone(call.person)


def _write_time(call: Call, moment: datetime) -> str:
    """Return a time in the person's time zone, in the form that people can also write in the command."""
    zone = _get_zone(call)
    return f"{moment.astimezone(protocol.get_zone(zone)):%Y-%m-%d %H:%M}" + ("" if zone else " UTC")


def _list_reminders(call: Call) -> Notice:
    waiting = [reminder for reminder in reminders.get_reminders(call.person) if not reminder.why]
    if not waiting:
        return Notice(gettext_noop("You have no reminders."))
    lines = "; ".join(f"{_write_time(call, one.due_at)} {one.text or f'#{one.number}'}" for one in waiting)
    return Notice(gettext_noop("Your reminders: %(list)s"), list=lines)
