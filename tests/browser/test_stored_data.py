"""Tests of what a page keeps in the browser: drafts survive edits and reloads, and no other person sees them."""

import pytest
from playwright.sync_api import expect

from tests.browser.actions import message, say


@pytest.fixture
def alice(join_room):
    return join_room("Alice")


def composer(page):
    return page.get_by_test_id("composer")


def edit_last(page, text):
    message(page, text).hover()
    page.locator("[data-action=edit]").click()
    expect(composer(page)).to_have_value(text)


def stored(page):
    return page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")


def sign_out(page):
    page.get_by_test_id("account").click()
    page.get_by_test_id("sign-out").click()


def join_as(page, url, handle):
    page.goto(url)
    page.fill("[name=handle]", handle)
    page.click("[data-testid=guest-form] button")
    page.wait_for_selector("[data-state=open]")


@pytest.mark.parametrize("end", ["Escape", "cancel", "save"])
def test_the_draft_is_back_after_an_edit(alice, end):
    say(alice, "frist")
    expect(message(alice, "frist")).to_have_count(1)
    composer(alice).fill("A long draft")
    edit_last(alice, "frist")
    if end == "save":
        say(alice, "first")
        expect(message(alice, "first").locator(".edited")).to_be_visible()
    elif end == "cancel":
        alice.get_by_test_id("cancel").click()
    else:
        alice.keyboard.press("Escape")
    expect(composer(alice)).to_have_value("A long draft")
    alice.reload()
    expect(composer(alice)).to_have_value("A long draft")


def test_a_reply_that_was_begun_before_an_edit_continues_after_it(alice):
    say(alice, "question")
    say(alice, "frist")
    message(alice, "question").hover()
    alice.locator("[data-action=reply]").click()
    composer(alice).fill("An answer")
    edit_last(alice, "frist")
    alice.keyboard.press("Escape")
    expect(alice.get_by_test_id("composer-context")).to_contain_text("Replying to")
    say(alice, composer(alice).input_value())
    expect(message(alice, "An answer").locator(".quote")).to_contain_text("question")


def test_each_room_has_its_own_draft(alice, owner, site):
    composer(alice).fill("For this room")
    alice.goto(f"{site.url}/rooms/{owner.make_room()}/")
    alice.wait_for_selector("[data-state=open]")
    expect(composer(alice)).to_have_value("")
    alice.go_back()
    expect(composer(alice)).to_have_value("For this room")


def test_the_next_person_in_a_tab_sees_nothing_of_the_previous_person(alice, slug, site):
    room = f"{site.url}/rooms/{slug}/"
    composer(alice).fill("PRIVATE words")
    assert "PRIVATE" in stored(alice)
    sign_out(alice)
    alice.wait_for_url(f"{site.url}/")
    assert "PRIVATE" not in stored(alice)
    join_as(alice, room, f"{alice.handle} 2")
    expect(composer(alice)).to_have_value("")
    # Now another person has the same handle.
    sign_out(alice)
    join_as(alice, room, alice.handle)
    expect(composer(alice)).to_have_value("")
    for _ in range(4):
        alice.go_back()
        assert "PRIVATE" not in "".join(field.input_value() for field in composer(alice).all())


def test_a_sign_out_in_another_tab_removes_the_draft_and_the_unsent_messages(alice, site):
    composer(alice).fill("PRIVATE words")
    other = alice.context.new_page()
    other.goto(site.url)
    sign_out(other)
    expect(alice.get_by_test_id("room-page")).to_have_attribute("data-state", "closed")
    expect(composer(alice)).to_have_value("")
    assert "PRIVATE" not in stored(alice)
    expect(alice.get_by_test_id("connection-bar")).to_contain_text("You are signed out. Sign in to continue.")


def test_the_end_of_a_login_removes_what_the_person_has_written(alice):
    composer(alice).fill("PRIVATE words")
    delete_session = """fetch("/api/session/").then((answer) => answer.json()).then(({ csrf }) => (
        fetch("/api/session/", { method: "DELETE", headers: { "X-CSRFToken": csrf } })
    )).then(({ ok }) => ok)"""
    assert alice.evaluate(delete_session)
    expect(alice.get_by_test_id("room-page")).to_have_attribute("data-state", "closed")
    expect(composer(alice)).to_have_value("")
    assert "PRIVATE" not in stored(alice)


THROWING = "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('denied') } });"
NULL = "Object.defineProperty(window, 'sessionStorage', { value: null });"


@pytest.mark.parametrize("script", [THROWING, NULL], ids=["throws", "null"])
def test_the_page_works_if_the_browser_has_no_storage(alice, script):
    alice.context.add_init_script(script + script.replace("sessionStorage", "localStorage"))
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    say(alice, "I am here")
    expect(message(alice, "I am here")).to_have_count(1)
    edit_last(alice, "I am here")
    alice.keyboard.press("Escape")
    sign_out(alice)
    expect(alice.get_by_test_id("sign-in-link")).to_be_visible()
