"""Exports and statistics from the room's menu: a bar that shows how far they are, and survives a reload."""
import json
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.live.processes import wait_until


def say(page, text):
    page.get_by_test_id("composer").fill(text)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("message").filter(has_text=text)).to_have_count(1)


def choose(page, name):
    page.get_by_test_id("room-menu").locator("summary").click()
    page.get_by_test_id(f"menu-{name}").click()


def export(page, form):
    choose(page, "export")
    page.locator("#export-format").select_option(form)
    page.get_by_test_id("export-form").get_by_role("button", name="Export").click()


@pytest.fixture
def no_workers(site):
    """Within it, `no_workers()` stops all workers; they go on in the end, or with `no_workers(False)`."""

    def stop(is_stopped=True):
        for worker in site.workers:
            worker.process.send_signal(signal.SIGSTOP if is_stopped else signal.SIGCONT)

    yield stop
    stop(False)


def test_one_exports_a_room_and_the_bar_survives_a_reload(come_in, no_workers):
    alice = come_in("Alice")
    say(alice, "Hello, world")
    no_workers()
    export(alice, "json")
    bar = alice.get_by_test_id("task")
    expect(bar).to_have_attribute("data-state", "queued")
    expect(bar.get_by_test_id("task-progress")).to_be_visible()
    no_workers(False)
    expect(bar).to_have_attribute("data-state", "done")
    other = alice.context.new_page()
    other.goto(alice.url)
    for page in (alice, other):
        page.reload()
        expect(page.get_by_test_id("task")).to_contain_text("Export (JSON)")
    with alice.expect_download() as download:
        alice.get_by_test_id("task-result").click()
    found = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert [message["body"] for message in found["messages"]] == ["Hello, world"]
    assert download.value.suggested_filename == alice.url.split("/")[-2] + ".json"
    alice.get_by_test_id("task-dismiss").click()
    for page in (alice, other):
        expect(page.get_by_test_id("task")).to_have_count(0)
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    expect(alice.get_by_test_id("task")).to_have_count(0)


def test_the_statistics_open_as_a_page_in_which_nothing_runs(come_in):
    alice = come_in("Alice")
    say(alice, "Hello, world")
    choose(alice, "statistics")
    with alice.context.expect_page() as opened:
        alice.get_by_test_id("task-result").click()
    page = opened.value
    expect(page.get_by_role("heading", name="Most active authors")).to_be_visible()
    assert page.locator("svg rect.bar").count() > 24
    # The style holds under the policy that comes with it.
    assert page.locator("svg rect.bar").first.evaluate("bar => getComputedStyle(bar).fill") != "rgb(0, 0, 0)"


def test_a_period_that_ends_before_it_begins_is_said_in_the_dialog(come_in):
    alice = come_in("Alice")
    choose(alice, "export")
    alice.locator("#export-from").fill("2026-11-20")
    alice.locator("#export-to").fill("2026-11-19")
    alice.get_by_test_id("export-form").get_by_role("button", name="Export").click()
    expect(alice.get_by_test_id("export-dialog").get_by_role("alert")).to_contain_text("after the last")
    alice.locator("#export-to").fill("2026-11-20")
    alice.get_by_test_id("export-form").get_by_role("button", name="Export").click()
    expect(alice.get_by_test_id("export-dialog")).to_have_count(0)
    expect(alice.get_by_test_id("task")).to_have_attribute("data-state", "done")


def test_a_task_that_failed_says_why(come_in, site):
    alice = come_in("Alice")
    export(alice, "html")
    expect(alice.get_by_test_id("task")).to_have_attribute("data-state", "done")
    ref = alice.get_by_test_id("task").get_attribute("data-ref")
    fail = "UPDATE chat_task SET state = 'failed', error = 'There was too much of it.' WHERE ref = %s"
    site.database.query(fail, ref)
    alice.reload()
    expect(alice.get_by_test_id("task-state")).to_have_text("There was too much of it.")
    expect(alice.get_by_test_id("task-result")).to_be_hidden()


def test_a_phone_shows_the_bars(come_in):
    alice = come_in("Alice", viewport={"width": 390, "height": 780}, is_mobile=True, has_touch=True)
    export(alice, "html")
    expect(alice.get_by_test_id("task-result")).to_be_visible()
    choose(alice, "export")
    expect(alice.get_by_test_id("export-form")).to_be_visible()
    wait_until(lambda: alice.evaluate("document.documentElement.scrollWidth") <= 390, what="a page that fits")
