"""Tests of people in the workspace: their names, cards and direct conversations."""

from playwright.sync_api import expect

from tests.browser.accessibility import AXE, assert_accessible
from tests.browser.actions import message, say
from tests.browser.gallery import keep_in_both_themes, keep_screenshot
from tests.live.client import Person

LAYOUT_SHIFTS = """new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += entry.hadRecentInput ? 0 : entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 300);
})"""


def test_a_member_sees_names_and_cards_and_starts_a_direct_conversation(open_workspace, site, owner):
    bob = Person(site, "bob_the_builder", "correct horse")
    zoe = Person(site, "zoe_zebra", "correct horse")
    profile = {"name": "Robert Brown", "status": "At lunch", "emoji": "🍜", "time_zone": "Asia/Tokyo"}
    bob.call("PATCH", "/api/profile/", **profile, expected=200)
    slug = owner.make_room()
    for person in (zoe, bob):
        person.post(slug, "Good morning")
    alice = open_workspace(owner, slug)
    name = message(alice, "Good morning").last.locator(".person-name")
    expect(name).to_have_text("Robert Brown")
    # 0.1 is the limit of a good page in the Core Web Vitals. On an idle machine nothing moves.
    assert alice.evaluate(LAYOUT_SHIFTS) < 0.1
    # Old messages show the new name.
    bob.call("PATCH", "/api/profile/", name="Robert Black", expected=200)
    expect(name).to_have_text("Robert Black")
    away = alice.get_by_test_id("away").locator("li")
    expect(away).to_contain_text([f"{bob.handle}Robert Black", zoe.handle])
    keep_in_both_themes(alice, "people-room")
    alice.get_by_test_id("people-filter").fill("black")
    expect(away).to_have_count(1)
    away.locator(".person").click()
    card = alice.locator("#person-card")
    expect(card).to_contain_text("🍜 At lunch")
    expect(card).to_contain_text("(Asia/Tokyo)")
    expect(card).to_contain_text("Member of this room")
    expect(card.get_by_role("button", name="Block")).to_be_visible()
    if AXE.exists():
        assert_accessible(alice, "a card")
    keep_in_both_themes(alice, "people-card")
    card.get_by_role("button", name="Mention").click()
    expect(alice.get_by_test_id("composer")).to_have_value(f"@{bob.handle} ")
    alice.keyboard.press("Escape")
    alice.get_by_test_id("composer").fill("")

    alice.get_by_test_id("new-direct").click()
    alice.keyboard.type("Rob")
    expect(alice.get_by_role("option")).to_contain_text("Robert Black")
    alice.keyboard.press("Enter")
    alice.keyboard.type("zoe")
    expect(alice.get_by_role("option")).to_contain_text(zoe.handle)
    if AXE.exists():
        assert_accessible(alice, "a new message")
    keep_in_both_themes(alice, "people-new-message")
    alice.keyboard.press("Enter")
    alice.get_by_role("button", name="Start the conversation").click()
    expect(alice.get_by_test_id("room-name")).to_have_text(f"Robert Black, {zoe.handle}")
    expect(alice.locator("[data-section=directs] li")).to_contain_text("Robert Black")
    say(alice, "Hello, you two")
    expect(message(alice, "Hello, you two")).to_have_count(1)
    alice.get_by_test_id("room-name").click()
    alice.keyboard.press("?")
    expect(alice.locator("#help-sheet")).to_contain_text("Reply")
    if AXE.exists():
        assert_accessible(alice, "the keys")
    keep_in_both_themes(alice, "people-keys")
    alice.keyboard.press("Escape")
    for width, height in ((360, 740), (320, 568), (590, 390)):
        alice.set_viewport_size({"width": width, "height": height})
        alice.wait_for_timeout(250)
        assert alice.evaluate("document.documentElement.scrollWidth") <= width
        keep_screenshot(alice, "people-direct")
    alice.emulate_media(forced_colors="active")
    keep_screenshot(alice, "people-forced-colours")
