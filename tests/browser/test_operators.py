"""Tests of scheduled messages and of the operators' page, in a browser."""

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, start_second
from tests.browser.gallery import keep_screenshot
from tests.live.processes import wait_until

ZONE = "America/New_York"


@pytest.fixture(scope="module")
def delay_server(site):
    part = site.make_part("delay", "rundelay").start()
    part.wait_until_logged("Listening on asgi.delay")
    yield part
    part.kill()


def open_dialog(page):
    page.get_by_test_id("room-menu").locator("summary").click()
    page.get_by_test_id("menu-schedule").click()
    expect(page.locator("#schedule-dialog")).to_be_visible()


def send_later(page, body, seconds):
    """Schedule a message with the dialog for this many seconds from now. The dialog reads the time as one of ZONE."""
    page.locator("#schedule-body").fill(body)
    moment = datetime.now(ZoneInfo(ZONE)) + timedelta(seconds=seconds)
    page.locator("#schedule-time").fill(moment.strftime("%Y-%m-%dT%H:%M:%S"))
    page.locator("[data-action=schedule]").click()


def test_a_person_schedules_a_message_in_their_time_zone_and_cancels_another(join_room, delay_server):
    alice, bob = join_room("Alice", timezone_id=ZONE), join_room("Bob")
    open_dialog(alice)
    send_later(alice, "", 3600)
    expect(alice.locator("#schedule-error")).to_have_text("Write a message first.")
    send_later(alice, "Never", -3600)
    expect(alice.locator("#schedule-error")).to_have_text("This time is in the past.")
    send_later(alice, "Tomorrow", 86_400)
    scheduled = alice.locator("#scheduled-messages li")
    expect(scheduled).to_have_count(1)
    expect(scheduled).to_contain_text("Tomorrow")
    expect(alice.locator("#schedule-body")).to_be_empty()
    keep_screenshot(alice, "send-later")
    send_later(alice, "As I said", 3)
    expect(scheduled).to_have_count(2)
    scheduled.filter(has_text="Tomorrow").locator("[data-action=cancel-scheduled]").dblclick()
    expect(scheduled.filter(has_text="Tomorrow")).to_have_count(0)
    alice.keyboard.press("Escape")
    for page in (alice, bob):
        expect(page.get_by_test_id("messages")).to_contain_text("As I said")
    open_dialog(alice)
    expect(alice.locator("#schedule-dialog")).to_be_visible()
    expect(scheduled).to_have_count(0)


def test_a_message_scheduled_without_a_connection_is_sent_after_the_reconnect(join_room, site):
    alice = join_room("Alice", url=site.second.url, timezone_id=ZONE, viewport=PHONE["viewport"])
    open_dialog(alice)
    keep_screenshot(alice, "send-later")
    site.second.kill()
    send_later(alice, "From the train", 86_400)
    expect(alice.locator("#schedule-status")).to_contain_text("There is no connection. The message")
    alice.keyboard.press("Escape")
    start_second(site)
    query = "SELECT body FROM chat_scheduledmessage WHERE body = %s"
    wait_until(lambda: site.database.query(query, "From the train"), 60)
    expect(alice.get_by_test_id("notice")).to_contain_text("Your message is scheduled for")


def test_the_operators_page_shows_created_changed_and_deleted_rooms(browser_of, site, owner):
    code = "from chat.models import Person; Person.objects.create_superuser('olga', 'a long password')"
    site.manage("shell", "-c", code)
    olga = browser_of("Olga")
    olga.goto(f"{site.url}/operators/rooms/")
    olga.fill("[name=handle]", "olga")
    olga.fill("[name=password]", "a long password")
    olga.click("[data-testid=sign_in-form] button")
    expect(olga.get_by_test_id("live")).to_have_text("Live")
    slug = owner.make_room(f"seen-{time.time_ns()}")
    row = olga.locator("#all-rooms tbody tr").filter(has_text=slug)
    expect(row).to_have_count(1)
    find_room = f"from chat.models import Room; room = Room.objects.get(slug='{slug}')"
    site.manage("shell", "-c", f"{find_room}; room.name = '<b>Orchard</b>'; room.save()")
    expect(row).to_contain_text("<b>Orchard</b>")
    keep_screenshot(olga, "operators")
    olga.set_viewport_size(PHONE["viewport"])
    keep_screenshot(olga, "operators")
    site.manage("shell", "-c", f"from chat.services import rooms; rooms.delete_room(rooms.get_room('{slug}'))")
    expect(row).to_have_count(0)
    imports = "from chat.models import Person; from chat.services import operators"
    end_role = "Person.objects.filter(handle='olga').update(is_staff=False)"
    close_streams = "operators.close_streams(Person.objects.get(handle='olga'))"
    site.manage("shell", "-c", f"{imports}; {end_role}; {close_streams}")
    expect(olga.get_by_test_id("live")).to_have_text("You are no longer an operator.")
