"""Rights that SQL statements end without a service: the monitor's sweeps close connections, even if they are silent."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from chat.models import Member, Person
from chat.services import lost_rights, people
from chat.services.sweeps import SWEEPS

pytestmark = pytest.mark.django_db(transaction=True)


def execute(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def set_active(person, is_active):
    execute("UPDATE chat_person SET is_active = %s WHERE id = %s", is_active, person.id)


def run_sweeps():
    return sum(sweep() for sweep in SWEEPS)


def test_an_account_that_sql_deactivates_loses_its_silent_sockets(alice, bob, enter):
    silent, other = enter(alice), enter(bob)
    set_active(alice, False)
    assert run_sweeps() == 1
    silent.read(), other.read()
    assert silent.code == 4401 and other.code is None


def test_a_socket_that_opens_after_the_first_sweep_is_closed_by_the_second(alice, enter):
    set_active(alice, False)
    assert lost_rights.sweep_inactive_people() == 1
    # In this race, the handshake reads the row before the account is deactivated, and the socket opens after the sweep.
    set_active(alice, True)
    silent = enter(alice)
    set_active(alice, False)
    assert [lost_rights.sweep_inactive_people() for _ in range(3)] == [1, 0, 0]
    silent.read()
    assert silent.code == 4401


def test_an_account_can_be_deactivated_again(alice, enter):
    for _ in range(2):
        silent = enter(alice)
        set_active(alice, False)
        lost_rights.sweep_inactive_people()
        silent.read()
        assert silent.code == 4401
        set_active(alice, True)
        assert lost_rights.sweep_inactive_people() == 0


def test_a_visitor_whom_sql_deactivates_loses_the_silent_socket(admitted):
    set_active(Person.objects.get(handle="Bob"), False)
    run_sweeps()
    admitted.auth.read()
    assert admitted.auth.code is not None


def test_a_member_whom_sql_bans_loses_the_silent_socket(alice, enter):
    silent = enter(alice)
    execute("UPDATE chat_member SET role = 'banned' WHERE id = %s", Member.objects.get(person=alice).id)
    assert run_sweeps() == 1
    silent.read()
    assert silent.code == 4403


def test_a_login_that_expires_loses_its_silent_sockets(alice, enter):
    silent = enter(alice)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert people.sweep_sessions() == 1
    silent.read()
    assert silent.code == 4408


def test_a_sweep_handles_a_limited_number_of_people_and_new_people_first(alice, bob, charlie, enter, monkeypatch):
    monkeypatch.setattr(lost_rights, "MAX_PER_SWEEP", 2)
    Person.objects.filter(id__in=[alice.id, bob.id]).update(is_active=False)
    assert lost_rights.sweep_inactive_people() == 2
    silent = enter(charlie)
    Person.objects.filter(id=charlie.id).update(is_active=False)
    assert lost_rights.sweep_inactive_people() == 2
    silent.read()
    assert silent.code == 4401
    assert [lost_rights.sweep_inactive_people() for _ in range(2)] == [2, 0]
