"""Tests of accounts, of the lobby's list of rooms, and of pages outside a room."""

from playwright.sync_api import expect

from tests.browser.actions import PASSWORD, create_room, sign_up


def test_a_new_room_appears_in_the_lobby_of_another_person(browser_of, site):
    alice, bob = browser_of("Alice"), browser_of("Bob")
    bob.goto(site.url)
    sign_up(alice, site, "Alice of the lobby")
    create_room(alice, "Orchard")
    expect(bob.locator("#rooms [data-slug=orchard]")).to_be_visible()


def test_the_form_says_why_a_password_is_not_accepted(browser_of, site):
    alice = browser_of("Alice")
    alice.goto(f"{site.url}/sign-up/")
    alice.fill("[name=handle]", "Alice the short")
    alice.fill("[name=password]", "short")
    alice.click("[data-testid=sign_up-form] button")
    expect(alice.get_by_role("alert")).to_contain_text("at least 8")


def test_a_person_changes_the_password_signs_out_and_signs_in_again(browser_of, site):
    alice = browser_of("Alice")
    sign_up(alice, site, "Alice again")
    alice.goto(f"{site.url}/password/")
    alice.fill("[name=old_password]", PASSWORD)
    alice.fill("[name=new_password]", "another long one")
    alice.click("[data-testid=password-form] button")
    alice.get_by_test_id("account").click()
    alice.get_by_test_id("sign-out").click()
    alice.goto(f"{site.url}/sign-in/")
    alice.fill("[name=handle]", "ALICE AGAIN")
    alice.fill("[name=password]", "another long one")
    alice.click("[data-testid=sign_in-form] button")
    expect(alice.get_by_test_id("account")).to_contain_text("Alice again")


def test_an_unknown_address_shows_a_not_found_page(browser_of, site):
    alice = browser_of("Alice")
    assert alice.goto(f"{site.url}/nothing/").status == 404
    expect(alice.get_by_role("heading")).to_have_text("Not found")


def test_the_admin_works_under_the_content_security_policy(browser_of, site):
    code = "from chat.models import Person; Person.objects.create_superuser('root', 'a long password')"
    site.manage("shell", "-c", code)
    root = browser_of("root")
    root.goto(f"{site.url}/admin/")
    root.fill("[name=username]", "root")
    root.fill("[name=password]", "a long password")
    root.click("[type=submit]")
    root.goto(f"{site.url}/admin/chat/room/")
    expect(root.locator("#content")).to_contain_text("Select room to change")
    root.goto(f"{site.url}/admin/chat/message/")
    expect(root.locator("#content")).to_contain_text("message")
