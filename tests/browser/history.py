"""Helpers for the browser tests of the history: rooms with many messages, and what a page shows of them."""

from tests.browser.chromium import PATIENCE_MS

FETCHES = """
window.fetches = [];
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (text) {
  if (JSON.parse(text).type === "fetch") window.fetches.push(JSON.parse(text));
  return send.call(this, text);
};
"""
UNFOCUSED = "document.hasFocus = () => false;"


def fill(site, slug, count, replies=None, first=1):
    """Store messages `line 1`, `line 2`, ... of one writer. `replies` maps a line's number to the id that it quotes."""
    code = (
        "from chat import protocol; from chat.models import Person; from chat.services import people, rooms\n"
        f"handle = 'Writer of {slug}'\n"
        "person = Person.objects.filter(handle=handle).first() or people.sign_up(handle, 'correct horse')\n"
        f"member = rooms.join_room(person, '{slug}'); replies = {replies or {}}\n"
        f"for n in range({first}, {first + count}):\n"
        "    rooms.post_message(member, protocol.Post(f'r{n}', f'line {n}', replies.get(n)))"
    )
    site.manage("shell", "-c", code)


def shown_ids(page):
    return page.locator("#messages .message").evaluate_all("items => items.map((item) => Number(item.dataset.id))")


def is_on_screen(page, id):
    return page.evaluate(
        """(id) => {
          const item = document.getElementById(`message-${id}`).getBoundingClientRect();
          const view = document.getElementById("scroller").getBoundingClientRect();
          return item.bottom > view.top && item.top < view.bottom;
        }""",
        id,
    )


def come_back(page, *scripts):
    """Open the page again in a new tab of the same browser, and return the tab."""
    context, url = page.context, page.url
    if not page.is_closed():
        page.close()
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE_MS)
    for script in scripts:
        tab.add_init_script(script)
    tab.goto(url)
    tab.wait_for_selector("[data-state=open]")
    return tab


def text_below_divider(page):
    """Return the text of the message below the divider "New", or None."""
    dividers = page.locator(".divider.unread")
    if dividers.count() == 0:
        return None
    assert dividers.count() == 1
    return page.locator(".message:has(> .divider.unread) .body").inner_text()


def scroll_to(page, place):
    """Scroll to the "top" or the "bottom" of what is loaded."""
    page.get_by_test_id("scroller").evaluate(
        "(element, place) => { element.scrollTop = place === 'top' ? 0 : element.scrollHeight }", place
    )


def wait_for_newer(page, id):
    """Wait until the page shows a message after this id."""
    page.wait_for_function("(id) => document.querySelector('#messages > :last-child').dataset.id > id", arg=id)
