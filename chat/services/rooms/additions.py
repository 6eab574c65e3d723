"""
Additions: what other modules store for a message, for example its files.

A module registers one Addition. The row of a message has a bit for each Addition that stored something for it. So a
message without additions costs no query when it is read. The rows of an Addition name their message by the room and the
message's number, as Mention does.

This package calls the functions of an Addition, and does not know what they store.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chat.models import AdditionBit, Member, Message


@dataclass(frozen=True)
class Addition:
    """
    The functions of a module that stores something for messages.

    - `describe(messages)`: return {number: fields of the `message` event} for messages of one room, with few queries.
    - `prepare(member, event)`: called before a `post` is stored, in its transaction. Return what `store` needs, or None
      if the post has no such addition. Raise ChatError to refuse the post.
    - `columns(prepared)`: return {column of Message that belongs to this addition: value} for the new row.
    - `notice(prepared)`: return further fields of the `mention` events about the message.
    - `store(message, prepared)`: called after the message and its mentions are stored, in the same transaction.
    - `revise(member, message, body)`: called before an edit is stored, in its transaction. `member` edits the message,
      and `body` is its new body. Return whether the message has the addition now.
    - `removed(message)`: called after the removal of a message that keeps this addition (see `stays`), in the same
      transaction. During a hold, a removed message keeps all additions.
    - `delete(room_id, numbers)`: delete everything that is stored for these messages of a room.
    - `stays`: whether a removed message always keeps this addition. If so, the `message` event still contains the
      addition's fields.
    - `is_fixed`: the body of a message with this addition cannot be edited.
    """

    bit: AdditionBit
    describe: Callable[[Sequence[Message]], dict[int, dict]]
    prepare: Callable[[Member, Any], Any] | None = None
    store: Callable[[Message, Any], None] | None = None
    delete: Callable[[int, Sequence[int]], object] | None = None
    stays: bool = False
    columns: Callable[[Any], dict[str, Any]] | None = None
    notice: Callable[[Any], dict[str, Any]] | None = None
    removed: Callable[[Message], object] | None = None
    revise: Callable[[Member, Message, str], bool] | None = None
    is_fixed: bool = False


_registered: dict[AdditionBit, Addition] = {}


def register_addition(addition: Addition) -> None:
    """Let messages have this addition. Call it once, when the module is imported."""
    _registered[addition.bit] = addition


@dataclass(frozen=True)
class Prepared:
    """What the additions of a post will store. `bits` is the value of the message's column, None for no additions."""

    parts: list[tuple[Addition, Any]]

    @property
    def bits(self) -> int | None:
        """Return the sum of the bits, or None if there are no additions."""
        return sum([addition.bit for addition, _ in self.parts]) or None

    @property
    def columns(self) -> dict[str, Any]:
        """Return {column: value} of the columns of Message that belong to additions."""
        columns: dict[str, Any] = {"thread_root": None}
        for addition, value in self.parts:
            if addition.columns is not None:
                columns.update(addition.columns(value))
        return columns

    @property
    def notice_fields(self) -> dict[str, Any]:
        """Return the further fields of the `mention` events about the message."""
        fields: dict[str, Any] = {}
        for addition, value in self.parts:
            if addition.notice is not None:
                fields.update(addition.notice(value))
        return fields

    def store(self, message: Message) -> None:
        """Store the additions of a message that was just stored."""
        for addition, value in self.parts:
            if addition.store is not None:
                addition.store(message, value)


def prepare_additions(member: Member, event: Any) -> Prepared:
    """Return what the additions of a `post` will store. Raise ChatError if one of them refuses the post."""
    return Prepared(
        [
            (addition, value)
            for addition in _registered.values()
            if addition.prepare is not None and (value := addition.prepare(member, event)) is not None
        ]
    )


def revise_additions(member: Member, message: Message, body: str) -> int | None:
    """Change the additions of a message that gets a new body. Return the bits of the additions that it has now."""
    bits = message.additions or 0
    for addition in _registered.values():
        if addition.revise is not None:
            has_now = addition.revise(member, message, body)
            bits = bits | addition.bit if has_now else bits & ~addition.bit
    return bits or None


def describe_additions(messages: Iterable[Message]) -> dict[int, dict]:
    """Return {number: further fields of the `message` event} for messages of one room that have additions."""
    having = [message for message in messages if message.additions]
    fields: dict[int, dict] = {}
    if not having:
        return fields
    for bit, addition in _registered.items():
        chosen = [found for found in having if found.additions & bit and (addition.stays or not found.is_removed)]
        if chosen:
            for number, more in addition.describe(chosen).items():
                fields.setdefault(number, {}).update(more)
    return fields


def is_fixed(message: Message) -> bool:
    """Return whether the message has an addition that keeps its body from being edited."""
    return any((message.additions or 0) & bit and addition.is_fixed for bit, addition in _registered.items())


def delete_additions(room_id: int, additions: dict[int, int | None]) -> None:
    """Delete everything that is stored for messages that are deleted. `additions` is {number: bits of the message}."""
    _delete(room_id, additions, _registered.values())


def remove_additions(message: Message) -> int | None:
    """Delete the additions of a message that is removed, except those that stay. Return the remaining bits."""
    _delete(
        message.room_id,
        {message.number: message.additions},
        [addition for addition in _registered.values() if not addition.stays],
    )
    staying = sum(addition.bit for addition in _registered.values() if addition.stays)
    return ((message.additions or 0) & staying) or None


def note_removal(message: Message) -> None:
    """Let the additions of a message know that the message was removed."""
    for bit, addition in _registered.items():
        if (message.additions or 0) & bit and addition.removed is not None:
            addition.removed(message)


def _delete(room_id, additions, chosen):
    for addition in chosen:
        numbers = [number for number, bits in additions.items() if bits and bits & addition.bit]
        if numbers and addition.delete is not None:
            addition.delete(room_id, numbers)
