"""Long polling: pollers and sockets exchange messages, a killed process loses nothing, and polls leave no state."""

import asyncio
import re
import signal

import pytest
import redis
import requests

from tests.live import rooms
from tests.live.client import Person, new_ref
from tests.live.polling import PollingPerson, Polls
from tests.live.processes import wait_until


@pytest.fixture
def poller(site):
    """Return a function that makes people who can only poll."""

    return lambda name: PollingPerson(site, f"{name} {new_ref()[:6]}")


async def until_listening(site, slug, number):
    """Wait until the room's group has `number` members: sockets, and waiting polls."""
    client = redis.StrictRedis.from_url(site.redis_url)
    keys = f"asgi:members:room-{rooms.find_room_id(site, slug)}:*"
    async with asyncio.timeout(60):
        while sum(client.zcard(key) for key in client.scan_iter(keys)) != number:
            await asyncio.sleep(0.02)


async def test_a_poller_and_a_socket_exchange_messages_without_loss_duplicates_or_disorder(room, poller, bob):
    async with poller("Alice").client(room) as polls, bob.client(room) as socket:
        for number in range(100):
            posts = [
                asyncio.create_task(client.post(f"{name} {number}"))
                for name, client in (("polls", polls), ("socket", socket))
            ]
            if number % 20 == 10:
                polls.cut()
            if number % 20 == 15:
                socket.cut()
            await asyncio.gather(*posts)
        for client in (polls, socket):
            await client.until(lambda client=client: client.cursor == 200)
        assert polls.messages == socket.messages
        for name in ("polls", "socket"):
            own = [body for body in polls.bodies() if body.startswith(name)]
            assert own == [f"{name} {number}" for number in range(100)]
        live = [event["offset"] for event in polls.events if event["type"] == "message"]
        assert len(set(live)) == 200


async def test_a_message_is_the_response_to_a_waiting_poll(site, room, poller, bob):
    polls = Polls(poller("Alice"), room)
    async with bob.client(room) as socket:
        _, first = await polls.request("GET", "")
        await socket.until(lambda: polls.person.handle in socket.came())
        waiting = asyncio.create_task(polls.request("GET", f"poll={first['poll']}&cursor=0"))
        await until_listening(site, room, 2)
        await socket.post("Hello")
        status, body = await waiting
        # The response has no `synced`, because the poll did not time out.
        assert status == 200 and body == {"events": [socket.messages[1]]}


async def test_pollers_see_who_is_present_and_are_seen_as_present(room, poller, bob):
    alice = poller("Alice")
    async with bob.client(room) as socket:
        async with alice.client(room) as polls:
            await socket.until(lambda: alice.handle in socket.came())
            assert polls.heard("joined")[0]["count"] == 2
        # If the client disconnects during an answer, its presence ends only with its lease.
        await socket.until(lambda: alice.handle in socket.went(), 150)
    async with alice.client(room) as polls:
        for _ in range(2):
            async with bob.client(room):
                await polls.until(lambda: polls._socket.present == {alice.handle, bob.handle})
            await polls.until(lambda: polls._socket.present == {alice.handle})


async def test_an_aborted_poll_leaves_no_state(site, room, poller, bob):
    store = redis.StrictRedis.from_url(site.redis_url)
    alice = poller("Alice")
    async with bob.client(room) as socket:
        polls = Polls(alice, room)
        _, first = await polls.request("GET", "")
        await socket.until(lambda: alice.handle in socket.came())
        waiting = asyncio.create_task(polls.request("GET", f"poll={first['poll']}&cursor=0"))
        await until_listening(site, room, 2)
        polls.abort()
        await asyncio.gather(waiting, return_exceptions=True)
        await until_listening(site, room, 1)
        await socket.until(lambda: alice.handle in socket.went())
    entries = f"chat:roster:room:{rooms.find_room_id(site, room)}:entries"
    wait_until(lambda: store.zcard(entries) == 0, what="an empty roster")
    group = f"asgi:members:member-{rooms.find_member_id(site, room, alice)}:*"
    wait_until(lambda: not list(store.scan_iter(group)), what="an empty group")


