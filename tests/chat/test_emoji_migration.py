"""The migration of reactions that were stored before each emoji had one canonical form."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from chat import protocol
from chat.models import Reaction
from tests.chat.helpers import message_of

migration = import_module("chat.migrations.0009_canonical_emoji")


@pytest.fixture
def migrate(db):
    return lambda: migration.unite_reactions(apps, SimpleNamespace(connection=connection))


def test_stored_reactions_get_the_canonical_form(migrate, room, alice, bob):
    message = message_of(room, alice, 1)
    for person, emoji in [(alice, "\u2764"), (bob, "\u2764\ufe0f"), (bob, "1\u20e3"), (alice, "👍")]:
        Reaction.objects.create(message=message, person=person, emoji=emoji)
    migrate()
    assert sorted(Reaction.objects.values_list("person__handle", "emoji")) == [
        ("Alice", "\u2764\ufe0f"),
        ("Alice", "👍"),
        ("Bob", "1\ufe0f\u20e3"),
        ("Bob", "\u2764\ufe0f"),
    ]


def test_several_forms_of_one_emoji_by_one_person_become_one_reaction(migrate, room, alice):
    message, other = message_of(room, alice, 1), message_of(room, alice, 2)
    for emoji in [
        "\U0001f441\u200d\U0001f5e8",
        "\U0001f441\ufe0f\u200d\U0001f5e8",
        "\U0001f441\ufe0f\u200d\U0001f5e8\ufe0f",
    ]:
        Reaction.objects.create(message=message, person=alice, emoji=emoji)
    Reaction.objects.create(message=other, person=alice, emoji="\U0001f441\u200d\U0001f5e8")
    migrate()
    canonical = "\U0001f441\ufe0f\u200d\U0001f5e8\ufe0f"
    assert sorted(Reaction.objects.values_list("message", "emoji")) == [(message.id, canonical), (other.id, canonical)]
    migrate()
    assert Reaction.objects.count() == 2


def test_the_migration_and_the_protocol_agree_about_every_form():
    forms = migration.canonical_forms()
    assert all(protocol.canonical_emoji(stripped) == form for stripped, form in forms.items())
