"""Tests of the workspace: a person's rooms beside a pane that changes without loading a page."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_room import message, say
from tests.live.client import Person

FOLLOW_LINK = """path => {
    const link = Object.assign(document.createElement("a"), { href: path });
    document.body.append(link);
    link.click();
    link.remove();
}"""
COUNT_LOADS = "window.loads = (window.loads || 0) + 1"


@pytest.fixture
def open_workspace(browser_of, site):
    """Return a function that opens a room for a person with an account: `open_workspace(person, slug)`."""

    def open(person, slug, **options):
        page = browser_of(person.handle, **options)
        page.context.add_cookies(
            [{"name": cookie.name, "value": cookie.value, "url": site.url} for cookie in person.http.cookies]
        )
        page.goto(f"{site.url}/rooms/{slug}/")
        page.wait_for_selector("[data-state=open]")
        page.evaluate(COUNT_LOADS)
        return page

    return open


def go_to(page, slug):
    """Go to another room with a link, as the list of rooms has them."""
    page.evaluate(FOLLOW_LINK, f"/rooms/{slug}/")
    expect_room(page, slug)


def expect_room(page, slug):
    expect(page.locator(f"#room[data-slug='{slug}'][data-state=open]")).to_be_attached()
    assert page.url.endswith(f"/rooms/{slug}/")


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
    assert alice.title().startswith(f"The room {second}")
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


def test_the_list_of_all_rooms_is_a_pane_too(open_workspace, owner):
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


def test_the_palette_finds_a_room_and_creates_one(open_workspace, owner):
    first, second = owner.make_room(), owner.make_room()
    alice = open_workspace(owner, first)
    alice.keyboard.press("Control+k")
    alice.keyboard.type(second)
    expect(alice.get_by_role("option", name=f"The room {second}")).to_be_visible()
    alice.keyboard.press("Enter")
    expect_room(alice, second)
    alice.keyboard.press("Control+k")
    alice.keyboard.type("Plans of the café")
    alice.get_by_role("option", name="Create the room").click()
    expect(alice.locator("#new-room-slug")).to_have_value("plans-of-the-cafe")
    alice.keyboard.press("Enter")
    expect_room(alice, "plans-of-the-cafe")
    assert alice.evaluate("window.loads") == 1
