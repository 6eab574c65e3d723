"""`manage.py second_factor`, and the same action in the admin: operators help a person who has lost the app."""

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client

from chat.models import AccountEntry, Person, SecondFactor
from chat.protocol import CLOSE_NOT_SIGNED_IN
from tests import wire
from tests.chat.factors import is_signed_in, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def browser(alice):
    """Return the browser in which Alice is signed in. She has a second factor."""
    browser = Client()
    sign_in(browser)
    SecondFactor.objects.create(person=alice, secret="encrypted")
    return browser


def choose_action(operator, person):
    fields = {"action": "switch_second_factor_off", "_selected_action": [person.id]}
    return operator.post("/admin/chat/person/", fields, follow=True).content.decode()


def test_the_command_shows_the_state_and_changes_nothing(browser, bob, capsys):
    call_command("second_factor", "show", "alice")
    call_command("second_factor", "show", "bob")
    lines = ["Alice: two-factor sign-in is on, recovery codes left: 0.", "Bob: two-factor sign-in is off."]
    assert capsys.readouterr().out.splitlines() == lines and SecondFactor.objects.exists()


def test_the_command_switches_it_off_signs_out_everywhere_and_is_in_the_log(browser, alice, room, capsys):
    socket = wire.Socket("/chat/garden/", browser).connect()
    call_command("second_factor", "off", "alice")
    assert capsys.readouterr().out == "Alice: two-factor sign-in is off now.\n"
    socket.read()
    assert socket.code == CLOSE_NOT_SIGNED_IN and not is_signed_in(browser)
    assert not SecondFactor.objects.exists() and sign_in(Client()).status_code == 200
    entry = AccountEntry.objects.get()
    assert (entry.person, entry.actor, entry.act) == (alice, None, AccountEntry.FACTOR_OFF)


@pytest.mark.parametrize("handle, words", [("nobody", "nobody with this handle"), ("bob", "is off for this person")])
def test_the_command_says_what_is_wrong(bob, handle, words):
    with pytest.raises(CommandError, match=words):
        call_command("second_factor", "off", handle)


def test_an_operator_switches_it_off_in_the_admin(browser, alice, root, admin_browser):
    assert "Done: Alice." in choose_action(admin_browser, alice)
    entry = AccountEntry.objects.get()
    assert (entry.actor, entry.act) == (root, AccountEntry.FACTOR_OFF)
    assert "Alice" in admin_browser.get("/admin/chat/accountentry/").content.decode()
    path = f"/admin/chat/accountentry/{entry.id}/"
    assert admin_browser.post(f"{path}change/", {"act": "email"}).status_code == 403
    assert admin_browser.post(f"{path}delete/", {"post": "yes"}).status_code == 403


def test_only_superusers_switch_it_off_for_operators(browser, alice, bob, root):
    Person.objects.filter(id__in=[alice.id, bob.id]).update(is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__in=["change_person", "view_person"]))
    assert "Only superusers may do that to operators." in choose_action(wire.browser_of(bob), alice)
    assert SecondFactor.objects.exists()


def test_nobody_switches_their_own_off_without_a_proof(root, admin_browser):
    SecondFactor.objects.create(person=root, secret="encrypted")
    assert "Switch your own two-factor sign-in off in your settings." in choose_action(admin_browser, root)
    assert SecondFactor.objects.exists()


def test_the_sign_in_of_the_admin_asks_for_the_code(root):
    SecondFactor.objects.create(person=root, secret="encrypted")
    operator = Client()
    fields = {"username": "Root", "password": "a long password", "next": "/admin/chat/room/"}
    response = operator.post("/admin/login/", fields)
    assert response["Location"] == "/sign-in/code/?next=%2Fadmin%2Fchat%2Froom%2F"
    assert not is_signed_in(operator)
    assert operator.get("/admin/chat/room/").status_code == 302
