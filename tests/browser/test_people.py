"""Tests of people in the workspace: their names, cards and direct conversations, and who is notified."""

import functools

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import AXE, assert_accessible
from tests.browser.actions import message, say
from tests.browser.gallery import keep_in_both_themes, keep_screenshot
from tests.live.client import Person
from tests.live.processes import wait_until

# The browser of the tests shows no notifications, so this class collects them for all tabs of a person.
NOTIFICATION = """() => {
  window.Notification = class extends EventTarget {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor(title, options) {
      super();
      const shown = JSON.parse(localStorage.getItem("shown") ?? "[]");
      localStorage.setItem("shown", JSON.stringify([...shown, `${title}: ${options.body}`]));
      window.lastNotification = this;
    }
    close() {}
  };
}"""
SHOWN = "JSON.parse(localStorage.getItem('shown') ?? '[]')"
LOOK_AWAY = "document.hasFocus = () => false; window.dispatchEvent(new Event('blur'))"
HOLDS_A_ROOM = "navigator.locks.query().then(({ held }) => held.some(({ name }) => name.startsWith('chat.open.')))"
LAYOUT_SHIFTS = """new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += entry.hadRecentInput ? 0 : entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 300);
})"""


@pytest.fixture
def open_as(open_workspace):
    """Return a function that opens a room for a person, and collects the notifications: `open_as(person, slug)`."""
    return functools.partial(open_workspace, script=f"({NOTIFICATION})()")


def test_a_member_sees_names_and_cards_and_starts_a_direct_conversation(open_as, site, owner):
    bob = Person(site, "bob_the_builder", "correct horse")
    zoe = Person(site, "zoe_zebra", "correct horse")
    profile = {"name": "Robert Brown", "status": "At lunch", "emoji": "🍜", "time_zone": "Asia/Tokyo"}
    bob.call("PATCH", "/api/profile/", **profile, expected=200)
    slug = owner.make_room()
    for person in (zoe, bob):
        person.post(slug, "Good morning")
    alice = open_as(owner, slug)
    name = message(alice, "Good morning").last.locator(".person-name")
    expect(name).to_have_text("Robert Brown")
    # 0.1 is the limit of a good page in the Core Web Vitals. On an idle machine nothing moves.
    assert alice.evaluate(LAYOUT_SHIFTS) < 0.1
    # Old messages follow a new name.
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


def test_one_tab_notifies_and_a_tab_that_shows_the_room_prevents_it(open_as, site, owner):
    bob = Person(site, "Bob who is notified", "correct horse")
    slug, other = owner.make_room(), owner.make_room()
    first = open_as(bob, slug)
    second = first.context.new_page()
    second.add_init_script(f"({NOTIFICATION})()")
    second.goto(f"{site.url}/rooms/{other}/")
    second.wait_for_selector("[data-state=open]")
    for tab in (first, second):
        expect(tab.locator("[data-section=rooms] li")).to_have_count(2)
        tab.wait_for_load_state("networkidle")
        tab.evaluate(LOOK_AWAY)
    owner.post(slug, f"@{bob.handle} one")
    owner.post(slug, "not for you")
    wait_until(lambda: len(first.evaluate(SHOWN)) == 1, what="the notification")
    owner.post(slug, f"@{bob.handle} two")
    wait_until(lambda: len(first.evaluate(SHOWN)) == 2, what="the notification")
    assert first.evaluate(SHOWN) == [
        f"{owner.handle} in The room {slug}: @{bob.handle} {word}" for word in ("one", "two")
    ]
    # A click opens the message, in the tab that has notified.
    shower = next(tab for tab in (first, second) if tab.evaluate("window.lastNotification !== undefined"))
    shower.evaluate("window.lastNotification.dispatchEvent(new Event('click'))")
    shower.wait_for_url(f"**/rooms/{slug}/#message-*")
    # A tab that shows the room, and has the focus, prevents the notification.
    first.bring_to_front()
    first.evaluate("document.hasFocus = () => true; window.dispatchEvent(new Event('focus'))")
    wait_until(lambda: first.evaluate(HOLDS_A_ROOM), what="the lock of the room")
    owner.post(slug, f"@{bob.handle} three")
    expect(message(first, "three")).to_have_count(1)
    owner.post(other, f"@{bob.handle} four")
    wait_until(lambda: len(first.evaluate(SHOWN)) == 3, what="the notification")
    assert first.evaluate(SHOWN)[2].endswith("four")
