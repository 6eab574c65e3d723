"""Two-factor sign-in in a browser: the set-up, a sign-in with a code, and one with a recovery code."""

import time

import pyotp
from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible, requires_axe
from tests.browser.actions import PASSWORD, sign_up
from tests.browser.conftest import PHONE
from tests.browser.gallery import keep_screenshot


def give_password(page, site, handle):
    page.goto(f"{site.url}/sign-in/")
    page.fill("[name=handle]", handle)
    page.fill("[name=password]", PASSWORD)
    page.click("[data-testid=sign_in-form] button")
    expect(page.get_by_test_id("code-form")).to_be_visible()


def give_code(page, code):
    page.fill("[name=code]", code)
    page.click("[data-testid=code-form] button")


def set_up(page, site):
    """Set a second factor up, and return (the app, the recovery codes)."""
    page.goto(f"{site.url}/settings/")
    page.get_by_test_id("second-factor-link").click()
    page.fill("[name=proof]", PASSWORD)
    page.click("[data-testid=start-form] button")
    app = pyotp.TOTP("".join(page.get_by_test_id("secret").inner_text().split()))
    expect(page.locator(".qr svg")).to_be_visible()
    assert page.get_attribute("[name=code]", "autocomplete") == "one-time-code"
    assert_accessible(page, "second factor set-up")
    page.fill("[name=code]", app.now())
    page.keyboard.press("Enter")
    expect(page.locator("#save-codes")).to_be_visible()
    codes = page.get_by_test_id("recovery-codes").locator("code").all_inner_texts()
    assert len(set(codes)) == 10
    assert_accessible(page, "second factor codes")
    with page.expect_download() as download:
        page.click("#save-codes")
    assert all(code in download.value.path().read_text() for code in codes)
    page.get_by_test_id("codes-kept").click()
    expect(page.get_by_test_id("codes-left")).to_contain_text("10 recovery codes")
    return app, codes


@requires_axe()
def test_a_person_sets_a_second_factor_up_and_signs_in_with_a_code_and_with_a_recovery_code(browser_of, site):
    desktop, handle = browser_of("Alice"), "Alice of the two factors"
    sign_up(desktop, site, handle)
    app, codes = set_up(desktop, site)
    assert_accessible(desktop, "second factor on")
    desktop.get_by_test_id("account").click()
    desktop.get_by_test_id("sign-out").click()
    give_password(desktop, site, handle)
    give_code(desktop, "000000")
    expect(desktop.get_by_text("This code is wrong, or it was used before.")).to_be_visible()
    assert_accessible(desktop, "second factor code")
    # The code of the present step was used at the set-up. The server also accepts the next one.
    give_code(desktop, app.at(time.time() + app.interval))
    expect(desktop.locator("#workspace[data-state=ready]")).to_be_visible()
    phone = browser_of("Alice on the phone", **PHONE)
    give_password(phone, site, handle)
    phone.get_by_test_id("use-recovery-code").click()
    give_code(phone, codes[0])
    expect(phone.locator("#workspace[data-state=ready]")).to_be_visible()
    other = browser_of("Somebody with a used code", **PHONE)
    give_password(other, site, handle)
    other.get_by_test_id("use-recovery-code").click()
    give_code(other, codes[0])
    expect(other.get_by_text("This code is wrong, or it was used before.")).to_be_visible()
    keep_screenshot(other, "second factor recovery code", full_page=True)
