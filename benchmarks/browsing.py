"""A site and a browser for the measurements of pages: a room with messages, its owner, and Chromium."""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.live import rooms
from tests.live.client import Person
from tests.live.processes import Site


class Browsing(NamedTuple):
    """A running site, the owner of its room `slug`, and a browser in which nobody is logged in."""

    site: Site
    person: Person
    slug: str
    browser: Browser


@contextlib.contextmanager
def browse_filled_room(messages: int) -> Iterator[Browsing]:
    """Yield a Browsing whose room has `messages` messages. The site and the browser end with the block."""
    with contextlib.ExitStack() as stack:
        site = Site(CHAT_LIMITS="off")
        stack.callback(site.stop)
        # This command compresses the files, as `bin/serve` does.
        site.manage("collectstatic", "--noinput")
        site.start()
        person = Person(site, "Alice", "correct horse")
        slug = person.make_room()
        rooms.fill(site, slug, messages)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        stack.callback(browser.close)
        yield Browsing(site, person, slug, browser)
