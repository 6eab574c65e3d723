"""
The deletion of an account: the person leaves, and what others have read stays.

Rows that other people see stay, under a name that does not identify the person. Examples are messages, reactions,
votes, mentions, visits to boards, emoji of the site, records of moderation, bans, and memberships in direct
conversations. The other memberships, the files that no message has, and the rows in DELETED are deleted.

This module writes Person, the rows that belong to a person, and the names of direct conversations. It closes the
person's connections.
"""

import secrets
from collections.abc import Iterator
from typing import Any

from django.contrib import auth
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest

from chat.models import (
    AccountEntry,
    Announcement,
    Block,
    Bookmark,
    EmailAddress,
    ExternalLogin,
    HookDelivery,
    KnownPlace,
    Login,
    Mail,
    Member,
    Person,
    Picture,
    Preferences,
    Profile,
    PushSubscription,
    Receipt,
    RecoveryCode,
    Reminder,
    Room,
    ScheduledMessage,
    SecondFactor,
    Task,
    ThreadMember,
    Token,
    Upload,
    make_handle_skeleton,
)
from chat.services import feeds

from .logins import close_connections
from .own_logins import end_other_logins
from .sign_ins import check_own_password

# The rows of a person that are deleted with the account: the models, and the fields that refer to the person.
DELETED = (
    (Token, "person"),
    (KnownPlace, "person"),
    (PushSubscription, "person"),
    (Login, "person"),
    (ExternalLogin, "person"),
    (SecondFactor, "person"),
    (RecoveryCode, "person"),
    (EmailAddress, "person"),
    (Mail, "person"),
    (AccountEntry, "person"),
    (Profile, "person"),
    (Picture, "person"),
    (Preferences, "person"),
    (ScheduledMessage, "author"),
    (Reminder, "person"),
    (Task, "person"),
    (Receipt, "person"),
    (Announcement, "person"),
    (HookDelivery, "person"),
    (Bookmark, "person"),
    (ThreadMember, "person"),
    (Block, "person"),
    (Block, "blocked"),
    (Person.groups.through, "person"),
    (Person.user_permissions.through, "person"),
)


def delete_account(request: HttpRequest, password: Any) -> None:
    """
    Delete the account of the signed-in person, and sign out everywhere.

    A room that only this person owned stays without an owner; operators can name a new one. Raise as
    `check_own_password` does.
    """
    person = request.user
    check_own_password(request, password, field="password")
    with transaction.atomic():
        Person.objects.lock(person.id)
        close_connections(person)
        end_other_logins(person)
        _delete_rows(person)
        _take_handle_away(person)
        _rename_conversations(person)
    auth.logout(request)


def _delete_rows(person):
    # A banned member stays, so that the rooms' records of bans stay complete. The members of direct conversations stay,
    # because the conversations have the names of their people.
    person.memberships.exclude(role=Member.BANNED).exclude(room__access=Room.DIRECT).delete()
    # The files of messages stay with the messages.
    Upload.objects.unused().filter(person=person).delete()
    for model, field in DELETED:
        model.objects.filter(Q((field, person))).delete()


def _take_handle_away(person):
    """
    Deactivate the person, and free the handle. The person's messages then show a new handle, which nobody can take.
    """
    # No password has the hash "!".
    fields = {"password": "!", "is_active": False, "is_staff": False, "is_superuser": False, "browser": None}
    for handle in _make_handles(person):
        # Without a key, nobody finds the person by the handle. The skeleton is unique, so nobody can take the handle.
        keys = {"handle_key": None, "handle_skeleton": make_handle_skeleton(handle)}
        try:
            with transaction.atomic():
                Person.objects.filter(id=person.id).update(handle=handle, **keys, **fields)
            return
        except IntegrityError:
            continue  # somebody has this handle already, or one that looks like it


def _make_handles(person) -> Iterator[str]:
    yield f"deleted-{person.id}"
    while True:
        yield f"deleted-{person.id}-{secrets.token_hex(3)}"


def _rename_conversations(person):
    """Remove the former handle from the names of the person's direct conversations."""
    ids = Room.objects.filter(access=Room.DIRECT, members__person=person).values_list("id", flat=True)
    for room_id, people in feeds.find_people(list(ids)).items():
        Room.objects.filter(id=room_id).update(name=feeds.name_people(people))
