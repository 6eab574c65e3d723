"""Tests that the pages of the chat pass the checks of axe-core, also with their dialogs and menus open."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, requires_axe
from tests.browser.actions import PASSWORD, choose, create_room, item_of, message, say, sign_up
from tests.browser.conftest import PHONE

pytestmark = requires_axe()

BODIES = [
    "Hello, world. https://example.org/a and `code`",
    "שלום, מה שלומך? (a+b)!",
    "```\n" + "a very long line of code " * 20 + "\n```",
    "> a quote\n\nwith **bold** and ~~old~~ words",
    "- one\n- two\n\n1. first\n2. second",
    "| a | b |\n|---|---|\n| " + "wide " * 60 + " | d |",
    "# A heading",
    "- [x] done",
]


@pytest.fixture
def full_room(join_room):
    """Return the pages of two people in a room with messages of many kinds."""
    alice, bob = join_room("Alice"), join_room("דנה")
    for body in BODIES:
        say(alice, body)
    say(bob, f"@{alice.handle} look")
    expect(alice.locator(".message[data-id]")).to_have_count(len(BODIES) + 1)
    message(bob, "Hello, world").hover()
    bob.locator("[data-action=react][data-emoji='👍']").click()
    expect(alice.locator(".reaction")).to_contain_text("👍")
    message(bob, "A heading").hover()
    bob.locator("[data-action=reply]").click()
    say(bob, "indeed")
    alice.get_by_test_id("composer").press("ArrowUp")
    say(alice, "- [x] edited")
    expect(message(alice, "edited").first).to_be_visible()
    expect(message(alice, "indeed")).to_have_count(1)
    return alice, bob


def test_a_room_with_messages_of_many_kinds_is_accessible(full_room):
    alice, bob = full_room
    bob.get_by_test_id("composer").press_sequentially("hm")
    expect(alice.get_by_test_id("typing")).to_contain_text(bob.handle)
    assert_accessible(alice, "messages")
    message(alice, "indeed").hover()
    expect(alice.locator(".toolbar")).to_be_visible()
    assert_accessible(alice, "the toolbar")
    alice.locator("[data-action=reply]").click()
    assert_accessible(alice, "a reply")
    alice.keyboard.press("Escape")
    alice.get_by_test_id("room-menu").locator("summary").click()
    assert_accessible(alice, "the menu")


def test_unsent_messages_are_accessible(join_room):
    alice = join_room("Alice")
    alice.context.set_offline(True)
    say(alice, "Hello?")
    expect(alice.locator("#pending-messages .message")).to_have_count(1)
    assert_accessible(alice, "pending")


@pytest.mark.parametrize("name", ["schedule", "export"])
def test_the_dialogs_of_the_menu_are_accessible(join_room, name):
    alice = join_room("Alice")
    choose(alice, name)
    expect(alice.locator("dialog[open]")).to_be_visible()
    assert_accessible(alice, name)


def test_the_results_of_tasks_are_accessible(full_room, site):
    alice, _ = full_room
    choose(alice, "statistics")
    expect(alice.locator(".task-link")).to_be_visible()
    assert_accessible(alice, "the bar of a task")
    choose(alice, "export")
    alice.locator("#export-dialog form").get_by_role("button", name="Export").click()
    expect(alice.locator(".task-link")).to_have_count(2)
    expect(alice.locator(".task-link").nth(1)).to_be_visible()
    # The server sends the results with a sandbox that forbids scripts, and the check is a script. So the test puts the
    # results into an empty page.
    page = alice.context.new_page()
    for number, link in enumerate(alice.locator(".task-link").all(), 1):
        result = alice.request.get(f"{site.url}{link.get_attribute('href')}").text()
        page.set_content(result.replace("http-equiv", "data-was"))
        assert_accessible(page, f"the result of task {number}")


def test_the_moderation_of_a_room_is_accessible(owners_page, join_room):
    bob = join_room("Bob")
    say(bob, "Nonsense")
    message(owners_page, "Nonsense").hover()
    owners_page.locator("[data-action=report]").click()
    expect(owners_page.locator("#report-dialog")).to_be_visible()
    assert_accessible(owners_page, "a report")
    owners_page.locator("#report-reason").fill("It is nonsense.")
    owners_page.locator("[data-action=send-report]").click()
    expect(owners_page.get_by_test_id("notice")).to_be_visible()
    assert_accessible(owners_page, "a notice")
    item_of(owners_page, bob.handle).locator("[data-action=moderate]").click()
    expect(owners_page.locator("[data-action=mute]")).to_be_visible()
    assert_accessible(owners_page, "a person")
    owners_page.locator("[data-action=mute]").click()
    expect(bob.get_by_test_id("composer")).to_be_disabled()
    owners_page.keyboard.press("Escape")
    assert_accessible(bob, "a muted person")
    choose(owners_page, "moderation")
    expect(owners_page.locator(".audit-entry")).to_have_count(1)
    assert_accessible(owners_page, "the moderation")


def test_the_lobby_and_the_forms_are_accessible(browser_of, site, slug):
    alice = browser_of("Alice")
    alice.goto(site.url)
    assert_accessible(alice, "the lobby for strangers")
    for path in ("sign-in", "sign-up", "guest", f"rooms/{slug}"):
        alice.goto(f"{site.url}/{path}/")
        assert_accessible(alice, path.replace(slug, "for a stranger"))
    alice.goto(f"{site.url}/sign-in/")
    alice.fill("[name=handle]", "Nobody")
    alice.fill("[name=password]", "wrong password")
    alice.click("[data-testid=sign_in-form] button")
    expect(alice.get_by_role("alert")).to_be_visible()
    assert_accessible(alice, "a refused sign-in")
    alice.goto(f"{site.url}/sign-up/")
    alice.fill("[name=handle]", "x")
    alice.fill("[name=password]", "short")
    alice.click("[data-testid=sign_up-form] button")
    expect(alice.get_by_role("alert")).to_be_visible()
    assert_accessible(alice, "a refused sign-up")
    sign_up(alice, site, "Alice of the checks")
    alice.get_by_test_id("account").click()
    assert_accessible(alice, "the lobby for accounts")
    alice.goto(f"{site.url}/password/")
    alice.fill("[name=old_password]", "wrong")
    alice.fill("[name=new_password]", PASSWORD)
    alice.click("[data-testid=password-form] button")
    expect(alice.get_by_role("alert")).to_be_visible()
    assert_accessible(alice, "a refused change of the password")
    alice.goto(f"{site.url}/settings/")
    assert_accessible(alice, "the settings")
    alice.goto(f"{site.url}/nowhere/")
    assert_accessible(alice, "an error page")


def test_a_private_room_and_its_invitation_are_accessible(browser_of, site):
    alice, bob = browser_of("Alice"), browser_of("Bob")
    sign_up(alice, site, "Alice of the attic")
    create_room(alice, "The attic", is_private=True)
    choose(alice, "invite")
    alice.locator("#make-invitation").click()
    link = alice.locator("#invitation-link").input_value()
    assert_accessible(alice, "invitations")
    bob.goto(link)
    assert_accessible(bob, "an invitation for a stranger")
    bob.fill("[name=handle]", "Bob of the attic")
    bob.click("[data-testid=guest-form] button")
    expect(bob.get_by_test_id("accept")).to_be_visible()
    assert_accessible(bob, "an invitation")
    bob.get_by_test_id("accept").click()
    bob.wait_for_selector("[data-state=open]")
    choose(bob, "leave")
    assert_accessible(bob, "leaving a room")


def test_the_operators_page_is_accessible(browser_of, site):
    root = browser_of("root")
    sign_up(root, site, "Root of the checks")
    site.database.query("UPDATE chat_person SET is_staff = %s WHERE handle = 'Root of the checks'", True)
    root.goto(f"{site.url}/operators/rooms/")
    expect(root.get_by_test_id("live")).to_have_text("Live")
    assert_accessible(root, "the operators' page")


def test_the_workspace_is_accessible(open_as_owner, owner):
    alice = open_as_owner()
    for _ in range(2):
        owner.post(owner.make_room(), "Hello")
    expect(alice.locator("#places li").nth(2)).to_be_visible()
    assert_accessible(alice, "an empty room")
    alice.get_by_test_id("new-room").click()
    assert_accessible(alice, "a new room")
    alice.keyboard.press("Escape")
    alice.keyboard.press("Control+k")
    expect(alice.get_by_role("option").nth(2)).to_be_visible()
    assert_accessible(alice, "the palette")
    alice.keyboard.press("Escape")
    alice.locator("#places li button").first.click()
    assert_accessible(alice, "the menu of a room")
    alice.keyboard.press("Escape")
    alice.get_by_test_id("browse-rooms").click()
    expect(alice.locator("#rooms").get_by_text("Joined").first).to_be_visible()
    assert_accessible(alice, "all rooms")
    alice.set_viewport_size(PHONE["viewport"])
    alice.get_by_test_id("open-drawer").click()
    # The open drawer hides the rest of the page from screen readers, as a dialog does.
    assert_accessible(alice, "the drawer", without=["landmark-one-main", "page-has-heading-one"])
