"""Tests of what helps to write and to read: emoji, code, previews, kept drafts, and a server that does not answer."""

import re
import signal

from playwright.sync_api import expect

from tests.browser.actions import message, read_clipboard, say
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.gallery import keep_in_both_themes


def test_people_on_a_desktop_use_emoji_code_and_formatting(join_room):
    alice, bob = join_room("Alice", **DESKTOP), join_room("Bob")
    # Alice finds an emoji by its name, with the keyboard only.
    alice.get_by_test_id("composer-emoji").focus()
    alice.keyboard.press("Enter")
    picker = alice.locator("#emoji-picker")
    expect(picker.get_by_label("Search emoji")).to_be_focused()
    keep_in_both_themes(alice, "talk-picker")
    alice.keyboard.type("rocket")
    alice.keyboard.press("Enter")
    expect(picker).to_have_count(0)
    expect(alice.get_by_test_id("composer")).to_have_value("🚀")
    expect(alice.get_by_test_id("composer")).to_be_focused()
    alice.keyboard.press("Enter")
    expect(message(bob, "🚀").locator(".emoji-only")).to_be_visible()
    # Bob reacts with an emoji of the picker, with a skin tone.
    message(bob, "🚀").hover()
    bob.locator(".toolbar [data-action=emoji]").click()
    picker = bob.locator("#emoji-picker")
    picker.get_by_label("Skin tone").select_option("🏽")
    picker.get_by_label("Search emoji").fill("wave")
    picker.get_by_role("button", name="waving hand", exact=True).click()
    reaction = alice.locator("[data-react='👋🏽']")
    expect(reaction).to_be_visible()
    # Alice sees who reacted, with the mouse and with the keyboard.
    reaction.hover()
    expect(alice.get_by_role("tooltip")).to_have_text(f"{bob.handle} (guest)")
    alice.mouse.move(5, 5)
    expect(alice.get_by_role("tooltip")).to_have_count(0)
    message(alice, "🚀").focus()
    alice.keyboard.press("Tab")
    expect(reaction).to_be_focused()
    expect(alice.get_by_role("tooltip")).to_have_text(f"{bob.handle} (guest)")
    # The recent emoji come first.
    bob.get_by_test_id("composer-emoji").click()
    expect(bob.locator("#emoji-picker section").first.get_by_role("button")).to_have_text(["👋🏽"])
    bob.keyboard.press("Escape")
    # The preview shows what Alice writes.
    alice.get_by_test_id("composer-format").click()
    expect(alice.locator("#formatting-dialog")).to_contain_text("Others see")
    keep_in_both_themes(alice, "talk-formatting")
    alice.locator("[data-action=preview]").click()
    alice.get_by_test_id("composer").fill('**Look:**\n```python\nprint("Hello")  # a comment\n```')
    expect(alice.get_by_test_id("preview").locator("strong")).to_have_text("Look:")
    alice.keyboard.press("Enter")
    code = message(bob, "Look").locator("pre")
    expect(code.locator(".hljs-string")).to_have_text('"Hello"')
    bob.context.grant_permissions(["clipboard-write"])
    code.hover()
    message(bob, "Look").locator("[data-copy-code]").click()
    expect(message(bob, "Look").locator("[data-copy-code]")).to_have_text("Copied")
    assert read_clipboard(bob) == 'print("Hello")  # a comment'
    keep_in_both_themes(bob, "talk-code")
    # "Send later" takes the text of the field.
    alice.get_by_test_id("composer").fill("Later")
    alice.get_by_test_id("composer-later").click()
    expect(alice.locator("#schedule-body")).to_have_value("Later")


def test_a_person_on_a_phone_uses_emoji_and_the_preview(join_room):
    alice = join_room("Alice", **PHONE)
    say(alice, "Hello")
    alice.get_by_test_id("composer-emoji").tap()
    picker = alice.locator("#emoji-picker")
    expect(picker.get_by_role("button", name="grinning face", exact=True)).to_be_visible()
    keep_in_both_themes(alice, "talk-phone-picker")
    picker.get_by_role("button", name="grinning face", exact=True).tap()
    expect(alice.get_by_test_id("composer")).to_have_value("😀")
    alice.get_by_test_id("composer-more").tap()
    keep_in_both_themes(alice, "talk-phone-more")
    alice.locator("[data-action=preview]").tap()
    expect(alice.get_by_test_id("preview").locator(".emoji-only")).to_be_visible()
    keep_in_both_themes(alice, "talk-phone-preview")
    message(alice, "Hello").locator(".body").tap()
    alice.locator(".toolbar [data-action=emoji]").tap()
    picker.get_by_role("button", name="grinning face", exact=True).first.tap()
    expect(alice.locator("[data-react='😀']")).to_be_visible()


def test_a_bar_reports_a_frozen_server_and_no_written_text_is_lost(join_room, site):
    alice, bob = join_room("Alice"), join_room("Bob", site.second.url)
    say(alice, "A question")
    message(bob, "A question").hover()
    bob.locator("[data-action=reply]").click()
    bar = bob.get_by_test_id("connection-bar")
    try:
        site.second.process.send_signal(signal.SIGSTOP)
        bob.get_by_test_id("composer").press_sequentially("An answer")
        expect(bar).to_contain_text("The server does not answer", timeout=10_000)
        bob.keyboard.press("Enter")
        waiting = bob.locator("#pending-messages .message")
        expect(waiting.locator(".state")).to_have_text("Not sent yet")
        keep_in_both_themes(bob, "talk-silent")
    finally:
        site.second.process.send_signal(signal.SIGCONT)
    expect(message(alice, "An answer").locator(".quote")).to_contain_text("A question")
    expect(bar).to_be_hidden()
    # A closed tab loses neither the text nor the message to which the text replies.
    message(bob, "A question").first.hover()
    bob.locator("[data-action=reply]").click()
    bob.get_by_test_id("composer").fill("Not finished")
    address = bob.url
    bob.close(run_before_unload=True)
    tab = bob.context.new_page()
    tab.goto(address)
    expect(tab.get_by_test_id("composer")).to_have_value("Not finished")
    expect(tab.get_by_test_id("composer-context")).to_contain_text("Replying to")
    other = bob.context.new_page()
    other.goto(address)
    other.wait_for_selector("[data-state=open]")
    expect(other.get_by_test_id("composer")).to_have_value("")
    say(other, "From the other tab")
    tab.reload()
    expect(tab.get_by_test_id("composer")).to_have_value("Not finished")
    expect(tab.get_by_test_id("composer-context")).to_contain_text(re.compile("A question"))
