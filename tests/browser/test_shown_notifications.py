"""
Tests of notifications and of the installed app in a complete Chromium.

Without a complete Chromium, they are skipped.
"""

import shutil

import pytest
from playwright.sync_api import Error, expect

from tests.browser.accessibility import AXE, assert_accessible
from tests.browser.chromium import ARGUMENTS
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.gallery import keep_in_both_themes
from tests.browser.notifications import CLICK, LOOK_AWAY, SHOWN, deliver_push, get_worker, make_push_manager
from tests.browser.workspace import go_to
from tests.live.client import Person
from tests.live.processes import wait_until
from tests.push_service import PushBrowser, run_push_service

COMMANDS = ("chromium", "chromium-browser", "google-chrome")
KEPT = "caches.keys().then((names) => names.length)"
STORED = "JSON.stringify({...localStorage, ...sessionStorage})"
REGISTRATIONS = "navigator.serviceWorker.getRegistrations().then((found) => found.length)"


@pytest.fixture(scope="module")
def chromium(chromium):
    """Yield a complete Chromium. `chromium-headless-shell` has no notifications."""
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
    # The person turns notifications on.
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
    # Notifications end when the person signs out.
    owner.post(slug, f"@{bob.handle} four")
    expect_shown("four")
    page.get_by_test_id("open-drawer").tap()
    page.get_by_test_id("account").tap()
    page.get_by_test_id("sign-out").tap()
    expect(page.get_by_test_id("sign-in-link")).to_be_visible()
    wait_until(lambda: page.evaluate(REGISTRATIONS) == 0, what="the end of the service worker")


def test_the_installed_app_opens_without_a_connection_and_keeps_nothing_after_the_sign_out(
    open_workspace, site, owner, slug
):
    bob = Person(site, "Bob in the train", "correct horse")
    page = open_workspace(bob, slug, **PHONE)
    get_worker(page)
    wait_until(lambda: page.evaluate("caches.match('/offline/').then(Boolean)"), what="the page for offline")
    protocol = page.context.new_cdp_session(page)
    manifest = protocol.send("Page.getAppManifest")
    assert manifest["errors"] == [] and manifest["url"] == f"{site.url}/manifest.webmanifest"
    errors = {error["errorId"] for error in protocol.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert errors <= {"in-incognito"}, "each page of these tests is in a private window"
    # A new worker deletes what the earlier version has kept.
    page.evaluate("caches.open('chat-000000000000-en')")
    page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.unregister())")
    page.reload()
    wait_until(lambda: page.evaluate("caches.has('chat-000000000000-en')") is False, what="the end of the old files")
    wait_until(lambda: page.evaluate("Boolean(navigator.serviceWorker.controller)"), what="the new worker")
    # What Bob writes in a tunnel waits, and the page says so even after a reload.
    page.context.set_offline(True)
    page.get_by_test_id("composer").fill("Greetings from the tunnel")
    page.get_by_test_id("composer").press("Enter")
    wait_until(lambda: all(kept in page.evaluate(STORED) for kept in ("the tunnel", "chat.room-names")), what="both")
    page.reload()
    expect(page.get_by_test_id("offline-waiting")).to_contain_text("Greetings from the tunnel")
    expect(page.get_by_test_id("offline-rooms").get_by_role("link")).to_have_text(f"The room {slug}")
    page.get_by_test_id("offline-retry").tap()
    expect(page.get_by_test_id("offline-state")).to_have_text("There is still no connection.")
    if AXE.exists():
        assert_accessible(page, "no connection")
    # The page opens by itself, and the message is sent.
    page.context.set_offline(False)
    expect(page.locator("#room[data-state=open]")).to_be_attached()
    expect(page.get_by_test_id("messages")).to_contain_text("Greetings from the tunnel")
    wait_until(
        lambda: [message["body"] for message in bob.history(slug).values()] == ["Greetings from the tunnel"], what="it"
    )
    # A notification of a room that Bob has read elsewhere closes when the page starts.
    page.context.grant_permissions(["notifications"], origin=site.url)
    person = page.locator("body").get_attribute("data-person")
    deliver_push(page, {"title": "Owner", "body": "Hello", "slug": slug, "tag": "x", "address": "/", "person": person})
    wait_until(lambda: page.evaluate(SHOWN) == ["Owner: Hello"], what="the notification")
    page.reload()
    wait_until(lambda: page.evaluate(SHOWN) == [], what="its end")
    # After the sign-out, nothing is left in the browser, and no page opens without a connection.
    page.get_by_test_id("open-drawer").tap()
    page.get_by_test_id("account").tap()
    page.get_by_test_id("sign-out").tap()
    expect(page.get_by_test_id("sign-in-link")).to_be_visible()
    wait_until(lambda: page.evaluate(REGISTRATIONS) + page.evaluate(KEPT) == 0, what="the end of the worker")
    assert "tunnel" not in page.evaluate(STORED)
    page.context.set_offline(True)
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        page.goto(f"{site.url}/rooms/{slug}/")


def test_the_settings_turn_notifications_on_also_for_a_closed_browser(open_workspace, site, owner, slug):
    with run_push_service() as service:
        browser = PushBrowser(service, "desktop")
        page = open_workspace(owner, slug, make_push_manager(browser), **DESKTOP)
        page.goto(f"{site.url}/settings/")
        allow = page.get_by_test_id("notifications-allow")
        expect(allow).to_be_visible()
        expect(page.get_by_test_id("push-on")).to_be_enabled()
        page.context.grant_permissions(["notifications"], origin=site.url)
        allow.click()
        expect(allow).to_be_hidden()
        expect(page.locator("#notifications-state")).to_have_text("This browser shows notifications.")
        get_worker(page)
        # The site sends a notification to the push service, and the browser shows it.
        page.get_by_test_id("push-on").check()
        expect(page.get_by_test_id("push-browsers")).to_contain_text("This browser")
        page.get_by_test_id("push-test").click()
        wait_until(lambda: browser.shown, what="the push")
        deliver_push(page, browser.shown[0])
        expected = ["Notifications work: This browser receives notifications, also while the chat is closed."]
        wait_until(lambda: page.evaluate(SHOWN) == expected, what="the notification")
        expect(page.get_by_test_id("push-browsers")).to_contain_text("last notification")
        if AXE.exists():
            assert_accessible(page, "settings with notifications")
        page.set_viewport_size(PHONE["viewport"])
        page.get_by_test_id("push-browsers").scroll_into_view_if_needed()
        keep_in_both_themes(page, "settings-notifications-while-closed")
        page.get_by_test_id("push-on").uncheck()
        expect(page.get_by_test_id("push-browsers").get_by_role("listitem")).to_have_count(0)
