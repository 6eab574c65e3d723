"""Tests that no visible message moves while older messages load, and that the day lines follow the clock."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.actions import message, say

# This code posts messages, and gives each day {per_day} of them. So a day can begin within a page of the history or
# between two pages. Everybody has read them, so the room opens at the newest one.
FILL = """
from datetime import timedelta
from django.utils import timezone
from chat import protocol
from chat.models import Member, Message, Person
from chat.services import rooms
person = Person.objects.get(handle={handle!r})
member = rooms.join_room(person, {slug!r})
for number in range(170):
    rooms.post_message(member, protocol.Post(ref="fill-{slug}-%d" % number, body="Line %d." % number))
for message in Message.objects.filter(room=member.room):
    days = (170 - message.number) // {per_day}
    Message.objects.filter(id=message.id).update(created_at=timezone.now() - timedelta(days=days))
Member.objects.filter(room=member.room).update(read_offset=message.room.offset)
"""

# This script scrolls to `top`, where the page loads older messages. It returns their number, and the greatest distance
# that a visible message or its text has moved.
MOVED = """async (top) => {
    const scroller = document.getElementById("scroller");
    const rows = () => document.querySelectorAll("#messages .message");
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 20)));
    scroller.scrollTop = 1000;
    await frame();
    const count = rows().length;
    const places = () => new Map([...rows()].filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return bottom > scroller.getBoundingClientRect().top && top < innerHeight;
    }).map((row) => [row, [row.getBoundingClientRect().top, row.querySelector(".body").getBoundingClientRect().top]]));
    scroller.scrollTop = top;
    const before = places();
    for (let wait = 0; rows().length === count && wait < 500; wait += 1) await frame();
    await frame();
    await frame();
    const moves = [...before].flatMap(([row, [top, text]]) => [
        row.getBoundingClientRect().top - top, row.querySelector(".body").getBoundingClientRect().top - text,
    ]);
    return [rows().length - count, Math.max(...moves.map(Math.abs))];
}"""


@pytest.fixture
def alice(join_room):
    return join_room("Alice")


@pytest.mark.parametrize("per_day", [1000, 50, 7, 1])
def test_no_visible_message_moves_when_older_messages_load(alice, site, slug, owner, per_day):
    site.manage("shell", "-c", FILL.format(handle=owner.handle, slug=slug, per_day=per_day))
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    expect(message(alice, "Line 169.")).to_have_count(1)
    for top in (0, 60, 150):
        loaded, moved = alice.evaluate(MOVED, top)
        assert loaded > 0 and moved <= 1, (top, loaded, moved)
    expect(alice.get_by_test_id("beginning")).to_be_attached()


def test_no_visible_message_moves_when_a_message_above_grows(alice, site, slug, owner):
    site.manage("shell", "-c", FILL.format(handle=owner.handle, slug=slug, per_day=50))
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    moved = alice.evaluate("""async () => {
        const scroller = document.getElementById("scroller");
        const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 20)));
        scroller.scrollTop = scroller.scrollHeight / 2;
        await frame();
        const edge = scroller.getBoundingClientRect().top;
        const rows = [...document.querySelectorAll("#messages .message")];
        const row = rows.find((row) => row.getBoundingClientRect().bottom > edge);
        const top = row.getBoundingClientRect().top;
        rows[0].querySelector(".body").style.paddingTop = "333px";
        await frame();
        return Math.abs(row.getBoundingClientRect().top - top);
    }""")
    assert moved <= 1


def test_the_day_line_follows_the_clock(alice):
    alice.clock.install()
    alice.reload()
    alice.wait_for_selector("[data-state=open]")
    say(alice, "Good morning")
    line = alice.locator(".divider.day")
    expect(line).to_have_text("Today")
    alice.clock.fast_forward("24:00:00")
    expect(line).to_have_text("Yesterday")
    alice.clock.fast_forward("48:00:00")
    expect(line).not_to_have_text("Yesterday")


def test_the_day_line_is_correct_when_the_machine_wakes_on_the_next_day(alice):
    say(alice, "Good morning")
    line = alice.locator(".divider.day")
    expect(line).to_have_text("Today")
    # A timer does not run while the machine sleeps, but the date changes.
    tomorrow = (datetime.now() + timedelta(days=1)).replace(hour=12)
    alice.clock.set_system_time(tomorrow)
    alice.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(line).to_have_text("Yesterday")
