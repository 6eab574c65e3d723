"""
The data of a person: a file for the owner of an account, with the data that the site stores about the account.

This module only reads.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

from chat.models import (
    Announcement,
    Block,
    Bookmark,
    EarlierBody,
    Hook,
    Invitation,
    Member,
    Mention,
    Message,
    Person,
    PollVote,
    PushSubscription,
    Reaction,
    Reminder,
    Report,
    Room,
    ScheduledMessage,
    Task,
    ThreadMember,
    Token,
    Upload,
)
from chat.protocol import format_time
from chat.services.rooms import get_readable_rooms
from chat.services.uploads import describe_files

from .emails import get_email
from .own_logins import list_logins
from .preferences import describe_preferences, get_preferences
from .profiles import describe_person
from .recovery_codes import count_codes
from .second_factor import find_second_factor
from .tokens import list_tokens

ROWS_PER_CHUNK = 200

# A list of the file: its name, its rows, and the function that returns the fields of a row.
OwnList = tuple[str, QuerySet, Callable[[Any], dict[str, Any]]]


def write_own_data(person: Person) -> Iterator[str]:
    """
    Yield the data of a person as the pieces of one JSON object.

    The first piece has the account, profile, preferences, e-mail address, second factor, account log, tokens, logins,
    browsers with notifications and external logins. The lists of `_Lists` follow, with the oldest rows first. Each
    piece of a list has at most ROWS_PER_CHUNK rows, so that a long history needs little memory.
    """
    yield json.dumps(_describe_account(person), ensure_ascii=False, indent=1).removesuffix("\n}")
    for name, rows, describe in _Lists(person).get_all():
        yield f',\n "{name}": ['
        yield from _write_rows(rows, describe)
        yield "\n ]"
    yield "\n}\n"


def _write_rows(rows: QuerySet, describe: Callable[[Any], dict]) -> Iterator[str]:
    separator, last_id = "\n  ", 0
    while chunk := list(rows.filter(id__gt=last_id).order_by("id")[:ROWS_PER_CHUNK]):
        last_id = chunk[-1].id
        yield separator + ",\n  ".join(json.dumps(describe(row), ensure_ascii=False) for row in chunk)
        separator = ",\n  "


def _describe_account(person) -> dict[str, Any]:
    return {
        "account": {"created_at": format_time(person.created_at), "seen_at": format_time(person.seen_at)},
        "profile": describe_person(person),
        "preferences": describe_preferences(get_preferences(person)),
        "email": get_email(person).address or None,
        "second_factor": _describe_second_factor(person),
        "account_log": [
            {"at": format_time(entry.created_at), "act": entry.act, "address": entry.address}
            for entry in person.account_entries.order_by("id")
        ],
        "tokens": [_describe_token(token) for token in list_tokens(person)],
        "sign_ins": [
            {"at": format_time(login.created_at), "address": login.address, "browser": login.agent}
            for login in list_logins(person)
        ],
        "notified_browsers": [
            {"browser": row.login.agent, "since": format_time(row.created_at), "text": row.shows_text}
            for row in PushSubscription.objects.filter(person=person).select_related("login").order_by("id")
        ],
        "external_logins": [
            {"issuer": login.issuer, "subject": login.subject, "created_at": format_time(login.created_at)}
            for login in person.external_logins.order_by("id")
        ],
    }


def _describe_second_factor(person) -> dict[str, Any] | None:
    factor = find_second_factor(person)
    return {"since": format_time(factor.created_at), "recovery_codes": count_codes(person)} if factor else None


class _Lists:
    """The lists of a person's data. They name a room only if the person may know its present address."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._own_rooms = get_readable_rooms(person).own

    def get_all(self) -> list[OwnList]:
        """Return all lists."""
        person = self._person
        return [
            ("rooms", _with_room(Member.objects.filter(person=person)), self._describe_membership),
            ("reactions", _with_message(Reaction.objects.filter(person=person)), self._describe_reaction),
            ("votes", _with_poll(PollVote.objects.filter(person=person)), self._describe_vote),
            ("bookmarks", _with_message(Bookmark.objects.filter(person=person)), self._describe_bookmark),
            ("mentions", _with_room(Mention.objects.filter(person=person, silent=False)), self._refer),
            ("threads", _with_thread(ThreadMember.objects.filter(person=person)), self._describe_thread),
            ("blocks", Block.objects.filter(person=person).select_related("blocked"), _describe_block),
            ("scheduled", _with_room(ScheduledMessage.objects.filter(author=person)), self._describe_scheduled),
            ("reminders", _with_room(Reminder.objects.filter(person=person)), self._describe_reminder),
            ("tasks", _with_room(Task.objects.filter(person=person)), self._describe_task),
            ("reports", _with_message(Report.objects.filter(reporter=person)), self._describe_report),
            ("invitations", _with_room(Invitation.objects.filter(created_by=person)), self._describe_invitation),
            ("webhooks", _with_room(Hook.objects.filter(created_by=person)), self._describe_hook),
            ("whispers", person.whispers.all(), _describe_whisper),
            (
                "earlier_bodies",
                _with_message(EarlierBody.objects.filter(message__author=person)),
                self._describe_earlier_body,
            ),
            ("files", _with_room(Upload.objects.filter(person=person).exclude(number__lt=0)), self._describe_upload),
            ("messages", _with_room(Message.objects.filter(author=person, removed_at=None)), self._describe_message),
        ]

    def _name_room(self, room: Room) -> str | None:
        return None if room.access in Room.HIDDEN and room.id not in self._own_rooms else room.slug

    def _refer(self, row: Message | Mention) -> dict[str, Any]:
        return {"room": self._name_room(row.room), "message": row.number}

    def _describe_membership(self, row: Member) -> dict[str, Any]:
        chosen = {"level": row.level or Member.ALL, "favourite": row.favourite, "read": row.read_offset}
        return {"room": self._name_room(row.room), "role": row.role, "joined_at": format_time(row.joined_at), **chosen}

    def _describe_reaction(self, row: Reaction) -> dict[str, Any]:
        return {**self._refer(row.message), "emoji": row.emoji}

    def _describe_vote(self, row: PollVote) -> dict[str, Any]:
        poll = row.option.poll
        return {"room": self._name_room(poll.room), "message": poll.number, "option": row.option.text}

    def _describe_bookmark(self, row: Bookmark) -> dict[str, Any]:
        return {**self._refer(row.message), "at": format_time(row.created_at)}

    def _describe_thread(self, row: ThreadMember) -> dict[str, Any]:
        place = {"room": self._name_room(row.room), "message": row.thread.number}
        return {**place, "state": row.state, "read": row.read_number}

    def _describe_scheduled(self, row: ScheduledMessage) -> dict[str, Any]:
        return {"room": self._name_room(row.room), "body": row.body, "at": format_time(row.due_at), "state": row.state}

    def _describe_reminder(self, row: Reminder) -> dict[str, Any]:
        room = self._name_room(row.room) if row.room else None
        about = {"room": room, "message": row.number if room else None}
        return {**about, "text": row.text, "at": format_time(row.due_at), "state": row.state}

    def _describe_task(self, row: Task) -> dict[str, Any]:
        params = json.loads(row.params)
        return {
            "room": self._name_room(row.room),
            "task": row.kind,
            "params": params,
            "at": format_time(row.created_at),
        }

    def _describe_report(self, row: Report) -> dict[str, Any]:
        return {**self._refer(row.message), "reason": row.reason, "at": format_time(row.created_at)}

    def _describe_invitation(self, row: Invitation) -> dict[str, Any]:
        times = {"at": format_time(row.created_at), "expires_at": format_time(row.expires_at)}
        room = self._name_room(row.room) if row.room else None
        return {"room": room, "handle": row.handle, **times, "uses_left": row.uses_left}

    def _describe_hook(self, row: Hook) -> dict[str, Any]:
        at = format_time(row.created_at)
        return {"room": self._name_room(row.room), "name": row.person.handle, "kind": row.kind, "at": at}

    def _describe_earlier_body(self, row: EarlierBody) -> dict[str, Any]:
        return {**self._refer(row.message), "body": row.body, "replaced_at": format_time(row.replaced_at)}

    def _describe_upload(self, row: Upload) -> dict[str, Any]:
        [facts] = describe_files([row])
        return {"room": self._name_room(row.room), "message": row.number, "at": format_time(row.created_at), **facts}

    def _describe_message(self, row: Message) -> dict[str, Any]:
        times = {"at": format_time(row.created_at), "edited_at": format_time(row.edited_at)}
        return {
            "room": self._name_room(row.room),
            "id": row.number,
            **times,
            "reply_to": row.reply_to,
            "thread": row.thread_root,
            "body": row.body,
        }


def _with_room(rows: QuerySet) -> QuerySet:
    return rows.select_related("room")


def _with_thread(rows: QuerySet) -> QuerySet:
    return rows.select_related("room", "thread")


def _with_message(rows: QuerySet) -> QuerySet:
    return rows.select_related("message__room")


def _with_poll(rows: QuerySet) -> QuerySet:
    return rows.select_related("option__poll__room")


def _describe_token(token: Token) -> dict[str, Any]:
    times = {name: format_time(getattr(token, name)) for name in ("created_at", "expires_at", "used_at")}
    rooms = None if token.shown_rooms is None else [room.slug for room in token.shown_rooms]
    return {"name": token.name, "scopes": token.get_scopes(), "rooms": rooms, **times}


def _describe_block(row: Block) -> dict[str, Any]:
    return {"handle": row.blocked.handle, "at": format_time(row.created_at)}


def _describe_whisper(row: Announcement) -> dict[str, Any]:
    return {"text": row.text, "at": format_time(row.created_at)}
