"""
Tests that pages fit into a narrow window, in English, German and Arabic, and that a translated page has no English
text.

The windows are 640 x 400, as a desktop of 1280 x 800 at a zoom of 200 %, and 320 pixels wide.
"""

import secrets

import pytest
from playwright.sync_api import expect

from chat.services.tasks import running
from tests.browser.actions import announce, choose, knock, make_board, message, say
from tests.browser.layout import NARROW, ZOOMED, find_layout_problems
from tests.browser.log_in import log_in
from tests.browser.translations import Catalogue
from tests.live.client import Person

LONG_NAME = "Donaudampfschifffahrtsgesellschaft"
MENU_ENTRIES = ("schedule", "date", "moderation", "export", "details", "pins", "settings", "invite")


class Walk:
    """A walk through the pages in one language. It collects what is wrong in each state, and continues."""

    def __init__(self, language):
        self.language, self.problems = language, []
        self._catalogue = None if language == "en" else Catalogue(language)

    def look(self, page, name):
        """Check the present state of a page in both sizes. Afterwards, the page has the size ZOOMED."""
        for size in (NARROW, ZOOMED):
            page.set_viewport_size(size)
            # The scripts of the page follow the new size in the next frame.
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            self.problems += find_layout_problems(page, f"{self.language}: {name}")
        self.read(page, name)

    def read(self, page, name):
        """Note the English texts of a page in another language."""
        if self._catalogue:
            self.problems += [f"{name}: English: {text}" for text in self._catalogue.find_english(page)]


@pytest.fixture(params=["en", "de", "ar"])
def walk(request):
    walk = Walk(request.param)
    yield walk
    assert not walk.problems, "\n".join(walk.problems)


@pytest.fixture
def open_page(browser_of, walk, site):
    """Return a function that opens a page of the site in the language of the walk, for a person or a stranger."""

    def open(name, path, person=None):
        page = browser_of(name, locale=walk.language, viewport=ZOOMED, reduced_motion="reduce")
        if person:
            log_in(page.context, person)
        page.goto(f"{site.url}{path}")
        return page

    return open


def look_at_a_person(page, walk):
    """Look at what a moderator opens for another person and a message of this person."""
    page.wait_for_selector("[data-state=open]")
    message(page, "Good morning").locator(".author").click()
    expect(page.locator("#person-card [data-action=block]")).to_be_visible()
    walk.look(page, "the card of a person")
    page.keyboard.press("Escape")
    for action, element in (("report", "#report-reason"), ("moderate", "[data-action=mute-600]")):
        message(page, "Good morning").locator(".body").click()
        page.locator(".toolbar [data-action=more]").click()
        page.locator(f"#message-sheet [data-action={action}]").click()
        expect(page.locator(element)).to_be_visible()
        walk.look(page, f"the dialog to {action}")
        if action == "report":
            page.fill(element, "Too early")
            page.locator("[data-action=send-report]").click()
            expect(page.get_by_test_id("notice")).to_be_visible()
            walk.look(page, "a notice")
        else:
            page.locator(element).click()
            expect(page.locator("[data-action=unmute]")).to_be_visible()
            walk.look(page, "a muted person")
            page.keyboard.press("Escape")
    choose(page, "moderation")
    expect(page.locator(".reported")).to_have_count(1)
    walk.look(page, "reports and the log of a room")


def make_private_room(person):
    """Create a private room with a long name and a topic. Return its slug, which the server has chosen."""
    room = {"slug": f"private-{secrets.token_hex(3)}", "name": LONG_NAME, "topic": "A topic. " * 9, "private": True}
    return person.call("POST", "/api/rooms/", **room, expected=201).json()["slug"]


def submit(page, form, **values):
    """Fill in a form, and send it although the browser would refuse the values."""
    for name, value in values.items():
        page.fill(f"[name={name}]", value)
    page.locator(f"[data-testid={form}]").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    expect(page.get_by_role("alert").first).to_be_visible()


def test_the_pages_outside_of_a_room_fit(open_page, walk, site, operator):
    slug = operator.make_room()
    page = open_page("Visitor", "/")
    walk.look(page, "the lobby for a stranger")
    for path in ("sign-in", "sign-up", "guest", f"rooms/{slug}", "nowhere"):
        page.goto(f"{site.url}/{path}/")
        walk.look(page, path.replace(slug, "door"))
    page.goto(f"{site.url}/sign-in/")
    submit(page, "sign_in-form", handle="Nobody", password="wrong password")
    walk.look(page, "a refused sign-in")
    page.goto(f"{site.url}/sign-up/")
    submit(page, "sign_up-form", handle="x" * 40, password="short")
    walk.look(page, "a refused sign-up")

    anna = Person(site, f"{LONG_NAME[:20]} {secrets.token_hex(3)}", "correct horse")
    page = open_page("Anna", "/settings/", anna)
    walk.look(page, "the settings")
    submit(page, "profile-form", name="x" * 80, emoji="word")
    walk.look(page, "a refused profile")
    page.goto(f"{site.url}/password/")
    submit(page, "password-form", old_password="wrong", new_password="short")
    walk.look(page, "a refused password")
    page.goto(site.url)
    page.wait_for_selector("#workspace[data-state=ready]")
    walk.look(page, "the lobby")
    page.get_by_test_id("create-room").click()
    walk.look(page, "a new room")
    page.keyboard.press("Escape")
    page.get_by_test_id("open-drawer").click()
    walk.look(page, "the drawer")
    page.get_by_test_id("account").click()
    walk.look(page, "the menu of the account")

    anna.post(slug, "Good morning")
    look_at_a_person(open_page("Operator", f"/rooms/{slug}/", operator), walk)
    page = open_page("Operator", "/operators/rooms/", operator)
    page.wait_for_selector("[data-testid=operators-page][data-state=open]")
    operator.make_room()
    walk.look(page, "the rooms for operators")


