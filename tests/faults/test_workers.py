"""Workers that are killed, stopped, failing or missing: no message is lost, duplicated or left unanswered."""

import asyncio
import signal
import time

import pytest

from tests.faults import injection
from tests.faults.checks import stored_changes
from tests.faults.clients import fault_ref, report, until
from tests.faults.people import people_in_rooms
from tests.faults.sites import restart, start_and_wait, supervised
from tests.live.client import ANSWER_SECONDS, RETRIED

NEXT_RUNS_SECONDS = 2
RECOVERY_SECONDS = 10


async def test_killing_workers_every_three_seconds_causes_no_loss_and_no_duplicate(site, size):
    starts = []
    async with people_in_rooms(site) as people:
        async with people.chatting():
            deadline = time.monotonic() + size.pick(12, 60)
            while time.monotonic() < deadline:
                for worker in site.workers:
                    pause = asyncio.create_task(asyncio.sleep(3))
                    starts.append(await asyncio.to_thread(restart, worker))
                    await pause
        took = await people.check_complete()
        slowest = max(tab.slowest() for tab in people.tabs)
    report(
        f"{len(starts)} workers killed, {people.changes} changes: the next listened after at most"
        f" {max(starts):.2f} s, the slowest ack took {slowest:.1f} s, all complete {took:.1f} s later"
    )
    assert min(starts) < NEXT_RUNS_SECONDS, starts


async def test_the_next_message_runs_on_another_worker_after_a_kill(site, size):
    # Connections without a message in the dead worker do not wait.
    async with people_in_rooms(site, rooms=3, each=1) as people:
        for _ in range(size.pick(1, 10)):
            for worker in site.workers:
                worker.kill()
                started = time.monotonic()
                for tab in people.tabs:
                    await tab.post("who runs this?")
                assert time.monotonic() - started < NEXT_RUNS_SECONDS
                await asyncio.to_thread(start_and_wait, worker)
        await people.check_complete()


async def test_a_resend_after_a_kill_between_commit_and_ack_gets_the_same_ack_and_is_shown_once(site):
    async with people_in_rooms(site, rooms=1, each=4) as people, supervised(site):
        firsts = [await tab.post(f"number {number}") for number, tab in enumerate(people.tabs)]
        body = "stored before its worker died"
        changes = [
            ("post", {"body": body}),
            ("edit", {"id": firsts[1]["id"], "body": f"{body}, too"}),
            ("remove", {"id": firsts[2]["id"]}),
            ("react", {"id": firsts[0]["id"], "emoji": "👍", "on": True}),
        ]
        refs = [fault_ref("dies-ack") for _ in changes]
        for tab, ref, (type, fields) in zip(people.tabs, refs, changes, strict=True):
            await tab.send(type, ref=ref, **fields)
        room = people.tabs[0].slug

        async def read_changes():
            rows = await asyncio.to_thread(stored_changes, site, room)
            return {ref: (id, offset) for ref, id, offset in rows}

        while not set(refs) <= set(stored := await read_changes()):
            await asyncio.sleep(0.05)
        for tab, ref in zip(people.tabs, refs, strict=True):
            await tab.until(lambda tab=tab, ref=ref: ref in tab.answers)
            answer = tab.answers[ref]
            assert (answer["type"], answer["id"], answer["offset"]) == ("ack", *stored[ref])
            # The worker died before it could answer, so this is the answer to the resent frame.
            assert tab.took[ref] > ANSWER_SECONDS - 0.5
        await people.check_complete()
        assert await read_changes() == stored
        for tab in people.tabs:
            assert [message["body"] for message in tab.messages.values()].count(body) == 1
        slowest = max(tab.slowest() for tab in people.tabs)
        report(f"4 workers killed between commit and ack: the same ack for each, after at most {slowest:.1f} s")


async def test_heartbeats_whose_worker_was_killed_are_answered_and_reveal_what_it_stored(site, size):
    async with people_in_rooms(site, rooms=1, each=6) as people, supervised(site):
        await people.tabs[0].post("shown")
        dies = site.folder / injection.GATHERED_DIES
        dies.touch()
        await until(lambda: not dies.exists(), 3 * size.heartbeat, "a worker has received gathered heartbeats")
        # If a worker dies between its commit and its next trip, the message is stored, and nobody is told of it.
        ref = fault_ref("dies-ack")
        await people.tabs[0].send("post", ref=ref, body="stored, and published to nobody")
        await people.check_complete()
        assert people.close_codes() == []


async def test_posts_that_were_sent_without_any_worker_are_acked_later(site, size):
    async with people_in_rooms(site) as people:
        for worker in site.workers:
            worker.kill()
        async with people.chatting(pause=size.pick(0.3, 1)):
            await asyncio.sleep(size.pick(6, 90))
        waiting = sum(len(tab.outbox) for tab in people.tabs)
        assert waiting >= 20
        back = time.monotonic()
        await asyncio.gather(*(asyncio.to_thread(start_and_wait, worker) for worker in site.workers))
        took = await people.check_complete()
        report(
            f"no worker: {waiting} changes waited, and were acked {time.monotonic() - back:.1f} s after the start"
            f" of the first ({took:.1f} s after it listened)"
        )


