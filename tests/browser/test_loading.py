"""Tests of a page while most of its code has not arrived: its messages show, and what a person writes is not lost."""

import pytest
from playwright.sync_api import expect

from tests.browser.actions import bodies, message
from tests.browser.chromium import PATIENCE_MS
from tests.browser.conftest import PHONE
from tests.browser.gallery import keep_screenshot
from tests.browser.history import fill, shown_ids
from tests.browser.log_in import log_in
from tests.live.client import Person

CODE = "**/chat/bundles/workspace.js"


class HeldCode:
    """A route of a browser that holds the code of the workspace back until `release`."""

    def __init__(self, context):
        self._held = []
        context.route(CODE, lambda route: self._held.append(route))

    def release(self):
        for route in self._held:
            route.continue_()


@pytest.fixture
def open_slowly(browser_of, site, slug):
    """
    Return a function that opens the room for a new person and holds the page's code back.

    The function returns (page, code, sockets). `sockets` are the addresses of the page's websockets.
    """

    def open(**options):
        person, sockets = Person(site, f"Reader of {slug}", "correct horse"), []
        page = browser_of(person.handle, **options)
        log_in(page.context, person)
        page.set_default_timeout(PATIENCE_MS)
        code = HeldCode(page.context)
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.goto(f"{site.url}/rooms/{slug}/", wait_until="commit")
        return page, code, sockets

    return open


def top_of(page, text):
    return message(page, text).evaluate("item => item.getBoundingClientRect().top")


def test_a_page_shows_its_messages_first_and_gets_later_ones_once_over_one_socket(open_slowly, owner, site, slug):
    fill(site, slug, 60)
    owner.post(slug, "from the owner")
    page, code, sockets = open_slowly()
    expect(message(page, "from the owner")).to_be_in_viewport()
    assert len(shown_ids(page)) == 50 and sockets == []
    # The person scrolls, and writes, before the page can send anything.
    page.get_by_test_id("scroller").hover()
    page.mouse.wheel(0, -600)
    expect(message(page, "from the owner")).not_to_be_in_viewport()
    page.wait_for_timeout(300)
    top = top_of(page, "line 50")
    page.get_by_test_id("composer").press_sequentially("written early")
    owner.post(slug, "sent during the loading")
    code.release()
    page.wait_for_selector("[data-state=open]")
    expect(message(page, "sent during the loading")).to_have_count(1)
    assert abs(top_of(page, "line 50") - top) <= 1
    expect(page.get_by_test_id("composer")).to_have_value("written early")
    page.get_by_test_id("send").click()
    expect(message(page, "written early")).to_have_count(1)
    expect(page.get_by_test_id("pending").locator(".message")).to_have_count(0)
    assert shown_ids(page) == list(range(shown_ids(page)[0], 64))
    assert [bodies(page).count(text) for text in ("sent during the loading", "written early")] == [1, 1]
    of_room = [url for url in sockets if "/chat/" in url]
    assert len(of_room) == 1 and of_room[0].endswith(f"/chat/{slug}/?cursor=61")


def test_on_a_phone_a_click_during_the_loading_works_when_the_code_has_arrived(open_slowly, owner, slug):
    owner.post(slug, "hello")
    page, code, sockets = open_slowly(**PHONE)
    expect(message(page, "hello")).to_be_visible()
    keep_screenshot(page, "a room while its code loads")
    url, top = page.url, top_of(page, "hello")
    page.get_by_test_id("composer").fill("written early")
    page.get_by_test_id("send").click()
    # The last click counts.
    page.get_by_test_id("open-drawer").click()
    code.release()
    expect(page.get_by_test_id("open-drawer")).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_test_id("places").locator("a").first).to_be_in_viewport()
    assert page.url == url
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-state=open]")
    assert top_of(page, "hello") == top
    expect(page.get_by_test_id("composer")).to_have_value("written early")


def test_a_message_sent_during_the_loading_is_sent_when_the_code_has_arrived(open_slowly, owner, slug):
    page, code, sockets = open_slowly()
    expect(page.get_by_test_id("composer")).to_be_visible()
    page.wait_for_function("globalThis.chatModules?.exports.has('room/first-view.js')")
    page.get_by_test_id("composer").fill("written early")
    page.get_by_test_id("send").click()
    code.release()
    expect(message(page, "written early")).to_have_count(1)
    expect(page.get_by_test_id("composer")).to_have_value("")


def test_a_room_opens_where_a_person_was_although_its_first_new_message_is_far_above(open_workspace, owner, site, slug):
    owner.call("PATCH", "/api/preferences/", opens_at="last", expected=200)
    fill(site, slug, 300)
    page = open_workspace(owner, slug)
    # The person opens the room for the first time, and begins at the newest message.
    expect(message(page, "line 300")).to_be_in_viewport()
    page.evaluate("location.hash = 'message-180'")
    expect(message(page, "line 180")).to_be_in_viewport()
    page.goto(f"{site.url}/")
    page.goto(f"{site.url}/rooms/{slug}/")
    expect(message(page, "line 180")).to_be_in_viewport()
    owner.call("PATCH", "/api/preferences/", opens_at="unread", expected=200)
    page.goto(f"{site.url}/rooms/{slug}/")
    expect(message(page, "line 1").first).to_be_in_viewport()
