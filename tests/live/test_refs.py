"""One ref makes one change, even if clients send the ref several times or on several connections."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from tests.live.client import Person, new_ref, read_until


def stored(site, ref):
    """Return a row with the number of each message that has this ref."""
    return site.database.query("SELECT number FROM chat_message WHERE ref = %s", ref)


async def ask(socket, **event):
    """Send an event on a bare socket, and return the answer with its ref."""
    await socket.send(json.dumps(event))
    return await read_until(socket, lambda answer: answer.get("ref") == event["ref"] and answer["type"] != "message")


async def test_a_resend_on_another_connection_gets_the_same_ack_and_one_row(site, room, alice):
    event = {"type": "post", "ref": new_ref(), "body": "once"}
    async with alice.socket(f"/chat/{room}/") as first:
        ack = await ask(first, **event)
        assert await ask(first, **event) == ack
    async with alice.socket(f"/chat/{room}/") as second:
        assert await ask(second, **event) == ack
    response = alice.post(room, "once", ref=event["ref"])
    assert response.status_code == 200 and response.json() == {name: ack[name] for name in ("ref", "id", "offset")}
    assert len(stored(site, event["ref"])) == 1


async def test_a_resend_of_an_edit_a_reaction_a_removal_or_a_post_changes_nothing(room, alice):
    async with alice.client(room) as client:
        await client.post("one")
        await client.post("two")
        events = [
            {"type": "edit", "id": 1, "body": "edited"},
            {"type": "react", "id": 1, "emoji": "🎉", "on": True},
            {"type": "react", "id": 1, "emoji": "🎉", "on": False},
            {"type": "remove", "id": 2},
        ]
        for event in events:
            event["ref"] = new_ref()
            ack = await client.ask(**event)
            assert ack["type"] == "ack"
            client.answers.clear()
            assert await client.ask(**event) == ack
        # A resend of a post gets the same response after the message was edited.
        await client.until(lambda: client.cursor == 6)
        response = alice.post(room, "one", ref=client.messages[1]["ref"])
        assert response.status_code == 200 and response.json()["offset"] == 1
        assert client.messages[1]["body"] == "edited" and client.messages[2]["removed"]
        assert alice.call("GET", f"/api/rooms/{room}/messages/").json()["offset"] == 6


async def test_concurrent_resends_on_eight_connections_store_once(site, room, alice, bob):
    async with AsyncExitStack() as stack:
        listener = await stack.enter_async_context(bob.client(room))
        opened = [await stack.enter_async_context(alice.socket(f"/chat/{room}/")) for _ in range(8)]
        for number in range(10):
            event = {"type": "post", "ref": new_ref(), "body": f"number {number}"}
            acks = await asyncio.gather(*(ask(socket, **event) for socket in opened))
            assert acks == [{"type": "ack", "ref": event["ref"], "id": number + 1, "offset": number + 1}] * 8
            assert len(stored(site, event["ref"])) == 1
        await listener.until(lambda: listener.cursor == 10)
        assert len(listener.heard("message")) == 10


async def test_a_ref_with_other_content_or_in_another_room_is_a_conflict(owner, room, alice):
    async with alice.client(room) as client:
        ack = await client.post("one")
        ref = ack["ref"]
        client.answers.clear()
        assert (await client.ask("post", ref=ref, body="another"))["code"] == "ref_conflict"
        client.answers.clear()
        assert (await client.ask("edit", ref=ref, id=1, body="one"))["code"] == "ref_conflict"
    response = alice.post(owner.make_room(), "one", ref=ref)
    assert (response.status_code, response.json()["code"]) == (409, "ref_conflict")


async def test_a_rejected_ref_may_be_used_again(room, alice):
    async with alice.client(room) as client:
        ref = new_ref()
        assert (await client.ask("post", ref=ref, body="x", reply_to=99))["code"] == "not_found"
        client.answers.clear()
        assert (await client.ask("post", ref=ref, body="x"))["id"] == 1


async def test_two_people_may_use_the_same_ref(room, alice, bob):
    ref = new_ref()
    assert alice.post(room, "mine", ref=ref).json()["id"] == 1
    assert bob.post(room, "mine too", ref=ref).json()["id"] == 2


@pytest.mark.parametrize("ref", ["a", "A-z_09", "x" * 64])
async def test_refs_of_each_allowed_form_are_accepted_and_returned(room, person, ref):
    async with person("Dora").client(room) as client:
        assert (await client.post("x", ref=ref))["ref"] == ref


async def test_a_resend_after_every_worker_was_replaced_gets_the_same_ack(frail_site):
    alice = Person(frail_site, "Alice of the refs", "correct horse")
    room = alice.make_room()
    event = {"type": "post", "ref": new_ref(), "body": "before the crash"}
    async with alice.client(room) as client:
        ack = await client.ask(**event)
        for worker in frail_site.workers:
            worker.kill()
        frail_site.start()
        client.answers.clear()
        assert await client.ask(**event) == ack
        assert len(stored(frail_site, event["ref"])) == 1
