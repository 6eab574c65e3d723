"""
What the token of a request or connection allows: its scopes, and the rooms that it reaches.

A person without a token has no `grant`, and passes every check here. A token never allows more than its person may do:
the other services check the person's rights as well. This module reads rooms, and writes nothing.
"""

from django.contrib.auth.models import AnonymousUser

from chat import protocol
from chat.models import FormerSlug, Grant, Person, Room
from chat.protocol import ChatError


def get_grant(person: Person | AnonymousUser | None) -> Grant | None:
    """Return the grant of the token with which a person acts, or None for a person without a token."""
    return getattr(person, "grant", None)


def get_room_ids(person: Person | AnonymousUser) -> frozenset[int] | None:
    """Return the ids of the only rooms that a person's token reaches, or None if no token limits the rooms."""
    grant = get_grant(person)
    return None if grant is None else grant.room_ids


def reaches(person: Person | AnonymousUser | None, room_id: int) -> bool:
    """Return whether a person's token reaches a room. A stranger and the shell (None) have no token."""
    grant = get_grant(person)
    return grant is None or grant.reaches(room_id)


def check_scope(person: Person | AnonymousUser, scope: str | None) -> None:
    """
    Check that a person's token has a scope. None stands for what no token may do.

    Raise `forbidden`.
    """
    grant = get_grant(person)
    if grant is None:
        return
    if scope is None:
        raise ChatError("forbidden", "A token cannot do this. Sign in with a browser.")
    if scope not in grant.scopes:
        raise ChatError("forbidden", "This token does not have the scope '%(scope)s'.", scope=scope)


def check_reaches_all_rooms(person: Person | AnonymousUser) -> None:
    """Raise `forbidden` if a person's token is limited to certain rooms."""
    if get_room_ids(person) is not None:
        raise ChatError("forbidden", "This token is limited to certain rooms, so it cannot do this.")


def check_boards(person: Person | AnonymousUser) -> None:
    """Raise `not_found` if a person's token is limited to certain rooms: boards are not among them."""
    if get_room_ids(person) is not None:
        raise ChatError("not_found", "There is no such board.")


def check_slug(person: Person | AnonymousUser, slug: str) -> None:
    """
    Check that a person's token reaches the room with a slug, or with this former slug.

    Run no query without a token for certain rooms. Raise `not_found`, with the same text for rooms that exist and rooms
    that do not.
    """
    room_ids = get_room_ids(person)
    if room_ids is None:
        return
    is_reached = protocol.is_slug(slug) and (
        Room.objects.filter(slug=slug, id__in=room_ids).exists()
        or FormerSlug.objects.filter(slug=slug, room__in=room_ids).exists()
    )
    if not is_reached:
        raise ChatError("not_found", "There is no such room.")
