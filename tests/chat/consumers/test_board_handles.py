"""The handles on a board: each is unique on its board, and becomes free when its visitor is refused or leaves."""

import pytest

from chat.models import Message, Person, Visitor
from chat.services import people
from tests.chat.helpers import Browser, ask, key_of, knock, types

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_handle_is_unique_on_a_board_in_any_case(owner, admitted):
    door = Browser().follow(owner).door()
    assert ask(door, "knock", handle="bOB")["code"] == "taken"
    other_board = Browser().make_board()
    assert ask(Browser().follow(other_board).door(), "knock", handle="Bob")["type"] == "ack"
    assert people.sign_up_guest("Bob").handle == "Bob"


def test_the_handle_of_a_waiting_visitor_who_left_is_free(owner, at_door, visitor):
    gone = knock(visitor)
    other = Browser().follow(owner)
    assert ask(other.door(), "knock", handle="Bob")["code"] == "taken"
    gone.disconnect()
    knock(other)
    assert visitor.door().events == [] and at_door.seen("knocked")[-1]["visitor"] == key_of("Bob")


def test_the_handle_of_a_refused_visitor_is_free(owner, at_door, visitor):
    knock(visitor)
    first = key_of("Bob")
    ask(at_door, "refuse", visitor=first)
    knock(Browser().follow(owner))
    assert ask(at_door, "admit", visitor=first)["code"] == "taken"


def test_a_visitor_who_is_logged_in_has_the_handle_of_the_account(owner, at_door, alice):
    browser = Browser(alice).follow(owner)
    knock(browser, "Somebody else")
    assert at_door.read()[0]["handle"] == "Alice"
    ask(at_door, "admit", visitor=key_of("Alice"))
    room = browser.room()
    you = room.seen("joined")[0]["you"]
    assert you == {"handle": "Alice", "role": "member", "read": 0, "person": you["person"]}
    assert room.post("p1")["type"] == "ack" and Message.objects.get().author == alice


def test_a_person_can_join_with_two_browsers(owner, at_door, alice):
    first, second = Browser(alice).follow(owner), Browser(alice).follow(owner)
    doors = [knock(first), knock(second)]
    for visitor in Visitor.objects.filter(person=alice):
        ask(at_door, "admit", visitor=visitor.key)
    assert [types(door.read())[-1] for door in doors] == ["admitted"] * 2
    assert first.room().seen("joined") and second.room().seen("joined")


def test_each_browser_of_a_person_is_admitted_separately(owner, at_door, alice):
    first, second = Browser(alice).follow(owner), Browser(alice).follow(owner)
    knock(first)
    ask(at_door, "admit", visitor=key_of("Alice"))
    knock(second)
    assert second.room().code == 4404 and first.room().seen("joined")
    Person.objects.filter(id=alice.id).update(is_active=False)
    assert first.room().code == first.door().code == 4404


def test_a_browser_whose_login_has_ended_cannot_enter(owner, at_door, alice):
    browser = Browser(alice).follow(owner)
    knock(browser)
    ask(at_door, "admit", visitor=key_of("Alice"))
    alice.set_password("another long one")
    alice.save()
    assert browser.door().code == browser.room().code == 4404


def test_owners_cannot_remove_themselves(alice):
    owner, phone = Browser(alice).make_board(), Browser(alice)
    at_door = owner.door()
    assert ask(at_door, "knock", handle="Alice")["code"] == "forbidden"
    knock(phone.follow(owner))
    key = Visitor.objects.get(state="waiting").key
    assert ask(at_door, "admit", visitor=key)["type"] == "ack"
    assert ask(at_door, "remove", visitor=key)["code"] == "forbidden"
    assert ask(at_door, "remove", visitor=Visitor.objects.get(state="owner").key)["code"] == "forbidden"
    assert phone.room().seen("joined")[0]["you"]["role"] == "owner"
