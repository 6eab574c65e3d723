"""Tests of a person who returns: the divider "New", the bar above, the title, and what counts as read."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.actions import message, say
from tests.browser.conftest import start_second
from tests.browser.history import (
    FETCHES,
    UNFOCUSED,
    come_back,
    fill,
    is_on_screen,
    scroll_to,
    shown_ids,
    text_below_divider,
    wait_for_newer,
)


def starts_with(start):
    return re.compile(f"^{re.escape(start)}")


@pytest.fixture
def alice(join_room):
    """Return the page of Alice, who has said one word and has read everything."""
    page = join_room("Alice")
    say(page, "hello")
    expect(message(page, "hello")).to_have_count(1)
    expect(page.locator("#pending-messages .message")).to_have_count(0)
    return page


@pytest.mark.parametrize("is_focused", [True, False])
@pytest.mark.parametrize("count", [1, 3, 49, 50, 51, 500])
def test_a_person_who_returns_sees_which_messages_are_new(alice, site, slug, count, is_focused):
    alice.close()
    fill(site, slug, count)
    tab = come_back(alice, *([] if is_focused else [UNFOCUSED]))
    expect(tab.locator(".divider.unread")).to_have_count(1)
    expect(tab.locator("#message-2 > .divider.unread")).to_be_in_viewport(ratio=0.9)
    assert text_below_divider(tab) == "line 1"
    assert is_on_screen(tab, 2)
    expect(tab.get_by_test_id("unread-bar")).to_be_hidden()
    ids = shown_ids(tab)
    assert ids == list(range(ids[0], ids[-1] + 1))
    title = tab.title()
    assert title.startswith(f"({count}) ") if not is_focused else not title.startswith("(")


def test_read_messages_are_not_new_again(alice, site, slug):
    alice.close()
    fill(site, slug, 3)
    tab = come_back(alice)
    assert text_below_divider(tab) == "line 1"
    tab = come_back(tab)
    assert text_below_divider(tab) is None
    tab.close()
    fill(site, slug, 1, first=4)
    assert text_below_divider(come_back(tab)) == "line 4"


@pytest.mark.parametrize("leaving", ["closes the tab", "goes to another page"])
def test_messages_that_are_read_in_the_last_second_before_a_person_leaves_are_not_new_again(alice, site, slug, leaving):
    tab = come_back(alice)
    for number in range(1, 4):
        fill(site, slug, 1, first=number)
        expect(message(tab, f"line {number}")).to_be_visible()
    if leaving == "goes to another page":
        url = tab.url
        tab.goto(site.url)
        tab.goto(url)
        tab.wait_for_selector("[data-state=open]")
    else:
        tab = come_back(tab)
    assert text_below_divider(tab) is None


def last_on_screen(tab):
    """Return the id of the last message whose end is on the screen."""
    last = tab.evaluate(
        """() => {
          const { bottom } = document.getElementById("scroller").getBoundingClientRect();
          return [...document.querySelectorAll("#messages .message")]
            .filter((item) => item.getBoundingClientRect().bottom <= bottom + 8).at(-1).dataset.id;
        }"""
    )
    return int(last)


# A board's page, and a page of a server of an older version, contain no messages.
WITHOUT_MESSAGES = """
new MutationObserver(() => document.querySelector("template#first-view")?.remove())
  .observe(document, { childList: true, subtree: true });
