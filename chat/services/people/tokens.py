"""
Tokens: keys with which programs use the accounts of people.

A token has scopes, may be limited to certain rooms, and may expire. It ends when its person changes the password,
unless it was made to stay. `scopes` checks what a token allows. This module writes Token. Only the digest of a key is
stored.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from chat import broadcast, protocol
from chat.models import SCOPES, Grant, Person, Room, Token
from chat.protocol import CLOSE_NOT_SIGNED_IN, ChatError
from chat.services import budgets
from chat.services.after_commit import close_after_commit
from chat.services.digests import digest_secret
from chat.services.free_rows import delete_free_rows
from chat.services.numbers import count_sign_in_failure
from chat.services.rooms import get_readable_room, get_readable_rooms

MAX_TOKEN_NAME = 80  # characters
MAX_TOKEN_ROOMS = 100  # every frame reads the ids of these rooms
MAX_LIFETIME = timedelta(days=3660)
EXPIRES_SOON = timedelta(days=7)
# A use is stored only if the stored time is older than this, so that few requests and frames write.
USED_PRECISION = timedelta(minutes=5)
MAX_TOKENS_PER_SWEEP = 400


@dataclass(frozen=True)
class TokenLimits:
    """
    What a new token may do, and for how long.

    - `scopes`: some of SCOPES;
    - `rooms`: the slugs of the only rooms that the token reaches; None for all rooms;
    - `expires_at`: when the token ends; None for never;
    - `survives_password_change`: whether the token stays when the person changes the password.
    """

    scopes: Collection[str] = SCOPES
    rooms: Sequence[str] | None = None
    expires_at: datetime | None = None
    survives_password_change: bool = False


UNLIMITED = TokenLimits()


def make_token(person: Person, name: Any, limits: TokenLimits = UNLIMITED) -> tuple[Token, str]:
    """
    Create a token and return (token, key). The site can show the key only now, because only its digest is stored.

    Raise `forbidden` for a guest; `not_found` or `forbidden` for a room that the person may not read; the error of a
    field; or `rate_limited` after too many new tokens.
    """
    if person.is_guest:
        raise ChatError("forbidden", "Guests cannot have tokens. Sign up for an account.")
    name = protocol.check_text(name, "name", MAX_TOKEN_NAME)
    scopes, rooms = _check_scopes(limits.scopes), _find_rooms(person, limits.rooms)
    _check_end(limits.expires_at)
    budgets.check("tokens", person.id)
    key = secrets.token_urlsafe(32)
    with transaction.atomic():
        token = Token.objects.create(
            person=person,
            name=name,
            digest=digest_secret(key),
            scopes=" ".join(scopes),
            only_rooms=rooms is not None,
            expires_at=limits.expires_at,
            survives_password_change=limits.survives_password_change,
        )
        if rooms is not None:
            token.rooms.set(rooms)
    return token, key


def _check_scopes(scopes):
    if not scopes or any(scope not in SCOPES for scope in scopes):
        raise ChatError(
            "invalid_field",
            "'%(name)s' must contain at least one of: %(choices)s.",
            name="scopes",
            choices=", ".join(SCOPES),
        )
    return [scope for scope in SCOPES if scope in scopes]


def _find_rooms(person, slugs) -> list[Room] | None:
    if slugs is None:
        return None
    if not 1 <= len(slugs) <= MAX_TOKEN_ROOMS:
        raise ChatError(
            "invalid_field", "'%(name)s' must name 1 to %(most)s rooms.", name="rooms", most=MAX_TOKEN_ROOMS
        )
    return [get_readable_room(person, protocol.check_string(slug, "rooms")) for slug in slugs]


def _check_end(expires_at):
    if expires_at is not None and not timezone.now() < expires_at <= timezone.now() + MAX_LIFETIME:
        raise ChatError(
            "invalid_field", "'%(name)s' must be in the future, and at most ten years away.", name="expires_at"
        )


def list_tokens(person: Person) -> list[Token]:
    """
    Return the tokens of a person that have not expired, the oldest first.

    Each token has two more attributes:

    - `shown_rooms`: the rooms that the token reaches and the person may read now, sorted by slug; None for all rooms;
    - `expires_soon`: whether the token ends within EXPIRES_SOON.

    Run one statement. If one of the tokens is limited to certain rooms, run three, or four if the person's browser is
    known.
    """
    is_valid = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    tokens = list(person.tokens.filter(is_valid).order_by("id"))
    if any(token.only_rooms for token in tokens):
        # A room that the person can no longer read may have a new slug, which is a secret.
        is_readable = get_readable_rooms(person).make_filter("room")
        links = Token.rooms.through.objects.filter(is_readable, token__in=tokens)
        shown = list(links.select_related("room").order_by("room__slug"))
    for token in tokens:
        token.shown_rooms = [link.room for link in shown if link.token_id == token.id] if token.only_rooms else None
        token.expires_soon = token.expires_at is not None and token.expires_at < timezone.now() + EXPIRES_SOON
    return tokens


def revoke_token(person: Person, token_id: int) -> None:
    """Delete a token, and close the connections that were opened with it. Raise `not_found`."""
    if not Token.objects.filter(person=person, id=token_id).delete()[0]:
        raise ChatError("not_found", "You have no such token.")
    _close_connections([token_id])


def end_tokens(person: Person, spare_surviving: bool = False) -> int:
    """
    Delete the tokens of a person, and close their connections. Return how many tokens were deleted.

    A change of the password calls this with `spare_surviving`: tokens that survive such a change stay.
    """
    tokens = Token.objects.filter(person=person)
    if spare_surviving:
        tokens = tokens.exclude(survives_password_change=True)
    ids = list(tokens.values_list("id", flat=True))
    Token.objects.filter(id__in=ids).delete()
    _close_connections(ids)
    return len(ids)


def sweep_tokens() -> int:
    """Delete at most MAX_TOKENS_PER_SWEEP expired tokens, and close their connections. Return how many were deleted."""
    ids = delete_free_rows(Token.objects.expired(), MAX_TOKENS_PER_SWEEP)
    _close_connections(ids)
    return len(ids)


def _close_connections(token_ids):
    for token_id in token_ids:
        close_after_commit(broadcast.credential_group(token_id=token_id), CLOSE_NOT_SIGNED_IN)


def find_token(header: str | None) -> Token | None:
    """
    Return the token in an Authorization header, or None if there is no valid token. Count an invalid token as a
    failure.

    Run one statement for a token. The token's person is active, and has the token's `grant`.
    """
    if header is None or not is_token_header(header):
        return None
    _, _, key = header.partition(" ")
    token = Token.objects.find_by_digest(digest_secret(key.strip()))
    if token is None:
        count_sign_in_failure("invalid_token")
    return token


def is_token_header(header: str | None) -> bool:
    """Return whether an Authorization header (None: there is none) contains a token, valid or not."""
    return header is not None and header.lower().startswith("bearer ")


def touch_token(grant: Grant | None) -> None:
    """
    Store the present time as the token's `used_at`, if the stored time is older than USED_PRECISION.

    Without a token (None), do nothing.
    """
    if grant is None:
        return
    now = timezone.now()
    if grant.used_at is None or now - grant.used_at > USED_PRECISION:
        Token.objects.filter(id=grant.token_id).update(used_at=now)
