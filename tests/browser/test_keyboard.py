"""Tests of the keyboard in a room: keys move the focus through the messages, and an action needs at most three keys."""

import pytest
from playwright.sync_api import expect

from tests.browser.actions import message, press, read_clipboard, say
from tests.browser.history import fill

FOCUSED = "document.activeElement.closest('.message')?.querySelector('.body').textContent.trim() ?? null"
# The style of the ring around the element with the focus.
RING = "getComputedStyle(document.activeElement).outlineStyle"


def focused_text(page):
    """Return the text of the message that has the keyboard's focus; None for no message."""
    return page.evaluate(FOCUSED)


def is_focus_in_view(page):
    box = page.evaluate("document.activeElement.getBoundingClientRect().toJSON()")
    return box["top"] > 0 and box["bottom"] < page.viewport_size["height"]


def enter_list(page):
    """Move the focus from the composer to the messages."""
    page.get_by_test_id("composer").focus()
    press(page, "Shift+Tab")


def write_lines(page, count):
    for number in range(count):
        say(page, f"line {number}")
    expect(page.locator(".message[data-id]")).to_have_count(count)


def test_the_arrows_move_through_messages_that_have_no_links(join_room):
    alice = join_room("Alice")
    write_lines(alice, 4)
    enter_list(alice)
    assert focused_text(alice) == "line 3"
    assert alice.evaluate(RING) == "solid"
    seen = []
    for key in ("ArrowUp", "ArrowUp", "ArrowDown", "Home", "ArrowUp", "End", "ArrowDown"):
        press(alice, key)
        seen.append(focused_text(alice))
    assert seen == ["line 2", "line 1", "line 2", "line 0", "line 0", "line 3", "line 3"]
    # The name that a screen reader says contains the text.
    item = alice.get_by_role("listitem", name="line 3")
    expect(item).to_be_focused()
    press(alice, "Escape")
    expect(alice.get_by_test_id("composer")).to_be_focused()


def test_the_page_keys_move_by_a_screen_and_keep_the_focus_visible(join_room):
    alice = join_room("Alice", viewport={"width": 1180, "height": 520})
    write_lines(alice, 40)
    enter_list(alice)
    press(alice, "PageUp")
    number = int(focused_text(alice).split()[1])
    assert 15 < number < 36
    assert is_focus_in_view(alice)
    press(alice, "PageDown")
    assert focused_text(alice) == "line 39"
    press(alice, "Home")
    assert focused_text(alice) == "line 0"
    assert is_focus_in_view(alice)


def test_arrow_up_in_the_empty_composer_still_edits_the_last_own_message(join_room):
    alice = join_room("Alice")
    say(alice, "frist")
    expect(message(alice, "frist")).to_have_count(1)
    press(alice, "ArrowUp")
    expect(alice.get_by_test_id("composer")).to_have_value("frist")


def test_the_tab_key_stops_once_in_the_history_and_then_at_the_parts_of_the_message(join_room):
    alice = join_room("Alice")
    say(alice, "one https://example.org/1")
    say(alice, "two https://example.org/2")
    expect(message(alice, "two")).to_have_count(1)
    enter_list(alice)
    assert focused_text(alice).startswith("two")
    press(alice, "Tab")
    expect(message(alice, "two").locator("a")).to_be_focused()
    press(alice, "Tab")
    expect(message(alice, "two").locator(".toolbar button").first).to_be_focused()
    press(alice, "ArrowRight", "End")
    expect(alice.locator("[data-action=more]")).to_be_focused()
    press(alice, "ArrowUp")
    assert focused_text(alice).startswith("one")
    press(alice, "Escape", "Shift+Tab")
    # Shift+Tab goes from the composer to the message that had the focus last.
    assert focused_text(alice).startswith("one")


# Each parameter of the next tests is a sequence of keys that takes an action on the focused message.
@pytest.mark.parametrize("keys", [["r"], ["Enter", "r"], ["Enter", "Enter"]], ids="-".join)
def test_a_key_begins_a_reply_to_the_focused_message(join_room, keys):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "A question")
    expect(message(bob, "A question")).to_have_count(1)
    enter_list(bob)
    press(bob, *keys)
    expect(bob.get_by_test_id("composer-context")).to_contain_text("A question")
    expect(bob.get_by_test_id("composer")).to_be_focused()
    expect(bob.get_by_test_id("composer")).to_have_value("")


