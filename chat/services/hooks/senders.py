"""
Senders: how readers see the author of a hook's message. The author is marked as a bot, and a message may have a name
and an emoji of its own.

Each message of a hook has the Addition SENDER. Only a message with a name or an emoji of its own has a row. This module
writes MessageSender.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chat import protocol
from chat.models import AdditionBit, Member, Message, MessageSender
from chat.protocol import ChatError
from chat.services import reserved_handles, rooms

MAX_NAME = 80  # characters


@dataclass(frozen=True)
class HookPost(protocol.Post):
    """A message that a hook posts. `name` and `icon` (an emoji) replace those of the hook, unless they are ""."""

    name: str = ""
    icon: str = ""


def clean_name(value: object) -> str:
    """Return the name under which a hook may post one message, cut to MAX_NAME, or "" if it is not allowed."""
    if not isinstance(value, str):
        return ""
    try:
        name = protocol.check_line(protocol.check_text(value[:MAX_NAME], "username", MAX_NAME), "username")
        reserved_handles.check_not_reserved(name, name="username")
    except ChatError:
        return ""
    return name


def _prepare(member: Member, event: Any) -> HookPost | None:
    return event if isinstance(event, HookPost) else None


def _store(message: Message, post: HookPost) -> None:
    if post.name or post.icon:
        MessageSender.objects.create(room_id=message.room_id, number=message.number, name=post.name, icon=post.icon)


def _describe(messages: Sequence[Message]) -> dict[int, dict]:
    numbers = [message.number for message in messages]
    found = MessageSender.objects.filter(room=messages[0].room_id, number__in=numbers)
    senders = {sender.number: sender for sender in found}
    return {message.number: {"author": _describe_author(message, senders.get(message.number))} for message in messages}


def _describe_author(message: Message, sender: MessageSender | None) -> dict[str, Any]:
    shown = {"name": sender.name, "icon": sender.icon} if sender else {}
    more = {name: value for name, value in shown.items() if value}
    return protocol.person(message.author.handle, False, bot=True, **more)


def _delete(room_id: int, numbers: Sequence[int]) -> None:
    MessageSender.objects.filter(room=room_id, number__in=numbers).delete()


rooms.register_addition(rooms.Addition(AdditionBit.SENDER, _describe, _prepare, _store, _delete, stays=True))
