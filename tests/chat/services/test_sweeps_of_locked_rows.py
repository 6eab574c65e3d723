"""A sweep does not wait for a row that another transaction has locked. A later sweep handles the row."""

import contextlib
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from chat.models import (
    Announcement,
    Board,
    Change,
    Hook,
    HookDelivery,
    Invitation,
    KnownPlace,
    Mail,
    Member,
    Person,
    Preview,
    Receipt,
    Reminder,
    Room,
    ScheduledMessage,
    StoredFile,
    Task,
    Token,
    Upload,
    Visitor,
)
from chat.services import (
    announcements,
    boards,
    files,
    hooks,
    invitations,
    link_previews,
    lost_rights,
    mails,
    moderation,
    people,
    reminders,
    retention,
    rooms,
    scheduled,
    tasks,
    uploads,
)
from chat.services.boards import lifecycle
from chat.services.sweeps import SWEEPS
from tests import wire
from tests.chat.helpers import Browser, knock, message_of
from tests.chat.services.tasks.helpers import queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="needs PostgreSQL: bin/test --postgres"),
]

LONG_AGO = timezone.now() - timedelta(days=1000)
AN_HOUR_AGO = timezone.now() - timedelta(hours=1)


def expired_tasks(alice, bob, room):
    for ref in ("x1", "x2"):
        queue(alice, ref=ref)
    Task.objects.update(expires_at=LONG_AGO)
    return Task


def overdue_messages(alice, bob, room):
    for body in ("one", "two"):
        ScheduledMessage.objects.create(room=room, author=alice, body=body, due_at=AN_HOUR_AGO)
    return ScheduledMessage


def overdue_messages_of_two_rooms(alice, bob, room):
    other = Room.objects.create(slug="orchard", name="Orchard")
    for place in (room, other):
        rooms.join_room(alice, place.slug)
        ScheduledMessage.objects.create(room=place, author=alice, body="Hello", due_at=AN_HOUR_AGO)
    return Room


def old_scheduled_messages(alice, bob, room):
    overdue_messages(alice, bob, room)
    ScheduledMessage.objects.update(state=ScheduledMessage.POSTED, due_at=LONG_AGO)
    return ScheduledMessage


def overdue_reminders(alice, bob, room):
    for text in ("one", "two"):
        Reminder.objects.create(room=room, person=alice, text=text, is_private=True, due_at=AN_HOUR_AGO)
    return Reminder


def overdue_reminders_of_two_rooms(alice, bob, room):
    other = Room.objects.create(slug="orchard", name="Orchard")
    for place in (room, other):
        Reminder.objects.create(room=place, person=alice, text="Hello", is_private=False, due_at=AN_HOUR_AGO)
    return Room


def old_reminders(alice, bob, room):
    overdue_reminders(alice, bob, room)
    Reminder.objects.update(state=Reminder.SENT, due_at=LONG_AGO)
    return Reminder


def old_mails(alice, bob, room):
    for person in (alice, bob):
        Mail.objects.create(kind="password_changed", person=person, created_at=LONG_AGO)
    return Mail


def expired_mutes(alice, bob, room):
    for person in (alice, bob):
        rooms.join_room(person, "garden")
    Member.objects.update(role=Member.MUTED, muted_until=LONG_AGO)
    return Member


def expired_sessions(alice, bob, room):
    for person in (alice, bob):
        wire.browser_of(person)
    Session.objects.update(expire_date=LONG_AGO)
    return Session


def expired_tokens(alice, bob, room):
    for person in (alice, bob):
        people.make_token(person, "bot", people.TokenLimits(rooms=["garden"]))
    Token.objects.update(expires_at=LONG_AGO)
    return Token


def departed_guests(alice, bob, room):
    for handle in ("Guest 1", "Guest 2"):
        people.sign_up_guest(handle)
    Person.objects.exclude(is_guest=True).delete()
    Person.objects.update(seen_at=LONG_AGO)
    return Person


def old_places(alice, bob, room):
    for person in (alice, bob):
        person.known_places.create(digest="d", seen_at=LONG_AGO)
    return KnownPlace


def expired_announcements(alice, bob, room):
    for text in ("one", "two"):
        Announcement.objects.create(text=text, expires_at=LONG_AGO)
    return Announcement


def receipts_of_expired_announcements(alice, bob, room):
    for person in (alice, bob):
        Receipt.objects.create(announcement=Announcement.objects.create(text="x", expires_at=LONG_AGO), person=person)
    return Receipt


def expired_invitations(alice, bob, room):
    for digest in ("a", "b"):
        Invitation.objects.create(room=room, digest=digest, expires_at=LONG_AGO)
    return Invitation


def closed_boards(alice, bob, room):
    for _ in range(2):
        Browser().make_board(handle="Olga")
    Board.objects.update(shut_at=LONG_AGO)
    return Board


def closed_boards_with_a_locked_visitor(alice, bob, room):
    closed_boards(alice, bob, room)
    return Visitor


def closed_boards_with_a_locked_member(alice, bob, room):
    closed_boards(alice, bob, room)
    return Member.objects.exclude(room=room)


def visitors_who_wait(alice, bob, room):
    owner = Browser().make_board(handle="Olga")
    for handle in ("Bob", "Charlie"):
        knock(Browser().follow(owner), handle=handle)
    visitors = Visitor.objects.filter(state=Visitor.WAITING)
    visitors.update(changed_at=LONG_AGO)
    return visitors


