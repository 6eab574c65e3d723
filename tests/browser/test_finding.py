"""Tests of finding messages by link, words, pin, bookmark and mention, and of completing names in the composer."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, requires_axe
from tests.browser.actions import message, read_clipboard, say
from tests.browser.conftest import PHONE
from tests.browser.gallery import keep_screenshot
from tests.browser.workspace import expect_room
from tests.live.client import Person

PASSWORD = "correct horse"
MANY = 130


def choose(page, text, action, is_touch=False):
    """Take an action on a message from its sheet."""
    item = message(page, text)
    if is_touch:
        item.locator(".body").tap()
        item.locator("[data-action=more]").tap()
        page.locator(f"#message-sheet [data-action={action}]").tap()
        return
    item.focus()
    page.keyboard.press("Enter")
    page.locator(f"#message-sheet [data-action={action}]").click()


@requires_axe()
def test_the_composer_completes_names_and_commands_and_moderators_see_edits(open_workspace, owner, site):
    slug = owner.make_room()
    bob = Person(site, "Bob B of the list", PASSWORD)
    bob.post(slug, "I am a member.")
    alice, phone = open_workspace(owner, slug), open_workspace(bob, slug, **PHONE)
    field = alice.get_by_test_id("composer")
    field.press_sequentially("Hello @bob")
    option = alice.get_by_role("option", name=bob.handle)
    expect(option).to_have_attribute("aria-selected", "true")
    keep_screenshot(alice, "finding-completion")
    assert_accessible(alice, "the suggestions")
    field.press("Escape")
    expect(alice.get_by_role("listbox")).to_have_count(0)
    field.press_sequentially(" and @bo")
    expect(option).to_be_visible()
    field.press("Enter")
    expect(field).to_have_value(f"Hello @bob and @{bob.handle} ")
    field.press("Enter")
    mine = phone.locator(".message.mentions .mention.me")
    expect(mine).to_have_text(f"@{bob.handle}")
    expect(alice.locator(".message.mentions")).to_have_count(0)

    answer = phone.get_by_test_id("composer")
    answer.press_sequentially("#room")
    expect(phone.get_by_role("option").first).to_be_visible()
    answer.fill("")
    answer.press_sequentially(f"See #{slug[:-1]}")
    phone.get_by_role("option", name=f"#{slug}").tap()
    expect(answer).to_have_value(f"See #{slug} ")
    keep_screenshot(phone, "finding-completion")
    phone.get_by_test_id("send").tap()
    link = alice.locator(".room-link")
    expect(link).to_have_attribute("href", f"/rooms/{slug}/")

    field.press_sequentially("/top")
    # Before the suggestions are shown, Tab would leave the field.
    expect(alice.get_by_role("option", name="/topic")).to_be_visible()
    field.press("Tab")
    field.press_sequentially("Bicycles")
    field.press("Enter")
    expect(phone.get_by_test_id("room-topic")).to_have_text("Bicycles")
    expect(alice.locator(".message[data-id]")).to_have_count(3)
    # A text that is no command comes back to the field. With two slashes it is a message.
    answer.fill("/nothing is like that")
    phone.get_by_test_id("send").tap()
    expect(answer).to_have_value("/nothing is like that")
    answer.fill("//nothing is like that")
    phone.get_by_test_id("send").tap()
    expect(message(alice, "/nothing is like that")).to_have_count(1)

    answer.press("ArrowUp")
    answer.fill("/nothing is like this")
    phone.get_by_test_id("send").tap()
    expect(message(alice, "/nothing is like this")).to_have_count(1)
    choose(alice, "/nothing is like this", "history")
    versions = alice.locator("#edit-history .version-body")
    expect(versions).to_have_text(["/nothing is like this", "/nothing is like that"])


def test_a_link_leads_to_an_old_message_and_a_room_opens_where_a_person_was(open_workspace, browser_of, owner, site):
    old, now = owner.make_room(), owner.make_room()
    bob = Person(site, "Bob of the links", PASSWORD)
    first = bob.post(old, "the very first message").json()
    for number in range(MANY):
        bob.post(old, f"line {number}")
    bob.call("PATCH", "/api/preferences/", opens_at="last", expected=200)
    alice, phone = open_workspace(owner, now), open_workspace(bob, old, **PHONE)
    phone.context.grant_permissions(["clipboard-write"])
    phone.evaluate("id => { location.hash = `message-${id}` }", first["id"])
    expect(message(phone, "the very first message")).to_be_in_viewport()
    choose(phone, "the very first message", "link", is_touch=True)
    expect(phone.get_by_test_id("notice")).to_contain_text("copied")
    link = read_clipboard(phone)
    assert link == f"{site.url}/rooms/{old}/#message-{first['id']}"

    phone.goto(f"{site.url}/")
    phone.goto(f"{site.url}/rooms/{old}/")
    expect(message(phone, "the very first message")).to_be_in_viewport()

    say(alice, f"Look at {link} and {site.url}/rooms/{old}/#message-999999")
    alice.locator(".message[data-id] a").first.click()
    expect(alice.locator(f"#room[data-slug='{old}'][data-state=open]")).to_be_attached()
    expect(message(alice, "the very first message")).to_be_in_viewport()
    assert alice.url == link
    assert alice.evaluate("window.loads") == 1
    alice.go_back()
    expect_room(alice, now)
    alice.locator(".message[data-id] a").last.click()
    expect(alice.get_by_test_id("notice")).to_have_text("This message does not exist.")
    stranger = browser_of("Stranger")
    stranger.goto(link)
    stranger.fill("[name=handle]", "Guest of the links")
    stranger.click("[data-testid=guest-form] button")
    expect(message(stranger, "the very first message")).to_be_in_viewport()


@pytest.fixture
def bicycle(owner, site):
    """Return (slug of a room with many messages, a member). Only the first message contains the words of the search."""
    slug = owner.make_room()
    bob = Person(site, "Bob of the bicycles", PASSWORD)
    bob.post(slug, f"My red bicycle is lost, @{owner.handle}")
    for number in range(MANY):
        bob.post(slug, f"line {number}")
    # This site has no monitor, which indexes new messages.
    site.manage("index_messages", "--room", slug)
    return slug, bob


@requires_axe()
def test_people_find_messages_by_words_pins_bookmarks_and_mentions(bicycle, open_workspace, owner):
    slug, bob = bicycle
    text = "My red bicycle is lost"
    alice, phone = open_workspace(owner, slug), open_workspace(bob, slug, **PHONE)
    alice.keyboard.press("Control+Shift+F")
    expect(alice.get_by_role("searchbox", name="Search messages")).to_be_focused()
    alice.keyboard.type("red bicycle")
    alice.get_by_label("Only in The room").check()
    result = alice.locator(".result", has_text="is lost")
    expect(result.locator("mark").first).to_have_text("red")
    keep_screenshot(alice, "finding-search")
    assert_accessible(alice, "the search")
    alice.get_by_role("searchbox").focus()
    alice.keyboard.press("ArrowDown")
    alice.keyboard.press("Enter")
    expect(message(alice, text)).to_be_in_viewport()
    keep_screenshot(alice, "finding-found")

    choose(alice, text, "pin")
    choose(alice, text, "bookmark")
    expect(alice.get_by_test_id("notice")).to_have_text("The message is in your bookmarks.")
    alice.get_by_role("tab", name="Bookmarks").click()
    expect(alice.locator(".result")).to_have_count(1)
    alice.get_by_role("button", name="Remove bookmark").click()
    expect(alice.locator(".results-note")).to_contain_text("You have no bookmarks.")
    alice.get_by_role("tab", name="Mentions").click()
    expect(alice.locator(".result")).to_contain_text(text)
    keep_screenshot(alice, "finding-mentions")
    alice.keyboard.press("Escape")
    expect(alice.get_by_test_id("side-panel")).to_be_hidden()

    phone.get_by_test_id("room-menu").locator("summary").tap()
    phone.get_by_test_id("menu-pins").tap()
    expect(phone.locator(".result")).to_contain_text(text)
    keep_screenshot(phone, "finding-pins")
    phone.emulate_media(color_scheme="dark")
    phone.get_by_role("tab", name="Search").tap()
    phone.locator("summary", has_text="How to narrow").tap()
    keep_screenshot(phone, "finding-search")
    phone.get_by_role("tab", name="Pinned").tap()
    phone.locator(".result").tap()
    expect(phone.get_by_test_id("side-panel")).to_be_hidden()
    expect(message(phone, text)).to_be_in_viewport()
    expect(message(phone, text).locator(".pin-mark")).to_be_visible()

    phone.goto(phone.url.partition("#")[0])
    phone.wait_for_selector("[data-state=open]")
    phone.get_by_test_id("room-menu").locator("summary").tap()
    phone.get_by_test_id("menu-date").tap()
    keep_screenshot(phone, "finding-day")
    phone.get_by_role("button", name="Show this day").tap()
    expect(message(phone, text)).to_be_in_viewport()


def test_a_list_that_is_emptied_during_a_search_is_not_busy(open_workspace, owner):
    page = open_workspace(owner, owner.make_room())
    page.route("**/api/search/**", lambda route: None)  # the answer never arrives
    page.keyboard.press("Control+Shift+F")
    field = page.get_by_role("searchbox", name="Search messages")
    field.fill("bicycle")
    results = page.get_by_label("Found messages")
    expect(results).to_have_attribute("aria-busy", "true")
    field.fill("")
    expect(results).not_to_have_attribute("aria-busy", "true")
