"""
The Content-Security-Policy holds for every page of the admin: the browser blocks nothing that the pages need.

The fixture `errors` fails a test when a browser reports that it blocked something.
"""

import itertools
import re

import pytest
from playwright.sync_api import expect

from tests.browser.log_in import log_in
from tests.live.client import Person

_numbers = itertools.count(1)


@pytest.fixture
def admin(browser_of, site):
    """Return the page of a new superuser for each test, because a test logs its superuser out."""
    root = Person(site, f"Root {next(_numbers)} of the policy", "correct horse")
    rights = "UPDATE chat_person SET is_staff = %s, is_superuser = %s WHERE handle = %s"
    site.database.query(rights, True, True, root.handle)
    page = browser_of("Operator")
    log_in(page.context, root)
    return page


def look_up(admin, field, query):
    """Choose a row in the window that the magnifier of a field opens. The window closes itself."""
    with admin.expect_popup() as opened:
        admin.click(f"#lookup_id_{field}")
    window = opened.value
    window.goto(f"{window.url}&q={query}")
    with window.expect_event("close"):
        window.locator("#result_list tbody th a").first.click()
    expect(admin.locator(f"#id_{field}")).to_have_value(re.compile(r"\d+"))


def test_the_admin_works_under_the_policy_of_the_site(admin, site, owner, slug, errors):
    bob = Person(site, "Bob of the policy", "correct horse")
    bob.post(slug, "Hello")
    address = f"{site.url}/admin"
    admin.goto(f"{address}/")
    links = admin.locator("#content-main a").evaluate_all("links => links.map(link => link.href)")
    assert len(links) > 10, "the lists of all models, and the forms that add a row"
    for url in (f"{address}/", f"{address}/chat/", f"{address}/password_change/", *links):
        policy = admin.goto(url).headers["content-security-policy"]
        assert "unsafe" not in policy, url
    # A list: its search, its filters and its actions.
    admin.goto(f"{address}/chat/person/?q=Bob+of+the+policy")
    admin.locator("#action-toggle").check()
    expect(admin.get_by_role("checkbox", name="Select Bob of the policy")).to_be_checked()
    admin.locator("select[name=action]").select_option("disconnect")
    admin.locator("button[name=index]").click()
    expect(admin.locator(".messagelist")).to_contain_text("Done: Bob of the policy.")
    # A form, its history, and the windows that choose a row.
    admin.locator("#result_list tbody th a").first.click()
    expect(admin.locator(".submit-row")).to_be_visible()
    admin.click(".historylink")
    expect(admin.locator("#content h1")).to_contain_text("Change history")
    charlie = Person(site, "Charlie of the policy", "correct horse")
    admin.goto(f"{address}/chat/member/add/")
    look_up(admin, "room", slug)
    look_up(admin, "person", charlie.handle.replace(" ", "+"))
    admin.locator("#id_role").select_option("muted")
    admin.click("[name=_save]")
    expect(admin.locator(".messagelist .success")).to_be_visible()
    # A form with an error, and the confirmation of a deletion.
    admin.goto(f"{address}/chat/room/add/")
    admin.click("[name=_save]")
    expect(admin.locator(".errornote")).to_be_visible()
    admin.goto(f"{address}/chat/member/?q=Charlie+of+the+policy")
    admin.locator("#result_list tbody th a").first.click()
    admin.click(".deletelink")
    expect(admin.locator("#content h1")).to_contain_text("Are you sure")
    admin.click(".cancel-link")
    admin.click(".deletelink")
    admin.click("#content [type=submit]")
    expect(admin.locator(".messagelist .success")).to_be_visible()
    admin.click(".log-out button")
    admin.wait_for_url(f"{site.url}/")
    assert errors == []


def test_the_browser_reports_what_the_policy_blocks(admin, site, errors):
    admin.goto(f"{site.url}/admin/")
    admin.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\" onclick=\"1\">x</p>')")
    admin.wait_for_timeout(200)
    assert any("Content Security Policy" in error for error in errors)
    errors.clear()
