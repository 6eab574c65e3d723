"""Tests of the room with a finger, a pen and a mouse: actions on a message, the toolbar, the sheet, and scrolling."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.actions import item_of, message, read_clipboard, say
from tests.browser.conftest import PHONE, SMALL_PHONE
from tests.browser.touch import HOLD_MS, centre, long_press, tap_action, touch

# This script returns whether the toolbar covers the text, the author or the time of a message.
TOOLBAR_COVERS_TEXT = """() => {
  const bar = document.querySelector('.toolbar').getBoundingClientRect();
  return [...document.querySelectorAll('.row :is(.body, .author, .meta time)')].some((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.bottom > bar.top + 1 && box.top < bar.bottom - 1
      && box.right > bar.left + 1 && box.left < bar.right - 1;
  });
}"""


def hold_action(page, text, action):
    """Hold a finger on a message, and choose an action in its sheet."""
    long_press(page, message(page, text).locator(".body"))
    page.locator(f"#message-sheet [data-action={action}]").first.tap()


WAYS = pytest.mark.parametrize("act", [tap_action, hold_action], ids=["toolbar", "sheet"])


@WAYS
def test_a_finger_answers_a_message(join_room, act):
    alice, bob = join_room("Alice"), join_room("Bob", **PHONE)
    say(alice, "A question")
    act(bob, "A question", "reply")
    expect(bob.get_by_test_id("composer-context")).to_contain_text("A question")
    expect(bob.get_by_test_id("composer")).to_be_focused()
    bob.get_by_test_id("composer").fill("An answer")
    bob.get_by_test_id("send").tap()
    expect(message(alice, "An answer").locator(".quote")).to_contain_text("A question")


@WAYS
def test_a_finger_reacts_and_takes_the_reaction_back(join_room, act):
    alice, bob = join_room("Alice"), join_room("Bob", **PHONE)
    say(alice, "Good news")
    act(bob, "Good news", "react")
    expect(alice.locator(".reaction")).to_contain_text("👍")
    bob.locator(".reaction").tap()
    expect(alice.locator(".reaction")).to_have_count(0)


@WAYS
def test_a_finger_edits_a_message_and_posts_no_new_one(join_room, act):
    alice, bob = join_room("Alice"), join_room("Bob", **PHONE)
    say(bob, "frist")
    act(bob, "frist", "edit")
    expect(bob.get_by_test_id("composer")).to_have_value("frist")
    bob.get_by_test_id("composer").fill("first")
    bob.get_by_test_id("send").tap()
    expect(message(alice, "first").locator(".edited")).to_be_visible()
    expect(alice.locator(".message[data-id]")).to_have_count(1)


@WAYS
def test_a_finger_removes_a_message_at_the_second_tap(join_room, act):
    alice, bob = join_room("Alice"), join_room("Bob", **PHONE)
    say(bob, "Too much")
    act(bob, "Too much", "remove")
    expect(message(bob, "Too much")).to_have_count(1)
    bob.locator("[data-action=remove].confirming").tap()
    for page in (alice, bob):
        expect(page.locator(".message[data-id] .body")).to_have_text("message removed")
    expect(bob.locator(".toolbar")).to_have_count(0)
    expect(bob.locator("dialog")).to_have_count(0)


@WAYS
def test_a_finger_reports_a_message(owners_phone, join_room, act):
    alice, bob = join_room("Alice"), join_room("Bob", **PHONE)
    say(alice, "Something rude")
    act(bob, "Something rude", "report")
    bob.locator("#report-reason").fill("This is rude.")
    bob.locator("[data-action=send-report]").tap()
    expect(bob.get_by_test_id("notice")).to_contain_text("Thank you")
    expect(owners_phone.locator("#open-reports")).to_have_text("1")
    owners_phone.get_by_test_id("room-menu").locator("summary").tap()
    owners_phone.get_by_test_id("menu-moderation").tap()
    owners_phone.locator("[data-action=remove-reported]").tap()
    owners_phone.locator("[data-action=remove-reported].confirming").tap()
    expect(alice.locator(".message[data-id] .body")).to_have_text("message removed")


def test_a_moderator_on_a_phone_removes_a_message_and_mutes_its_author(owners_phone, join_room):
    bob = join_room("Bob")
    say(bob, "Something rude")
    say(bob, "Something worse")
    tap_action(owners_phone, "Something rude", "remove")
    owners_phone.locator("[data-action=remove].confirming").tap()
    expect(bob.locator(".message[data-id] .body").first).to_have_text("message removed")
    hold_action(owners_phone, "Something worse", "moderate")
    owners_phone.locator("#person-dialog [data-action=mute-600]").tap()
    expect(bob.get_by_test_id("composer")).to_be_disabled()
    owners_phone.locator("#person-dialog").get_by_label("Close").tap()
    owners_phone.get_by_test_id("people-button").tap()
    item_of(owners_phone, bob.handle).locator("[data-action=moderate]").tap()
    owners_phone.locator("[data-action=unmute]").tap()
    expect(bob.get_by_test_id("composer")).to_be_enabled()


def test_the_sheet_copies_and_selects_the_text(join_room):
    bob = join_room("Bob", **PHONE, permissions=["clipboard-write"])
    say(bob, "Some **bold** words")
    hold_action(bob, "Some bold words", "copy")
    expect(bob.get_by_test_id("notice")).to_have_text("The text is copied.")
    assert read_clipboard(bob) == "Some **bold** words"
    hold_action(bob, "Some bold words", "select")
    assert bob.evaluate("getSelection().toString()").strip() == "Some bold words"
    # Now the browser handles a long press: it changes the selection, and the page opens no sheet.
    touch(bob, "touchStart", centre(message(bob, "Some bold words").locator(".body")))
    bob.wait_for_timeout(HOLD_MS)
    touch(bob, "touchEnd")
    expect(bob.locator("#message-sheet")).to_have_count(0)


def test_the_sheet_says_when_a_message_was_written_and_who_reacted(join_room):
    alice, bob = join_room("Alice"), join_room("Bob", **PHONE)
    say(alice, "Good news")
    message(alice, "Good news").hover()
    alice.locator("[data-action=react][data-emoji='🎉']").click()
    long_press(bob, bob.locator(".reaction"))
    sheet = bob.locator("#message-sheet")
    expect(sheet).to_contain_text(alice.handle)
    expect(sheet.get_by_label("Who reacted")).to_have_text(f"🎉{alice.handle} (guest)")
    year = message(bob, "Good news").locator("time").get_attribute("datetime")[:4]
    expect(sheet.locator(".help")).to_contain_text(year)
    # The long press on the reaction did not add a reaction.
    assert bob.locator(".reaction").get_attribute("aria-pressed") == "false"
    sheet.get_by_label("Close").tap()
    expect(sheet).to_have_count(0)


def test_the_sheet_closes_when_its_message_is_removed(join_room):
    alice, bob = join_room("Alice"), join_room("Bob", **PHONE)
    say(alice, "Oh no")
    long_press(bob, message(bob, "Oh no"))
    message(alice, "Oh no").hover()
    alice.locator("[data-action=remove]").dblclick()
    expect(bob.locator("#message-sheet")).to_have_count(0)


def test_a_tap_elsewhere_or_again_hides_the_toolbar_and_a_tap_on_a_link_does_not_show_it(join_room):
    bob = join_room("Bob", **PHONE)
    say(bob, "One")
    say(bob, "Two https://example.org/")
    toolbar = bob.locator(".toolbar")
    message(bob, "One").tap()
    expect(toolbar).to_be_visible()
    message(bob, "One").locator(".body").tap()
    expect(toolbar).to_have_count(0)
    message(bob, "One").locator(".body").tap()
    expect(message(bob, "One").locator(".toolbar")).to_be_visible()
    message(bob, "Two").locator(".body").tap(position={"x": 8, "y": 8})
    expect(message(bob, "Two").locator(".toolbar")).to_be_visible()
    bob.get_by_test_id("composer").tap()
    expect(toolbar).to_have_count(0)
    with bob.context.expect_page() as opened:
        message(bob, "Two").locator("a").tap()
    opened.value.close()
    expect(toolbar).to_have_count(0)


def scroll_top(page):
    return page.get_by_test_id("scroller").evaluate("element => element.scrollTop")


def test_a_finger_that_scrolls_opens_nothing(join_room):
    bob = join_room("Bob", **PHONE)
    for number in range(30):
        say(bob, f"line {number}")
    expect(message(bob, "line 29")).to_have_count(1)
    before = scroll_top(bob)
    point = centre(message(bob, re.compile("line 25")))
    touch(bob, "touchStart", point)
    for step in range(12):
        touch(bob, "touchMove", {"x": point["x"], "y": point["y"] + 12 * step})
        bob.wait_for_timeout(80)
    bob.wait_for_timeout(HOLD_MS)
    touch(bob, "touchEnd")
    assert scroll_top(bob) < before - 50
    expect(bob.locator("#message-sheet, .toolbar")).to_have_count(0)


def test_two_fingers_open_no_sheet(join_room):
    bob = join_room("Bob", **PHONE)
    say(bob, "Zoom")
    point = centre(message(bob, "Zoom"))
    touch(bob, "touchStart", point)
    touch(bob, "touchStart", point, {"x": point["x"] + 60, "y": point["y"] - 60})
    bob.wait_for_timeout(HOLD_MS)
    touch(bob, "touchEnd")
    expect(bob.locator("#message-sheet")).to_have_count(0)


def test_the_browsers_menu_does_not_open_over_the_sheet_and_a_link_opens_no_sheet(join_room):
    bob = join_room("Bob", **PHONE)
    say(bob, "words")
    say(bob, "https://example.org/")
    bob.evaluate(
        "window.menus = []; window.addEventListener('contextmenu', (event) => menus.push(event.defaultPrevented))"
    )
    long_press(bob, message(bob, "words").locator(".body"))
    bob.locator("#message-sheet").get_by_label("Close").tap()
    assert False not in bob.evaluate("menus")
    assert bob.evaluate("getSelection().toString()") == ""
    link = message(bob, "example.org").locator("a")
    touch(bob, "touchStart", centre(link))
    bob.wait_for_timeout(HOLD_MS)
    touch(bob, "touchEnd")
    expect(bob.locator("#message-sheet")).to_have_count(0)


@pytest.mark.parametrize("phone", [PHONE, SMALL_PHONE], ids=["360", "320"])
def test_on_a_phone_the_toolbar_covers_no_text(join_room, phone):
    alice, bob = join_room("Alice"), join_room("Bob", **phone)
    say(alice, "A message that is long enough to fill several lines on the screen of a small phone. " * 2)
    say(alice, "Its second message follows at once, and has no header of its own, but is as long as the first.")
    say(bob, "My own")
    width = phone["viewport"]["width"]
    for number in range(3):
        bob.locator(".message[data-id] .body").nth(number).tap()
        expect(bob.locator(".message[data-id]").nth(number).locator(".toolbar")).to_be_visible()
        assert not bob.evaluate(TOOLBAR_COVERS_TEXT)
        assert bob.evaluate("document.documentElement.scrollWidth") <= width
        box = bob.locator(".toolbar").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


class Pen:
    """A pen that can hover, as on a tablet with a stylus."""

    def __init__(self, page):
        self.page = page
        self.devtools = page.context.new_cdp_session(page)

    def _send(self, kind, point, buttons):
        event = {"type": kind, **point, "button": "left", "buttons": buttons, "clickCount": 1, "pointerType": "pen"}
        self.devtools.send("Input.dispatchMouseEvent", event)

    def tap(self, locator, hold_ms=0):
        point = centre(locator)
        self._send("mouseMoved", point, 0)
        self._send("mousePressed", point, 1)
        self.page.wait_for_timeout(hold_ms)
        self._send("mouseReleased", point, 0)
        self._send("mouseMoved", {"x": 2, "y": 2}, 0)


def test_a_pen_taps_and_holds_as_a_finger_does(join_room):
    bob = join_room("Bob")
    say(bob, "frist")
    pen = Pen(bob)
    pen.tap(message(bob, "frist").locator(".body"))
    pen.tap(bob.locator(".toolbar [data-action=edit]"))
    say(bob, "first")
    expect(message(bob, "first").locator(".edited")).to_be_visible()
    pen.tap(message(bob, "first").locator(".body"), hold_ms=HOLD_MS)
    expect(bob.locator("#message-sheet")).to_be_visible()
    pen.tap(bob.locator("#message-sheet [data-emoji='🎉']"))
    expect(bob.locator(".reaction")).to_contain_text("🎉")


def test_a_mouse_opens_the_sheet_by_a_button_and_a_long_press_of_its_own_button_opens_nothing(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "Hello")
    message(bob, "Hello").hover()
    bob.mouse.down()
    bob.wait_for_timeout(HOLD_MS)
    bob.mouse.up()
    expect(bob.locator("#message-sheet")).to_have_count(0)
    bob.locator("[data-action=more]").click()
    sheet = bob.locator("#message-sheet")
    expect(sheet.locator("[data-action=report]")).to_be_visible()
    bob.mouse.click(5, 5)
    expect(sheet).to_have_count(0)
    bob.mouse.move(600, 30)
    expect(bob.locator(".toolbar")).to_have_count(0)


def test_a_drag_that_leaves_a_dialog_does_not_close_it(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "Hello")
    message(bob, "Hello").hover()
    bob.locator("[data-action=report]").click()
    bob.locator("#report-reason").fill("A reason that I select with the mouse")
    bob.locator("#report-reason").hover()
    bob.mouse.down()
    bob.mouse.move(5, 400, steps=3)
    bob.mouse.up()
    expect(bob.locator("#report-dialog")).to_be_visible()
