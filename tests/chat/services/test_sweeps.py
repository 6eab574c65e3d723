"""Sweeps delete expired rows, a limited number at a time."""

import sqlite3
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from chat.models import Announcement, Member, Message, Person
from chat.services import announcements, people
from chat.services.sweeps import SWEEPS
from tests import wire
from tests.chat.helpers import assert_refused

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_sweep_finds_nothing_on_an_empty_site(db):
    assert [sweep() for sweep in SWEEPS] == [0] * len(SWEEPS)
    assert len({sweep.__name__ for sweep in SWEEPS}) == len(SWEEPS)


def test_expired_login_sessions_are_deleted_in_batches(alice, monkeypatch):
    kept = wire.browser_of(alice)
    for _ in range(3):
        wire.browser_of(alice)
    past = timezone.now() - timedelta(seconds=1)
    Session.objects.exclude(session_key=kept.session.session_key).update(expire_date=past)
    monkeypatch.setattr(people.logins, "MAX_SESSIONS_PER_SWEEP", 2)
    assert [people.sweep_sessions() for _ in range(3)] == [2, 1, 0]
    assert [session.session_key for session in Session.objects.all()] == [kept.session.session_key]


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite limits the parameters")
def test_sweeps_delete_more_rows_than_an_older_sqlite_has_parameters(alice):
    past = timezone.now() - timedelta(days=1)
    Session.objects.bulk_create(
        [Session(session_key=f"s{number}", session_data="", expire_date=past) for number in range(1000)], batch_size=100
    )
    Announcement.objects.bulk_create([Announcement(text="x", expires_at=past) for _ in range(1000)], batch_size=100)
    long_ago = timezone.now() - timedelta(days=1000)
    guests = [Person(handle=f"G{number}", is_guest=True, seen_at=long_ago) for number in range(1000)]
    Person.objects.bulk_create(guests, batch_size=50)
    before = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
    try:
        assert sum(people.sweep_sessions() for _ in range(3)) == 1000
        assert sum(people.sweep_guests() for _ in range(3)) == 1000
        assert announcements.sweep_announcements() == 1000
    finally:
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)
    assert not Session.objects.exists()


def test_guests_whose_logins_expired_lose_their_handles(alice, charlie, enter, settings, monkeypatch):
    enter(charlie)
    others = [people.sign_up_guest(f"Guest {number}") for number in range(2)]
    long_ago = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE + 1)
    Person.objects.exclude(id=others[1].id).update(seen_at=long_ago)
    monkeypatch.setattr(people.handles, "MAX_GUESTS_PER_SWEEP", 1)
    assert [people.sweep_guests() for _ in range(3)] == [1, 1, 0]
    charlie.refresh_from_db(), alice.refresh_from_db(), others[1].refresh_from_db()
    assert (charlie.handle, charlie.handle_key, charlie.is_active) == ("Charlie", None, False)
    assert alice.is_active and others[1].is_active
    assert people.sign_up_guest("CHARLIE").id != charlie.id
    assert Member.objects.filter(person=charlie).exists()


def test_guests_who_wrote_messages_keep_their_handles_when_their_logins_expire(charlie, enter, settings):
    enter(charlie).post("r1")
    Person.objects.update(seen_at=timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE + 1))
    assert (people.sweep_guests(), people.sweep_guests()) == (1, 0)
    charlie.refresh_from_db()
    assert (charlie.handle_key, charlie.is_active) == ("charlie", False)
    assert_refused("taken", people.sign_up_guest, "CHARLIE")
    assert Message.objects.get().author.handle == "Charlie"


def test_known_places_are_deleted_after_a_long_absence(alice):
    places = [alice.known_places.create(digest=str(number)) for number in range(2)]
    old = timezone.now() - people.sign_ins.KEEP_PLACES - timedelta(days=1)
    alice.known_places.filter(id=places[0].id).update(seen_at=old)
    assert (people.sweep_places(), people.sweep_places()) == (1, 0)
    assert list(alice.known_places.values_list("id", flat=True)) == [places[1].id]
