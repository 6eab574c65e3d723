"""Tests that marks stacked on one character are not drawn over the messages above and below."""

from playwright.sync_api import expect

from tests.browser.actions import message, say

MARKS = "".join(chr(code) for code in range(0x0300, 0x0330)) * 3


def test_stacked_marks_stay_inside_their_row(join_room):
    page = join_room("Alice")
    for text in ("Above", f"z{MARKS}algo", "Below"):
        say(page, text)
    expect(message(page, "Below").filter(has=page.locator("time"))).to_have_count(1)
    row = message(page, "algo").locator(".row")
    neighbours = [message(page, text).locator(".row") for text in ("Above", "Below")]
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    shown = [neighbour.screenshot(animations="disabled") for neighbour in neighbours]
    row.evaluate("row => { row.querySelector('.body').style.visibility = 'hidden'; }")
    assert [neighbour.screenshot(animations="disabled") for neighbour in neighbours] == shown
