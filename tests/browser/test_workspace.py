"""Tests of the workspace: a person's rooms beside a pane that changes without loading a page."""

import re

from playwright.sync_api import expect

from tests.browser.actions import message, say
from tests.browser.conftest import PHONE
from tests.browser.workspace import FOLLOW_LINK, expect_room, go_to
from tests.live.client import Person


def test_rooms_change_without_loading_a_page_and_keep_text_place_and_messages(open_workspace, owner, site):
    first, second = owner.make_room(), owner.make_room()
    bob = Person(site, "Bob of the workspace", "correct horse")
    for number in range(40):
        bob.post(first, f"line {number}\nsecond line")
    alice = open_workspace(owner, first)
    expect(message(alice, "line 39")).to_have_count(1)
    alice.get_by_test_id("scroller").evaluate("element => { element.scrollTop = 300 }")
    alice.wait_for_timeout(100)
    place = alice.get_by_test_id("scroller").evaluate("element => element.scrollTop")
    alice.get_by_test_id("composer").fill("not sent yet")

    go_to(alice, second)
    expect(alice.get_by_test_id("composer")).to_be_focused()
    expect(alice.get_by_test_id("composer")).to_have_value("")
    expect(alice.get_by_test_id("announcer")).to_have_text(f"The room {second}")
    # What was not read in the first room counts in the title.
    expect(alice).to_have_title(re.compile(rf"^\([\d,]+\) The room {second} · "))
    say(alice, "in the second room")
    expect(message(alice, "in the second room")).to_have_count(1)
    bob.post(first, "while Alice is elsewhere")

    alice.go_back()
    expect_room(alice, first)
    expect(message(alice, "while Alice is elsewhere")).to_have_count(1)
    expect(alice.get_by_test_id("composer")).to_have_value("not sent yet")
    assert alice.get_by_test_id("scroller").evaluate("element => element.scrollTop") == place
    alice.go_forward()
    expect_room(alice, second)
    expect(message(alice, "in the second room")).to_have_count(1)
    assert alice.evaluate("window.loads") == 1
    alice.reload()
    expect_room(alice, second)


def test_a_room_that_left_the_page_has_no_connection_and_reads_nothing(open_workspace, owner, site):
    first, second = owner.make_room(), owner.make_room()
    bob = Person(site, "Bob who watches", "correct horse")
    alice = open_workspace(owner, first)
    watching = open_workspace(bob, first)
    expect(watching.get_by_test_id("who-is-here")).to_contain_text(owner.handle)
    go_to(alice, second)
    expect(watching.get_by_test_id("who-is-here")).not_to_contain_text(owner.handle)
    say(watching, "Is anybody here?")
    expect(message(watching, "Is anybody here?")).to_have_count(1)
    alice.evaluate("window.dispatchEvent(new Event('focus'))")
    go_to(alice, first)
    expect(message(alice, "Is anybody here?")).to_have_count(1)
    expect(watching.get_by_test_id("who-is-here")).to_contain_text(owner.handle)


def test_the_list_of_all_rooms_is_also_a_pane(open_workspace, owner):
    slug = owner.make_room()
    alice = open_workspace(owner, slug)
    alice.get_by_test_id("browse-rooms").click()
    expect(alice.get_by_role("heading", name="Browse rooms")).to_be_focused()
    expect(alice.get_by_test_id("browse-rooms")).to_have_attribute("aria-current", "page")
    alice.get_by_test_id("room-search").fill(slug)
    alice.locator(f"#rooms [data-slug='{slug}'] a").click()
    expect_room(alice, slug)
    alice.go_back()
    expect(alice.get_by_test_id("room-search")).to_have_value(slug)
    assert alice.evaluate("window.loads") == 1


