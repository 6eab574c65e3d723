"""Tests of a room's page: two people chat, each in their own browser."""

import json
import re
import signal

from playwright.sync_api import expect

from tests.browser.actions import bodies, message, say
from tests.browser.conftest import PHONE, start_second
from tests.browser.history import fill


def test_two_people_see_each_others_messages(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "Hello, Bob")
    expect(message(bob, "Hello, Bob")).to_have_count(1)
    say(bob, "Hello, Alice")
    for page in (alice, bob):
        expect(message(page, "Hello, Alice")).to_have_count(1)
        expect(page.locator("#pending-messages .message")).to_have_count(0)
    assert bodies(alice) == bodies(bob) == ["Hello, Bob", "Hello, Alice"]
    expect(alice.get_by_test_id("who-is-here")).to_contain_text(bob.handle)


def test_markup_is_rendered_and_html_is_not_executed(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "**bold** <img src=x onerror=alert(1)> [a](javascript:alert(2)) https://example.org")
    body = message(bob, "bold").locator(".body")
    expect(body.locator("strong")).to_have_text("bold")
    expect(body.locator("img")).to_have_count(0)
    assert [link.get_attribute("href") for link in body.locator("a").all()] == ["https://example.org"]


def test_edits_reactions_replies_and_removals_reach_the_other_browser(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    say(alice, "frist")
    message(bob, "frist").hover()
    bob.locator("[data-action=react][data-emoji='👍']").click()
    expect(alice.locator(".reaction")).to_contain_text("👍")
    alice.get_by_test_id("composer").focus()
    alice.keyboard.press("ArrowUp")
    say(alice, "first")
    expect(message(bob, "first").locator(".edited")).to_be_visible()
    message(bob, "first").hover()
    bob.locator("[data-action=reply]").click()
    say(bob, "indeed")
    expect(message(alice, "indeed").locator(".quote")).to_contain_text("first")
    message(alice, "first").first.hover()
    # The second click must follow within four seconds; a double click is safe on a slow machine.
    alice.locator("[data-action=remove]").dblclick()
    expect(bob.locator(".message[data-id]").first).to_contain_text("message removed")


def test_an_edit_stays_rendered_when_its_acknowledgement_arrives_last(join_room):
    alice = join_room("Alice")
    held = []

    def hold_acknowledgements(browser):
        server = browser.connect_to_server()

        def pass_on(frame):
            if json.loads(frame)["type"] == "ack" and len(held) < 2:
                held.append(lambda: browser.send(frame))
            else:
                browser.send(frame)

        server.on_message(pass_on)

    alice.route_web_socket("**/rooms/**", hold_acknowledgements)
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    say(alice, "frist")
    expect(message(alice, "frist")).to_have_count(1)
    alice.get_by_test_id("composer").focus()
    alice.keyboard.press("ArrowUp")
    say(alice, "**first**")
    changed = message(alice, "first")
    expect(changed.locator(".edited")).to_be_visible()
    for acknowledge in held:
        acknowledge()
    expect(changed).not_to_have_class(re.compile("changing"))
    expect(changed.locator("strong")).to_have_text("first")
    expect(changed.locator(".edited")).to_be_visible()


def test_after_a_lost_connection_the_browser_has_every_message(join_room, site):
    alice, bob = join_room("Alice"), join_room("Bob", site.second.url)
    say(alice, "before")
    expect(message(bob, "before")).to_have_count(1)

    site.second.kill()
    expect(bob.get_by_test_id("connection-bar")).to_be_visible()
    say(bob, "written without a connection")
    expect(bob.locator("#pending-messages .message")).to_contain_text("written without a connection")
    for number in range(5):
        say(alice, f"missed {number}")
    expect(message(alice, "missed 4")).to_have_count(1)

    start_second(site)
    expect(message(bob, "missed 4")).to_have_count(1)
    expect(message(alice, "written without a connection")).to_have_count(1)
    expect(bob.locator("#pending-messages .message")).to_have_count(0)
    expect(bob.get_by_test_id("connection-bar")).to_be_hidden()
    assert bodies(alice) == bodies(bob)
    assert len(bodies(bob)) == 7


def test_an_unsent_message_survives_a_reload(join_room, site):
    alice, bob = join_room("Alice"), join_room("Bob", site.second.url)
    try:
        for worker in site.workers:
            worker.process.send_signal(signal.SIGSTOP)
        say(bob, "kept")
        expect(bob.locator("#pending-messages .message")).to_contain_text("kept")
    finally:
        for worker in site.workers:
            worker.process.send_signal(signal.SIGCONT)
    expect(message(alice, "kept")).to_have_count(1)
    bob.reload()
    expect(message(bob, "kept")).to_have_count(1)
    expect(bob.locator("#pending-messages .message")).to_have_count(0)


def test_scrolling_up_loads_older_messages(join_room, site, slug):
    fill(site, slug, 120)
    alice = join_room("Alice")
    expect(message(alice, re.compile(r"^.*line 120$"))).to_have_count(1)
    rows = alice.locator(".message[data-id]")
    expect(rows).to_have_count(50)
    while (count := rows.count()) < 120:
        alice.get_by_test_id("scroller").evaluate("element => { element.scrollTop = 0 }")
        expect(rows.nth(count)).to_be_attached()
    expect(alice.get_by_test_id("beginning")).to_be_visible()
    ids = [int(row.get_attribute("data-id")) for row in alice.locator(".message[data-id]").all()]
    assert ids == list(range(1, 121))


def test_signing_out_in_one_tab_ends_the_connection_of_the_other(join_room, site):
    alice = join_room("Alice")
    other = alice.context.new_page()
    other.goto(site.url)
    other.get_by_test_id("account").click()
    other.get_by_test_id("sign-out").click()
    expect(alice.get_by_test_id("connection-bar")).to_contain_text("ign in")
    expect(alice.get_by_test_id("room-page")).to_have_attribute("data-state", "closed")


def test_a_guest_who_joins_later_is_marked_wherever_the_handle_is_shown(join_room):
    alice = join_room("Alice")
    say(alice, "Who is there?")
    bob = join_room("Bob")
    listed = alice.locator(f"#people-list [data-handle='{bob.handle}']")
    expect(listed.locator("[data-mark=guest]")).to_have_text("guest")
    bob.get_by_test_id("composer").press_sequentially("hm")
    expect(alice.get_by_test_id("typing")).to_contain_text(f"{bob.handle} (guest)")
    say(bob, "It is me")
    expect(message(alice, "It is me").locator(".meta [data-mark=guest]")).to_be_visible()
    message(bob, "Who is there?").hover()
    bob.locator("[data-action=react][data-emoji='👍']").click()
    expect(alice.locator(".reaction")).to_have_attribute("aria-label", f"👍, 1 person: {bob.handle} (guest)")
    message(alice, "It is me").hover()
    alice.locator("[data-action=reply]").click()
    expect(alice.get_by_test_id("composer-context")).to_contain_text(f"{bob.handle} (guest)")
    say(alice, "Hello")
    expect(message(bob, "Hello").locator(".quote")).to_contain_text(f"{bob.handle} (guest)")


def test_the_other_browser_shows_who_is_typing(join_room):
    alice, bob = join_room("Alice"), join_room("Bob")
    alice.get_by_test_id("composer").press_sequentially("hm")
    expect(bob.get_by_test_id("typing")).to_contain_text(alice.handle)


def test_the_room_fits_on_a_phone(join_room):
    alice = join_room("Alice", **PHONE)
    say(alice, "from the phone, with a long text that does not fit on one line of a small screen")
    expect(message(alice, "from the phone")).to_have_count(1)
    width = alice.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["viewport"]["width"], "the page is wider than the phone"
    alice.get_by_test_id("people-button").click()
    expect(alice.get_by_test_id("who-is-here")).to_be_visible()


def test_a_page_loads_few_scripts_and_the_dialogs_load_last(join_room):
    first_tab = join_room("Alice")
    alice, fetched, warnings = first_tab.context.new_page(), [], []
    alice.on("request", lambda request: request.url.endswith(".js") and fetched.append(request.url))
    alice.on("console", lambda entry: "preload" in entry.text and warnings.append(entry.text))
    with alice.expect_response("**/chat/bundles/room/dialogs.js"):
        alice.goto(first_tab.url)
    alice.wait_for_load_state("networkidle")
    assert warnings == []
    names = [url.rpartition("/chat/")[2] for url in fetched]
    assert sorted(names[:3]) == ["bundles/first-view.js", "bundles/page.js", "bundles/workspace.js"]
    assert "bundles/room/dialogs.js" in names[3:]
    assert len(names) == len(set(names)) <= 6


def test_a_notice_reports_a_dialog_that_cannot_be_loaded(join_room):
    alice = join_room("Alice")
    alice.context.route("**/chat/bundles/room/dialogs.js", lambda route: route.abort())
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    alice.get_by_test_id("room-menu").locator("summary").click()
    alice.get_by_test_id("menu-schedule").click()
    expect(alice.get_by_test_id("notice")).to_have_text(
        "The page could not load this dialog. Check your connection and try again."
    )
    alice.context.unroute("**/chat/bundles/room/dialogs.js")
    alice.get_by_test_id("room-menu").locator("summary").click()
    alice.get_by_test_id("menu-schedule").click()
    expect(alice.locator("#schedule-dialog")).to_be_visible()