def old_refs(alice, bob, room):
    for ref in ("r1", "r2"):
        fields = {"person": alice, "room": room, "digest": "d", "number": 1, "offset": 1, "created_at": LONG_AGO}
        Change.objects.create(ref=ref, **fields)
    return Change


def rooms_with_old_messages(alice, bob, room):
    other = Room.objects.create(slug="orchard", name="Orchard")
    for place in (room, other):
        message_of(place, alice, 1, created_at=LONG_AGO)
    Room.objects.update(offset=1)
    retention.set_rule("all", 30, "root")
    return Room


def files_without_a_row(alice, bob, room):
    for _ in range(2):
        StoredFile.objects.create(name=files.make_name("results"), changed_at=LONG_AGO)
    return StoredFile


def unused_uploads(alice, bob, room):
    for number in range(2):
        name = files.make_name("uploads")
        values = {"name": "a.txt", "type": "text/plain", "size": 1, "stored": name, "created_at": LONG_AGO}
        Upload.objects.create(key=f"key-{number}", room=room, person=alice, **values)
    return Upload


def failed_previews(alice, bob, room):
    for number in range(2):
        Preview.objects.create(digest=str(number), fetched_at=LONG_AGO, expires_at=LONG_AGO)
    return Preview


def old_deliveries(alice, bob, room):
    bot = Person.objects.create(handle="Builds", is_bot=True)
    hook = Hook.objects.create(room=room, person=bot, kind=Hook.OUTGOING, url="https://a.example/")
    for _ in range(2):
        HookDelivery.objects.create(hook=hook, state=HookDelivery.SENT, created_at=LONG_AGO)
    return HookDelivery


def bots_without_a_hook(alice, bob, room):
    for handle in ("Builds", "Alarms"):
        Person.objects.create(handle=handle, is_bot=True)
    return Person.objects.filter(is_bot=True)


CASES = [
    (uploads.sweep_uploads, unused_uploads),
    (link_previews.sweep_previews, failed_previews),
    (hooks.sweep_deliveries, old_deliveries),
    (people.sweep_bots, bots_without_a_hook),
    (files.sweep_files, files_without_a_row),
    (rooms.sweep_old_refs, old_refs),
    (retention.sweep_retention, rooms_with_old_messages),
    (tasks.sweep_tasks, expired_tasks),
    (scheduled.sweep_scheduled, overdue_messages),
    (scheduled.sweep_scheduled, overdue_messages_of_two_rooms),
    (scheduled.sweep_scheduled, old_scheduled_messages),
    (reminders.sweep_reminders, overdue_reminders),
    (reminders.sweep_reminders, overdue_reminders_of_two_rooms),
    (reminders.sweep_reminders, old_reminders),
    (mails.sweep_mails, old_mails),
    (moderation.sweep_mutes, expired_mutes),
    (people.sweep_sessions, expired_sessions),
    (people.sweep_tokens, expired_tokens),
    (people.sweep_guests, departed_guests),
    (people.sweep_places, old_places),
    (announcements.sweep_announcements, expired_announcements),
    (announcements.sweep_announcements, receipts_of_expired_announcements),
    (invitations.sweep_invitations, expired_invitations),
    (boards.sweep_boards, closed_boards),
    (boards.sweep_boards, closed_boards_with_a_locked_visitor),
    (boards.sweep_boards, closed_boards_with_a_locked_member),
    (boards.sweep_boards, visitors_who_wait),
]
# These sweeps close connections, and write no rows.
READERS = {lost_rights.sweep_inactive_people, lost_rights.sweep_banned_members}


@contextlib.contextmanager
def locked_by_another(row):
    """Lock a row from another connection within a `with` block. A statement that waits for the row fails."""
    other = connection.copy()
    other.set_autocommit(False)
    table, key = row._meta.db_table, row._meta.pk.column
    with other.cursor() as cursor, connection.cursor() as own:
        cursor.execute(f"SELECT 1 FROM {table} WHERE {key} = %s FOR UPDATE", [row.pk])
        own.execute("SET lock_timeout = '2s'")
        try:
            yield
        finally:
            other.rollback()
            other.close()
            own.execute("RESET lock_timeout")


@pytest.mark.parametrize("sweep, make_rows", CASES, ids=[make_rows.__name__ for _, make_rows in CASES])
def test_a_sweep_does_not_wait_for_a_locked_row(sweep, make_rows, alice, bob, room):
    rows = make_rows(alice, bob, room)
    held, free = getattr(rows, "objects", rows).order_by("pk")[:2]
    with locked_by_another(held):
        assert sweep() == 1, "the row that is free"
    assert sweep() >= 1, "the row that was locked"
    assert sweep() == 0


@pytest.mark.parametrize(
    "module, sweep, make_rows",
    [
        (scheduled, scheduled.sweep_scheduled, overdue_messages_of_two_rooms),
        (lifecycle, boards.sweep_boards, closed_boards),
    ],
)
def test_locked_rows_do_not_keep_back_the_rows_after_them(module, sweep, make_rows, alice, bob, room, monkeypatch):
    monkeypatch.setattr(module, "MAX_SWEPT", 1)
    with locked_by_another(make_rows(alice, bob, room).objects.order_by("pk").first()):
        assert sweep() == 1


def test_each_sweep_that_writes_is_in_the_table():
    assert {sweep for sweep, _ in CASES} == set(SWEEPS) - READERS
