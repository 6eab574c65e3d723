"""An import that is killed at a statement, and run again, stores the same as an import that is not killed."""

import pytest
from django.db import connection

from chat.models import ImportedItem, Member, Mention, Message, Person, Reaction, Room
from chat.services.imports import running
from tests.chat.services.imports import generator
from tests.chat.services.imports.helpers import import_slack

pytestmark = pytest.mark.django_db(transaction=True)

STEP = 4  # every fourth statement: the statements of all batches are the same


class Killed(BaseException):
    """An exception that stands for SIGKILL: no code of the site catches it."""


class Killer:
    """A wrapper of statements that counts those that write, and raises Killed at one of them."""

    def __init__(self, at=None):
        self.at, self.count = at, 0

    def __call__(self, execute, sql, params, many, context):
        if not sql.startswith("SELECT"):
            self.count += 1
            if self.count == self.at:
                raise Killed
        return execute(sql, params, many, context)


def describe():
    """Return everything that an import has stored, without the ids of rows."""
    messages = Message.objects.order_by("created_at", "id")
    return {
        "messages": list(
            messages.values_list("room__name", "number", "offset", "author__handle", "body", "reply_to", "created_at")
        ),
        "rooms": sorted(Room.objects.values_list("name", "access", "archived", "offset", "posts", "last_at")),
        "members": sorted(Member.objects.values_list("room__name", "person__handle", "role", "read_offset")),
        "people": sorted(Person.objects.values_list("handle", "is_active", "email__address", "profile__name")),
        "mentions": sorted(Mention.objects.values_list("room__name", "number", "person__handle")),
        "reactions": sorted(Reaction.objects.values_list("message__body", "person__handle", "emoji")),
        "items": sorted(ImportedItem.objects.values_list("kind", "key")),
    }


def clear():
    for model in (Room, ImportedItem, Person):
        model.objects.all().delete()


def test_an_import_that_is_killed_at_a_statement_continues(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "BATCH", 10)
    monkeypatch.setattr(running, "PAUSE_SECONDS", 0)
    path = generator.write_slack(generator.make_history(25), tmp_path / "slack.zip")
    with connection.execute_wrapper(killer := Killer()):
        import_slack(path)
    expected = describe()
    for at in range(1, killer.count + 1, STEP):
        clear()
        with pytest.raises(Killed), connection.execute_wrapper(Killer(at)):
            import_slack(path)
        assert not Room.objects.filter(members__isnull=False, archived=True).exists(), "nobody sees half a room"
        import_slack(path)
        assert describe() == expected, f"killed at statement {at}"