async def test_a_consumer_with_a_bug_answers_internal_once_and_the_next_frame_works(site):
    async with people_in_rooms(site, rooms=1, each=2) as people:
        alice, bob = people.tabs
        sizes, ref = site.log_sizes(), fault_ref("fails")
        answer = await alice.ask("post", ref=ref, body="this breaks it")
        assert (answer["type"], answer["code"]) == ("rejected", "internal") and answer["code"] not in RETRIED
        started = time.monotonic()
        assert (await alice.post("the next one works"))["offset"] == 1
        assert time.monotonic() - started < NEXT_RUNS_SECONDS
        # This is longer than a client waits before it resends a frame.
        await asyncio.sleep(ANSWER_SECONDS + 1)
        assert [event["ref"] for event in alice.heard("rejected")] == [ref]
        logs = "".join(worker.read_log(sizes[worker.log]) for worker in site.workers)
        assert logs.count("Traceback") == logs.count(f"ZeroDivisionError: {injection.FAILURE}") == 1, logs
        assert alice.close_codes == []
        await bob.until(lambda: bob.bodies() == ["the next one works"])


@pytest.mark.parametrize("fault", ["dies-early", pytest.param("vanishes", marks=pytest.mark.long)])
async def test_a_socket_works_within_ten_seconds_after_a_popped_frame_was_lost(site, fault):
    async with people_in_rooms(site, rooms=1, each=2) as people:
        alice, bob = people.tabs
        await alice.post("before")
        started, ref = time.monotonic(), fault_ref(fault)
        await alice.send("post", ref=ref, body="popped, and never run")
        later = await alice.send("post", body="sent right behind it")
        await alice.until(lambda: {ref, later} <= set(alice.answers), RECOVERY_SECONDS)
        took = time.monotonic() - started
        for worker in site.workers:
            if not worker.is_running:
                worker.start()
        await alice.post("and on")
        assert set(alice.close_codes) <= {4408}
        await people.check_complete()
        assert sorted(bob.bodies()) == sorted(["before", "popped, and never run", "sent right behind it", "and on"])
        report(f"a frame that {fault}: answered after {took:.1f} s, closed {alice.close_codes or 'never'}")


async def test_a_socket_works_within_ten_seconds_after_redis_lost_a_frame(site):
    redis = site.redis()
    async with people_in_rooms(site, rooms=1, each=2) as people:
        alice, bob = people.tabs
        for worker in site.workers:
            worker.process.send_signal(signal.SIGSTOP)
        lost = await alice.send("post", body="taken out of Redis")
        (key,) = await until(lambda: redis.keys("asgi:frames:*"), what="the frame is in Redis")
        redis.delete(key)
        for worker in site.workers:
            worker.process.send_signal(signal.SIGCONT)
        started = time.monotonic()
        later = await alice.send("post", body="sent behind it")
        await alice.until(lambda: {lost, later} <= set(alice.answers), RECOVERY_SECONDS)
        report(f"a frame that Redis lost: answered after {time.monotonic() - started:.1f} s")
        assert set(alice.close_codes) <= {4408}
        await people.check_complete()


async def test_workers_that_stop_under_load_finish_and_no_client_waits_ten_seconds(site, size):
    ends = []
    async with people_in_rooms(site) as people:
        async with people.chatting():
            for _ in range(size.pick(1, 8)):
                for worker in site.workers:
                    await asyncio.sleep(1)
                    started = time.monotonic()
                    assert await asyncio.to_thread(worker.end, signal.SIGTERM, 20) == 0
                    ends.append(time.monotonic() - started)
                    await asyncio.to_thread(start_and_wait, worker)
        await people.check_complete()
        slowest = max(tab.slowest() for tab in people.tabs)
        assert slowest < 10
        # Each worker finished the messages that it had popped, so no connection was closed.
        assert people.close_codes() == []
    report(f"SIGTERM of {len(ends)} workers under load: ended within {max(ends):.2f} s, slowest ack {slowest:.2f} s")


async def test_a_worker_finishes_a_long_consumer_before_it_stops(site):
    # The lock keeps the consumer busy while its worker receives SIGTERM.
    async with people_in_rooms(site, rooms=1, each=1) as people:
        (alice,) = people.tabs
        ending = []
        with site.database.locked():
            ref = await alice.send("post", body="processed while the worker is told to stop")
            await asyncio.sleep(1)
            for worker in site.workers:
                ending.append(asyncio.create_task(asyncio.to_thread(worker.end, signal.SIGTERM, 20)))
            await asyncio.sleep(1)
            assert ref not in alice.answers
        assert await asyncio.gather(*ending) == [0, 0]
        # Only the worker that had the message could answer, because no other worker runs.
        await alice.until(lambda: ref in alice.answers)
        for worker in site.workers:
            worker.start()
        await people.check_complete()
