"""The cursor: a client that reconnects catches up, and a connected client misses nothing."""

import asyncio
import json
import os
import random
from contextlib import AsyncExitStack

import pytest

from tests.live.client import new_ref, read_until

FIELDS = ("id", "offset", "author", "body", "html", "edited_at", "removed", "reactions", "reply_to")


@pytest.fixture(scope="module")
def room_of_sixty(owner):
    room = owner.make_room()
    for number in range(1, 61):
        owner.post(room, f"number {number}")
    return room


async def read_backlog(socket):
    """Return (messages, synced) up to the next `synced` on a bare socket."""
    messages = []
    while True:
        event = await read_until(socket, lambda event: event["type"] in ("message", "synced"))
        if event["type"] == "synced":
            return messages, event
        messages.append(event)


def visible_fields(messages):
    """Return the fields of messages that all members see, by id."""
    return {id: {name: message[name] for name in FIELDS} for id, message in sorted(messages.items())}


async def change_at_random(client, chance, own_ids):
    """Try one change in the room: post, or edit, remove or react to one of the messages `own_ids`."""
    kind = chance.choice(["post", "post", "edit", "remove", "react"])
    target = chance.choice(own_ids) if own_ids else None
    if kind == "post" or target is None:
        own_ids.append((await client.post(f"a post {chance.random()}"))["id"])
        return
    fields = {"edit": {"body": f"an edit {chance.random()}"}, "remove": {}}.get(
        kind, {"emoji": chance.choice("👍🎉❤"), "on": chance.random() < 0.7}
    )
    answer = await client.ask(kind, id=target, **fields)
    # A removed message accepts neither edits nor reactions.
    assert answer["type"] == "ack" or answer["code"] == "not_found", answer


async def test_a_client_that_was_cut_off_catches_up_after_its_reconnect(room, alice, bob, charlie):
    seed = int(os.environ.get("CHAT_TEST_SEED", random.randrange(10**6)))
    print(f"CHAT_TEST_SEED={seed}")
    chance = random.Random(seed)
    async with alice.client(room) as at_alice, bob.client(room) as at_bob, charlie.client(room) as at_charlie:
        ids_of_alice, ids_of_bob = [], []
        for _ in range(12):
            if chance.random() < 0.5:
                at_charlie.cut(stay_away=True)
            for _ in range(chance.randrange(12)):
                if chance.random() < 0.2:
                    at_charlie.cut(stay_away=at_charlie.is_kept_offline)
                await asyncio.gather(
                    change_at_random(at_alice, chance, ids_of_alice), change_at_random(at_bob, chance, ids_of_bob)
                )
            at_charlie.allow_reconnect()
            offset = alice.call("GET", f"/api/rooms/{room}/messages/?limit=1").json()["offset"]
            for client in (at_alice, at_bob, at_charlie):
                await client.until(lambda client=client, offset=offset: client.cursor == offset)
                assert visible_fields(client.messages) == visible_fields(alice.history(room)), f"CHAT_TEST_SEED={seed}"
        assert at_charlie.close_codes


async def test_six_concurrent_authors_leave_no_gap_for_any_receiver(room, person):
    async with AsyncExitStack() as stack:
        people = [person("Speaker") for _ in range(6)]
        clients = [await stack.enter_async_context(speaker.client(room)) for speaker in people]
        for number in range(40):
            await asyncio.gather(*(client.send("post", body=f"{number}") for client in clients))
        for client in clients:
            await client.until(lambda client=client: not client.outbox and client.cursor == 240, 150)
            assert sorted(client.messages) == list(range(1, 241))
            assert sorted(message["offset"] for message in client.messages.values()) == list(range(1, 241))
        offsets = [ack["offset"] for client in clients for ack in client.answers.values()]
        assert sorted(offsets) == list(range(1, 241))


async def test_each_of_many_concurrent_replies_is_counted(room, person):
    async with AsyncExitStack() as stack:
        people = [person("Replier") for _ in range(6)]
        clients = [await stack.enter_async_context(replier.client(room)) for replier in people]
        root = (await clients[0].post("root"))["id"]
        for number in range(5):
            await asyncio.gather(*(client.send("post", body=f"{number}", thread=root) for client in clients))
        for client in clients:
            await client.until(lambda client=client: not client.outbox and client.cursor == 31, 60)
            newest = max(
                (message["thread"] for message in client.messages.values() if "thread" in message), key=offset_in
            )
            assert (newest["count"], newest["offset"]) == (30, 31)
        page = people[0].call("GET", f"/api/rooms/{room}/threads/{root}/").json()
        assert page["thread"]["count"] == len(page["messages"]) == 30


def offset_in(thread):
    """Return the offset of the last change that the field `thread` of a message includes."""
    return thread["offset"]


async def test_an_offset_becomes_visible_only_after_all_smaller_ones(room, person):
    # Commits must become visible in the order of their offsets. While four people write, a reader always asks for the
    # changes after the last offset that it saw. At the end it must have all changes.
    reader, writers = person("Reader"), [person("Writer") for _ in range(4)]
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(writer.client(room)) for writer in writers]
        socket = await stack.enter_async_context(reader.socket(f"/chat/{room}/"))
        for number in range(50):
            await asyncio.gather(*(client.send("post", body=f"{number}") for client in clients))
        await read_until(socket, lambda event: event["type"] == "synced")
        seen, cursor = set(), 0
        while cursor < 200:
            await socket.send(json.dumps({"type": "sync", "cursor": cursor}))
            backlog, synced = await read_backlog(socket)
            seen.update(event["offset"] for event in backlog)
            cursor = synced["offset"]
        assert seen == set(range(1, 201))


