"""Tests of the pictures in a conversation: previews of links, and the site's own emoji."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import AXE, assert_accessible
from tests.browser.actions import message, say
from tests.browser.gallery import keep_in_both_themes
from tests.browser.history import fill, scroll_to
from tests.browser.log_in import log_in
from tests.chat.services.link_previews.web import PAGE, Web, make_image, make_page
from tests.live.client import Person
from tests.live.processes import Site

PICTURE = '<meta property="og:image" content="/rose.png"><meta property="og:site_name" content="Flowers">'
DESCRIPTION = '<meta name="description" content="How to plant, cut and water them, in every month of the year.">'
# The place of a message, as the reader sees it.
PLACE = "(id) => document.getElementById(`message-${id}`).getBoundingClientRect().top"


@pytest.fixture
def web():
    web = Web()
    web.pages["/roses"] = (PAGE, make_page("All about roses", PICTURE + DESCRIPTION))
    web.pages["/weeds"] = (PAGE, make_page("Weeds"))
    web.pages["/rose.png"] = ("image/png", make_image())
    yield web
    web.close()


@pytest.fixture
def site():
    # Links in other tests lead to servers that tests must not contact. So these tests have a site of their own.
    site = Site(CHAT_LIMITS="off", CHAT_LINK_PREVIEWS="on", OUTGOING_NETWORKS="127.0.0.1/32").start()
    yield site
    site.stop()


@pytest.fixture
def alice(site):
    """Return the owner of a room, who is an operator."""
    alice = Person(site, "alice", "correct horse")
    site.database.query("UPDATE chat_person SET is_staff = %s WHERE handle = %s", True, alice.handle)
    alice.call("POST", "/api/rooms/", slug="garden", name="The garden", expected=201)
    return alice


def test_a_conversation_shows_previews_and_own_emoji_and_loads_nothing_from_elsewhere(browser_of, site, web, alice):
    bob = Person(site, "bob", "battery staple")
    bob.post("garden", "An early message")
    fill(site, "garden", 40)
    page = browser_of("alice")
    log_in(page.context, alice)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.url}/rooms/garden/")
    page.wait_for_selector("[data-state=open]")
    check_previews(page, site, web)
    check_emoji(page)
    foreign = [url for url in asked if not url.startswith((f"{site.url}/", "data:", "blob:"))]
    assert not foreign and any("/previews/" in url for url in asked) and any("/emoji/" in url for url in asked)


def check_previews(page, site, web):
    # At the bottom, the reader follows the card.
    say(page, f"Read this: {web.url}/roses")
    card = page.locator(".link-preview")
    expect(card).to_contain_text("All about roses")
    expect(card).to_contain_text("Flowers")
    expect(card.locator("img")).to_have_js_property("complete", True)
    expect(card).to_be_in_viewport(ratio=1)
    # The place has the height of the card before the card is loaded.
    reserved = page.locator(".link-previews").evaluate("place => parseFloat(place.style.minHeight)")
    assert card.evaluate("card => card.offsetHeight") == reserved
    keep_in_both_themes(page, "link preview")
    if AXE.exists():
        assert_accessible(page, "a link preview")
    # Elsewhere, nothing moves when an earlier message gets a card.
    reader = page.locator("#message-20")
    reader.scroll_into_view_if_needed()
    page.wait_for_timeout(200)
    before = page.evaluate(PLACE, 20)
    edit(site, 1, f"An early message with {web.url}/weeds")
    expect(page.locator("#message-1 .link-preview")).to_have_count(1)
    assert abs(page.evaluate(PLACE, 20) - before) < 1
    # The author of a message and moderators remove a preview.
    scroll_to(page, "bottom")
    card = message(page, "Read this").locator(".link-preview")
    card.hover()
    card.get_by_role("button", name="Remove the preview").click()
    expect(card).to_have_count(0)


def edit(site, number, body):
    """Edit a message as its author."""
    code = (
        "from chat import protocol; from chat.models import Message; from chat.services import rooms\n"
        f"found = Message.objects.select_related('author').get(number={number})\n"
        f"rooms.edit_message(rooms.join_room(found.author, 'garden'), protocol.Edit('e1', {number}, {body!r}))"
    )
    site.manage("shell", "-c", code)


def check_emoji(page):
    page.get_by_test_id("composer-emoji").click()
    page.locator("[data-action=custom-emoji]").click()
    dialog = page.locator("#custom-emoji-dialog")
    dialog.locator("[type=file]").set_input_files(
        {"name": "Party Parrot.png", "mimeType": "image/png", "buffer": make_image((64, 64))}
    )
    expect(dialog.locator("#custom-emoji-name")).to_have_value("party_parrot")
    dialog.get_by_role("button", name="Add emoji").click()
    expect(dialog.locator("[data-emoji=':party_parrot:']")).to_contain_text("alice")
    if AXE.exists():
        assert_accessible(page, "custom emoji")
    page.keyboard.press("Escape")
    composer = page.get_by_test_id("composer")
    composer.press_sequentially("Hurra :party")
    expect(page.get_by_role("option").first).to_contain_text(":party_parrot:")
    page.keyboard.press("Tab")
    expect(composer).to_have_value("Hurra :party_parrot: ")
    page.keyboard.press("Enter")
    item = message(page, "Hurra")
    expect(item.locator(".body img.emoji")).to_have_js_property("complete", True)
    item.hover()
    item.get_by_role("button", name="React with another emoji").click()
    page.locator("#emoji-picker [data-emoji=':party_parrot:']").first.click()
    reaction = item.locator(".reaction img.emoji")
    expect(reaction).to_be_visible()
    keep_in_both_themes(page, "own emoji")
