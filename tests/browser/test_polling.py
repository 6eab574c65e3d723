"""Tests of long polling in a browser behind a proxy that blocks websockets."""

import pytest
from playwright.sync_api import expect

from tests.browser.actions import bodies, message, say
from tests.browser.blocking_proxy import BlockingProxy


@pytest.fixture
def proxy(site):
    proxy = BlockingProxy(site.port)
    yield proxy
    proxy.close()


def people_here(page):
    return page.get_by_test_id("who-is-here").locator("li")


def test_people_chat_where_websockets_are_blocked(join_room, proxy):
    bob = join_room("Bob")
    alice = join_room("Alice", proxy.url)
    assert proxy.refused >= 2
    for number in range(5):
        say(alice, f"from Alice {number}")
        say(bob, f"from Bob {number}")
    for page in (alice, bob):
        expect(page.locator(".message[data-id]")).to_have_count(10)
        expect(page.locator("#pending-messages .message")).to_have_count(0)
    assert bodies(alice) == bodies(bob)
    message(alice, "from Bob 2").hover()
    alice.locator("[data-action=react][data-emoji='👍']").click()
    expect(bob.locator(".reaction")).to_contain_text("👍")
    # A `typing` event between two polls is lost. A later event arrives while the person continues to type.
    for _ in range(60):
        bob.get_by_test_id("composer").press_sequentially("wait ")
        if bob.handle in alice.get_by_test_id("typing").inner_text():
            break
        alice.wait_for_timeout(1000)
    else:
        raise AssertionError("Alice does not see that Bob is typing")


def test_a_polling_person_sees_who_is_here_and_appears_in_the_list(join_room, proxy):
    alice, bob = join_room("Alice", proxy.url), join_room("Bob")
    for page in (alice, bob):
        expect(people_here(page)).to_have_count(2)
    carol = join_room("Carol", proxy.url)
    for page in (alice, bob, carol):
        expect(people_here(page)).to_have_count(3)
    bob.goto("about:blank")
    carol.goto("about:blank")
    # If a person who polls leaves while a response arrives, the person stays present until the lease expires.
    expect(people_here(alice)).to_have_count(1, timeout=150_000)
    dora = join_room("Dora")
    alice.goto("about:blank")
    expect(people_here(dora)).to_have_count(1, timeout=150_000)


def test_a_parameter_in_the_address_of_a_page_forces_polling(join_room, site, slug, owner):
    alice, bob = join_room("Alice"), join_room("Bob")
    sockets = []
    alice.on("websocket", lambda socket: sockets.append(socket.url))
    alice.goto(f"{site.url}/rooms/{slug}/?transport=poll")
    alice.wait_for_selector("[data-state=open]")
    say(bob, "Hello, Alice")
    expect(message(alice, "Hello, Alice")).to_have_count(1)
    say(alice, "Hello, Bob")
    expect(message(bob, "Hello, Bob")).to_have_count(1)
    assert sockets == []

    # The person's own stream also works by polling: it reports new messages in all rooms, and the person's own changes.
    alice.goto(f"{site.url}/?transport=poll")
    listed = alice.locator(f"#places [data-slug='{slug}']")
    expect(listed).to_be_visible()
    say(bob, "Are you there?")
    # A page that becomes visible again checks its connection at once.
    expect(message(bob, "Are you there?")).to_have_count(1)
    alice.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(listed.locator(".badge")).to_have_text("1")
    listed.locator(".place").click(button="right")
    alice.get_by_role("menuitem", name="Mark as read").click()
    expect(listed.locator(".badge")).to_have_count(0)
    # The list of all rooms also works by polling.
    new = owner.make_room()
    expect(alice.locator(f"#rooms [data-slug='{new}']")).to_be_visible()
    assert sockets == []


def test_a_polling_page_asks_the_person_to_sign_in_after_a_sign_out_in_another_tab(join_room, proxy):
    alice = join_room("Alice", proxy.url)
    other_tab = alice.context.new_page()
    other_tab.goto(f"{proxy.url}/")
    other_tab.evaluate("""async () => {
        const { csrf } = await (await fetch("/api/session/")).json();
        await fetch("/api/session/", { method: "DELETE", headers: { "X-CSRFToken": csrf } });
    }""")
    expect(alice.get_by_test_id("connection-bar")).to_contain_text("Sign in")