def test_on_a_phone_the_rooms_are_in_a_drawer(open_workspace, owner):
    alice = open_workspace(owner, owner.make_room(), **PHONE)
    expect(alice.get_by_test_id("sidebar")).to_be_hidden()
    alice.get_by_test_id("open-drawer").tap()
    expect(alice.get_by_test_id("sidebar")).to_be_visible()
    alice.keyboard.press("Escape")
    expect(alice.get_by_test_id("sidebar")).to_be_hidden()
    expect(alice.get_by_test_id("open-drawer")).to_be_focused()
    alice.get_by_test_id("open-drawer").tap()
    alice.get_by_test_id("browse-rooms").tap()
    expect(alice.get_by_test_id("sidebar")).to_be_hidden()
    expect(alice.get_by_test_id("browser")).to_be_visible()


def open_palette(page):
    """Open the palette with the keyboard. The first time, the page loads its code before the focus moves."""
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Find a room or a person")).to_be_focused()


def test_the_palette_finds_a_room_and_creates_one(open_workspace, owner):
    first, second = owner.make_room(), owner.make_room()
    alice = open_workspace(owner, first)
    open_palette(alice)
    alice.keyboard.type(second)
    expect(alice.get_by_role("option", name=f"The room {second}")).to_be_visible()
    alice.keyboard.press("Enter")
    expect_room(alice, second)
    open_palette(alice)
    alice.keyboard.type("Plans of the café")
    alice.get_by_role("option", name="Create the room").click()
    expect(alice.locator("#new-room-slug")).to_have_value("plans-of-the-cafe")
    alice.keyboard.press("Enter")
    expect_room(alice, "plans-of-the-cafe")
    assert alice.evaluate("window.loads") == 1


def test_unread_messages_in_other_rooms_are_counted_live(open_workspace, site):
    anna = Person(site, "Anna who counts", "correct horse")
    first, second = anna.make_room(), anna.make_room()
    bob = Person(site, "Bob who writes elsewhere", "correct horse")
    alice = open_workspace(anna, first)
    listed = alice.locator(f"#places [data-slug='{second}']")
    expect(listed).to_be_visible()
    bob.post(second, "one")
    bob.post(second, f"@{anna.handle} two")
    expect(listed.locator(".badge")).to_have_text("@1")
    expect(listed.get_by_role("link")).to_have_accessible_name(f"The room {second} 1 mention")
    expect(alice).to_have_title(f"(2) The room {first} · Chat")
    assert alice.locator("link[rel=icon]").get_attribute("href").startswith("data:image/svg+xml")

    alice.keyboard.press("Alt+ArrowDown")
    expect_room(alice, second)
    expect(message(alice, "two")).to_be_visible()
    expect(listed.locator(".badge")).to_have_count(0)
    expect(alice).to_have_title(f"The room {second} · Chat")

    # Every page of this browser has the focus, so a page that shows the room would read the next message at once.
    alice.go_back()
    expect_room(alice, first)
    other = alice.context.new_page()
    other.goto(f"{site.url}/rooms/{first}/")
    other.wait_for_selector("#workspace[data-state=ready]")
    bob.post(second, "three")
    expect(other.locator(f"#places [data-slug='{second}'] .badge")).to_have_text("1")
    other.locator(f"#places [data-slug='{second}'] .place").click(button="right")
    other.get_by_role("menuitem", name="Mark as read").click()
    expect(other.locator(f"#places [data-slug='{second}'] .badge")).to_have_count(0)


def test_a_room_is_created_renamed_made_a_favourite_and_deleted(open_workspace, owner):
    alice = open_workspace(owner, owner.make_room())
    alice.get_by_test_id("new-room").click()
    alice.fill("#new-room-name", "Short-lived")
    alice.keyboard.press("Enter")
    expect_room(alice, "short-lived")
    expect(alice.get_by_test_id("empty-room")).to_be_visible()
    listed = alice.locator("#places [data-slug=short-lived]")
    listed.hover()
    listed.get_by_role("button").click()
    alice.get_by_role("menuitem", name="Add to favourites").click()
    expect(alice.locator("[data-section=favourites] [data-slug=short-lived]")).to_be_visible()
    alice.get_by_test_id("room-menu").locator("summary").click()
    alice.get_by_test_id("menu-settings").click()
    alice.fill("#settings-name", "Long-lived")
    alice.keyboard.press("Enter")
    expect(alice.get_by_test_id("room-name")).to_have_text("Long-lived")
    expect(listed).to_contain_text("Long-lived")
    alice.get_by_test_id("room-menu").locator("summary").click()
    alice.get_by_test_id("menu-settings").click()
    alice.locator("[data-action=delete-room]").dblclick()
    expect(alice.get_by_test_id("browser")).to_be_visible()
    expect(listed).to_have_count(0)


