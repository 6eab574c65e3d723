"""Steps with a finger, which the browser tests share. They send touch events through the browser's own input."""

from playwright.sync_api import expect

from tests.browser.actions import message

HOLD_MS = 900


def centre(locator):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    return {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}


def touch(page, kind, *points):
    """Send one touch event through the browser's own input, as a touch screen does."""
    if not hasattr(page, "devtools"):
        page.devtools = page.context.new_cdp_session(page)
    page.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})


def long_press(page, locator):
    """Hold a finger on an element until the sheet opens, and lift it."""
    touch(page, "touchStart", centre(locator))
    page.wait_for_timeout(HOLD_MS)
    touch(page, "touchEnd")
    expect(page.locator("#message-sheet")).to_be_visible()


def tap_action(page, text, action):
    """Tap a message, and then the button of an action in its toolbar."""
    message(page, text).locator(".body").tap()
    page.locator(f".toolbar [data-action={action}]").first.tap()
