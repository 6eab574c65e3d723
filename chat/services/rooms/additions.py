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
    - `store(message, prepared)`: called after the message is stored, in the same transaction.
    - `delete(room_id, numbers)`: delete everything that is stored for these messages of a room.
    - `stays`: a removed message keeps this addition, and its `message` event has the fields.
    - `is_fixed`: the body of a message with this addition cannot be edited.
    """

    bit: AdditionBit
    describe: Callable[[Sequence[Message]], dict[int, dict]]
    prepare: Callable[[Member, Any], Any] | None = None
    store: Callable[[Message, Any], None] | None = None
    delete: Callable[[int, Sequence[int]], object] | None = None
    stays: bool = False
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
        return sum(addition.bit for addition, _ in self.parts) or None

    def store(self, message: Message) -> None:
        """Store the additions of a message that was just stored."""
        for addition, value in self.parts:
            if addition.store is not None:
                addition.store(message, value)


def prepare_additions(member: Member, event: Any) -> Prepared:
    """Return what the additions of a `post` will store. Raise ChatError if one of them refuses the post."""
    asked = ((addition, addition.prepare) for addition in _registered.values())
    found = [(addition, prepare(member, event)) for addition, prepare in asked if prepare is not None]
    return Prepared([(addition, value) for addition, value in found if value is not None])


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


def _delete(room_id, additions, chosen):
    for addition in chosen:
        numbers = [number for number, bits in additions.items() if bits and bits & addition.bit]
        if numbers and addition.delete is not None:
            addition.delete(room_id, numbers)
