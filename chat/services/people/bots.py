"""
Bots: hooks post their messages as these people. Nobody can sign in as a bot.

A bot keeps its handle as long as a room shows the bot, like a guest: nobody else may seem to be the author of its
messages. This module writes Person.
"""

import secrets
from collections.abc import Iterator

from django.db import IntegrityError, transaction

from chat import protocol
from chat.models import NO_HANDLE_KEYS, Member, Person, Room, make_handle_key, make_handle_keys
from chat.protocol import ChatError
from chat.services import reserved_handles
from chat.services.free_rows import find_free_rows

from .accounts import make_person
from .handles import has_history, store_person

MAX_NUMBERED = 9  # "GitHub 9"
MAX_SWEPT = 400
MAX_HANDLE = 32


def make_bot(room: Room, name: str) -> Person:
    """
    Store a bot with the handle `name`, and return the bot. If somebody has this handle, add a number or random
    characters.

    If the room has the bot of a deleted hook with this name, return that bot again. It keeps its mute or its ban.
    Raise `taken` for a reserved handle, or the error of a field.
    """
    name = check_name(name)
    returning = Person.objects.filter(
        handle_key=make_handle_key(name), is_bot=True, is_active=False, memberships__room=room
    ).first()
    if returning is not None:
        returning.is_active = True
        returning.save(update_fields=["is_active"])
        return returning
    for handle in _list_handles(name):
        bot = make_person(handle, is_bot=True)
        bot.set_unusable_password()
        try:
            return store_person(bot)
        except ChatError as taken:
            refusal = taken
    raise refusal


def check_name(name: object) -> str:
    """Return the name of a bot, which is a handle. Raise `taken` for a reserved handle, or the error of the field."""
    handle = protocol.check_handle(name, "name")
    reserved_handles.check_not_reserved(handle, name="name")
    return handle


def rename_bot(bot: Person, name: str) -> None:
    """
    Give a bot another handle, chosen as by `make_bot`. Raise `taken` for a reserved handle, or the error of the field.
    """
    name = check_name(name)
    if name == bot.handle:
        return
    for handle in _list_handles(name):
        try:
            with transaction.atomic():
                Person.objects.filter(id=bot.id).update(handle=handle, **make_handle_keys(handle))
        except IntegrityError:
            continue
        bot.handle = handle
        return


def _list_handles(name: str) -> Iterator[str]:
    yield name
    for number in range(2, MAX_NUMBERED + 1):
        yield f"{name[: MAX_HANDLE - 2]} {number}"
    yield f"{name[: MAX_HANDLE - 9]} {secrets.token_hex(4)}"


def retire_bot(bot: Person) -> None:
    """Deactivate the bot of a deleted hook. Its handle becomes free if no room shows it."""
    is_shown = has_history(bot) or Member.objects.filter(person=bot).exists()
    keys = {} if is_shown else NO_HANDLE_KEYS
    Person.objects.filter(id=bot.id).update(is_active=False, **keys)


def sweep_bots() -> int:
    """Deactivate at most MAX_SWEPT bots whose hooks were deleted with their rooms. Return how many."""
    without_hook = Person.objects.filter(is_bot=True, is_active=True, hook=None).order_by("id")
    left = find_free_rows(without_hook, MAX_SWEPT, of=("self",))
    for bot in left:
        retire_bot(bot)
    return len(left)
