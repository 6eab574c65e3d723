"""A removal from a board holds for the visitor's browser and account, until the owner admits the visitor again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.models import Member, Visitor
from tests.chat.helpers import Browser, ask, key_of, knock, role_of, types

pytestmark = pytest.mark.django_db(transaction=True)


def return_as_stranger(browser, owner):
    """
    End the browser's login session, but keep its cookie `browser`.

    Open the board's link again, and return the browser.
    """
    browser.client.post("/sign-out/")
    old_session = browser.session
    assert browser.follow(owner).session != old_session
    return browser


def ask_to_join(browser, handle):
    """Connect to the waiting room and knock. Return (types of the events before the knock, error code or None)."""
    door = browser.door()
    first_types = types(door.events)
    return first_types, ask(door, "knock", handle=handle).get("code")


def decide(at_door, act, handle):
    """Let the owner admit, refuse or remove a visitor."""
    assert ask(at_door, act, visitor=key_of(handle))["type"] == "ack"


@pytest.mark.parametrize("is_account", [False, True], ids=["guest", "account"])
def test_a_removed_visitor_cannot_knock_again_under_another_name(owner, at_door, bob, is_account):
    browser = Browser(bob if is_account else None).follow(owner)
    knock(browser)
    decide(at_door, "admit", "Bob")
    decide(at_door, "remove", "Bob")
    return_as_stranger(browser, owner)
    assert ask_to_join(browser, "Robert") == (["removed"], "forbidden")
    assert browser.room().code == 4404
    decide(at_door, "admit", "Bob")
    assert ask_to_join(browser, "Robert") == ([], None)


def test_a_visitor_who_was_removed_while_waiting_cannot_knock_again(owner, at_door, visitor):
    knock(visitor)
    decide(at_door, "remove", "Bob")
    assert ask_to_join(return_as_stranger(visitor, owner), "Robert")[1] == "forbidden"


def test_a_refused_visitor_must_wait_even_under_another_name(owner, at_door, visitor):
    knock(visitor)
    decide(at_door, "refuse", "Bob")
    return_as_stranger(visitor, owner)
    assert ask_to_join(visitor, "Robert") == ([], "rate_limited")
    Visitor.objects.filter(state="refused").update(changed_at=timezone.now() - timedelta(seconds=31))
    assert ask_to_join(visitor, "Robert") == ([], None)


def test_a_removed_account_cannot_knock_from_another_browser(owner, at_door, bob):
    knock(Browser(bob).follow(owner))
    decide(at_door, "remove", "Bob")
    assert ask_to_join(Browser(bob).follow(owner), "Bob") == (["removed"], "forbidden")


def test_a_ban_of_a_visitor_holds_for_the_browser(owner, admitted):
    Member.objects.filter(person__handle="Bob").update(role=Member.BANNED)
    return_as_stranger(admitted, owner)
    assert ask_to_join(admitted, "Robert")[1] == "forbidden"
    Member.objects.filter(person__handle="Bob").update(role=Member.GUEST)
    assert ask_to_join(admitted, "Robert")[1] is None


def test_a_removal_also_removes_the_other_guests_of_the_browser(owner, at_door, admitted):
    robert = knock(return_as_stranger(admitted, owner), "Robert")
    decide(at_door, "admit", "Robert")
    inside = admitted.room()
    waiting = knock(return_as_stranger(admitted, owner), "Rob")
    at_door.read()
    decide(at_door, "remove", "Bob")
    for socket in (robert, waiting, inside, at_door):
        socket.read()
    assert inside.code == 4403 and waiting.events[-1]["type"] == robert.events[-1]["type"] == "removed"
    assert {event["visitor"] for event in at_door.events if event["type"] == "removed"} == {
        key_of("Robert"),
        key_of("Rob"),
    }
    assert role_of("Robert") == Member.BANNED


def test_a_removal_of_a_guest_does_not_remove_an_admitted_account_of_the_browser(owner, at_door, alice, admitted):
    account = Browser(alice).follow(owner)
    account.client.cookies["browser"] = admitted.client.cookies["browser"].value
    knock(account.follow(owner), "Alice")
    decide(at_door, "admit", "Alice")
    inside = account.room()
    decide(at_door, "remove", "Bob")
    assert inside.read() is not None and inside.code is None
    # The account is admitted, so a new login session of the account may knock.
    again = Browser(alice).follow(owner)
    again.client.cookies["browser"] = admitted.client.cookies["browser"].value
    assert ask_to_join(again.follow(owner), "Alice") == ([], None)


def test_a_removal_does_not_hold_for_the_owners_browser(owner, at_door, visitor):
    visitor.client.cookies["browser"] = owner.client.cookies["browser"].value
    knock(visitor.follow(owner))
    decide(at_door, "admit", "Bob")
    decide(at_door, "remove", "Bob")
    assert ask_to_join(return_as_stranger(visitor, owner), "Robert") == ([], None)
    assert owner.door().code is None and owner.room().code is None


def test_the_unknown_browser_of_a_visitor_is_stored_at_the_next_visit(owner, at_door, visitor):
    knock(visitor)
    Visitor.objects.update(browser=None)
    decide(at_door, "remove", "Bob")
    visitor.follow(owner).door()
    assert ask_to_join(return_as_stranger(visitor, owner), "Robert")[1] == "forbidden"
