"""Tests of pages in other languages than English: their texts are translated, and Arabic pages are right to left."""

import pytest
from playwright.sync_api import expect

from tests.browser.actions import create_room, message, say, sign_up
from tests.browser.conftest import PHONE
from tests.browser.gallery import keep_screenshot
from tests.browser.translations import Catalogue


@pytest.fixture
def german():
    return Catalogue("de")


@pytest.fixture
def arabic():
    return Catalogue("ar")


def choose_language(page, site, name):
    page.goto(f"{site.url}/settings/")
    page.select_option("[name=language]", name)
    page.click("[data-testid=preferences-form] button")
    expect(page.locator("html")).to_have_attribute("lang", name)


def expect_translated(page, catalogue, part):
    assert catalogue.find_english(page) == [], part


def test_a_person_chooses_german_and_reads_no_english(browser_of, site, german):
    page = browser_of("Lena", locale="en-GB")
    sign_up(page, site, "Lena of the languages")
    choose_language(page, site, "de")
    expect_translated(page, german, "the settings")
    page.goto(f"{site.url}/password/")
    expect_translated(page, german, "the password")
    page.goto(site.url)
    create_room(page, "Werkstatt")
    expect(page.get_by_test_id("composer")).to_be_visible()
    expect_translated(page, german, "a new room")
    say(page, "Guten Morgen")
    message(page, "Guten Morgen").hover()
    expect_translated(page, german, "a message")
    page.locator(".toolbar [data-action=more]").click()
    expect_translated(page, german, "the actions of a message")
    page.keyboard.press("Escape")
    for entry, dialog in (("menu-schedule", "schedule"), ("menu-export", "export"), ("menu-date", "day")):
        if not page.locator(f"#{entry}").count():
            continue
        page.locator(".room-menu summary").click()
        page.click(f"#{entry}")
        expect(page.locator("dialog[open]")).to_be_visible()
        expect_translated(page, german, f"the dialog {dialog}")
        page.keyboard.press("Escape")
    page.keyboard.press("Control+Shift+F")
    expect(page.locator("#search-messages")).to_be_focused()
    expect_translated(page, german, "the search")
    page.locator("[data-action=close-panel]").click()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_contain_text(german["Browse rooms"])
    expect_translated(page, german, "the palette")
    page.keyboard.press("Escape")
    page.goto(site.url)
    page.wait_for_selector("#workspace[data-state=ready]")
    expect_translated(page, german, "the list of all rooms")


def expect_right_to_left(page):
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    # A page that is written from right to left scrolls to negative positions.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("scrollBy(-500, 0)")
    assert page.evaluate("scrollX") == 0


def test_a_browser_in_arabic_shows_pages_from_right_to_left(browser_of, site, owner, arabic):
    slug = owner.make_room()
    owner.post(slug, "```\nconst left = 1;\n```")
    page = browser_of("Badr", locale="ar", **PHONE)
    page.goto(f"{site.url}/rooms/{slug}/")
    expect_right_to_left(page)
    page.fill("[name=handle]", "بدر")
    page.click("[data-testid=guest-form] button")
    page.wait_for_selector("[data-state=open]")
    expect_right_to_left(page)
    assert page.locator(".body pre").evaluate("element => getComputedStyle(element).direction") == "ltr"
    keep_screenshot(page, "arabic-room")
    expect_translated(page, arabic, "a room")
    page.get_by_test_id("open-drawer").click()
    sidebar = page.locator("#sidebar")
    expect(sidebar).to_be_visible()
    page.wait_for_function("() => document.querySelector('#sidebar').getBoundingClientRect().right === innerWidth")
    expect_translated(page, arabic, "the list of the person's rooms")
    page.goto(site.url)
    expect_right_to_left(page)
    visitor = browser_of("Visitor", locale="ar", **PHONE)
    visitor.goto(site.url)
    expect_right_to_left(visitor)
    expect_translated(visitor, arabic, "the list of all rooms")
    visitor.get_by_test_id("new-board").click()
    visitor.wait_for_selector("[data-state=open]")
    expect_right_to_left(visitor)
    expect_translated(visitor, arabic, "a board")
