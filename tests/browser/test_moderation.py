"""Tests of moderation: a moderator acts in one browser, and another browser shows the result."""

from playwright.sync_api import expect

from tests.browser.actions import item_of, message, say
from tests.browser.conftest import PHONE


def test_a_mute_an_unmute_and_a_ban_reach_the_other_browser_at_once(owners_page, join_room):
    bob = join_room("Bob")
    item_of(owners_page, bob.handle).locator("[data-action=moderate]").click()
    owners_page.locator("#moderation-reason").fill("Shouting")
    owners_page.locator("[data-action=mute-600]").click()
    expect(bob.get_by_test_id("notice")).to_contain_text("You are muted until")
    expect(bob.get_by_test_id("composer")).to_be_disabled()
    expect(item_of(owners_page, bob.handle)).to_contain_text("muted")
    # The menu offers only what the server permits: a muted person cannot schedule, and a banned person has no menu.
    bob.get_by_test_id("room-menu").locator("summary").click()
    expect(bob.get_by_test_id("menu-export")).to_be_visible()
    expect(bob.get_by_test_id("menu-schedule")).to_be_hidden()
    bob.keyboard.press("Escape")
    expect(bob.get_by_test_id("menu-export")).to_be_hidden()

    owners_page.locator("[data-action=unmute]").click()
    expect(bob.get_by_test_id("notice")).to_contain_text("You can write again")
    say(bob, "Sorry")
    expect(message(owners_page, "Sorry")).to_have_count(1)

    # The first click only asks for a confirmation.
    owners_page.locator("[data-action=ban]").dblclick()
    expect(bob.get_by_test_id("connection-bar")).to_have_attribute("data-code", "4403")
    expect(bob.get_by_placeholder("You are banned from this room.")).to_be_disabled()
    expect(bob.get_by_test_id("room-menu")).to_be_hidden()
    expect(owners_page.locator("#person-role")).to_contain_text("banned")
    owners_page.locator("#person-dialog").get_by_label("Close").click()
    expect(item_of(owners_page, bob.handle)).to_have_count(0)


def test_a_report_reaches_a_moderator_who_removes_the_message(owners_page, join_room):
    bob, charlie = join_room("Bob"), join_room("Charlie", viewport=PHONE["viewport"])
    say(bob, "Something rude")
    message(charlie, "Something rude").click()
    charlie.locator("[data-action=report]").click()
    charlie.locator("#report-reason").fill("This is rude.")
    charlie.locator("[data-action=send-report]").click()
    expect(charlie.get_by_test_id("notice")).to_contain_text("Thank you")
    expect(owners_page.locator("#open-reports")).to_have_text("1")

    owners_page.get_by_test_id("room-menu").locator("summary").click()
    owners_page.get_by_test_id("menu-moderation").click()
    report = owners_page.locator("#reports .report")
    expect(report).to_contain_text("Something rude")
    expect(report).to_contain_text("This is rude.")
    report.locator("[data-action=remove-reported]").dblclick()
    expect(bob.locator(".message .body")).to_have_text("message removed")
    expect(report).to_have_count(0)
    upheld = f"upheld a report of message 1 of {bob.handle}"
    expect(owners_page.locator(".audit-entry").first).to_contain_text(upheld)


def test_a_new_moderator_can_use_the_tools_by_keyboard_without_a_reload(owners_page, join_room):
    bob, charlie = join_room("Bob"), join_room("Charlie")
    say(charlie, "Hm")
    expect(bob.get_by_test_id("menu-moderation")).to_be_hidden()
    expect(bob.locator("[data-action=moderate]")).to_have_count(0)
    item_of(owners_page, bob.handle).locator("[data-action=moderate]").click()
    owners_page.locator("[data-action=make-moderator]").click()
    expect(bob.get_by_test_id("notice")).to_contain_text("You are now a moderator")
    message(bob, "Hm").hover()
    expect(bob.locator("[data-action=remove]")).to_be_visible()

    item_of(bob, charlie.handle).locator("[data-action=moderate]").focus()
    bob.keyboard.press("Enter")
    expect(bob.locator("[data-action=mute]")).to_be_visible()
    bob.locator("[data-action=mute]").focus()
    bob.keyboard.press("Enter")
    expect(charlie.get_by_test_id("composer")).to_be_disabled()
    bob.keyboard.press("Escape")
    expect(bob.locator("#person-dialog")).to_have_count(0)

    owners_page.locator("[data-action=unmake-moderator]").click()
    expect(bob.get_by_test_id("notice")).to_contain_text("no longer a moderator")
    expect(bob.locator("[data-action=moderate]")).to_have_count(0)