def test_a_board_and_an_invitation_fit(open_page, walk, site, owner):
    slug = make_private_room(owner)
    invitation = owner.call("POST", f"/api/rooms/{slug}/invitations/", expected=201).json()
    page = open_page("Stranger", invitation["url"].removeprefix(site.url))
    walk.look(page, "an invitation for a stranger")
    page.goto(f"{site.url}/guest/")
    guest = open_page("Guest", invitation["url"].removeprefix(site.url), Person(site, f"Guest {secrets.token_hex(3)}"))
    walk.look(guest, "an invitation")

    host, visitor = open_page("Host", "/"), open_page("Bob", "/")
    link = make_board(host, site)
    walk.look(host, "an empty board")
    visitor.goto(link)
    expect(visitor.get_by_test_id("knock")).to_be_visible()
    walk.look(visitor, "the door of a board")
    knock(visitor, link, LONG_NAME[:32])
    walk.look(visitor, "the waiting room")
    expect(host.locator(".knock")).to_be_visible()
    walk.look(host, "a visitor who knocks")
    host.locator("[data-action=refuse]").click()
    expect(visitor.get_by_test_id("refused")).to_be_visible()
    walk.look(visitor, "a refused visitor")
    choose(host, "shut")
    walk.look(host, "closing a board")
    host.locator("#shut-board").click()
    expect(host.get_by_test_id("shut")).to_be_visible()
    walk.look(host, "a closed board")


def test_a_room_with_its_dialogs_and_menus_fits(open_page, walk, site, owner, operator):
    slug = make_private_room(owner)
    owner.post(slug, f"{LONG_NAME * 4} https://example.org/{'x' * 90}")
    page = open_page("Owner", f"/rooms/{slug}/", owner)
    page.wait_for_selector("[data-state=open]")
    announce(operator, slug, "The server restarts in a minute. " * 4, "warning")
    expect(page.locator("#announcements")).to_contain_text("restarts")
    say(page, "Hello")
    walk.look(page, "a room")
    message(page, "Hello").click()
    walk.look(page, "the toolbar of a message")
    page.locator(".toolbar [data-action=more]").click()
    walk.look(page, "the sheet of a message")
    page.keyboard.press("Escape")
    page.locator(".room-menu summary").click()
    walk.look(page, "the menu of a room")
    page.keyboard.press("Escape")
    for name in MENU_ENTRIES:
        choose(page, name)
        if name == "invite":
            page.locator("#make-invitation").click()
            expect(page.locator("#invitation-link")).to_be_visible()
        walk.look(page, f"menu: {name}")
        page.keyboard.press("Escape")
    open_panels(page, walk)
    read_failures(page, walk, site, owner)


def open_panels(page, walk):
    """Look at what the keyboard and the buttons of a room open."""
    page.get_by_test_id("composer").fill("")
    for keys, name in (("Control+k", "the palette"), ("Control+Shift+F", "the search")):
        page.keyboard.press(keys)
        walk.look(page, name)
        page.keyboard.press("Escape")
    page.get_by_test_id("composer").fill("/")
    expect(page.locator("#completion")).to_be_visible()
    walk.look(page, "the commands")
    page.get_by_test_id("composer").fill(":ro")
    expect(page.locator("#completion")).to_be_visible()
    walk.look(page, "the suggestions of emoji")
    page.get_by_test_id("composer").fill("/help")
    page.get_by_test_id("send").click()
    expect(page.locator("#commands-help")).to_be_visible()
    walk.look(page, "the help on commands")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.locator("#help-sheet")).to_be_visible()
    walk.look(page, "the keys")
    page.keyboard.press("Escape")
    page.get_by_test_id("composer-emoji").click()
    expect(page.locator("#emoji-picker")).to_be_visible()
    walk.look(page, "the emoji picker")
    page.keyboard.press("Escape")
    page.get_by_test_id("composer-more").click()
    walk.look(page, "more for a message")
    page.locator("[role=menu] [data-action=format]").click()
    expect(page.locator("#formatting-dialog")).to_be_visible()
    walk.look(page, "the formatting")
    page.keyboard.press("Escape")
    page.get_by_test_id("people-button").click()
    walk.look(page, "the people")
    page.get_by_test_id("people-close").click()


def read_failures(page, walk, site, owner):
    """Look at a failed task, at a message that waits, and at the bar of a page without a connection."""
    choose(page, "statistics")
    expect(page.locator(".bar.task .task-link")).to_be_visible()
    walk.look(page, "a task that is done")
    site.database.query("UPDATE chat_task SET state = 'failed', error = %s", running.SERVER_ERROR)
    page.reload()
    expect(page.locator(".bar.task[data-state=failed]")).to_be_visible()
    walk.look(page, "a failed task")
    page.context.set_offline(True)
    say(page, "Hello?")
    expect(page.locator("#pending-messages .message")).to_have_count(1)
    expect(page.get_by_test_id("connection-bar")).to_be_visible()
    walk.look(page, "no connection")