"""


@pytest.mark.parametrize("has_messages", [True, False])
def test_220_unread_messages_are_read_from_the_first_to_the_newest(alice, site, slug, has_messages):
    scripts = [FETCHES] if has_messages else [FETCHES, WITHOUT_MESSAGES]
    alice.close()
    fill(site, slug, 220)
    tab = come_back(alice, *scripts)
    # The room opens at the first unread message, with the messages of the page or with one request.
    expect(tab.locator("#message-2 > .divider.unread")).to_be_in_viewport(ratio=0.9)
    assert text_below_divider(tab) == "line 1"
    assert is_on_screen(tab, 2)
    assert [fetch.get("around") for fetch in tab.evaluate("fetches")] == ([] if has_messages else [2])
    expect(tab.get_by_test_id("unread-bar")).to_be_hidden()
    read = last_on_screen(tab) - 1  # the id of "line 1" is 2
    assert 2 < read < 50
    expect(tab.get_by_test_id("new-messages")).to_have_text(f"↓ {220 - read} new messages")
    # What was not on the screen stays unread, and the room opens there the next time.
    tab.wait_for_timeout(1200)
    tab = come_back(tab)
    expect(tab.locator(f"#message-{read + 2} > .divider.unread")).to_be_in_viewport(ratio=0.9)
    read = last_on_screen(tab) - 1
    assert read < 60
    # A jump to the newest messages leaves those between unread, and the bar counts them.
    tab.get_by_test_id("new-messages").click()
    expect(message(tab, "line 220")).to_be_visible()
    expect(tab.get_by_test_id("unread-jump")).to_have_text(f"↑ {170 - read} new messages above")
    tab.get_by_test_id("unread-jump").click()
    expect(tab.locator(f"#message-{read + 2}")).to_be_in_viewport()
    while (last := shown_ids(tab)[-1]) < 221:
        scroll_to(tab, "bottom")
        wait_for_newer(tab, last)
    scroll_to(tab, "bottom")
    expect(tab.get_by_test_id("new-messages")).to_be_hidden()
    expect(tab.get_by_test_id("unread-bar")).to_be_hidden()
    tab.wait_for_timeout(1200)
    assert text_below_divider(come_back(tab)) is None


def test_messages_that_were_not_on_the_screen_stay_new(alice, site, slug):
    alice.close()
    fill(site, slug, 500)
    tab = come_back(alice)
    expect(tab.locator("#message-2 > .divider.unread")).to_be_visible()
    read = last_on_screen(tab) - 1
    expect(tab.get_by_test_id("new-messages")).to_have_text(f"↓ {500 - read} new messages")
    tab.get_by_test_id("new-messages").click()
    expect(tab.get_by_test_id("unread-jump")).to_have_text(f"↑ {450 - read} new messages above")
    tab.wait_for_timeout(1500)
    tab = come_back(tab)
    expect(tab.locator(".divider.unread")).to_be_visible()
    assert text_below_divider(tab) == f"line {read + 1}"


def test_only_the_messages_below_the_last_seen_message_stay_new(alice, site, slug):
    alice.close()
    fill(site, slug, 49)
    tab = come_back(alice)
    last_seen = last_on_screen(tab)
    assert 2 < last_seen < 50
    tab = come_back(tab)
    assert text_below_divider(tab) == f"line {last_seen}"  # The id of "line 1" is 2.
    scroll_to(tab, "bottom")
    expect(tab.get_by_test_id("new-messages")).to_be_hidden()
    tab.wait_for_timeout(1200)
    assert text_below_divider(come_back(tab)) is None


def test_reading_from_the_first_new_message_to_the_newest_marks_everything_as_read(alice, site, slug):
    alice.close()
    fill(site, slug, 300)
    tab = come_back(alice)
    expect(tab.locator("#message-2 > .divider.unread")).to_be_visible()
    while (last := shown_ids(tab)[-1]) < 301:
        scroll_to(tab, "bottom")
        wait_for_newer(tab, last)
    scroll_to(tab, "bottom")
    expect(tab.get_by_test_id("new-messages")).to_be_hidden()
    tab.wait_for_timeout(1200)
    tab = come_back(tab)
    assert text_below_divider(tab) is None
    expect(tab.get_by_test_id("unread-bar")).to_be_hidden()


def test_a_person_can_mark_everything_as_read(alice, site, slug):
    alice.close()
    fill(site, slug, 500)
    tab = come_back(alice)
    expect(tab.locator("#message-2 > .divider.unread")).to_be_visible()
    tab.get_by_test_id("new-messages").click()
    tab.get_by_test_id("unread-dismiss").click()
    expect(tab.get_by_test_id("unread-bar")).to_be_hidden()
    expect(tab.locator(".divider.unread")).to_have_count(0)
    tab = come_back(tab)
    assert text_below_divider(tab) is None


def test_a_new_member_has_no_new_messages(join_room, site, slug):
    fill(site, slug, 60)
    tab = join_room("Alice")
    assert text_below_divider(tab) is None
    expect(tab.get_by_test_id("unread-bar")).to_be_hidden()
    assert text_below_divider(come_back(tab)) is None


def test_the_first_messages_are_new_for_a_person_who_joined_an_empty_room(join_room, site, slug):
    tab = join_room("Alice")
    tab.close()
    fill(site, slug, 2)
    assert text_below_divider(come_back(tab)) == "line 1"


def test_messages_that_arrive_while_the_tab_is_hidden_are_new(alice, site, slug):
    tab = alice
    tab.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { get: () => window.isAway ?? false });
          window.setAway = (isAway) => {
            window.isAway = isAway;
            document.dispatchEvent(new Event("visibilitychange"));
          };
          window.setAway(true);
        }"""
    )
    fill(site, slug, 60)
    expect(message(tab, "line 60")).to_have_count(1)
    assert text_below_divider(tab) == "line 1"
    assert tab.title().startswith("(60) ")
    tab.evaluate("window.setAway(false)")
    assert is_on_screen(tab, 2) and not is_on_screen(tab, 61)
    expect(tab.get_by_test_id("new-messages")).to_contain_text("new messages")
    assert not tab.title().startswith("(")


def test_messages_that_were_missed_while_the_connection_was_lost_are_new(join_room, site, slug):
    tab = join_room("Alice", site.second.url)
    say(tab, "hello")
    expect(message(tab, "hello")).to_have_count(1)
    site.second.kill()
    expect(tab.get_by_test_id("connection-bar")).to_be_visible()
    fill(site, slug, 60)
    start_second(site)
    expect(message(tab, "line 60")).to_have_count(1)
    expect(tab.get_by_test_id("connection-bar")).to_be_hidden()
    assert text_below_divider(tab) == "line 1"
    assert is_on_screen(tab, 2) and not is_on_screen(tab, 61)


def test_messages_read_in_one_tab_are_read_in_the_other(alice, site, slug):
    first = come_back(alice, UNFOCUSED)
    fill(site, slug, 3)
    expect(first).to_have_title(starts_with("(3) "))
    second = first.context.new_page()
    second.goto(first.url)
    second.wait_for_selector("[data-state=open]")
    assert text_below_divider(second) == "line 1"
    expect(first).not_to_have_title(starts_with("(3) "))
