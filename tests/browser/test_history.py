"""Tests of jumps to old messages: one request, the messages around the target, and the return to the newest message."""

import pytest
from playwright.sync_api import expect

from tests.browser.actions import message, say
from tests.browser.blocking_proxy import BlockingProxy
from tests.browser.history import FETCHES, come_back, fill, is_on_screen, scroll_to, shown_ids, wait_for_newer

COUNT = 1500


@pytest.fixture
def old_quote(join_room, site, slug):
    """Return Alice's page of a room with 1,500 messages. The last message quotes message 400."""
    fill(site, slug, COUNT, {COUNT: 400})
    return come_back(join_room("Alice"), FETCHES)


def click_quote(page):
    page.locator(f"#message-{COUNT} .quote").click()
    expect(page.locator("#message-400")).to_be_visible()


def fetches(page):
    return page.evaluate("window.fetches")


def test_a_click_on_a_quote_loads_the_page_around_the_old_message_with_one_request(old_quote):
    click_quote(old_quote)
    old_quote.wait_for_timeout(1500)
    assert is_on_screen(old_quote, 400)
    assert [fetch["around"] for fetch in fetches(old_quote)] == [400]
    ids = shown_ids(old_quote)
    assert ids == list(range(ids[0], ids[-1] + 1)) and len(ids) == 100
    expect(old_quote.get_by_test_id("new-messages")).to_contain_text("Jump to the newest message")


def test_live_messages_are_counted_during_a_jump_and_drawn_after_the_return(old_quote, join_room):
    click_quote(old_quote)
    bob = join_room("Bob")
    for number in range(3):
        say(bob, f"meanwhile {number}")
    expect(old_quote.get_by_test_id("new-messages")).to_contain_text("3 new messages")
    expect(message(old_quote, "meanwhile")).to_have_count(0)
    assert is_on_screen(old_quote, 400)
    old_quote.get_by_test_id("new-messages").click()
    expect(message(old_quote, "meanwhile 2")).to_be_visible()
    expect(old_quote.get_by_test_id("new-messages")).to_be_hidden()
    ids = shown_ids(old_quote)
    assert ids == list(range(ids[0], COUNT + 4))
    say(bob, "and now")
    expect(message(old_quote, "and now")).to_be_visible()


def test_scrolling_down_from_an_old_message_shows_every_message_once(old_quote, join_room):
    click_quote(old_quote)
    bob = join_room("Bob")
    say(bob, "meanwhile")
    seen = set(shown_ids(old_quote))
    for _ in range(200):
        ids = shown_ids(old_quote)
        assert ids == list(range(ids[0], ids[-1] + 1))
        assert len(ids) <= 1100
        seen.update(ids)
        if ids[-1] == COUNT + 1:
            break
        scroll_to(old_quote, "bottom")
        wait_for_newer(old_quote, ids[-1])
    assert set(range(400, COUNT + 2)) <= seen
    say(bob, "live again")
    scroll_to(old_quote, "bottom")
    expect(message(old_quote, "live again")).to_be_visible()
    assert len(fetches(old_quote)) <= 40


def test_sending_a_message_leads_back_to_the_newest_messages(old_quote):
    click_quote(old_quote)
    say(old_quote, "my answer")
    expect(message(old_quote, "my answer")).to_be_visible()
    expect(old_quote.locator("#pending-messages .message")).to_have_count(0)
    ids = shown_ids(old_quote)
    assert ids == list(range(ids[0], COUNT + 2))


def test_the_page_of_an_old_message_survives_a_lost_connection(old_quote, join_room):
    click_quote(old_quote)
    old_quote.context.set_offline(True)
    old_quote.evaluate("window.dispatchEvent(new Event('offline'))")
    bob = join_room("Bob")
    say(bob, "while Alice was away")
    old_quote.context.set_offline(False)
    ids = shown_ids(old_quote)
    assert is_on_screen(old_quote, 400) and ids[0] < 400 < ids[-1] < COUNT
    old_quote.get_by_test_id("new-messages").click()
    expect(message(old_quote, "while Alice was away")).to_be_visible()


def test_a_jump_to_a_removed_message_shows_its_place_and_a_notice(join_room, site, slug):
    fill(site, slug, 300, {300: 20})
    code = (
        "from chat import protocol; from chat.models import Person; from chat.services import rooms\n"
        f"member = rooms.join_room(Person.objects.get(handle='Writer of {slug}'), '{slug}')\n"
        "rooms.remove_message(member, protocol.Remove('x1', 20))"
    )
    site.manage("shell", "-c", code)
    alice = join_room("Alice")
    alice.locator("#message-300 .quote").click()
    expect(alice.locator("#message-20")).to_contain_text("message removed")
    expect(alice.get_by_test_id("notice")).to_have_text("This message was removed.")
    assert is_on_screen(alice, 20)


def test_a_jump_to_a_message_that_does_not_exist_shows_a_notice(join_room, site, slug):
    fill(site, slug, 100, {100: 20})
    alice = join_room("Alice")
    alice.locator("#message-100 .quote").evaluate("quote => { quote.dataset.jump = '5000' }")
    alice.locator("#message-100 .quote").click()
    expect(alice.get_by_test_id("notice")).to_have_text("This message does not exist.")
    alice.locator("#message-100 .quote").evaluate("quote => { quote.dataset.jump = '0' }")
    alice.locator("#message-100 .quote").click()
    expect(alice.get_by_test_id("notice")).to_have_text("This message does not exist.")
    assert shown_ids(alice) == list(range(51, 101))


def test_a_jump_works_over_long_polling(join_room, site, slug):
    fill(site, slug, 300, {300: 20})
    proxy = BlockingProxy(site.port)
    try:
        alice = join_room("Alice", proxy.url)
        alice.locator("#message-300 .quote").click()
        expect(alice.locator("#message-20")).to_be_visible()
        assert is_on_screen(alice, 20)
        alice.get_by_test_id("new-messages").click()
        expect(alice.locator("#message-300")).to_be_visible()
    finally:
        proxy.close()