def test_a_person_joins_and_leaves_a_public_room_in_the_list(open_workspace, owner, site):
    slug = owner.make_room()
    bob = Person(site, "Bob who joins", "correct horse")
    page = open_workspace(bob, owner.make_room())
    page.get_by_test_id("browse-rooms").click()
    row = page.locator(f"#rooms [data-slug='{slug}']")
    page.get_by_test_id("room-search").fill(slug)
    row.get_by_role("link", name="Join").click()
    expect_room(page, slug)
    page.get_by_test_id("browse-rooms").click()
    expect(row).to_contain_text("Joined")
    row.get_by_role("button").click()
    page.get_by_role("menuitem", name="Leave room").click()
    page.click("#leave-room")
    expect(row.get_by_role("link", name="Join")).to_be_visible()
    expect(page.locator(f"#places [data-slug='{slug}']")).to_have_count(0)


def test_a_message_that_waits_is_sent_while_another_room_is_open(open_workspace, owner, site):
    first, second = owner.make_room(), owner.make_room()
    alice = open_workspace(owner, first)
    go_to(alice, second)
    alice.go_back()
    expect_room(alice, first)
    alice.context.set_offline(True)
    say(alice, "written without a connection")
    expect(alice.locator("#pending-messages .message")).to_have_count(1)
    alice.go_forward()
    expect(alice.locator(f"#room[data-slug='{second}']")).to_be_attached()
    alice.context.set_offline(False)
    alice.evaluate("window.dispatchEvent(new Event('online'))")
    for _ in range(100):
        if any("written without" in found["body"] for found in owner.history(first).values()):
            break
        alice.wait_for_timeout(200)
    alice.go_back()
    expect(message(alice, "written without a connection")).to_have_count(1)
    expect(alice.locator("#pending-messages .message")).to_have_count(0)
    assert len(owner.history(first)) == 1


def test_without_a_connection_the_person_stays_in_the_room(open_workspace, owner):
    first, second = owner.make_room(), owner.make_room()
    alice = open_workspace(owner, first)
    link = alice.locator(f"#places [data-slug='{first}'] a")
    # The list of rooms comes over its own socket, so it may come after the room.
    expect(link).to_be_attached()
    alice.context.set_offline(True)
    alice.evaluate(FOLLOW_LINK, f"/rooms/{second}/")
    expect(alice.get_by_test_id("workspace-notice")).to_contain_text("could not load this room")
    assert alice.url.endswith(f"/rooms/{first}/")
    expect(link).to_have_attribute("aria-current", "page")
    alice.context.set_offline(False)
    go_to(alice, second)


def test_an_archived_room_leaves_the_list_and_can_be_restored(open_workspace, owner):
    slug = owner.make_room()
    alice = open_workspace(owner, slug)
    alice.get_by_test_id("room-menu").locator("summary").click()
    alice.get_by_test_id("menu-settings").click()
    alice.locator("[data-action=archive-room]").click()
    expect(alice.get_by_test_id("composer")).to_be_disabled()
    expect(alice.locator(f"#places [data-slug='{slug}']")).to_have_count(0)
    alice.get_by_test_id("browse-rooms").click()
    alice.get_by_test_id("archived-rooms").check()
    alice.locator(f"#rooms [data-slug='{slug}'] .room-card").click()
    expect_room(alice, slug)
    alice.get_by_test_id("room-menu").locator("summary").click()
    alice.get_by_test_id("menu-settings").click()
    alice.locator("[data-action=archive-room]").click()
    expect(alice.get_by_test_id("composer")).to_be_enabled()
    expect(alice.locator(f"#places [data-slug='{slug}']")).to_be_visible()
