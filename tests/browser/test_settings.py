"""Tests of the page with a person's settings."""

import io

from PIL import Image
from playwright.sync_api import expect

from tests.browser.actions import sign_up
from tests.browser.conftest import PHONE
from tests.browser.gallery import keep_screenshot
from tests.live.processes import wait_until


def big_photo():
    """Return a photo that is larger than the server accepts."""
    image = Image.effect_noise((1600, 1200), 120).convert("RGB")
    file = io.BytesIO()
    image.save(file, "PNG")
    assert len(file.getvalue()) > 1_500_000
    return file.getvalue()


def test_a_person_changes_profile_picture_and_colours(browser_of, site):
    alice = browser_of("Alice", **PHONE)
    sign_up(alice, site, "Alice of the settings")
    alice.wait_for_selector("#workspace[data-state=ready]")
    alice.get_by_test_id("open-drawer").click()
    alice.get_by_test_id("account").click()
    alice.get_by_test_id("settings").click()
    alice.set_input_files("[name=picture]", {"name": "me.png", "mimeType": "image/png", "buffer": big_photo()})
    # The page replaces the chosen file by a smaller one.
    chosen = alice.locator("[name=picture]")
    wait_until(lambda: chosen.evaluate("input => input.files[0].size") < 1e6, what="the smaller picture")
    alice.click("[data-testid=picture-form] button")
    expect(alice.get_by_alt_text("Your picture")).to_be_visible()
    width = "document.querySelector('.own-picture img').naturalWidth"
    wait_until(lambda: alice.evaluate(width) == 256, what="the loaded picture")
    alice.fill("[name=name]", "Alice Liddell")
    alice.click("[data-testid=profile-form] button")
    expect(alice.get_by_text("Your profile is changed.")).to_be_visible()
    alice.select_option("[name=theme]", "dark")
    alice.click("[data-testid=preferences-form] button")
    assert alice.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 27)"
    assert alice.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep_screenshot(alice, "settings", full_page=True)