async def test_the_cursor_advances_after_an_edit(room, alice, bob):
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        await at_alice.post("one")
        await at_alice.post("two")
        edit = await at_alice.ask("edit", id=1, body="one, edited")
        assert (edit["id"], edit["offset"]) == (1, 3)
        await at_alice.post("three")
        # Bob receives all changes as live messages, without a `sync`.
        await at_bob.until(lambda: at_bob.cursor == 4)
        assert at_bob.bodies() == ["one, edited", "two", "three"]
        assert at_bob.messages[1]["offset"] == 3 and at_bob.messages[1]["edited_at"]
        assert len(at_bob.heard("synced")) == 1


async def test_a_client_receives_a_missed_edit_after_its_reconnect(room, alice, bob):
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        for body in ("one", "two", "three"):
            await at_alice.post(body)
        await at_bob.until(lambda: at_bob.cursor == 3)
        at_bob.cut(stay_away=True)
        await at_alice.ask("edit", id=2, body="two, edited")
        at_bob.allow_reconnect()
        await at_bob.until(lambda: at_bob.cursor == 4)
        assert at_bob.bodies() == ["one", "two, edited", "three"]
        changes = alice.call("GET", f"/api/rooms/{room}/messages/?after=3").json()
        assert [message["id"] for message in changes["messages"]] == [2]


@pytest.mark.parametrize("cursor", [0, 1, 9, 10, 11, 59, 60])
async def test_a_backlog_contains_exactly_the_changes_after_the_cursor(room_of_sixty, alice, cursor):
    async with alice.socket(f"/chat/{room_of_sixty}/?cursor={cursor}") as socket:
        joined = await read_until(socket, lambda event: event["type"] == "joined")
        backlog, synced = await read_backlog(socket)
        assert joined["offset"] == 60 and "reset" not in joined
        assert [message["offset"] for message in backlog] == list(range(cursor + 1, 61))
        assert synced == {"type": "synced", "offset": 60, "more": False}


async def test_without_a_cursor_the_backlog_is_the_newest_fifty_messages(room_of_sixty, alice):
    async with alice.socket(f"/chat/{room_of_sixty}/") as socket:
        joined = await read_until(socket, lambda event: event["type"] == "joined")
        backlog, synced = await read_backlog(socket)
        assert "reset" not in joined
        assert [message["id"] for message in backlog] == list(range(11, 61))
        assert synced == {"type": "synced", "offset": 60, "more": False}


async def test_a_long_backlog_is_sent_in_pages_of_200(room, alice, bob):
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        at_bob.cut(stay_away=True)
        for number in range(1, 451):
            await at_alice.send("post", body=f"number {number}")
        await at_alice.until(lambda: at_alice.cursor == 450 and not at_alice.outbox, 150)
        # Superseded offsets are missing in the backlog, which is not a gap.
        for id in (1, 100, 449):
            await at_alice.ask("edit", id=id, body="edited")
        at_bob.allow_reconnect()
        await at_bob.until(lambda: at_bob.cursor == 453)
        pages = [(event["offset"], event["more"]) for event in at_bob.heard("synced")[1:]]
        assert pages == [(202, True), (402, True), (453, False)]
        assert visible_fields(at_bob.messages) == visible_fields(alice.history(room))
        assert len(at_bob.heard("message")) == 450


STRANGE_CURSORS = {
    "one ahead": "61",
    "the largest": "9007199254740991",
    "above the largest": "9007199254740992",
    "long": "9" * 5000,
    "exponent": "1e3",
    "negative": "-1",
    "fraction": "1.5",
    "word": "abc",
    "empty": "",
    "NUL": "%00",
    "two": "1;2",
    "hexadecimal": "0x1",
    "bool": "true",
    "emoji": "%F0%9F%99%82",
    "Arabic digit": "%D9%A1",
    "not UTF-8": "%FF",
}


@pytest.mark.parametrize("cursor", STRANGE_CURSORS.values(), ids=STRANGE_CURSORS)
async def test_an_invalid_or_future_cursor_resets_to_the_newest_messages(room_of_sixty, alice, cursor):
    async with alice.socket(f"/chat/{room_of_sixty}/?cursor={cursor}") as socket:
        joined = await read_until(socket, lambda event: event["type"] == "joined")
        backlog, synced = await read_backlog(socket)
        assert joined["reset"] is True
        assert [message["id"] for message in backlog] == list(range(11, 61))
        assert (synced["offset"], synced["more"]) == (60, False)


async def test_a_sync_resets_only_if_its_cursor_is_in_the_future(room, alice):
    async with alice.socket(f"/chat/{room}/") as socket:
        await read_until(socket, lambda event: event["type"] == "synced")
        await socket.send(json.dumps({"type": "post", "ref": new_ref(), "body": "x"}))
        await read_until(socket, lambda event: event["type"] == "ack")
        await socket.send(json.dumps({"type": "sync", "cursor": 99}))
        answer = await read_until(socket, lambda event: event["type"] == "synced")
        assert answer == {"type": "synced", "offset": 1, "more": False, "reset": True}
        for cursor in (0, 1):
            await socket.send(json.dumps({"type": "sync", "cursor": cursor}))
            answer = await read_until(socket, lambda event: event["type"] == "synced")
            assert answer == {"type": "synced", "offset": 1, "more": False}


async def test_a_client_with_a_future_cursor_discards_its_messages(room, alice):
    async with alice.client(room) as client:
        await client.post("real")
        client.cursor, client.messages[7] = 77, {"id": 7, "offset": 77, "body": "not in the room"}
        client.cut()
        await client.until(lambda: client.cursor == 1)
        assert client.bodies() == ["real"]
