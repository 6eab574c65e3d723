"""Tests that a long history stays in memory, that only a part is on the page, and that no visible message moves."""

from playwright.sync_api import expect

from tests.browser.actions import press
from tests.browser.history import FETCHES, come_back, is_on_screen, scroll_to, shown_ids
from tests.live import rooms

COUNT = 1200
MOST_ROWS = 300

# This script scrolls by `step` in each frame until the end. It returns the number of different messages that it has
# seen, the largest number of rows, the greatest distance in pixels that a visible message moved in addition to the
# scrolling, and the number of frames without a visible message.
WALK = """async (step) => {
    const scroller = document.getElementById("scroller"), list = document.getElementById("messages");
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    const view = scroller.getBoundingClientRect();
    const places = () => new Map([...list.children].flatMap((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return bottom > view.top && top < view.bottom ? [[row.dataset.id, top]] : [];
    }));
    const seen = new Set();
    let [rows, moved, blank] = [0, 0, 0];
    for (let still = 0; still < 10;) {
        const before = places();
        const from = scroller.scrollTop;
        scroller.scrollTop += step;
        const scrolled = scroller.scrollTop - from;
        await frame();
        const after = places();
        for (const id of [...before.keys(), ...after.keys()]) seen.add(id);
        for (const [id, top] of after) {
            if (before.has(id)) moved = Math.max(moved, Math.abs(top - before.get(id) + scrolled));
        }
        rows = Math.max(rows, list.childElementCount);
        blank += after.size ? 0 : 1;
        still = scrolled ? 0 : still + 1;
    }
    return { seen: seen.size, rows, moved, blank };
}"""

# This script returns whether a message near this part of the history is on the screen.
IS_AT = """([share, count]) => [...document.querySelectorAll("#messages > li")].some((row) => {
    const { top } = row.getBoundingClientRect();
    return top > 0 && top < 500 && Math.abs(row.dataset.id / count - share) < 0.1;
})"""


def load_all(page):
    """Scroll up until the beginning of the room is loaded."""
    beginning = page.get_by_test_id("beginning")
    while beginning.is_hidden():
        scroll_to(page, "top")
        page.wait_for_timeout(20)
    scroll_to(page, "top")
    page.wait_for_timeout(500)


def count_fetches(page):
    return page.evaluate("window.fetches.length")


def test_a_long_history_scrolls_both_ways_without_requests_and_without_moving(join_room, site, slug):
    rooms.fill(site, slug, COUNT)
    page = come_back(join_room("Alice"), FETCHES)
    load_all(page)
    fetched = count_fetches(page)
    assert fetched == COUNT // 50 - 1
    for step in (150, -150, 400, -400):
        walk = page.evaluate(WALK, step)
        assert walk["seen"] == COUNT and walk["blank"] == 0, (step, walk)
        assert walk["rows"] <= MOST_ROWS, (step, walk)
        assert walk["moved"] <= 1, (step, walk)
    # The scrollbar leads to every place at once.
    for share in (0.5, 0.9, 0.1):
        page.get_by_test_id("scroller").evaluate(
            "(element, share) => { element.scrollTop = share * element.scrollHeight }", share
        )
        page.wait_for_function(IS_AT, arg=[share, COUNT])
        ids = shown_ids(page)
        assert ids == list(range(ids[0], ids[-1] + 1)) and len(ids) <= MOST_ROWS
    # The keys lead to every place at once too, and they move the focus.
    page.locator(f"#message-{ids[len(ids) // 2]}").focus()
    for key, id in (("End", COUNT), ("Home", 1), ("ArrowDown", 2)):
        press(page, key)
        expect(page.locator(f"#message-{id}")).to_be_focused()
        assert is_on_screen(page, id)
    assert count_fetches(page) == fetched
