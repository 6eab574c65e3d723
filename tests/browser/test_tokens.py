"""The story of a token: a person makes a limited token, a bot uses it, and a new password ends it."""

import re

import requests
from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, requires_axe
from tests.browser.actions import PASSWORD, create_room, sign_up
from tests.browser.conftest import DESKTOP

pytestmark = requires_axe()

READ, WRITE = "Read:", "Write:"


def test_a_limited_token_is_made_used_and_ended_by_a_new_password(browser_of, site):
    alice = browser_of("Alice", **DESKTOP)
    sign_up(alice, site, "Alice of the tokens")
    create_room(alice, "Robots")
    slug = re.search(r"/rooms/([^/]+)/", alice.url).group(1)
    alice.goto(f"{site.url}/settings/")
    form = alice.get_by_test_id("token-form")
    for label in (READ, WRITE):
        expect(form.get_by_role("checkbox", name=label)).to_be_checked()
    form.get_by_label("Name of the bot").fill("Weather")
    form.get_by_role("checkbox", name=WRITE).uncheck()
    form.get_by_role("group", name="Only in these rooms").get_by_label("Robots").check()
    form.get_by_label("The token ends").select_option(label="In 7 days")
    form.get_by_role("button", name="Create a token").click()
    told = alice.get_by_text("Copy it now").inner_text()
    key = re.search(r" is (\S+)\. Copy", told).group(1)
    row = alice.get_by_test_id("tokens").locator("li").filter(has_text="Weather")
    expect(row).to_contain_text("never used")
    expect(row).to_contain_text("Scopes: read · Robots")
    expect(row).to_contain_text("Ends soon")

    bot = {"Authorization": f"Bearer {key}"}
    messages = f"{site.url}/api/rooms/{slug}/messages/"
    assert requests.get(messages, headers=bot, timeout=20).status_code == 200
    refused = requests.post(messages, json={"ref": "r1", "body": "Rain"}, headers=bot, timeout=20)
    assert (refused.status_code, refused.json()["detail"]) == (403, "This token does not have the scope 'post'.")

    alice.reload()
    expect(row).to_contain_text(re.compile(r"last used .* UTC"))
    assert_accessible(alice, "settings with a token")
    form.get_by_role("checkbox", name=READ).uncheck()
    form.get_by_role("checkbox", name=WRITE).uncheck()
    form.get_by_label("Name of the bot").fill("Nothing")
    form.get_by_role("button", name="Create a token").click()
    expect(form.get_by_role("alert")).to_be_visible()
    assert_accessible(alice, "settings with a token without scopes")

    alice.goto(f"{site.url}/password/")
    alice.fill("[name=old_password]", PASSWORD)
    alice.fill("[name=new_password]", "battery horse correct")
    alice.locator("main form button").click()
    alice.goto(f"{site.url}/settings/")
    expect(alice.get_by_test_id("tokens")).to_contain_text("You have no tokens.")
    assert requests.get(messages, headers=bot, timeout=20).status_code == 401
