"""A real server and a real Chromium: Debian's, driven by playwright. Without one these tests say so and are skipped."""
import itertools
import os
import shutil
from pathlib import Path

import pytest

from tests.live.processes import Site, free_port

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
RESULTS = Path(__file__).resolve().parent.parent.parent / "test-results"
# Chromium asks Google's servers for this and that when it starts; in a closed network each question is a wait.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items):
    for item in items:
        if "/tests/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None and not os.environ.get("CI"):
                reason = "there is no Chromium here (Debian: apt-get install chromium)"
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def chromium():
    assert CHROMIUM, "there is no Chromium here (Debian: apt-get install chromium)"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site():
    site = Site(CHAT_LIMITS="off")
    # A second interface, to cut off one person's line and leave the other's alone.
    second = free_port()
    site.second = site.make_part("web-2", "interface", "--port", str(second))
    site.second.url = f"http://127.0.0.1:{second}"
    site.start()
    site.second.start()
    yield site
    site.second.kill()
    site.stop()


@pytest.fixture
def errors():
    """What the pages' consoles complained about: nothing, unless a test expects it and clears the list."""
    found = []
    yield found
    assert not found, found


@pytest.fixture
def browser_of(chromium, errors, request):
    """Makes a page with cookies of its own: `browser_of("Alice")`. A failing test leaves a picture of each."""
    pages = []

    def make(name, **options):
        context = chromium.new_context(**{"viewport": {"width": 1180, "height": 780}, **options})
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: errors.append(f"{name}: {error}"))
        pages.append((name, page))
        return page

    yield make
    RESULTS.mkdir(exist_ok=True)
    for name, page in pages:
        page.screenshot(path=RESULTS / f"{request.node.name}-{name}.png")
        page.context.close()


@pytest.fixture
def slug(site):
    """A room of this test's own."""
    slug = f"room-{next(_numbers)}"
    code = f"from chat.services import rooms; rooms.create_room(None, '{slug}', 'The garden', 'Roses and weeds')"
    site.manage("shell", "-c", code)
    return slug


@pytest.fixture
def come_in(browser_of, site, slug):
    """Somebody picks a handle and is in the room: `come_in("Alice")` returns the page."""

    def enter(name, url=None, **options):
        page = browser_of(name, **options)
        page.handle = f"{name} {next(_numbers)}"
        page.goto(f"{url or site.url}/rooms/{slug}/")
        page.fill("[name=handle]", page.handle)
        page.click("[data-testid=guest-form] button")
        page.wait_for_selector("[data-state=open]")
        return page

    return enter
