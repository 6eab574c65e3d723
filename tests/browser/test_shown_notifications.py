"""A test of the notifications that a complete Chromium really shows. Without a complete Chromium, it is skipped."""

import shutil

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import AXE, assert_accessible
from tests.browser.chromium import ARGUMENTS
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.gallery import keep_in_both_themes
from tests.browser.notifications import CLICK, LOOK_AWAY, SHOWN, get_worker
from tests.browser.workspace import go_to
from tests.live.client import Person
from tests.live.processes import wait_until

COMMANDS = ("chromium", "chromium-browser", "google-chrome")
REGISTRATIONS = "navigator.serviceWorker.getRegistrations().then((found) => found.length)"


@pytest.fixture(scope="module")
def chromium(chromium):
    """Return a complete Chromium. `chromium-headless-shell` has no notifications."""
    command = next(filter(None, map(shutil.which, COMMANDS)), None)
    if command is None:
        pytest.skip("there is no complete Chromium here (Debian: apt-get install chromium)")
    browser = chromium.browser_type.launch(executable_path=command, args=ARGUMENTS)
    yield browser
    browser.close()


def test_notifications_appear_open_their_message_and_end_with_reading_and_signing_out(open_workspace, site, owner):
    bob = Person(site, "Bob with the phone", "correct horse")
    slug, other = owner.make_room(), owner.make_room()
    for room in (slug, other):
        bob.post(room, "Hello")
    page = open_workspace(bob, other, **PHONE)
    # The person turns them on.
    page.set_viewport_size(DESKTOP["viewport"])
    expect(page.get_by_test_id("notify-bar")).to_be_visible()
    keep_in_both_themes(page, "notifications-offer")
    page.set_viewport_size(PHONE["viewport"])
    page.get_by_test_id("open-drawer").tap()
    expect(page.get_by_test_id("notify-allow")).to_be_in_viewport()
    keep_in_both_themes(page, "notifications-offer")
    page.context.grant_permissions(["notifications"], origin=site.url)
    page.get_by_test_id("notify-allow").tap()
    expect(page.get_by_test_id("notify-bar")).to_be_hidden()
    worker = get_worker(page)
    page.keyboard.press("Escape")
    page.evaluate(LOOK_AWAY)

    def expect_shown(*words):
        expected = [f"{owner.handle} in The room {slug}: @{bob.handle} {word}" for word in words]
        wait_until(lambda: page.evaluate(SHOWN) == expected, what=f"the notifications {words}")

    # A click closes the notification, and opens its message without a reload.
    owner.post(slug, f"@{bob.handle} one")
    expect_shown("one")
    worker.evaluate(CLICK)
    page.wait_for_url(f"**/rooms/{slug}/#message-*")
    expect_shown()
    assert page.evaluate("window.loads") == 1
    # Notifications close when the person has read the room on another device.
    go_to(page, other)
    owner.post(slug, f"@{bob.handle} two")
    last = owner.post(slug, f"@{bob.handle} three").json()
    expect_shown("two", "three")
    bob.call("POST", f"/api/rooms/{slug}/read/", offset=last["offset"], expected=200)
    expect_shown()
    # They end when the person signs out.
    owner.post(slug, f"@{bob.handle} four")
    expect_shown("four")
    page.get_by_test_id("open-drawer").tap()
    page.get_by_test_id("account").tap()
    page.get_by_test_id("sign-out").tap()
    expect(page.get_by_test_id("sign-in-link")).to_be_visible()
    wait_until(lambda: page.evaluate(REGISTRATIONS) == 0, what="the end of the service worker")


def test_the_settings_turn_notifications_on(open_workspace, site, owner, slug):
    page = open_workspace(owner, slug, **DESKTOP)
    page.goto(f"{site.url}/settings/")
    allow = page.get_by_test_id("notifications-allow")
    expect(allow).to_be_visible()
    page.context.grant_permissions(["notifications"], origin=site.url)
    allow.click()
    expect(allow).to_be_hidden()
    expect(page.locator("#notifications-state")).to_have_text("This browser shows notifications.")
    get_worker(page)
    if AXE.exists():
        assert_accessible(page, "settings with notifications")
