"""Tests of boards and private rooms: a visitor asks, the owner decides, and an invitation link opens a private room."""

from playwright.sync_api import expect

from tests.browser.actions import create_room, knock, make_board, message, say, sign_up
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.gallery import keep_in_both_themes


def see_previews(owner, bob):
    """Write with a preview, as the owner on a desktop and as a visitor on a phone. Neither is signed in."""
    owner.get_by_test_id("composer-format").click()
    owner.locator("[data-action=preview]").click()
    bob.get_by_test_id("composer-more").tap()
    # A visitor could neither list nor cancel a scheduled message.
    expect(bob.locator("[data-action=later]")).to_have_count(0)
    # The menu slides in.
    expect(bob.locator("[data-action=preview]")).to_be_in_viewport(ratio=1)
    bob.wait_for_timeout(400)
    keep_in_both_themes(bob, "board-more")
    bob.locator("[data-action=preview]").tap()
    for page in (owner, bob):
        page.get_by_test_id("composer").fill("Look **here**")
        expect(page.get_by_test_id("preview").locator("strong")).to_have_text("here")
        keep_in_both_themes(page, "board-preview")
        page.get_by_test_id("composer").fill("")
        page.locator("#composer-preview-close").click()


def test_a_visitor_is_admitted_without_a_reload_and_chats_until_the_owner_removes_them(browser_of, site):
    owner, bob = browser_of("owner", **DESKTOP), browser_of("Bob", **PHONE)
    link = make_board(owner, site)
    knock(bob, link, "Bob")
    bob.evaluate("window.isSamePage = true")
    expect(owner.locator(".knock")).to_contain_text("Bob wants to join")
    owner.locator("[data-action=admit]").click()
    bob.wait_for_selector("[data-state=open]")
    assert bob.evaluate("window.isSamePage")
    say(bob, "Hello, owner")
    expect(message(owner, "Hello, owner")).to_have_count(1)
    say(owner, "Hello, Bob")
    expect(message(bob, "Hello, Bob")).to_have_count(1)
    expect(owner.get_by_test_id("who-is-here")).to_contain_text("Bob")
    # A board has no reports: its owner is in the conversation.
    message(bob, "Hello, Bob").click()
    expect(bob.locator("[data-action=reply]")).to_be_visible()
    expect(bob.locator("[data-action=report]")).to_have_count(0)
    see_previews(owner, bob)
    # A reload changes nothing.
    for page in (owner, bob):
        page.reload()
        expect(message(page, "Hello, Bob")).to_have_count(1)
    expect(owner.get_by_test_id("admitted")).to_contain_text("Bob")
    # The first click only asks for a confirmation.
    owner.get_by_test_id("admitted").locator("[data-action=remove]").dblclick()
    expect(bob.get_by_test_id("removed")).to_be_visible()
    expect(bob.get_by_test_id("composer")).not_to_be_visible()
    expect(owner.get_by_test_id("nobody")).to_be_visible()


def test_the_owner_refuses_a_visitor_and_closes_the_board(browser_of, site):
    owner, bob, carol = browser_of("owner"), browser_of("Bob"), browser_of("Carol")
    link = make_board(owner, site)
    knock(bob, link, "Bob")
    owner.locator("[data-action=refuse]").click()
    expect(bob.get_by_test_id("refused")).to_be_visible()
    bob.get_by_test_id("knock-again").click()
    bob.get_by_test_id("knock").click()
    expect(bob.get_by_test_id("knock-error")).to_contain_text("Wait a moment before you ask again")
    knock(carol, link, "Carol")
    second_tab = owner.context.new_page()
    second_tab.goto(link)
    expect(second_tab.locator(".knock")).to_have_count(1)
    owner.locator("[data-action=admit]").click()
    expect(second_tab.get_by_test_id("admitted")).to_contain_text("Carol")
    expect(second_tab.locator(".knock")).to_have_count(0)
    owner.get_by_test_id("room-menu").locator("summary").click()
    owner.get_by_test_id("menu-shut").click()
    owner.locator("#shut-board").click()
    for page in (owner, second_tab, bob, carol):
        expect(page.get_by_test_id("shut")).to_be_visible()
    assert bob.goto(link).status == 404


def test_an_invitation_link_leads_into_a_private_room(browser_of, site):
    alice, bob = browser_of("Alice"), browser_of("Bob", **PHONE)
    sign_up(alice, site, "Alice the private")
    create_room(alice, "The cellar", is_private=True)
    alice.get_by_test_id("room-menu").locator("summary").click()
    alice.get_by_test_id("menu-invite").click()
    alice.locator("#invitation-uses").select_option("1")
    alice.locator("#make-invitation").click()
    link = alice.locator("#invitation-link").input_value()
    expect(alice.locator("#invitations").locator("li")).to_have_count(1)
    alice.locator("#make-invitation").click()
    expect(alice.locator("#invitations").locator("li")).to_have_count(2)
    alice.locator("[data-action=revoke]").first.dblclick()
    expect(alice.locator("#invitations").locator("li")).to_have_count(1)
    bob.goto(link)
    bob.fill("[name=handle]", "Bob the invited")
    bob.click("[data-testid=guest-form] button")
    bob.get_by_test_id("accept").click()
    bob.wait_for_selector("[data-state=open]")
    alice.keyboard.press("Escape")
    say(alice, "Mind the stairs")
    expect(message(bob, "Mind the stairs")).to_have_count(1)
    bob.goto(site.url)
    expect(bob.locator("#rooms [data-slug^=the-cellar-] .lock")).to_be_visible()
    bob.goto(alice.url)
    bob.get_by_test_id("room-menu").locator("summary").press("Enter")
    # The page shows this entry when it knows the person's role. A hidden entry cannot take the focus.
    expect(bob.get_by_test_id("menu-leave")).to_be_visible()
    expect(bob.get_by_test_id("menu-invite")).to_be_hidden()
    bob.get_by_test_id("menu-leave").press("Enter")
    expect(bob.locator("#leave-dialog")).to_be_visible()
    bob.keyboard.press("Escape")
    expect(bob.locator("#leave-dialog")).to_have_count(0)
    # The keyboard's focus is where it was before the dialog.
    expect(bob.get_by_test_id("room-menu").locator("summary")).to_be_focused()
    bob.keyboard.press("Enter")
    bob.get_by_test_id("menu-leave").click()
    bob.locator("#leave-room").click()
    expect(bob.get_by_test_id("rooms")).to_be_attached()
    expect(bob.locator("[data-slug^=the-cellar]")).to_have_count(0)
    stranger = browser_of("stranger")
    assert stranger.goto(link).status == 404
    stranger.goto(site.url)
    expect(stranger.locator("[data-slug^=the-cellar]")).to_have_count(0)
