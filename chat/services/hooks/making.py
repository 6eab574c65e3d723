"""
Make, list, change and delete the hooks of a room.

Owners and moderators make incoming hooks. Only owners make outgoing hooks. Each hook has a bot, which is a member of
the room, so moderators can mute or ban the bot like a person. The audit log has an entry for each hook that is made or
deleted.

This module writes Hook, the Member of the bot, `Room.is_hooked`, and the state of waiting deliveries.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from chat import protocol
from chat.models import AuditEntry, Hook, HookDelivery, Member, Person, Room
from chat.protocol import ChatError
from chat.services import audit, outgoing, people, rooms
from chat.services.digests import digest_secret
from chat.services.rights import Action, check_may, may
from chat.services.secret_box import encrypt

MAX_HOOKS = 50  # of one room
MAX_WORDS = 20  # trigger words of one hook
MAX_WORD = 50  # characters
_COMMAND = re.compile(r"[a-z][a-z0-9_-]{0,30}")


@dataclass(frozen=True)
class HookFields:
    """
    The fields that a person chooses for a hook. In a change, None leaves a field as it is.

    `words` has the trigger words; or only the name of the command, if the trigger is a command.
    """

    name: str | None = None
    url: str | None = None
    trigger: str | None = None
    words: list[str] | None = None
    enabled: bool | None = None


def get_hooks(person: Person, slug: str) -> tuple[list[Hook], bool]:
    """
    Return (the hooks of a room, the oldest first; whether the person may make outgoing hooks).

    Outgoing hooks are listed only for the people who may make them. Raise `not_found` or `forbidden`.
    """
    room = rooms.get_room_for(person, slug, Action.MAKE_HOOKS)
    may_send = may(person, Action.SEND_OUT, room)
    found = Hook.objects.filter(room=room).select_related("person", "created_by").order_by("id")
    return list(found if may_send else found.filter(kind=Hook.INCOMING)), may_send


def get_hook(person: Person, slug: str, hook_id: int, kind: str | None = None) -> Hook:
    """Return a hook that the person may change, of this `kind` if given. Raise `not_found` or `forbidden`."""
    room = rooms.get_room_for(person, slug, Action.MAKE_HOOKS)
    found = Hook.objects.select_related("person", "room", "created_by").filter(room=room, id=hook_id)
    hook = found.first()
    if hook is None or kind not in (None, hook.kind):
        raise ChatError("not_found", "There is no such webhook.")
    if hook.kind == Hook.OUTGOING:
        check_may(person, Action.SEND_OUT, room)
    return hook


def make_hook(person: Person, slug: str, kind: str, fields: HookFields) -> tuple[Hook, str]:
    """
    Make a hook with its bot, and write an audit entry.

    Return (the hook, its key or signing secret). The site shows the key or secret only now: it stores the digest of a
    key, and encrypts a signing secret.

    Raise `not_found` or `forbidden` for the room; `forbidden` if the room has MAX_HOOKS hooks; `taken` for a reserved
    name; or the error of a field.
    """
    room = rooms.get_room_for(person, slug, Action.MAKE_HOOKS if kind == Hook.INCOMING else Action.SEND_OUT)
    checked = _check_outgoing(fields, is_new=True) if kind == Hook.OUTGOING else {}
    name = protocol.check_string(fields.name, "name")
    with transaction.atomic():
        rooms.lock_room(room.id)
        if Hook.objects.filter(room=room).count() >= MAX_HOOKS:
            raise ChatError("forbidden", "A room has at most %(most)s webhooks. Delete one first.", most=MAX_HOOKS)
        bot = people.make_bot(room, name)
        Member.objects.get_or_create(room=room, person=bot, defaults={"role": Member.MEMBER})
        hook = Hook.objects.create(room=room, person=bot, kind=kind, created_by=person, **checked)
        key = _store_key(hook)
        audit.record(person, AuditEntry.HOOK, room.id, bot, after=kind)
        _mark_room(room.id)
    return hook, key


def renew_key(person: Person, slug: str, hook_id: int) -> tuple[Hook, str]:
    """
    Replace the key or the signing secret of a hook. The earlier key or secret is no longer valid.

    Return (the hook, the new key or secret). Raise as `get_hook` does.
    """
    hook = get_hook(person, slug, hook_id)
    return hook, _store_key(hook)


def _store_key(hook: Hook) -> str:
    key = secrets.token_urlsafe(32)
    if hook.kind == Hook.INCOMING:
        hook.digest = digest_secret(key)
    else:
        hook.secret = encrypt(key, name_owner(hook))
    hook.save(update_fields=["digest", "secret"])
    return key


def name_owner(hook: Hook) -> str:
    """Return the owner of a hook's encrypted secret, for `secret_box`."""
    return f"hook {hook.id}"


