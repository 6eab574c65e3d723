"""The browser of all browser tests. It is in a module of its own because tests/conftest.py imports its fixture."""

import os
import shutil

import pytest

# `chromium-headless-shell` is the same browser without windows. To open a room, it needs 1.3 s of CPU time, and
# `chromium` needs 2.4 s.
COMMANDS = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, COMMANDS)), None)
MISSING = "there is no Chromium here (Debian: apt-get install chromium-headless-shell)"
# At its start Chromium sends requests to Google's servers. In a closed network each of them waits for a timeout.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# A test waits at most this long for an element. The time says nothing about the speed of the chat.
PATIENCE_MS = 60_000


def mark_browser_tests(items):
    """Mark tests that need a browser. Without Chromium, they fail in CI and are skipped elsewhere."""
    for item in items:
        item.add_marker(pytest.mark.browser)
        if CHROMIUM is None and not os.environ.get("CI"):
            item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest.fixture(scope="session")
def chromium():
    """Yield the browser. Each test process has one, because playwright can be started only once in a thread."""
    assert CHROMIUM, MISSING
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
