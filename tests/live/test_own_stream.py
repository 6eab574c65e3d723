"""A person's own stream on a live site: the last state arrives, and no event about a room that the person has left."""

import asyncio
import json
import time

from tests.live.client import new_ref, read_until

POSTS = 30


async def open_stream(socket):
    """Read the first event of a stream, and return its rooms as {slug: room}."""
    workspace = json.loads(await socket.recv())
    assert workspace["type"] == "workspace"
    return {room["slug"]: room for room in workspace["rooms"]}


async def read_all(socket, seconds):
    """Return all events that arrive within some seconds."""
    events, deadline = [], time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            events.append(json.loads(await asyncio.wait_for(socket.recv(), left)))
        except TimeoutError:
            break
    return events


async def test_a_stream_has_the_last_state_of_a_burst_after_few_events(owner, bob, room):
    bob.call("PUT", f"/api/rooms/{room}/membership/", expected=201)
    async with bob.socket("/me/") as stream:
        posts = (await open_stream(stream))[room]["posts"]
        started = time.monotonic()
        for number in range(POSTS):
            owner.post(room, f"@{bob.handle} number {number}")
        events = []
        await read_until(stream, lambda event: events.append(event) or event.get("posts") == posts + POSTS)
        news = [event for event in events if event["type"] == "room"]
        assert len(news) <= time.monotonic() - started + 2
        events += await read_all(stream, 1)
        assert [event["id"] for event in events if event["type"] == "mention"] == list(range(1, POSTS + 1))
        await stream.send(json.dumps({"type": "read", "room": room, "offset": POSTS}))
        read = await read_until(stream, lambda event: event["type"] == "room")
        assert (read["unread"], read["mentions"]) == (0, 0)


async def test_a_stream_follows_a_private_room_only_while_the_person_is_in_it(owner, bob):
    made = owner.call("POST", "/api/rooms/", slug="cellar", name="The cellar", private=True, expected=201).json()
    slug = made["slug"]
    url = owner.call("POST", f"/api/rooms/{slug}/invitations/", expected=201).json()["url"]
    async with bob.socket("/me/") as one, bob.socket("/me/") as other:
        for stream in (one, other):
            assert slug not in await open_stream(stream)
        bob.call("POST", "/api/invitations/", key=url.rstrip("/").rpartition("/")[2], expected=200)
        owner.post(slug, "Hello")
        for stream in (one, other):
            joined = await read_until(stream, lambda event: event["type"] == "room")
            assert (joined["slug"], joined["kind"]) == (slug, "private")
            await read_until(stream, lambda event: event.get("by"))
        bob.call("DELETE", f"/api/rooms/{slug}/membership/", expected=204)
        for _ in range(3):
            owner.post(slug, f"@{bob.handle} secret")
        for stream in (one, other):
            assert (await read_until(stream, lambda event: event["type"] == "room")).get("gone")
            await stream.send(json.dumps({"type": "sync"}))
            await stream.send(json.dumps({"type": "read_all", "ref": new_ref()}))
        events = await read_all(one, 2.5) + await read_all(other, 0.2)
        assert [event for event in events if slug in (event.get("slug"), event.get("room"))] == []
