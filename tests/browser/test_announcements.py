"""Tests of events from outside a room: the lobby's updates, announcements, and a disconnection by an operator."""

import itertools
import re

import pytest
from playwright.sync_api import expect

from tests.browser.actions import announce, announcements_on
from tests.browser.conftest import PHONE, start_second

_numbers = itertools.count(1)
LATER = "2036-01-01 00:00:00+00:00"


@pytest.fixture(scope="module")
def monitor(site):
    part = site.make_part("monitor", "monitor", "--interval", "0.5").start()
    part.wait_until_logged("Working")
    yield part
    assert part.end() == 0


def test_the_lobby_shows_changes_of_rooms_without_a_reload(browser_of, join_room, site, slug, owner, monitor):
    watcher = browser_of("Watcher")
    watcher.goto(f"{site.url}/?q=room-")
    other = owner.make_room(f"room-b{next(_numbers)}")
    newest = watcher.locator("#rooms > li").first
    card = watcher.locator(f"#rooms [data-slug={slug}]")
    expect(card).to_be_visible()
    owner.post(other, "The first word")
    expect(newest).to_have_attribute("data-slug", other)
    alice = join_room("Alice")
    alice.get_by_test_id("composer").fill("The last word")
    alice.get_by_test_id("composer").press("Enter")
    expect(newest).to_have_attribute("data-slug", slug)
    expect(card).to_contain_text("1 person here")
    alice.goto("about:blank")
    site.database.query("UPDATE chat_room SET topic = 'Frost', changed_at = %s WHERE slug = %s", LATER, slug)
    expect(card).to_contain_text("Frost")
    expect(card).not_to_contain_text("here")


def test_a_burst_of_changes_causes_at_most_two_fetches(browser_of, site, owner):
    watcher, requests = browser_of("Watcher"), []
    watcher.on("request", lambda request: "/api/rooms/" in request.url and requests.append(request.url))
    watcher.goto(site.url)
    # When this room is drawn, the lobby's socket is connected.
    first = owner.make_room()
    expect(watcher.locator(f"#rooms [data-slug={first}]")).to_be_visible()
    requests.clear()
    slugs = [owner.make_room() for _ in range(5)]
    expect(watcher.locator(f"#rooms [data-slug={slugs[-1]}]")).to_be_visible()
    assert len(requests) <= 2, "one fetch for the changes within the spread, at most one for those after it"


def test_both_browsers_show_an_urgent_announcement_and_only_one_shows_a_whisper(join_room, slug, operator):
    alice, bob = join_room("Alice"), join_room("Bob", viewport=PHONE["viewport"])
    announce(operator, slug, "Leave the building now.", "urgent")
    for page in (alice, bob):
        expect(page.get_by_role("alert")).to_have_text(re.compile("Leave the building now"))
    operator.call("POST", "/api/whispers/", handle=alice.handle, text="Not you, Alice.", expected=201)
    expect(announcements_on(alice)).to_have_count(2)
    expect(announcements_on(alice).filter(has_text="Only for you: Not you, Alice.")).to_be_visible()
    announce(operator, slug, "A word after it")
    expect(announcements_on(bob)).to_have_count(2)
    expect(announcements_on(bob).filter(has_text="Only for you")).to_have_count(0)


def test_an_announcement_is_shown_once_in_a_tab_and_stays_dismissed(join_room, site, slug, operator):
    alice = join_room("Alice", url=site.second.url)
    announce(operator, slug, "Kept")
    announce(operator, slug, "Dismissed")
    expect(announcements_on(alice)).to_have_count(2)
    announcements_on(alice).filter(has_text="Dismissed").get_by_role("button", name="Dismiss").click()
    expect(announcements_on(alice)).to_have_count(1)
    with alice.expect_websocket(lambda socket: "/chat/" in socket.url) as socket:
        site.second.kill()
        start_second(site)
    assert re.search(r"[?&]announced=[0-9]+", socket.value.url)
    alice.wait_for_selector("[data-state=open]")
    announce(operator, slug, "Afterwards")
    expect(announcements_on(alice)).to_have_count(2)
    expect(announcements_on(alice).filter(has_text="Dismissed")).to_have_count(0)
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    expect(announcements_on(alice)).to_have_count(2)
    expect(announcements_on(alice).filter(has_text="Dismissed")).to_have_count(0)


def test_a_whisper_stays_in_rooms_and_in_the_lobby_until_it_is_dismissed(join_room, site, operator):
    alice = join_room("Alice")
    operator.call("POST", "/api/whispers/", handle=alice.handle, text="Call me.", level="urgent", expected=201)
    whisper = announcements_on(alice).filter(has_text="Call me.")
    expect(whisper).to_be_visible()
    alice.reload()
    expect(whisper).to_be_visible()
    lobby = alice.context.new_page()
    lobby.goto(site.url)
    announcements_on(lobby).filter(has_text="Call me.").get_by_role("button", name="Dismiss").click()
    expect(whisper).to_have_count(0)
    lobby.reload()
    lobby.wait_for_load_state("networkidle")
    expect(announcements_on(lobby).filter(has_text="Call me.")).to_have_count(0)


def test_many_announcements_do_not_hide_the_conversation_or_the_composer(join_room, slug, operator):
    alice = join_room("Alice", viewport=PHONE["viewport"])
    for number in range(6):
        announce(operator, slug, f"Number {number}. {'A long word of the operator. ' * 30}", "warning")
    expect(announcements_on(alice)).to_have_count(6)
    expect(announcements_on(alice).first).to_contain_text("Number 5")
    alice.get_by_test_id("composer").fill("I can still write")
    alice.get_by_test_id("composer").press("Enter")
    expect(alice.get_by_text("I can still write")).to_be_in_viewport()
    assert alice.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]


def test_a_disconnected_person_sees_a_notice_and_may_return(join_room, operator):
    alice = join_room("Alice")
    operator.call("POST", "/api/disconnections/", handle=alice.handle, expected=201)
    bar = alice.get_by_test_id("connection-bar")
    expect(bar).to_contain_text("You have been removed from this room")
    expect(alice.get_by_test_id("composer")).to_be_disabled()
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    expect(bar).to_be_hidden()
