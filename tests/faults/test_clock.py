"""The machine's clock jumps by more than a day, for all processes at once: nothing is lost or reordered."""

import asyncio
import time

import pytest

from tests.faults.checks import stored_messages
from tests.faults.clients import Tab, fault_ref, make_person, report
from tests.faults.people import people_in_rooms
from tests.faults.sites import FAKETIME, pause, resume, supervised

pytestmark = pytest.mark.skipif(
    FAKETIME is None, reason="there is no libfaketime here (Debian: apt-get install libfaketime)"
)


@pytest.mark.parametrize("jumps", [("+25h", "+50h", "+75h", "+100h"), ("-25h", "-50h")])
async def test_a_jump_of_the_clock_causes_no_loss_and_no_change_of_order(make_site, size, jumps):
    # Each of the jumps falls at another moment between two renewals of the leases.
    site = make_site(clock=True).start()
    async with people_in_rooms(site, rooms=2, each=3) as people:
        async with people.chatting(pause=0.1):
            await asyncio.sleep(2)
            for offset in jumps:
                site.set_clock(offset)
                await asyncio.sleep(size.pick(3.75, 30.75))
        took = await people.check_complete()
        slowest = max(tab.slowest() for tab in people.tabs)
        report(
            f"clock {jumps}: {people.changes} changes, slowest ack {slowest:.1f} s, closed with"
            f" {sorted(set(people.close_codes())) or 'nothing'}, complete {took:.1f} s after"
        )
        assert "counted as dead" not in site.web.read_log(), "the interface renewed its lease"
        for slug in {tab.slug for tab in people.tabs}:
            check_order(await asyncio.to_thread(stored_messages, site, slug), people.tabs)


def check_order(stored, tabs):
    """Check that a post that was acked before a tab's next post was sent has the smaller id."""
    for tab in tabs:
        posts = [ref for ref in tab.took if tab.sent[ref]["type"] == "post"]
        posted = [(ref, tab.sent_at[ref], tab.sent_at[ref] + tab.took[ref]) for ref in posts]
        ids = {message["ref"]: id for id, message in stored.items()}
        for (ref, _, answered), (later, sent, _) in zip(posted, posted[1:], strict=False):
            if answered < sent and ref in ids and later in ids:
                assert ids[ref] < ids[later], (ref, later)


@pytest.mark.long
async def test_a_client_can_connect_and_post_after_the_clock_was_set_back(make_site):
    # State from before the change must not make a client wait for a day.
    site = make_site(clock=True).start()
    async with people_in_rooms(site, rooms=1, each=2) as people:
        alice, bob = people.tabs
        await alice.post("before")
        site.set_clock("-25h")
        await asyncio.sleep(0.2)
        alice.cut()
        ref = await alice.send("post", body="after")
        await alice.until(lambda: ref in alice.answers, 15)
        await bob.until(lambda: bob.bodies() == ["before", "after"], 15)
        waits = [event.get("retry_after", 0) for event in alice.heard("rejected")]
        assert max(waits, default=0) < 60, waits


@pytest.mark.long
async def test_a_lost_frame_is_detected_within_ten_seconds_after_a_stall_and_a_clock_set_back(make_site):
    site = make_site(clock=True).start()
    async with people_in_rooms(site, rooms=1, each=2) as people, supervised(site):
        alice, _ = people.tabs
        await alice.post("before")
        pause(site.valkey)
        await asyncio.sleep(4.5)
        resume(site.valkey)
        await alice.post("after the stall")
        site.set_clock("-25h")
        started = time.monotonic()
        ref = await alice.send("post", ref=fault_ref("dies-early"), body="its worker dies")
        await alice.until(lambda: ref in alice.answers, 30)
        assert time.monotonic() - started < 10, "the turn was reclaimed too late"


@pytest.mark.long
async def test_an_interface_that_dies_after_the_clock_was_set_back_leaves_no_members(make_site, size):
    site = make_site(clock=True)
    second = site.add_interface()
    site.start()
    async with people_in_rooms(site, rooms=1, each=2, urls=(None, second.url)) as people:
        alice, bob = people.tabs
        await alice.post("before")
        site.set_clock("-25h")
        # Bob's presence and his interface's lease have times from before the clock was set back.
        second.kill()
        started = time.monotonic()
        await bob.close()
        left = [bob.person.handle]
        await alice.until(lambda: any(left == event["went"] for event in alice.heard("presence")), size.lease + 30)
        report(f"clock -25h: the member left {time.monotonic() - started:.1f} s after the interface was killed")
        # A person who joins after the change gets the next message.
        carol = await asyncio.to_thread(make_person, site, "Carol")
        async with Tab(carol, alice.slug) as tab:
            tab.be_silent()
            await alice.post("after")
            await tab.until(lambda: tab.bodies() == ["before", "after"])
