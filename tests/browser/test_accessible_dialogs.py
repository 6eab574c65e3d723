"""Tests that dialogs pass the checks of axe-core while they show an error, or long texts and long lists."""

from datetime import datetime, timedelta

from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, requires_axe
from tests.browser.actions import choose, create_room, item_of, message, say, sign_up
from tests.browser.log_in import log_in

pytestmark = requires_axe()

LONG_WORD = "Donaudampfschifffahrt" * 20
LONG_TEXT = "A long sentence that a person has written, with many words in it. " * 6


def lose_api(page):
    """Make every call of the page's API fail, as without a connection."""
    page.route("**/api/**", lambda route: route.abort())


def restore_api(page):
    page.unroute("**/api/**")


def call(page, path, **body):
    """Post to the API as the page's person."""
    site_url = page.url.split("/rooms/")[0]
    csrf_token = page.request.get(f"{site_url}/api/session/").json()["csrf"]
    response = page.request.post(f"{site_url}{path}", data=body, headers={"X-CSRFToken": csrf_token})
    assert response.ok, response.text()


def error_in(page):
    return page.locator("dialog[open] [role=alert]")


def test_the_dialogs_of_a_member_are_accessible_with_errors_and_long_texts(join_room, site):
    alice, bob = join_room("Alice"), join_room("Bob")
    choose(alice, "schedule")
    alice.locator("[data-action=schedule]").click()
    expect(error_in(alice)).not_to_be_empty()
    assert_accessible(alice, "a message to schedule that is empty")
    later = (datetime.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S")
    for body in (LONG_TEXT, LONG_WORD):
        alice.locator("#schedule-body").fill(body)
        alice.locator("#schedule-time").fill(later)
        alice.locator("[data-action=schedule]").click()
        expect(alice.locator("#schedule-body")).to_have_value("")
    expect(alice.locator("#scheduled-messages > li")).to_have_count(2)
    assert_accessible(alice, "scheduled messages with long texts")
    alice.keyboard.press("Escape")

    choose(alice, "export")
    alice.get_by_label("First day").fill("2026-02-02")
    alice.get_by_label("Last day").fill("2026-02-01")
    alice.locator("#export-dialog form").get_by_role("button", name="Export").click()
    expect(error_in(alice)).to_contain_text("The first day is after the last day.")
    assert_accessible(alice, "an export of no days")
    alice.keyboard.press("Escape")

    say(bob, LONG_WORD)
    message(alice, LONG_WORD).hover()
    alice.locator("[data-action=report]").click()
    alice.locator("#report-reason").fill(LONG_TEXT[:400])
    lose_api(alice)
    alice.locator("[data-action=send-report]").click()
    expect(error_in(alice)).not_to_be_empty()
    assert_accessible(alice, "a report that was not sent")


def test_the_moderators_dialogs_are_accessible_with_errors_and_long_lists(owners_page, join_room, slug):
    alice, bob = join_room("Alice"), join_room("Bob")
    for number in range(3):
        say(bob, f"{LONG_WORD} {number}")
    for number in (1, 2, 3):
        call(alice, f"/api/rooms/{slug}/messages/{number}/reports/", reason=LONG_TEXT)
    item_of(owners_page, bob.handle).locator("[data-action=moderate]").click()
    owners_page.locator("#moderation-reason").fill(LONG_TEXT)
    owners_page.locator("[data-action=mute-600]").click()
    expect(bob.get_by_test_id("composer")).to_be_disabled()
    assert_accessible(owners_page, "a muted person with a long reason")
    lose_api(owners_page)
    owners_page.locator("[data-action=unmute]").click()
    expect(error_in(owners_page)).not_to_be_empty()
    assert_accessible(owners_page, "a role that could not be changed")
    restore_api(owners_page)
    owners_page.keyboard.press("Escape")
    choose(owners_page, "moderation")
    expect(owners_page.locator(".reported")).to_have_count(3)
    expect(owners_page.locator(".audit-entry")).to_have_count(1)
    assert_accessible(owners_page, "reports and the audit log with long texts")
    owners_page.locator("[data-action=remove-reported]").first.click()
    assert_accessible(owners_page, "a reported message to remove")
    lose_api(owners_page)
    owners_page.locator("[data-action=remove-reported]").first.click()
    expect(error_in(owners_page).first).not_to_be_empty()
    assert_accessible(owners_page, "a report that could not be closed")


def test_invitations_are_accessible_with_an_error_and_a_long_list(browser_of, site):
    alice = browser_of("Alice")
    sign_up(alice, site, "Alice of the long list")
    create_room(alice, "The pantry with a long name for a room", is_private=True)
    choose(alice, "invite")
    for count in range(1, 6):
        alice.locator("#make-invitation").click()
        expect(alice.locator("#invitations li")).to_have_count(count)
    alice.locator("[data-action=revoke]").first.click()
    assert_accessible(alice, "an invitation to revoke, in a long list")
    lose_api(alice)
    alice.locator("#make-invitation").click()
    expect(error_in(alice)).not_to_be_empty()
    assert_accessible(alice, "an invitation that could not be made")


def test_the_operators_page_with_rooms_is_accessible(browser_of, site, owner, operator):
    slug = owner.make_room()
    site.database.query(
        "UPDATE chat_room SET name = %s, topic = %s WHERE slug = %s", LONG_WORD[:80], LONG_TEXT[:200], slug
    )
    page = browser_of("Operator")
    log_in(page.context, operator)
    page.goto(f"{site.url}/operators/rooms/")
    expect(page.get_by_text(slug)).to_be_visible()
    expect(page.get_by_test_id("live")).to_have_text("Live")
    assert_accessible(page, "the operators' page with rooms")
