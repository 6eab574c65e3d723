"""Fixtures for the tests of scheduled messages."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import Member, ScheduledMessage
from chat.services import rooms


@pytest.fixture
def make_scheduled(room):
    """Return a function that stores a scheduled message of a person, a member of the room, due in `seconds`."""

    def make(person, seconds=-1, **fields):
        Member.objects.get_or_create(room=room, person=person, defaults={"role": rooms.get_default_role(person)})
        due_at = timezone.now() + timedelta(seconds=seconds)
        return ScheduledMessage.objects.create(
            **{"room": room, "author": person, "body": "Hello", "due_at": due_at, **fields}
        )

    return make
