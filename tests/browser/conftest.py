"""The fixtures of the browser tests: a real server, and pages of the real Chromium of tests/browser/chromium.py."""

import contextlib
import functools
import itertools

import pytest
import requests

from tests.browser.chromium import PATIENCE_MS, mark_browser_tests
from tests.browser.gallery import RESULTS
from tests.browser.log_in import log_in
from tests.live.client import Person
from tests.live.processes import Site, free_port, wait_until
from tests.push_service import KEY

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
SMALL_PHONE = PHONE | {"viewport": {"width": 320, "height": 568}}
_numbers = itertools.count(1)
_HAS_FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items):
    mark_browser_tests([item for item in items if "/tests/browser/" in str(item.path)])


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    report = (yield).get_result()
    if report.failed:
        item.stash[_HAS_FAILED] = True


@pytest.fixture(scope="session")
def site():
    site = Site(CHAT_LIMITS="off", CHAT_VAPID_KEY=KEY, CHAT_PUSH_SERVICES="127.0.0.1", OUTGOING_NETWORKS="127.0.0.0/8")
    # A test kills this second interface to end the connection of one person, but not of the other.
    second = free_port()
    site.second = site.make_part("web-2", "interface", "--port", str(second))
    site.second.url = f"http://127.0.0.1:{second}"
    site.start()
    start_second(site)
    yield site
    site.second.kill()
    site.stop()


def start_second(site):
    """Start the second interface, and return when it serves."""

    def is_ready():
        try:
            return requests.get(f"{site.second.url}/readyz", timeout=20).status_code == 200
        except requests.RequestException:
            return False

    site.second.start()
    wait_until(is_ready, what="the second interface")


@pytest.fixture(scope="session")
def owner(site):
    """Return the person who creates the rooms."""
    return Person(site, "Owner of the rooms", "correct horse")


@pytest.fixture(scope="session")
def operator(site):
    """Return an operator: a person who may send announcements and disconnect others."""
    root = Person(site, "The operator", "correct horse")
    site.database.query("UPDATE chat_person SET is_staff = %s WHERE handle = %s", True, root.handle)
    return root


@pytest.fixture
def errors():
    """
    Yield the list of the errors of all pages.

    A test fails at its end if there are any, unless it clears the list.
    """
    found = []
    yield found
    assert not found, found


def note_blocked(errors, name, text):
    """Add a message of the console to the errors if the browser blocks something, or does not know a header's value."""
    if "Content Security Policy" in text or "Permissions-Policy" in text or "Content-Security-Policy" in text:
        errors.append(f"{name}: {text}")


@pytest.fixture
def browser_of(chromium, errors, request):
    """
    Yield a function that opens a page with its own cookies: `browser_of("Alice")`.

    If the test fails, a screenshot of each page is written to test-results/.
    """
    pages = []

    def make(name, **options):
        context = chromium.new_context(**{"viewport": {"width": 1180, "height": 780}, **options})
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(f"{name}: {error}"))
        # A context reports the messages of the windows that a page opens too.
        context.on("console", lambda message: note_blocked(errors, name, message.text))
        pages.append((name, page))
        return page

    yield make
    has_failed = errors or request.node.stash.get(_HAS_FAILED, False)
    for name, page in pages:
        if has_failed and not page.is_closed():
            _show_failure(page, f"{request.node.name}-{name}")
        page.context.close()


def _show_failure(page, name):
    from playwright.sync_api import Error

    RESULTS.mkdir(exist_ok=True)
    # The failure of a page that hangs must not hide the failure of its test.
    with contextlib.suppress(Error):
        page.screenshot(path=RESULTS / f"failed-{name}.png", timeout=10_000)


@pytest.fixture
def slug(owner):
    """Create a room for this test, and return its slug."""
    return owner.make_room(f"room-{next(_numbers)}")


@pytest.fixture
def join_room(browser_of, site, slug):
    """Return a function that joins the room as a guest, and returns the page: `join_room("Alice")`."""

    def enter(name, url=None, **options):
        page = browser_of(name, **options)
        page.handle = f"{name} {next(_numbers)}"
        page.goto(f"{url or site.url}/rooms/{slug}/")
        page.fill("[name=handle]", page.handle)
        page.click("[data-testid=guest-form] button")
        page.wait_for_selector("[data-state=open]")
        return page

    return enter


@pytest.fixture
def open_workspace(browser_of, site):
    """
    Return a function that opens a room for a person with an account: `open_workspace(person, slug)`.

    Each page of the person runs `script` before its own code. `window.loads` is 1 until the page is loaded again.
    """

    def open(person, slug, script="", **options):
        page = browser_of(person.handle, **options)
        log_in(page.context, person)
        page.add_init_script(script)
        page.goto(f"{site.url}/rooms/{slug}/")
        page.wait_for_selector("[data-state=open]")
        page.evaluate("window.loads = (window.loads || 0) + 1")
        return page

    return open


@pytest.fixture
def open_as_owner(open_workspace, owner, slug):
    """Return a function that opens the room as its owner, who has an account, and returns the page."""
    return functools.partial(open_workspace, owner, slug)


@pytest.fixture
def owners_page(open_as_owner):
    """Return the page of the room's owner on a desktop."""
    return open_as_owner()


@pytest.fixture
def owners_phone(open_as_owner):
    """Return the page of the room's owner on a phone."""
    return open_as_owner(**PHONE)
