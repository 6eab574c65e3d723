"""Preferences: defaults, checks, and the quiet hours."""

import pytest

from chat.models import Preferences
from chat.services import people
from tests.chat.helpers import assert_refused

DEFAULTS = {
    "theme": "system",
    "language": "",
    "notify": "mentions",
    "sound": False,
    "quiet_from": None,
    "quiet_to": None,
    "opens_at": "unread",
    "hide_previews": False,
}


def describe(person):
    return people.describe_preferences(people.get_preferences(person))


def test_a_person_begins_with_the_defaults(alice):
    assert describe(alice) == DEFAULTS and not Preferences.objects.exists()


def test_a_change_keeps_the_other_preferences(alice, charlie):
    people.change_preferences(alice, {"theme": "dark", "quiet_from": "22:30", "quiet_to": "07:00"})
    people.change_preferences(alice, {"sound": True})
    assert describe(alice) == {**DEFAULTS, "theme": "dark", "sound": True, "quiet_from": "22:30", "quiet_to": "07:00"}
    people.change_preferences(alice, {"quiet_from": None, "quiet_to": None})
    assert describe(alice)["quiet_from"] is None
    assert describe(charlie) == DEFAULTS


@pytest.mark.parametrize(
    "fields",
    [
        {"theme": "pink"},
        {"language": "xx"},
        {"sound": "yes"},
        {"notify": None},
        {"quiet_from": "25:00", "quiet_to": "07:00"},
        {"quiet_from": "22:00"},
        {"opens_at": "top"},
        {"hide_previews": "yes"},
    ],
)
def test_an_invalid_preference_is_refused_and_nothing_changes(alice, fields):
    assert_refused("invalid_field", people.change_preferences, alice, {"sound": True, **fields})
    assert not Preferences.objects.exists()