def change_hook(person: Person, slug: str, hook_id: int, fields: HookFields) -> Hook:
    """
    Change some of the fields of a hook, and return the hook. The waiting deliveries of a disabled hook are marked as
    failed.

    Raise `not_found` or `forbidden`; `taken` for a reserved name; or the error of a field.
    """
    hook = get_hook(person, slug, hook_id)
    changed = _check_outgoing(fields, is_new=False) if hook.kind == Hook.OUTGOING else {}
    if fields.enabled is not None and fields.enabled != hook.is_enabled:
        # A hook that failed for a day gets another day, and sends its next delivery at once.
        now = timezone.now()
        changed |= {"disabled_at": None if fields.enabled else now, "failing_since": None, "due_at": now}
    with transaction.atomic():
        rooms.lock_room(hook.room_id)
        if fields.name is not None:
            people.rename_bot(hook.person, fields.name)
        for name, value in changed.items():
            setattr(hook, name, value)
        if changed:
            hook.save(update_fields=list(changed))
        if not hook.is_enabled:
            drop_waiting(hook.id, "The webhook is disabled.")
        _mark_room(hook.room_id)
    return hook


def delete_hook(person: Person, slug: str, hook_id: int) -> None:
    """
    Delete a hook with its deliveries, and write an audit entry. The messages that the hook posted stay.

    Raise `not_found` or `forbidden`.
    """
    hook = get_hook(person, slug, hook_id)
    with transaction.atomic():
        rooms.lock_room(hook.room_id)
        audit.record(person, AuditEntry.UNHOOK, hook.room_id, hook.person, after=hook.kind)
        hook.delete()
        people.retire_bot(hook.person)
        _mark_room(hook.room_id)


def drop_waiting(hook_id: int, why: str) -> int:
    """Mark the waiting deliveries of a hook as failed, with the reason `why`. Return how many."""
    return HookDelivery.objects.waiting().filter(hook=hook_id).update(state=HookDelivery.FAILED, error=why)


def _mark_room(room_id: int) -> None:
    """
    Store whether a room has enabled outgoing hooks for messages, so that a post in another room runs no query for them.
    """
    sending = Hook.objects.filter(room=room_id, kind=Hook.OUTGOING, disabled_at=None).exclude(trigger=Hook.COMMAND)
    Room.objects.filter(id=room_id).update(is_hooked=sending.exists())


def disable(hook: Hook, why: str) -> None:
    """Disable a hook that fails, and mark its waiting deliveries as failed, with the reason `why`."""
    with transaction.atomic():
        rooms.lock_room(hook.room_id)
        Hook.objects.filter(id=hook.id).update(disabled_at=timezone.now())
        drop_waiting(hook.id, why)
        _mark_room(hook.room_id)


def _check_outgoing(fields: HookFields, is_new: bool) -> dict[str, Any]:
    """Return the checked columns of an outgoing hook. Raise the error of a field."""
    checked: dict[str, Any] = {}
    if is_new or fields.url is not None:
        checked["url"] = _check_url(fields.url)
    if is_new or fields.trigger is not None:
        trigger = protocol.check_choice(fields.trigger, "trigger", [trigger for trigger, _ in Hook.TRIGGERS])
        checked |= {"trigger": trigger, "words": _check_words(trigger, fields.words or [])}
    return checked


def _check_url(url: Any) -> str:
    try:
        return outgoing.check_url(protocol.check_string(url, "url"))
    except outgoing.AddressRefused:
        raise ChatError(
            "invalid_field", "'%(name)s' must be an address that begins with http:// or https://.", name="url"
        ) from None


def _check_words(trigger: str, words: list[str]) -> str:
    if trigger == Hook.EVERY:
        return ""
    if trigger == Hook.COMMAND:
        name = words[0].strip().removeprefix("/").lower() if len(words) == 1 else ""
        if not _COMMAND.fullmatch(name):
            raise ChatError(
                "invalid_field",
                "'%(name)s' must be one command: small letters and digits, such as /deploy.",
                name="words",
            )
        return name
    found = [protocol.check_line(protocol.check_text(word, "words", MAX_WORD), "words") for word in words]
    if not 1 <= len(found) <= MAX_WORDS:
        raise ChatError("invalid_field", "'%(name)s' must contain 1 to %(most)s words.", name="words", most=MAX_WORDS)
    return "\n".join(found)
