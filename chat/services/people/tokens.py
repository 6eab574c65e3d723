"""
Tokens: keys with which bots use the accounts of people.

This module writes Token. Only the digest of a key is stored.
"""

import secrets
from typing import Any

from chat import broadcast, protocol
from chat.models import Person, Token
from chat.protocol import CLOSE_NOT_SIGNED_IN, ChatError
from chat.services.after_commit import close_after_commit
from chat.services.digests import digest_secret

MAX_TOKEN_NAME = 80  # characters


def make_token(person: Person, name: Any) -> tuple[Token, str]:
    """
    Create a token and return (token, key). The site can show the key only now, because only its digest is stored.

    Raise `forbidden` for a guest, or the error of the field.
    """
    if person.is_guest:
        raise ChatError("forbidden", "Guests cannot have tokens. Sign up for an account.")
    name = protocol.check_text(name, "name", MAX_TOKEN_NAME)
    key = secrets.token_urlsafe(32)
    return Token.objects.create(person=person, name=name, digest=digest_secret(key)), key


def revoke_token(person: Person, token_id: int) -> None:
    """Delete a token, and close the connections that were opened with it. Raise `not_found`."""
    if not Token.objects.filter(person=person, id=token_id).delete()[0]:
        raise ChatError("not_found", "You have no such token.")
    close_after_commit(broadcast.credential_group(token_id=token_id), CLOSE_NOT_SIGNED_IN)


def find_token(header: str | None) -> Token | None:
    """Return the token in an Authorization header, with its active person, or None."""
    if header is None or not is_token_header(header):
        return None
    _, _, key = header.partition(" ")
    tokens = Token.objects.select_related("person").filter(digest=digest_secret(key.strip()))
    return tokens.filter(person__is_active=True).first()


def is_token_header(header: str | None) -> bool:
    """Return whether an Authorization header (None: there is none) contains a token, valid or not."""
    return header is not None and header.lower().startswith("bearer ")
