"""Tests of notifications in a Chromium that collects them: which tab notifies, and which tab opens the message."""

from playwright.sync_api import expect

from tests.browser.actions import message
from tests.browser.notifications import COLLECT, COLLECTED, HOLDS_A_ROOM, LAST_ADDRESS, LOOK_AT, LOOK_AWAY, get_worker
from tests.live.client import Person
from tests.live.processes import wait_until


def test_one_tab_notifies_and_a_tab_that_shows_the_room_prevents_it(open_workspace, site, owner):
    bob = Person(site, "Bob who is notified", "correct horse")
    slug, other = owner.make_room(), owner.make_room()
    first = open_workspace(bob, slug, script=COLLECT)
    second = first.context.new_page()
    second.add_init_script(COLLECT)
    second.goto(f"{site.url}/rooms/{other}/")
    second.wait_for_selector("[data-state=open]")
    for tab in (first, second):
        expect(tab.locator("[data-section=rooms] li")).to_have_count(2)
        tab.wait_for_load_state("networkidle")
        tab.evaluate(LOOK_AWAY)
    owner.post(slug, f"@{bob.handle} one")
    owner.post(slug, "not for you")
    wait_until(lambda: len(first.evaluate(COLLECTED)) == 1, what="the notification")
    owner.post(slug, f"@{bob.handle} two")
    wait_until(lambda: len(first.evaluate(COLLECTED)) == 2, what="the notification")
    assert first.evaluate(COLLECTED) == [
        f"{owner.handle} in The room {slug}: @{bob.handle} {word}" for word in ("one", "two")
    ]
    # A click opens the message, in the tab that shows the room, without a reload.
    get_worker(first).evaluate("(address) => openAddress(address)", first.evaluate(LAST_ADDRESS))
    first.wait_for_url(f"**/rooms/{slug}/#message-*")
    assert first.evaluate("window.loads") == 1
    assert second.url.endswith(f"/rooms/{other}/")
    # A tab that shows the room, and has the focus, prevents the notification.
    first.bring_to_front()
    first.evaluate(LOOK_AT)
    wait_until(lambda: first.evaluate(HOLDS_A_ROOM), what="the lock of the room")
    owner.post(slug, f"@{bob.handle} three")
    expect(message(first, "three")).to_have_count(1)
    owner.post(other, f"@{bob.handle} four")
    wait_until(lambda: len(first.evaluate(COLLECTED)) == 3, what="the notification")
    assert first.evaluate(COLLECTED)[2].endswith("four")
