"""Tests that the pages of a board pass the checks of axe-core: the door in its states, and the owner's page."""

from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, requires_axe
from tests.browser.actions import announce, announcements_on, choose, knock, make_board

pytestmark = requires_axe()
LONG_NAME = "Bartholomew of the long name all"


def test_the_door_of_a_board_is_accessible_in_its_states(browser_of, site, operator):
    owner, bob, carol = browser_of("owner"), browser_of("Bob"), browser_of("Carol")
    link = make_board(owner, site)
    first_id = announce(operator, None, "Before the visit")
    bob.goto(link)
    expect(bob.get_by_test_id("knock")).to_be_visible()
    expect(announcements_on(bob)).to_have_text(["Before the visit✕"])
    expect(bob.get_by_role("main")).to_have_count(1)
    urgent_id = announce(operator, None, "The server restarts in a minute. " * 8, "urgent")
    expect(announcements_on(bob)).to_have_count(2)
    assert_accessible(bob, "the form to knock, with announcements")
    # A dismissed announcement does not return. An announcement that an operator withdraws disappears.
    announcements_on(bob).last.get_by_role("button").click()
    bob.reload()
    expect(bob.get_by_test_id("knock")).to_be_visible()
    expect(announcements_on(bob)).to_have_count(1)
    for announcement_id in (first_id, urgent_id):
        operator.call("DELETE", f"/api/announcements/{announcement_id}/", expected=204)
    expect(announcements_on(bob)).to_have_count(0)

    bob.get_by_test_id("knock-handle").evaluate("input => input.removeAttribute('maxlength')")
    bob.get_by_test_id("knock-handle").fill("x" * 33)
    bob.get_by_test_id("knock").click()
    expect(bob.get_by_test_id("knock-error")).not_to_be_empty()
    assert_accessible(bob, "a refused name")
    knock(bob, link, LONG_NAME)
    assert_accessible(bob, "the waiting room")
    expect(owner.locator(".knock")).to_be_visible()
    assert_accessible(owner, "a visitor who knocks")
    owner.locator("[data-action=refuse]").click()
    expect(bob.get_by_test_id("refused")).to_be_visible()
    assert_accessible(bob, "a refused visitor")
    knock(carol, link, "Carol")
    owner.locator("[data-action=admit]").click()
    carol.wait_for_selector("[data-state=open]")
    assert_accessible(carol, "a board")
    assert_accessible(owner, "the owner's panel")
    owner.get_by_test_id("admitted").locator("[data-action=remove]").click()
    assert_accessible(owner, "a visitor to remove")
    owner.get_by_test_id("admitted").locator("[data-action=remove]").click()
    expect(carol.get_by_test_id("removed")).to_be_visible()
    assert_accessible(carol, "a removed visitor")
    owner.get_by_test_id("room-menu").locator("summary").click()
    assert_accessible(owner, "the owner's menu")
    owner.keyboard.press("Escape")
    choose(owner, "shut")
    assert_accessible(owner, "closing a board")
    owner.locator("#shut-board").click()
    for page in (bob, owner):
        expect(page.get_by_test_id("shut")).to_be_visible()
        assert_accessible(page, "a closed board")


def test_a_door_without_a_connection_is_accessible(browser_of, site):
    owner, bob = browser_of("owner"), browser_of("Bob")
    link = make_board(owner, site)
    bob.route("**/api/boards/**", lambda route: route.abort())
    bob.goto(link)
    expect(bob.get_by_test_id("offline")).to_be_visible()
    assert_accessible(bob, "a door without a connection")
