"""The admin's pages of people and tokens: a change closes sockets at once; operators cannot extend their own rights."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from chat.models import Person, Token
from chat.services import people
from tests import wire
from tests.chat.factors import is_signed_in, sign_in
from tests.chat.helpers import save

pytestmark = pytest.mark.django_db(transaction=True)


def test_deactivating_a_person_closes_the_sockets(admin_browser, enter, bob):
    tab = enter(bob)
    save(admin_browser, f"/admin/chat/person/{bob.id}/change/", is_staff="")
    tab.read()
    assert tab.code == 4401
    assert not Person.objects.get(id=bob.id).is_active


def test_the_logins_of_a_deactivated_account_stay_ended_when_it_is_activated_again(admin_browser, bob):
    stolen = Client()
    sign_in(stolen, "bob", "battery staple")
    path = f"/admin/chat/person/{bob.id}/change/"
    save(admin_browser, path, is_staff="")
    save(admin_browser, path, is_active="on")
    assert Person.objects.get(id=bob.id).is_active and not is_signed_in(stolen)


@pytest.mark.parametrize("rights, is_active", [({"is_staff": True}, True), ({"is_superuser": True}, True), ({}, False)])
def test_only_superusers_deactivate_operators(alice, bob, rights, is_active):
    Person.objects.filter(id=bob.id).update(is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__in=["change_person", "view_person"]))
    Person.objects.filter(id=alice.id).update(**rights)
    wire.browser_of(bob).post(f"/admin/chat/person/{alice.id}/change/", {"is_staff": ""})
    assert Person.objects.get(id=alice.id).is_active == is_active


def test_saving_a_person_without_a_change_leaves_the_sockets_open(admin_browser, enter, bob):
    tab = enter(bob)
    save(admin_browser, f"/admin/chat/person/{bob.id}/change/", is_active="on")
    assert tab.post("r1")["type"] == "ack"


def test_an_operator_cannot_add_or_delete_people(admin_browser, bob):
    assert admin_browser.get("/admin/chat/person/add/").status_code == 403
    assert admin_browser.post(f"/admin/chat/person/{bob.id}/delete/", {"post": "yes"}).status_code == 403


def test_staff_cannot_give_themselves_more_rights(bob):
    Person.objects.filter(id=bob.id).update(is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__in=["change_person", "view_person"]))
    path = f"/admin/chat/person/{bob.id}/change/"
    wire.browser_of(bob).post(path, {"is_active": "on", "is_superuser": "on", "is_staff": "on"})
    bob.refresh_from_db()
    assert not bob.is_superuser and bob.is_staff


@pytest.mark.parametrize("by", ["page", "list"])
def test_deleting_a_token_closes_its_sockets(admin_browser, alice, room, by):
    token, key = people.make_token(alice, "bot")
    bot = wire.Socket("/chat/garden/", origin=None, headers={"authorization": f"Bearer {key}"}).connect()
    if by == "page":
        save(admin_browser, f"/admin/chat/token/{token.id}/delete/", post="yes")
    else:
        save(admin_browser, "/admin/chat/token/", action="delete_selected", _selected_action=[token.id], post="yes")
    bot.read()
    assert bot.code == 4401 and not Token.objects.exists()
