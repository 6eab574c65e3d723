"""
Profiles: what people say about themselves, and how other people find them.

This module writes Profile. It publishes each change to at most MAX_TOLD_ROOMS rooms of the person.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from chat import broadcast, protocol
from chat.models import Member, Person, Profile, make_handle_key
from chat.protocol import MAX_PRESENT, ChatError
from chat.services import reserved_handles, rights
from chat.services.after_commit import after_commit
from chat.services.rooms import get_readable_room

from .accounts import changing

MAX_FOUND = 20
MAX_SEARCH = Profile.MAX_NAME  # characters
# A change is published to this many rooms. In the person's other rooms, a page shows it after the next reload.
MAX_TOLD_ROOMS = 500


def get_profile(person: Person) -> Profile:
    """Return the profile of a person; an empty one, which is not stored, if the person has none."""
    return Profile.objects.filter(person=person).first() or Profile(person=person)


def find_zone(person: Person, default: str | None = None) -> str | None:
    """Return the time zone in which a person's days begin: that of the profile, or `default` if it has none."""
    return Profile.objects.filter(person=person).values_list("time_zone", flat=True).first() or default


def change_profile(person: Person, fields: dict[str, Any]) -> Profile:
    """
    Change some of the fields name, status, emoji and time_zone, each of which may be "". Return the profile.

    Raise `forbidden` for a guest, `not_signed_in` for a deactivated account, `taken` for a reserved name, or the error
    of a field.
    """
    check_may_have_profile(person)
    checked = {name: _CHECKS[name](value, name) for name, value in fields.items()}
    if "name" in checked and not rights.is_operator(person):
        _check_name(person, checked["name"])
    with changing(person):
        return store_profile(person, checked)


def _check_name(person, name):
    """Raise `taken` for a new name that is reserved, unless it is the person's handle. A person may keep their name."""
    if name != get_profile(person).name:
        reserved_handles.check_not_reserved(name, given=person.handle, name="name")


def check_may_have_profile(person: Person) -> None:
    """Raise `forbidden` for a guest."""
    if person.is_guest:
        raise ChatError("forbidden", "Guests have no profile. Sign up for an account.")


def store_profile(person: Person, fields: dict[str, Any]) -> Profile:
    """Store fields of a profile, publish the profile, and return it. Call this in a block of `changing`."""
    profile = get_profile(person)
    for name, value in fields.items():
        setattr(profile, name, value)
    profile.save()
    publish_profile(profile)
    return profile


def _check_optional(check):
    """Return a check that also accepts ""."""
    return lambda value, name: "" if value == "" else check(value, name)


def _check_line(most):
    """Return a check for one line of at most `most` characters, which may be empty."""
    return lambda value, name: protocol.check_line(protocol.check_text(value, name, most, least=0), name)


_CHECKS = {
    "name": _check_line(Profile.MAX_NAME),
    "status": _check_line(Profile.MAX_STATUS),
    "emoji": _check_optional(protocol.check_emoji),
    "time_zone": _check_optional(protocol.check_zone),
}
PROFILE_FIELDS = tuple(_CHECKS)


def publish_profile(profile: Profile) -> None:
    """Publish a profile after the commit, to the MAX_TOLD_ROOMS rooms that the person entered last."""
    event = protocol.profile(describe_person(profile.person, profile))
    rooms = Member.objects.filter(person=profile.person).exclude(role=Member.BANNED).order_by("-id")
    ids = list(rooms.values_list("room_id", flat=True)[:MAX_TOLD_ROOMS])

    def publish():
        for id in ids:
            broadcast.publish(broadcast.room_group(id), event)

    after_commit("publish the profile of a person", publish)


def describe_person(person: Person, profile: Profile | None = None) -> dict[str, Any]:
    """Return what everybody may see of a person. `profile` is given if it was just changed."""
    profile = profile or getattr(person, "profile", None) or Profile(person=person)
    shown = {name: getattr(profile, name) for name in PROFILE_FIELDS}
    bot = {"bot": True} if person.is_bot else {}
    return protocol.person(person.handle, person.is_guest, **shown, picture=profile.picture, **bot)


def find_profiles(handles: Sequence[str]) -> list[dict[str, Any]]:
    """
    Return what everybody may see of the active people with these handles.

    Raise `too_long` above MAX_PRESENT handles, and `invalid_field` for an invalid handle.
    """
    people = Person.objects.filter(handle_key__in=make_keys(handles), is_active=True)
    return [describe_person(person) for person in people.select_related("profile")]


def make_keys(handles: Sequence[str]) -> list[str]:
    """Return the keys of handles. Raise `too_long` above MAX_PRESENT, and `invalid_field` for an invalid handle."""
    if len(handles) > MAX_PRESENT:
        raise ChatError("too_long", "Ask for at most %(most)s handles at once.", most=MAX_PRESENT)
    return [make_handle_key(protocol.check_string(handle, "handle")) for handle in handles]


def search_people(asker: Person, text: str, slug: str | None = None) -> list[dict[str, Any]]:
    """
    Return at most MAX_FOUND active people whose handle begins with `text`, or whose name has a word that does.

    The people are sorted by handle. With `slug`, they are the members of this room who are not banned. Without `slug`,
    no guest and no bot is among them, and guests may not search.

    Raise `forbidden` for a guest without `slug`; `not_found` or `forbidden` for a room that the asker may not read;
    `too_long` for the text.
    """
    people = Person.objects.filter(is_active=True)
    if slug is not None:
        room = get_readable_room(asker, slug)
        members = Member.objects.filter(room=room).exclude(role=Member.BANNED)
        people = people.filter(id__in=members.values("person_id"))
    elif asker.is_guest:
        raise ChatError("forbidden", "Guests can search for people only in a room.")
    else:
        people = people.filter(is_guest=False).exclude(is_bot=True)
    text = protocol.check_text(text, "q", MAX_SEARCH, least=0)
    if text:
        people = people.filter(match_text(text))
    found = people.select_related("profile").order_by("handle_key")[:MAX_FOUND]
    return [describe_person(person) for person in found]


def match_text(text: str, prefix: str = "") -> Q:
    """
    Return the filter for people whose handle begins with `text`, or whose name has a word that begins with it.

    `prefix` is the path to the person, such as "person__", for rows that refer to a person.
    """
    starts = Q((f"{prefix}handle_key__startswith", make_handle_key(text)))
    starts |= Q((f"{prefix}profile__name__istartswith", text))
    return starts | Q((f"{prefix}profile__name__icontains", f" {text}"))
