"""Tests of the people who may call everybody: the room's settings, what the composer offers, and who is called."""

import contextlib

from playwright.sync_api import expect

from tests.browser.actions import message, say
from tests.live.client import Person

# How often a person types the sign until the suggestions appear.
TRIES = 3


def choose_callers(page, name):
    """Choose in the settings of the room who may call everybody."""
    page.get_by_test_id("room-menu").locator("summary").click()
    page.get_by_test_id("menu-settings").click()
    page.get_by_label("Who may call everybody with @all and @here").select_option(name)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def expect_offers(page, count):
    """Check how many of `@all` and `@here` the composer offers, and empty the composer again."""
    composer = page.get_by_test_id("composer")
    completion = page.locator("#completion")
    for _ in range(TRIES):
        composer.fill("")
        composer.press_sequentially("@")
        with contextlib.suppress(AssertionError):
            # On a busy machine, a dialog that has just closed may still take the focus.
            expect(completion).to_be_visible(timeout=5000)
            break
    expect(completion).to_be_visible()
    expect(page.locator("#completion [role=option]").filter(has_text="Everybody")).to_have_count(count)
    composer.press("Escape")
    composer.fill("")


def test_an_owner_chooses_who_may_call_everybody_and_open_pages_follow(open_workspace, owner, site):
    slug = owner.make_room()
    bob = Person(site, "Bob who calls", "correct horse")
    alice, page = open_workspace(owner, slug), open_workspace(bob, slug)
    expect(page.get_by_test_id("who-is-here")).to_contain_text(owner.handle)
    expect_offers(alice, 2)
    expect_offers(page, 0)

    choose_callers(alice, "Everyone")
    expect_offers(page, 2)
    say(page, "@all come")
    mark = message(alice, "@all come").locator(".body")
    expect(mark).to_be_visible()
    expect(alice.locator(".message.mentions")).to_have_count(1)

    choose_callers(alice, "Nobody")
    expect_offers(alice, 0)
    say(page, "@all again")
    expect(message(alice, "@all again")).to_have_count(1)
    expect(alice.locator(".message.mentions")).to_have_count(1)
    # The dialog shows the choice, also after the page was loaded again.
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    alice.get_by_test_id("room-menu").locator("summary").click()
    alice.get_by_test_id("menu-settings").click()
    expect(alice.locator("#settings-callers")).to_have_value("nobody")
