"""Boards: what owners and visitors may do, and that their rights are checked again when a frame arrives."""

import pytest

from chat.models import Board, Person, Visitor
from chat.services import people
from tests.chat.helpers import Browser, ask, deactivate, key_of, knock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("act", ["admit", "refuse", "remove", "shut"])
def test_visitors_cannot_decide(owner, at_door, visitor, admitted, act):
    newcomer = Browser().follow(owner)
    for door in (newcomer.door(), knock(newcomer, "Carol"), admitted.door()):
        assert ask(door, act, visitor=key_of("Bob"))["code"] == "forbidden"
    assert Visitor.objects.get(person__handle="Bob").state == "admitted" and Board.objects.get().shut_at is None


@pytest.mark.parametrize("key", ["", "x", "x" * 1000, "é"])
def test_an_unknown_visitor_is_not_found(at_door, admitted, key):
    for act in ("admit", "refuse", "remove"):
        assert ask(at_door, act, visitor=key)["code"] == "not_found"


def test_visitors_of_another_board_are_not_found(admitted):
    other = Browser().make_board()
    assert ask(other.door(), "remove", visitor=key_of("Bob"))["code"] == "not_found"


def test_another_login_in_the_same_browser_is_another_visitor(owner, alice, bob):
    browser = Browser(alice).follow(owner)
    knock(browser)
    session = browser.session
    browser.client.force_login(bob, backend=people.BACKEND)
    assert browser.follow(owner).session != session
    assert browser.socket("auth", session=session).connect().code == 4404


@pytest.mark.parametrize("how", ["deactivated", "new password"])
def test_rights_in_the_waiting_room_are_checked_when_a_frame_arrives(owner, alice, how):
    browser = Browser(alice).follow(owner)
    door = browser.door()
    if how == "deactivated":
        Person.objects.filter(id=alice.id).update(is_active=False)
    else:
        alice.set_password("another long one")
        alice.save()
    door.say("knock", ref="k1", handle="Alice")
    assert door.code == {"deactivated": 4403, "new password": 4408}[how]
    assert not Visitor.objects.filter(person=alice).exists()


def test_a_deactivated_owner_cannot_decide_or_see_visitors(owner):
    knock(Browser().follow(owner))
    door = owner.door()
    deactivate("Olga")
    assert door.say("admit", ref="r1", visitor=key_of("Bob")) == [] and door.code == 4403
    assert owner.door().code == owner.room().code == 4404
    assert owner.client.get(f"/api/boards/{owner.board}/visitors/").status_code == 404
    assert Visitor.objects.get(person__handle="Bob").state == Visitor.WAITING


def test_a_deactivated_visitor_cannot_knock(owner):
    browser = Browser().follow(owner)
    door = knock(browser)
    deactivate("Bob")
    assert door.say("knock", ref="r1", handle="Bob") == [] and door.code == 4403
    assert browser.door().code == 4404


def test_closing_the_connections_of_a_person_closes_the_persons_waiting_room(alice, later):
    owner = Browser(alice).make_board()
    door, other = owner.door(), Browser().follow(owner).door()
    people.close_connections(alice)
    for socket in (door, other):
        socket.read()
    assert (door.code, other.code) == (4401, None)
