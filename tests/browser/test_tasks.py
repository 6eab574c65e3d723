"""Tests of exports and statistics from the room's menu: a bar shows their progress and survives a reload."""

import json
import signal
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.actions import choose, message, say
from tests.browser.conftest import PHONE
from tests.browser.gallery import keep_screenshot
from tests.chat.services.uploads.helpers import make_image
from tests.live.processes import wait_until


def post(page, text):
    """Write a message, and wait until it is stored."""
    say(page, text)
    expect(message(page, text)).to_have_count(1)


def export(page, file_format):
    choose(page, "export")
    page.locator("#export-format").select_option(file_format)
    page.locator("#export-dialog form").get_by_role("button", name="Export").click()


@pytest.fixture
def pause_workers(site):
    """Yield a function that pauses all workers. They continue after `pause_workers(False)`, or when the test ends."""

    def pause(is_paused=True):
        for worker in site.workers:
            worker.process.send_signal(signal.SIGSTOP if is_paused else signal.SIGCONT)

    yield pause
    pause(False)


def test_the_bar_of_an_export_survives_a_reload(join_room, pause_workers):
    alice = join_room("Alice")
    post(alice, "Hello, world")
    # The page loads its dialogs after the messages. This load must end before the workers pause.
    alice.wait_for_load_state("networkidle")
    pause_workers()
    export(alice, "json")
    bar = alice.locator(".bar.task")
    expect(bar).to_have_attribute("data-state", "queued")
    expect(bar.locator("progress")).to_be_visible()
    pause_workers(False)
    expect(bar).to_have_attribute("data-state", "done")
    other_tab = alice.context.new_page()
    other_tab.goto(alice.url)
    for page in (alice, other_tab):
        page.reload()
        expect(page.locator(".bar.task")).to_contain_text("Export (JSON)")
    with alice.expect_download() as download:
        alice.locator(".task-link").click()
    exported = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert [message["body"] for message in exported["messages"]] == ["Hello, world"]
    assert download.value.suggested_filename == alice.url.split("/")[-2] + ".json"
    alice.locator("[data-action=dismiss-task]").click()
    for page in (alice, other_tab):
        expect(page.locator(".bar.task")).to_have_count(0)
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    expect(alice.locator(".bar.task")).to_have_count(0)


def test_the_statistics_open_as_a_page_with_its_own_style(join_room):
    alice = join_room("Alice")
    post(alice, "Hello, world")
    choose(alice, "statistics")
    with alice.context.expect_page() as opened:
        alice.locator(".task-link").click()
    page = opened.value
    expect(page.get_by_role("heading", name="Most active authors")).to_be_visible()
    assert page.locator("svg rect.bar").count() > 24
    # The content security policy of the page allows its style.
    assert page.locator("svg rect.bar").first.evaluate("bar => getComputedStyle(bar).fill") != "rgb(0, 0, 0)"


def test_exports_and_statistics_use_the_time_zone_of_the_browser(join_room):
    alice = join_room("Alice", timezone_id="Asia/Tokyo")
    post(alice, "Hello, world")
    choose(alice, "export")
    expect(alice.locator("#export-dialog")).to_contain_text("Asia/Tokyo")
    today = alice.evaluate("new Intl.DateTimeFormat('en-CA').format(new Date())")
    alice.locator("#export-from").fill(today)
    alice.locator("#export-to").fill(today)
    alice.locator("#export-dialog form").get_by_role("button", name="Export").click()
    with alice.expect_download() as download:
        alice.locator(".task-link").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    written_at = alice.locator(".message time").first.get_attribute("datetime")
    local_time = alice.evaluate("time => new Date(time).toTimeString().slice(0, 5)", written_at)
    assert "All times are in Asia/Tokyo." in text and "Hello, world" in text
    assert f">{local_time}</time>" in text
    alice.locator("[data-action=dismiss-task]").click()
    expect(alice.locator(".task-link")).to_have_count(0)
    choose(alice, "statistics")
    with alice.context.expect_page() as opened:
        alice.locator(".task-link").click()
    expect(opened.value.locator(".end")).to_have_text("All times are in Asia/Tokyo.")


def test_the_export_dialog_refuses_a_period_that_ends_before_it_begins(join_room):
    alice = join_room("Alice")
    choose(alice, "export")
    alice.locator("#export-from").fill("2026-11-20")
    alice.locator("#export-to").fill("2026-11-19")
    alice.locator("#export-dialog form").get_by_role("button", name="Export").click()
    expect(alice.locator("#export-dialog").get_by_role("alert")).to_contain_text("after the last")
    alice.locator("#export-to").fill("2026-11-20")
    alice.locator("#export-dialog form").get_by_role("button", name="Export").click()
    expect(alice.locator("#export-dialog")).to_have_count(0)
    expect(alice.locator(".bar.task")).to_have_attribute("data-state", "done")


def test_a_failed_task_shows_its_reason(join_room, site):
    alice = join_room("Alice")
    export(alice, "html")
    expect(alice.locator(".bar.task")).to_have_attribute("data-state", "done")
    ref = alice.locator(".bar.task").get_attribute("data-ref")
    query = "UPDATE chat_task SET state = 'failed', error = 'There was too much of it.' WHERE ref = %s"
    site.database.query(query, ref)
    alice.reload()
    expect(alice.locator(".task-state")).to_have_text("There was too much of it.")
    expect(alice.locator(".task-link")).to_be_hidden()


def test_the_task_bars_fit_on_a_phone(join_room):
    alice = join_room("Alice", **PHONE)
    export(alice, "html")
    expect(alice.locator(".task-link")).to_be_visible()
    choose(alice, "export")
    expect(alice.locator("#export-dialog form")).to_be_visible()
    wait_until(
        lambda: alice.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"],
        what="a page that fits",
    )


def test_an_export_with_files_shows_the_pictures_from_the_disk(join_room, tmp_path):
    alice = join_room("Alice")
    picture = {"name": "roses & co.png", "mimeType": "image/png", "buffer": make_image(size=(400, 300))}
    alice.get_by_test_id("composer-file").set_input_files([picture])
    post(alice, "The garden")
    expect(alice.locator(".picture img")).to_be_visible()
    choose(alice, "export")
    # The box is switched on by itself, because the room has files.
    expect(alice.get_by_label("With files")).to_be_checked()
    keep_screenshot(alice, "export with files")
    alice.locator("#export-dialog form").get_by_role("button", name="Export").click()
    expect(alice.locator(".bar.task")).to_contain_text("Export (HTML with files)")
    with alice.expect_download() as download:
        alice.locator(".task-link").click()
    assert download.value.suggested_filename.endswith(".zip")
    zipfile.ZipFile(download.value.path()).extractall(tmp_path)
    page = alice.context.new_page()
    page.goto((tmp_path / "messages.html").as_uri())
    image = page.get_by_role("img", name="roses & co.png")
    expect(image).to_be_visible()
    wait_until(lambda: image.evaluate("image => image.naturalWidth") == 400, what="the picture")
    keep_screenshot(page, "exported page with files")
