"""The data of a person: everything that the site stores about an account, for its owner. This module only reads."""

import json
from collections.abc import Iterator
from typing import Any

from chat import protocol
from chat.models import Message, Person, Reaction

from .own_logins import list_logins
from .preferences import describe_preferences, get_preferences
from .profiles import describe_person

MESSAGES_PER_CHUNK = 200


def write_own_data(person: Person) -> Iterator[str]:
    """
    Return the data of a person as the pieces of one JSON object.

    The messages come in pieces of MESSAGES_PER_CHUNK, the oldest first, so that a long history needs little memory.
    """
    head = json.dumps(_describe_account(person), ensure_ascii=False, indent=1)
    yield head.removesuffix("\n}") + ',\n "messages": ['
    separator = "\n  "
    for chunk in _read_messages(person):
        yield separator + ",\n  ".join(json.dumps(message, ensure_ascii=False) for message in chunk)
        separator = ",\n  "
    yield "\n ]\n}\n"


def _describe_account(person) -> dict[str, Any]:
    time = protocol.format_time
    memberships = person.memberships.select_related("room").order_by("id")
    return {
        "account": {"created_at": time(person.created_at), "seen_at": time(person.seen_at)},
        "profile": describe_person(person),
        "preferences": describe_preferences(get_preferences(person)),
        "rooms": [
            {"room": member.room.slug, "role": member.role, "joined_at": time(member.joined_at)}
            for member in memberships
        ],
        "tokens": [
            {"name": token.name, "created_at": time(token.created_at)} for token in person.tokens.order_by("id")
        ],
        "sign_ins": [
            {"at": time(login.created_at), "address": login.address, "browser": login.agent}
            for login in list_logins(person)
        ],
        "reactions": [
            {"room": room, "message": number, "emoji": emoji}
            for room, number, emoji in Reaction.objects.filter(person=person)
            .order_by("id")
            .values_list("message__room__slug", "message__number", "emoji")
        ],
    }


def _read_messages(person) -> Iterator[list[dict]]:
    last_id = 0
    while True:
        messages = Message.objects.filter(author=person, id__gt=last_id, removed_at=None).select_related("room")
        chunk = list(messages.order_by("id")[:MESSAGES_PER_CHUNK])
        if not chunk:
            return
        last_id = chunk[-1].id
        yield [_describe_message(message) for message in chunk]


def _describe_message(message):
    return {
        "room": message.room.slug,
        "id": message.number,
        "at": protocol.format_time(message.created_at),
        "edited_at": protocol.format_time(message.edited_at),
        "reply_to": message.reply_to,
        "body": message.body,
    }
