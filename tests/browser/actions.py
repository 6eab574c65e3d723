"""
What a person does on a page, and where the page shows it. The browser tests share these steps.

The steps do not assert what a test promises. Steps with a finger are in touch.py.
"""

from playwright.sync_api import expect

# The password of every person who signs up on a page.
PASSWORD = "correct horse battery"


def say(page, text):
    page.get_by_test_id("composer").fill(text)
    page.keyboard.press("Enter")


def message(page, text):
    return page.locator(".message[data-id]").filter(has_text=text)


def bodies(page):
    """Return the bodies on the page, from top to bottom."""
    return page.locator(".message .body").all_inner_texts()


def item_of(page, handle):
    """Return a person's item in the list of the people who are in the room."""
    return page.get_by_test_id("who-is-here").locator(f"[data-handle='{handle}']")


def choose(page, name):
    """Choose an entry of the room's menu."""
    page.get_by_test_id("room-menu").locator("summary").click()
    page.get_by_test_id(f"menu-{name}").click()


def sign_up(page, site, handle):
    page.goto(f"{site.url}/sign-up/")
    page.fill("[name=handle]", handle)
    page.fill("[name=password]", PASSWORD)
    page.click("[data-testid=sign_up-form] button")
    expect(page.get_by_test_id("account")).to_contain_text(handle)


def create_room(page, name, is_private=False):
    """Create a room in the lobby, and wait until it is open. Its address is made from the name."""
    page.wait_for_selector("#workspace[data-state=ready]")
    page.get_by_test_id("create-room").click()
    page.fill("#new-room-name", name)
    page.set_checked("#new-room-private", is_private)
    page.click("#create-room-dialog [type=submit]")
    page.wait_for_selector("[data-state=open]")


def make_board(page, site):
    """Create a board from the lobby, and return its link."""
    page.goto(site.url)
    page.get_by_test_id("new-board").click()
    page.wait_for_selector("[data-state=open]")
    return page.get_by_test_id("board-link").input_value()


def knock(page, link, name):
    page.goto(link)
    page.get_by_test_id("knock-handle").fill(name)
    page.get_by_test_id("knock").click()
    expect(page.get_by_test_id("waiting")).to_be_visible()


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def announce(operator, slug, text, level="info"):
    response = operator.call("POST", "/api/announcements/", text=text, level=level, room=slug, expected=201)
    return response.json()["id"]


def announcements_on(page):
    return page.locator(".announcement")


def read_clipboard(page):
    """Return the copied text. The site's Permissions-Policy forbids its pages to read it, so another page pastes it."""
    blank = page.context.new_page()
    blank.set_content("<textarea></textarea>")
    blank.locator("textarea").focus()
    blank.keyboard.press("ControlOrMeta+V")
    text = blank.locator("textarea").input_value()
    blank.close()
    return text
