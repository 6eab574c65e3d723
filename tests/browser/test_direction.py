"""Tests of text that is written from right to left: messages, quotes, the composer, names in sentences, and code."""

from playwright.sync_api import expect

from tests.browser.actions import message, say
from tests.browser.conftest import PHONE
from tests.browser.gallery import keep_screenshot

HEBREW = "שלום, מה שלומך? (a+b)!"
DIRECTION = "element => getComputedStyle(element).direction"


def isolated(handle):
    return f"\u2068{handle}\u2069"


def test_each_block_of_a_message_has_its_own_direction(join_room):
    alice, dana = join_room("Alice"), join_room("דנה", **PHONE)
    say(alice, "Hello")
    say(dana, HEBREW)
    say(dana, "- אחת\n- two")
    say(dana, "```\ncode // שלום\n```")
    say(dana, "مرحبا بالعالم https://example.org/a?b")
    for page in (alice, dana):
        expect(page.locator(".message[data-id]")).to_have_count(5)
        assert message(page, "Hello").locator("p").evaluate(DIRECTION) == "ltr"
        assert message(page, "שלומך").locator("p").evaluate(DIRECTION) == "rtl"
        assert message(page, "אחת").locator("ul").evaluate(DIRECTION) == "rtl"
        assert message(page, "code").locator("pre").evaluate(DIRECTION) == "ltr"
        assert message(page, "مرحبا").locator("p").evaluate(DIRECTION) == "rtl"
        assert page.locator(".author").last.evaluate("element => getComputedStyle(element).unicodeBidi") == "isolate"


def test_the_composer_and_the_names_in_sentences_have_their_own_direction(join_room):
    alice, dana = join_room("Alice"), join_room("דנה")
    say(dana, HEBREW)
    composer = dana.get_by_test_id("composer")
    composer.press_sequentially("של")
    assert composer.evaluate(DIRECTION) == "rtl"
    expect(alice.get_by_test_id("typing")).to_contain_text(isolated(dana.handle))
    message(alice, "שלומך").hover()
    alice.locator("[data-action=react][data-emoji='👍']").click()
    # The row is drawn again with the reaction.
    expect(alice.locator(".reaction")).to_be_visible()
    message(alice, "שלומך").hover()
    alice.locator("[data-action=reply]").click()
    expect(alice.get_by_test_id("composer-context")).to_contain_text(isolated(dana.handle))
    expect(alice.get_by_test_id("composer-context")).to_contain_text(isolated(HEBREW))
    say(alice, "yes")
    expect(message(dana, "yes").locator(".quote")).to_contain_text(isolated(HEBREW))
    message(dana, "שלומך").first.hover()
    dana.locator("[data-action=react][data-emoji='🎉']").first.click()
    label = f"🎉, 1 person: {isolated(dana.handle)} (guest)"
    expect(alice.locator(".reaction", has_text="🎉")).to_have_attribute("aria-label", label)


def test_on_a_page_from_right_to_left_the_fields_the_keys_and_the_picker_are_mirrored(join_room):
    amal = join_room("Amal", locale="ar")
    assert amal.get_by_test_id("composer").evaluate(DIRECTION) == "rtl"
    say(amal, "Hello")
    message(amal, "Hello").hover()
    buttons = amal.locator(".toolbar button")
    buttons.first.focus()
    amal.keyboard.press("ArrowLeft")
    expect(buttons.nth(1)).to_be_focused()
    button = amal.locator("[data-tool=emoji]")
    button.click()
    picker = amal.locator("dialog.emoji-picker")
    expect(picker).to_be_visible()
    assert abs(picker.bounding_box()["x"] - button.bounding_box()["x"]) < 1
    # People search in their language.
    picker.locator("input[type=search]").fill("صاروخ")
    rocket = picker.get_by_role("button", name="صاروخ", exact=True)
    expect(rocket).to_have_text("🚀")
    keep_screenshot(amal, "emoji-arabic")
    rocket.click()
    amal.get_by_test_id("composer").press_sequentially(" :قطة")
    expect(amal.locator("#completion [role=option]").first).to_have_text("🐈قطة")