async def test_polls_leave_no_group_member_however_they_end(site, room, poller, bob):
    store = redis.StrictRedis.from_url(site.redis_url)
    alice = poller("Alice")
    async with bob.client(room) as socket, alice.client(room) as polls:
        for number in range(20):
            await socket.post(f"number {number}")
            if number % 5 == 4:
                polls.cut()
            await polls.until(lambda number=number: len(polls.messages) == number + 1)
        await until_listening(site, room, 2)
    await until_listening(site, room, 0)
    group = f"asgi:members:member-{rooms.find_member_id(site, room, alice)}:*"
    wait_until(lambda: not list(store.scan_iter(group)), what="an empty group")


async def test_nothing_is_lost_when_workers_are_killed_while_polls_wait(frail_site):
    owner = await asyncio.to_thread(Person, frail_site, f"Owner {new_ref()[:6]}", "correct horse")
    room = owner.make_room()
    alice = PollingPerson(frail_site, f"Alice {new_ref()[:6]}")
    # No process answers the request that a killed worker processed, so this timeout must be short.
    alice.wait_seconds = 1
    async with alice.client(room) as polls, owner.client(room) as socket:
        await until_listening(frail_site, room, 2)
        for number in range(4):
            worker = frail_site.workers[number % 2]
            await socket.send("post", body=f"number {number}")
            await polls.send("post", body=f"and {number}")
            worker.kill()
            worker.start()
        for client in (polls, socket):
            await client.until(lambda client=client: not client.outbox and client.cursor == 8)
        assert polls.messages == socket.messages and len(polls.messages) == 8
    await asyncio.to_thread(frail_site.start)


def count_waiting_polls(site):
    text = requests.get(f"{site.url}/metrics", timeout=30).text
    return int(float(re.search(r"^chat_interface_polls (\S+)$", text, flags=re.MULTILINE)[1]))


async def test_an_interface_that_stops_answers_waiting_polls(frail_site):
    alice = PollingPerson(frail_site, f"Alice {new_ref()[:6]}", "correct horse")
    room = alice.make_room()
    polls = Polls(alice, room)
    _, first = await polls.request("GET", "")
    waiting = asyncio.create_task(polls.request("GET", f"poll={first['poll']}&cursor=0"))
    await until_listening(frail_site, room, 1)
    # The worker's instruction to wait may still be on its way to the interface.
    await asyncio.to_thread(wait_until, lambda: count_waiting_polls(frail_site) == 1, what="a waiting poll")
    try:
        await asyncio.to_thread(frail_site.web.end, signal.SIGTERM)
        assert await waiting == (200, {"events": [{"type": "synced", "offset": 0, "more": False}]})
    finally:
        await asyncio.to_thread(frail_site.start)


def test_polls_follow_each_other_on_one_connection_and_head_does_not_join(site, room, alice):
    url = f"{site.url}/api/rooms/{room}/poll/"
    head = alice.http.head(url, timeout=60)
    assert (head.status_code, head.content) == (405, b"")
    poll = alice.http.get(url, timeout=60).json()["poll"]
    answers = []
    for _ in range(4):
        response = alice.http.get(url, params={"poll": poll, "cursor": 0, "wait": 1}, timeout=60)
        answers.append(response.json()["events"])
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Content-Security-Policy" in response.headers
    # On a slow machine a poll may still receive the event that Alice has entered the room.
    answers = [events for events in answers if events[0]["type"] != "presence"]
    assert len(answers) >= 3 and all(events == [{"type": "synced", "offset": 0, "more": False}] for events in answers)
    foreign = requests.get(url, headers={"Origin": "https://evil.example"}, timeout=60)
    assert foreign.status_code == 401
    assert not [name for name in foreign.headers if name.lower().startswith("access-control")]
