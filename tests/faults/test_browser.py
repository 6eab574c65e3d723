"""The page in a real browser: offline, frozen in the background, and without an answering server."""

import asyncio
import contextlib
import os
import signal
import time

import pytest
from playwright.async_api import async_playwright, expect

from tests.browser.chromium import ARGUMENTS, CHROMIUM, MISSING
from tests.faults.clients import make_person, report
from tests.faults.proxy import Proxy
from tests.faults.sites import restart, start_and_wait

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=MISSING),
]
COMPLETE_MS = 5000
PATIENCE_MS = 30_000
POSTS = 5


@pytest.fixture
def speaker(site):
    """Return a person who posts without a browser."""
    return make_person(site, "Speaker", "correct horse")


@pytest.fixture
def slug(speaker):
    return speaker.make_room()


@pytest.fixture
def proxy(site):
    proxy = Proxy(site.port)
    yield proxy
    proxy.close()


@contextlib.asynccontextmanager
async def page_in_room(slug, url):
    """Open a guest's page in the room. The fixtures of tests/browser need the loop of the main thread."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await (await browser.new_context()).new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(f"{url}/rooms/{slug}/")
        await page.fill("[name=handle]", f"Bob of {slug}"[:32])
        await page.click("[data-testid=guest-form] button")
        await page.wait_for_selector("[data-state=open]")
        try:
            yield page
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def frozen(page):
    """Freeze the page within a `with` block, like a phone in the background: no script and no timer runs."""
    chrome = await page.context.browser.new_browser_cdp_session()
    processes = (await chrome.send("SystemInfo.getProcessInfo"))["processInfo"]
    pids = [process["id"] for process in processes if process["type"] == "renderer"]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def speak(speaker, slug, word):
    """Post POSTS messages in a room as another person."""
    for text in texts_of(word):
        response = await asyncio.to_thread(speaker.post, slug, text)
        assert response.status_code == 201


def texts_of(word):
    """Return the texts that `speak` posts."""
    return [f"{word} {number}" for number in range(POSTS)]


async def say(page, text):
    await page.get_by_test_id("composer").fill(text)
    await page.keyboard.press("Enter")


def message(page, text):
    return page.locator(".message[data-id]").filter(has_text=text)


async def check_complete(page, slug, speaker, *texts):
    """Check that each message is shown once, in the database's order. Return how long that took."""
    started = time.monotonic()
    for text in texts:
        left = COMPLETE_MS - 1000 * (time.monotonic() - started)
        await expect(message(page, text)).to_have_count(1, timeout=max(left, 1))
    took = time.monotonic() - started
    shown = await page.locator(".message .body").all_inner_texts()
    stored = await asyncio.to_thread(speaker.history, slug)
    assert shown == [message["body"] for message in stored.values()]
    return took


@pytest.mark.parametrize(
    "is_dead", [False, pytest.param(True, marks=pytest.mark.long)], ids=["same connection", "new connection"]
)
async def test_a_browser_that_was_offline_is_complete_within_five_seconds(size, proxy, slug, speaker, is_dead):
    # A heartbeat detects a dead connection within a minute, but not within a few seconds.
    seconds = size.pick(8, 60)
    await speak(speaker, slug, "before")
    async with page_in_room(slug, proxy.url) as page:
        await check_complete(page, slug, speaker, *texts_of("before"))
        await page.context.set_offline(True)
        proxy.interrupt(permanently=is_dead)
        await speak(speaker, slug, "meanwhile")
        await say(page, "written offline")
        await expect(page.locator("#pending-messages .message")).to_contain_text("written offline")
        await asyncio.sleep(seconds)
        await expect(message(page, "meanwhile 0")).to_have_count(0)
        proxy.restore()
        await page.context.set_offline(False)
        took = await check_complete(page, slug, speaker, *texts_of("before"), *texts_of("meanwhile"), "written offline")
        await expect(page.locator("#pending-messages .message")).to_have_count(0)
        await expect(page.get_by_test_id("connection-bar")).to_be_hidden()
        report(
            f"browser offline for {seconds} s ({'dead' if is_dead else 'same'} connection): complete"
            f" {took:.1f} s after it was online again"
        )


@pytest.mark.parametrize(
    "meanwhile",
    [
        "its interface was killed",
        pytest.param("its connection survives", marks=pytest.mark.long),
    ],
)
async def test_a_frozen_tab_is_complete_within_five_seconds_after_it_continues(site, size, slug, speaker, meanwhile):
    seconds = size.pick(4, 60)
    await speak(speaker, slug, "before")
    async with page_in_room(slug, site.url) as page:
        await check_complete(page, slug, speaker, *texts_of("before"))
        await page.evaluate("window.ticks = 0; setInterval(() => { window.ticks += 1 }, 100)")
        async with frozen(page):
            await speak(speaker, slug, "meanwhile")
            if meanwhile == "its interface was killed":
                await asyncio.to_thread(restart, site.web)
            await asyncio.sleep(seconds)
        assert await page.evaluate("window.ticks") < 10 * seconds / 2, "it was not frozen"
        took = await check_complete(page, slug, speaker, *texts_of("before"), *texts_of("meanwhile"))
        report(f"tab frozen for {seconds} s ({meanwhile}): complete {took:.1f} s after it continued")
        await say(page, "and on")
        await expect(message(page, "and on")).to_have_count(1, timeout=PATIENCE_MS)


async def test_the_page_shows_that_it_waits_while_the_server_does_not_answer(site, size, slug, speaker):
    async with page_in_room(slug, site.url) as page:
        for worker in site.workers:
            worker.kill()
        await say(page, "is anybody there?")
        waiting = page.locator("#pending-messages .message")
        await expect(waiting).to_contain_text("is anybody there?")
        await expect(waiting).to_contain_text("sending")
        if size.is_full:
            # The next heartbeat gets no answer, and then the page shows the connection bar.
            await expect(page.get_by_test_id("connection-bar")).to_be_visible(timeout=60_000)
        await asyncio.sleep(size.pick(3, 60))
        await expect(waiting).to_have_count(1)
        started = time.monotonic()
        for worker in site.workers:
            await asyncio.to_thread(start_and_wait, worker)
        # The page resends after five seconds without an answer, or reconnects within fifteen seconds.
        await expect(waiting).to_have_count(0, timeout=PATIENCE_MS)
        await expect(message(page, "is anybody there?")).to_have_count(1)
        took = time.monotonic() - started
        report(f"no worker: the page showed that it waits, and was complete {took:.1f} s after the workers' start")