@pytest.mark.parametrize("keys", [["e"], ["Enter", "e"], ["Enter", "ArrowDown", "Enter"]], ids="-".join)
def test_a_key_edits_the_focused_message(join_room, keys):
    alice = join_room("Alice")
    say(alice, "frist")
    say(alice, "second")
    expect(message(alice, "second")).to_have_count(1)
    enter_list(alice)
    press(alice, "ArrowUp", *keys)
    expect(alice.get_by_test_id("composer")).to_have_value("frist")
    say(alice, "first")
    expect(message(alice, "first").locator(".edited")).to_be_visible()
    expect(alice.locator(".message[data-id]")).to_have_count(2)


@pytest.mark.parametrize("keys", [["2"], ["Enter", "2"], ["Tab", "ArrowRight", "Enter"]], ids="-".join)
def test_a_key_reacts_to_the_focused_message_and_keeps_the_focus(join_room, keys):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "Good news")
    expect(message(bob, "Good news")).to_have_count(1)
    enter_list(bob)
    press(bob, *keys)
    expect(alice.locator(".reaction")).to_contain_text("❤")
    expect(bob.locator(".reaction")).to_be_visible()
    assert focused_text(bob) == "Good news"
    assert bob.evaluate(RING) == "solid"


@pytest.mark.parametrize("keys", [["Delete", "Enter"], ["Enter", "Delete", "Delete"]], ids="-".join)
def test_a_key_removes_the_focused_message_after_a_confirmation(join_room, keys):
    alice = join_room("Alice")
    write_lines(alice, 3)
    enter_list(alice)
    press(alice, "ArrowUp", *keys[:-1])
    expect(alice.locator(".confirming")).to_be_focused()
    expect(message(alice, "line 1")).to_have_count(1)
    press(alice, keys[-1])
    expect(message(alice, "line 1")).to_have_count(0)
    assert focused_text(alice) == "message removed"
    press(alice, "ArrowUp")
    assert focused_text(alice) == "line 0"


@pytest.mark.parametrize("keys", [["!"], ["Enter", "!"]], ids="-".join)
def test_a_key_reports_the_focused_message_and_the_focus_returns(join_room, keys):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "Something rude")
    expect(message(bob, "Something rude")).to_have_count(1)
    enter_list(bob)
    press(bob, *keys)
    expect(bob.locator("#report-reason")).to_be_focused()
    bob.keyboard.type("This is rude.")
    press(bob, "Tab", "Enter")
    expect(bob.get_by_test_id("notice")).to_contain_text("Thank you")
    assert focused_text(bob) == "Something rude"


@pytest.mark.parametrize("keys", [["c"], ["Enter", "c"]], ids="-".join)
def test_a_key_copies_the_focused_message(join_room, keys):
    alice = join_room("Alice", permissions=["clipboard-write"])
    say(alice, "Some **bold** words")
    expect(message(alice, "Some bold words")).to_have_count(1)
    enter_list(alice)
    press(alice, *keys)
    expect(alice.get_by_test_id("notice")).to_have_text("The text is copied.")
    assert read_clipboard(alice) == "Some **bold** words"
    assert focused_text(alice) == "Some bold words"


def test_the_text_is_copied_even_if_the_clipboard_api_of_the_browser_fails(join_room):
    alice = join_room("Alice", permissions=["clipboard-write"])
    say(alice, "words")
    expect(message(alice, "words")).to_have_count(1)
    enter_list(alice)
    alice.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not here')) }")
    press(alice, "Enter", "c")
    expect(alice.get_by_test_id("notice")).to_have_text("The text is copied.")
    assert read_clipboard(alice) == "words"


def test_a_key_opens_the_dialog_about_the_author_of_the_focused_message(owners_page, join_room):
    bob = join_room("Bob")
    say(bob, "Hm")
    expect(message(owners_page, "Hm")).to_have_count(1)
    enter_list(owners_page)
    press(owners_page, "m")
    expect(owners_page.locator("#person-dialog")).to_contain_text(bob.handle)
    press(owners_page, "Escape")
    expect(owners_page.locator("#person-dialog")).to_have_count(0)
    assert focused_text(owners_page) == "Hm"


