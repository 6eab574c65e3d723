"""Preferences: how the site looks and behaves for a person. This module writes Preferences."""

from datetime import datetime, time
from typing import Any

from chat import protocol
from chat.models import Person, Preferences
from chat.protocol import ChatError

from .accounts import changing

LANGUAGES = ("en", "de", "fr", "es", "ja", "ko", "zh", "ar")


def get_preferences(person: Person) -> Preferences:
    """Return the preferences of a person; the defaults, which are not stored, if the person has none."""
    return Preferences.objects.filter(person=person).first() or Preferences(person=person)


def change_preferences(person: Person, fields: dict[str, Any]) -> Preferences:
    """
    Change some of the preferences and return them.

    `quiet_from` and `quiet_to` are times such as "22:30", or None; both of them are set, or neither. Raise
    `invalid_field` for a wrong value, and `not_signed_in` if the account was deleted meanwhile.
    """
    checked = {name: _CHECKS[name](value, name) for name, value in fields.items()}
    with changing(person):
        return _store(get_preferences(person), checked)


def _store(preferences, fields):
    for name, value in fields.items():
        setattr(preferences, name, value)
    if (preferences.quiet_from is None) != (preferences.quiet_to is None):
        missing = "quiet_to" if preferences.quiet_to is None else "quiet_from"
        raise ChatError("invalid_field", "Give both the beginning and the end of the quiet hours.", field=missing)
    preferences.save()
    return preferences


def describe_preferences(preferences: Preferences) -> dict[str, Any]:
    """Return the preferences as the API shows them."""
    fields = {name: getattr(preferences, name) for name in PREFERENCES}
    quiet = {name: _format_time(fields[name]) for name in ("quiet_from", "quiet_to")}
    return {**fields, **quiet, "hide_previews": bool(preferences.hide_previews)}


def _format_time(value):
    return None if value is None else value.strftime("%H:%M")


def _check_language(value: Any, name: str) -> str:
    return "" if value == "" else protocol.check_choice(value, name, LANGUAGES)


def _check_time(value: Any, name: str) -> time | None:
    if value is None or isinstance(value, time):
        return value
    try:
        return datetime.strptime(protocol.check_string(value, name), "%H:%M").time()
    except ValueError:
        raise ChatError("invalid_field", "'%(name)s' must be a time like 22:30.", name=name, field=name) from None


def _check_one_of(choices):
    return lambda value, name: protocol.check_choice(value, name, choices)


_CHECKS = {
    "theme": _check_one_of(Preferences.THEMES),
    "language": _check_language,
    "notify": _check_one_of(Preferences.NOTIFY),
    "sound": protocol.check_boolean,
    "quiet_from": _check_time,
    "quiet_to": _check_time,
    "opens_at": _check_one_of(Preferences.OPENS_AT),
    "hide_previews": protocol.check_boolean,
}
PREFERENCES = tuple(_CHECKS)
