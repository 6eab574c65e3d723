"""
Deleting an account: the person leaves, and what others have read stays.

Messages, reactions, and the records of moderation stay under a name that says nothing. Everything else of the person is
deleted. This module writes Person and the rows that belong to a person, and closes the person's connections.
"""

from typing import Any

from django.contrib import auth
from django.db import transaction
from django.http import HttpRequest

from chat.models import NO_HANDLE_KEYS, Member, Person

from .logins import close_connections
from .own_logins import end_other_logins
from .sign_ins import check_own_password

# The rows of a person that are deleted with the account: the names under which a Person has them.
DELETED = (
    "tokens",
    "known_places",
    "logins",
    "profile",
    "own_picture",
    "preferences",
    "scheduled",
    "tasks",
    "receipt",
    "whispers",
    "blocks",
)


def delete_account(request: HttpRequest, password: Any) -> None:
    """
    Delete the account of the signed-in person, and sign out everywhere.

    A room that only this person owned stays without an owner; operators can name a new one. Raise as
    `check_own_password` does.
    """
    person = request.user
    check_own_password(request, password)
    with transaction.atomic():
        Person.objects.lock(person.id)
        close_connections(person)
        end_other_logins(person)
        _delete_rows(person)
        Person.objects.filter(id=person.id).update(
            handle=f"deleted-{person.id}",
            **NO_HANDLE_KEYS,
            password="!",
            is_active=False,
            is_staff=False,
            is_superuser=False,
            browser=None,
        )
    auth.logout(request)


def _delete_rows(person):
    # A banned member stays, so that the rooms' records of bans stay complete.
    person.memberships.exclude(role=Member.BANNED).delete()
    for name in DELETED:
        field = Person._meta.get_field(name)
        field.related_model.objects.filter(**{field.field.name: person}).delete()