def test_a_key_for_an_action_that_the_person_may_not_take_does_nothing(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "Hello")
    expect(message(bob, "Hello")).to_have_count(1)
    enter_list(bob)
    press(bob, "e", "m", "Delete", "x")
    assert focused_text(bob) == "Hello"
    expect(bob.get_by_test_id("composer")).to_have_value("")
    expect(bob.locator("dialog, .confirming")).to_have_count(0)


def test_the_focus_returns_to_the_message_when_its_sheet_closes(join_room):
    alice = join_room("Alice")
    write_lines(alice, 2)
    enter_list(alice)
    press(alice, "ArrowUp", "Enter")
    sheet = alice.locator("#message-sheet")
    expect(sheet.locator("[data-action=reply]")).to_be_focused()
    press(alice, "ArrowUp")
    expect(sheet.locator("[data-action=react]").last).to_be_focused()
    press(alice, "Escape")
    expect(sheet).to_have_count(0)
    assert focused_text(alice) == "line 0"
    assert alice.evaluate(RING) == "solid"


def test_the_focus_stays_when_the_message_is_drawn_again(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "see https://example.org/")
    expect(message(bob, "see")).to_have_count(1)
    enter_list(bob)
    press(bob, "1")
    expect(bob.locator(".reaction")).to_be_visible()
    press(bob, "Tab")
    expect(message(bob, "see").locator("a")).to_be_focused()
    press(bob, "Tab")
    expect(bob.locator(".reaction")).to_be_focused()
    # Another person reacts too. Then the page draws the whole message again.
    message(alice, "see").hover()
    alice.locator(".toolbar [data-action=react]").first.click()
    expect(bob.locator(".reaction .number")).to_have_text("2")
    expect(bob.locator(".reaction")).to_be_focused()
    # An edit removes the link that has the focus. Then the message has the focus.
    press(bob, "Shift+Tab")
    expect(message(bob, "see").locator("a")).to_be_focused()
    alice.get_by_test_id("composer").focus()
    press(alice, "ArrowUp")
    say(alice, "see nothing")
    expect(message(bob, "see nothing")).to_be_focused()


def test_the_focus_stays_in_the_history_when_its_message_is_removed_or_dropped(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    for number in range(3):
        say(alice, f"line {number}")
    expect(message(bob, "line 2")).to_have_count(1)
    enter_list(bob)
    press(bob, "ArrowUp", "Tab")
    expect(message(bob, "line 1").locator(".toolbar button").first).to_be_focused()
    message(alice, "line 1").hover()
    alice.locator("[data-action=remove]").dblclick()
    expect(bob.locator(".message[data-id]").nth(1)).to_be_focused()
    assert focused_text(bob) == "message removed"
    # The page drops old messages from a long history. Here the test drops the message with the focus.
    bob.evaluate("document.activeElement.remove()")
    expect(message(bob, "line 2")).to_be_focused()
    press(bob, "ArrowUp")
    assert focused_text(bob) == "line 0"


def test_a_new_message_does_not_take_the_focus(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "line 0")
    expect(message(bob, "line 0")).to_have_count(1)
    enter_list(bob)
    say(alice, "line 1")
    expect(message(bob, "line 1")).to_have_count(1)
    assert focused_text(bob) == "line 0"
    press(bob, "ArrowDown")
    assert focused_text(bob) == "line 1"


def test_the_end_key_moves_the_focus_from_an_old_message_to_the_newest(join_room, site, slug):
    fill(site, slug, 301, {301: 1})
    alice = join_room("Alice")
    expect(message(alice, "line 301")).to_have_count(1)
    enter_list(alice)
    press(alice, "Tab", "Enter")
    expect(alice.locator("#message-1")).to_be_in_viewport()
    alice.locator("#message-1").focus()
    press(alice, "End")
    expect(message(alice, "line 301")).to_be_focused()
    expect(message(alice, "line 301")).to_be_in_viewport()
