"""Tests that Django's admin, as operators use it, passes the checks of axe-core, also with errors in its forms."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, requires_axe
from tests.browser.log_in import log_in
from tests.live.client import Person

pytestmark = requires_axe()

PAGES = ["", "chat/", *(f"chat/{name}/" for name in ("room", "message", "member", "report", "auditentry", "token"))]
PAGES += [
    "chat/announcement/",
    "chat/person/",
    "auth/group/",
    "auth/group/add/",
    "chat/room/add/",
    "chat/member/add/",
    "chat/announcement/add/",
]


@pytest.fixture
def admin(browser_of, site, operator):
    """Return the page of a superuser."""
    site.database.query("UPDATE chat_person SET is_superuser = %s WHERE handle = %s", True, operator.handle)
    page = browser_of("Operator")
    log_in(page.context, operator)
    return page


def test_the_lists_and_forms_of_the_admin_are_accessible(admin, site, owner, slug):
    owner.post(slug, "Hello")
    site.database.query("INSERT INTO auth_group (name) VALUES (%s)", "Helpers")
    for path in PAGES:
        admin.goto(f"{site.url}/admin/{path}")
        assert_accessible(admin, f"admin/{path}")
    for name in ("person", "room", "message"):
        admin.goto(f"{site.url}/admin/chat/{name}/")
        admin.locator("#result_list tbody th a").first.click()
        expect(admin.locator(".submit-row")).to_be_visible()
        assert_accessible(admin, f"one {name}")


def test_the_admin_shows_errors_at_their_fields_accessibly(admin, site, slug, owner):
    bob = Person(site, "Bob of the admin", "correct horse")
    bob.post(slug, "Hello")
    admin.goto(f"{site.url}/admin/chat/member/?q=Bob+of+the+admin")
    admin.locator("#result_list tbody th a").first.click()
    admin.fill("[name=minutes]", "5")
    admin.click("[name=_save]")
    # Only a mute has minutes, so the error stands at this field.
    expect(admin.locator(".field-minutes .errorlist")).to_contain_text("Only a mute has minutes")
    assert_accessible(admin, "a refused role")
    admin.goto(f"{site.url}/admin/chat/room/add/")
    admin.fill("[name=slug]", "No Slug")
    admin.fill("[name=name]", "x")
    admin.click("[name=_save]")
    expect(admin.locator(".field-slug .errorlist")).to_be_visible()
    assert_accessible(admin, "a refused room")
    admin.goto(f"{site.url}/admin/chat/person/?q=Bob+of+the+admin")
    admin.get_by_role("checkbox", name="Select Bob of the admin").check()
    admin.locator("select[name=action]").select_option("disconnect")
    admin.locator("button[name=index]").click()
    expect(admin.locator(".messagelist")).to_contain_text("Done: Bob of the admin.")
    assert_accessible(admin, "an action on a person")
    admin.context.clear_cookies()
    admin.goto(f"{site.url}/admin/")
    assert_accessible(admin, "the admin's sign-in")
