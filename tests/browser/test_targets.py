"""Tests of the pages on a touch screen: a finger can hit every control, and a tap shows a title."""

import pytest
from playwright.sync_api import expect

from tests.browser.actions import item_of, knock, make_board, message, say, sign_up
from tests.browser.conftest import PHONE, SMALL_PHONE
from tests.browser.touch import long_press, tap_action

# This script returns the visible controls that are too small. A link within a sentence may be as high as its line.
SMALL_CONTROLS = """() => {
  const inSentence = (element) => element.matches('.body a, .lead a, .nothing a');
  const dialog = document.querySelector('dialog[open]');
  const selector = 'a[href], button, summary, select, textarea, input:not([type=hidden]), [role=button]';
  return [...(dialog ?? document).querySelectorAll(selector)].flatMap((element) => {
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return [];
    if (element.matches('.skip') || inSentence(element)) return [];
    const { width, height } = element.getBoundingClientRect();
    if (width >= 43.9 && height >= 43.9) return [];
    return [`${element.outerHTML.slice(0, 120)}: ${Math.round(width)} x ${Math.round(height)}`];
  });
}"""


def assert_fits_a_finger(page):
    assert page.evaluate(SMALL_CONTROLS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@pytest.mark.parametrize("phone", [PHONE, SMALL_PHONE], ids=["360", "320"])
def test_a_finger_can_hit_every_control_of_a_room(owners_phone, join_room, phone):
    alice, bob = join_room("Alice"), join_room("Bob", **phone)
    say(alice, "Good news: https://example.org/")
    message(alice, "Good news").hover()
    alice.locator(".toolbar [data-action=react]").first.click()
    message(alice, "Good news").hover()
    alice.locator("[data-action=reply]").click()
    say(alice, "An answer")
    say(bob, "My own")
    expect(message(bob, "My own")).to_have_count(1)
    assert_fits_a_finger(bob)
    tap_action(bob, "My own", "edit")
    message(bob, "My own").locator(".body").tap()
    assert_fits_a_finger(bob)
    long_press(bob, message(bob, "My own"))
    assert_fits_a_finger(bob)
    bob.locator("#message-sheet [data-action=remove]").tap()
    assert_fits_a_finger(bob)
    bob.locator("#message-sheet").get_by_label("Close").tap()
    for entry in ("menu-schedule", "menu-export", "menu-statistics"):
        bob.get_by_test_id("room-menu").locator("summary").tap()
        assert_fits_a_finger(bob)
        bob.get_by_test_id(entry).tap()
        assert_fits_a_finger(bob)
        if bob.locator("dialog").count():
            bob.locator("dialog").get_by_label("Close").tap()
    bob.get_by_test_id("people-button").tap()
    expect(bob.get_by_test_id("people-close")).to_be_visible()
    assert_fits_a_finger(bob)


def test_a_finger_can_hit_every_control_of_moderation(owners_phone, join_room):
    bob = join_room("Bob", **PHONE)
    say(bob, "Something rude")
    tap_action(owners_phone, "Something rude", "report")
    owners_phone.locator("#report-reason").fill("Rude")
    assert_fits_a_finger(owners_phone)
    owners_phone.locator("[data-action=send-report]").tap()
    expect(owners_phone.locator("dialog")).to_have_count(0)
    owners_phone.get_by_test_id("people-button").tap()
    item_of(owners_phone, bob.handle).locator("[data-action=moderate]").tap()
    owners_phone.locator("[data-action=mute-600]").tap()
    expect(owners_phone.locator("[data-action=unmute]")).to_be_visible()
    assert_fits_a_finger(owners_phone)
    owners_phone.locator("dialog").get_by_label("Close").tap()
    owners_phone.get_by_test_id("people-close").tap()
    owners_phone.get_by_test_id("room-menu").locator("summary").tap()
    owners_phone.get_by_test_id("menu-moderation").tap()
    expect(owners_phone.locator(".restricted-member")).to_have_count(1)
    assert_fits_a_finger(owners_phone)


def test_a_tap_shows_the_card_of_a_person_and_the_title_of_a_time(owners_phone, join_room):
    bob = join_room("Bob")
    item = item_of(owners_phone, bob.handle)
    owners_phone.get_by_test_id("people-button").tap()
    item.locator("[data-action=moderate]").tap()
    owners_phone.locator("[data-action=mute-600]").tap()
    owners_phone.locator("dialog").get_by_label("Close").tap()
    item.locator(".handle").tap()
    expect(owners_phone.locator("#person-card")).to_contain_text(bob.handle)
    expect(owners_phone.locator("#person-card [data-action=block]")).to_be_visible()
    assert_fits_a_finger(owners_phone)
    owners_phone.locator("dialog").get_by_label("Close").tap()
    owners_phone.get_by_test_id("people-close").tap()
    owners_phone.get_by_test_id("room-menu").locator("summary").tap()
    owners_phone.get_by_test_id("menu-moderation").tap()
    time = owners_phone.locator("#audit-log time").first
    time.tap()
    expect(owners_phone.locator(".tooltip")).to_have_text(time.get_attribute("title"))
    box = owners_phone.locator(".tooltip").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["viewport"]["width"]


def test_a_finger_can_hit_every_control_of_pages_outside_of_a_room(browser_of, site):
    alice = browser_of("Alice", **PHONE)
    for path in ("/", "/sign-in/", "/sign-up/", "/guest/"):
        if alice.goto(site.url + path).status == 200:
            assert_fits_a_finger(alice)
    sign_up(alice, site, "Alice of the phone")
    alice.wait_for_selector("#workspace[data-state=ready]")
    alice.get_by_test_id("create-room").tap()
    expect(alice.locator("#new-room-name")).to_be_visible()
    assert_fits_a_finger(alice)
    alice.keyboard.press("Escape")
    alice.get_by_test_id("open-drawer").tap()
    assert_fits_a_finger(alice)
    alice.get_by_test_id("account").tap()
    assert_fits_a_finger(alice)
    alice.get_by_role("link", name="Change password").tap()
    alice.wait_for_url("**/password/")
    assert_fits_a_finger(alice)


def test_a_finger_can_hit_every_control_of_a_board(browser_of, site):
    owner, bob = browser_of("Owner", **PHONE), browser_of("Bob", **PHONE)
    link = make_board(owner, site)
    bob.goto(link)
    expect(bob.get_by_test_id("knock")).to_be_visible()
    assert_fits_a_finger(bob)
    knock(bob, link, "Bob")
    expect(owner.locator(".knock")).to_be_visible()
    assert_fits_a_finger(owner)
    owner.locator("[data-action=admit]").tap()
    owner.get_by_test_id("people-button").tap()
    expect(owner.get_by_test_id("admitted")).to_contain_text("Bob")
    assert_fits_a_finger(owner)
    owner.get_by_test_id("admitted").locator("[data-action=remove]").tap()
    assert_fits_a_finger(owner)
    owner.get_by_test_id("admitted").locator("[data-action=remove]").tap()
    expect(bob.get_by_test_id("removed")).to_be_visible()
    assert_fits_a_finger(bob)
    owner.get_by_test_id("people-close").tap()
    owner.get_by_test_id("room-menu").locator("summary").tap()
    owner.get_by_test_id("menu-shut").tap()
    assert_fits_a_finger(owner)
    owner.locator("#shut-board").tap()
    expect(owner.get_by_test_id("shut")).to_be_visible()
    assert_fits_a_finger(owner)
