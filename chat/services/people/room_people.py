"""
The people of a room as its members see them: profiles with roles, also of people who are away.

This module writes nothing. Moderators have a list of their own, with bans and dates: see chat/services/moderation.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from chat import protocol
from chat.models import Hook, Member, Person, read_page
from chat.services.rights import Action
from chat.services.rooms import get_room_for

from .profiles import describe_person, make_keys, match_text

MAX_TEXT = 80  # characters of a filter


def find_room_people(
    asker: Person, slug: str, text: str = "", handles: Sequence[str] = (), page: int = 0, size: int = 50
) -> tuple[list[dict[str, Any]], bool]:
    """
    Return (a page of the people in a room, whether there are more), sorted by handle, for members of the room.

    Each is a profile with `role`. `text` limits the list to people whose handle begins with it, or whose name has a
    word that begins with it. `handles` limits the list to the people with these handles. The list leaves out banned
    people, deactivated accounts, guests who have left, and the bots of hooks, except a bot that `handles` names. Such a
    bot has `hook`, with the kind and the maker of the hook.

    Raise:

    - `not_found` for a room that the asker may not know about, and on a board, where people know only who is present;
    - `forbidden` for people who are not members, or are banned;
    - `too_long` for the text or the handles.
    """
    room = get_room_for(asker, slug, Action.SEE_PEOPLE)
    found = Member.objects.filter(_make_filter(text, handles), room=room).exclude(role=Member.BANNED)
    members, more = read_page(found.select_related("person__profile").order_by("person__handle_key"), size, page)
    return [
        {**describe_person(member.person), "role": member.role, **_describe_hook(member.person)} for member in members
    ], more


def _describe_hook(person: Person) -> dict[str, Any]:
    hook = Hook.objects.filter(person=person).select_related("created_by").first() if person.is_bot else None
    if hook is None:
        return {}
    return {"hook": {"kind": hook.kind, "created_by": hook.created_by.handle if hook.created_by else None}}


def _make_filter(text: str, handles: Sequence[str]) -> Q:
    is_shown = Q(person__is_active=True, person__handle_key__isnull=False)
    text = protocol.check_text(text, "q", MAX_TEXT, least=0).strip()
    if text:
        is_shown &= match_text(text, "person__")
    if handles:
        is_shown &= Q(person__handle_key__in=make_keys(handles))
    else:
        is_shown &= ~Q(person__is_bot=True)
    return is_shown
