"""Announcements on a live site: the commands with their exit codes, and the API of operators."""

import json
import subprocess
import sys

import pytest

from tests.live.client import Person, close_code, read_until
from tests.live.processes import ROOT


def command(site, *arguments):
    """Run a management command, and return (exit code, its output, its error output)."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=90,
    )
    return done.returncode, done.stdout, done.stderr


def announced_texts(client):
    """Return the texts of the announcements that a client received."""
    return [event["text"] for event in client.heard("announcement")]


@pytest.fixture
def operator(site, person):
    """Return a person who may use the admin."""
    made = person("Operator", "correct horse")
    site.database.query("UPDATE chat_person SET is_staff = %s WHERE handle = %s", True, made.handle)
    return made


async def test_an_announcement_reaches_present_and_later_members_once(site, alice, bob, room):
    async with alice.client(room) as here:
        code, printed, errors = command(site, "announce", "We close at six.", "--room", room, "--level", "urgent")
        assert (code, errors) == (0, "") and printed.startswith("Announced (id ")
        await here.until(lambda: announced_texts(here))
        event = here.heard("announcement")[0]
        assert (event["text"], event["level"], "private" in event) == ("We close at six.", "urgent", False)
        async with bob.client(room) as late:
            await late.until(lambda: announced_texts(late))
            for client in (here, late):
                await client._send_event({"type": "dismiss", "id": event["id"]})
                await client.until(lambda client=client: client.heard("dismissed"))
                client.cut()
                await client.until(lambda client=client: len(client.heard("joined")) == 2)
                await client.post("I am back")
            assert announced_texts(here) == announced_texts(late) == ["We close at six."]
        async with bob.client(room) as again:
            assert announced_texts(again) == []
            assert again.heard("joined")[0]["announced"] >= event["id"]


async def test_an_announcement_that_a_dead_connection_lost_arrives_after_the_reconnect(alice, room, operator):
    async with alice.client(room) as here:
        announcement = operator.call("POST", "/api/announcements/", text="Swallowed", room=room, expected=201).json()
        await here.until(lambda: announced_texts(here))
    async with alice.socket(f"/chat/{room}/?cursor=0&announced={announcement['id'] - 1}") as socket:
        event = await read_until(socket, lambda event: event["type"] in ("announcement", "synced"))
        assert event["type"] == "announcement" and event["id"] == announcement["id"]


async def test_a_whisper_reaches_all_connections_of_one_person_only(site, alice, bob, room, owner):
    other_room = owner.make_room()
    async with alice.client(room) as here, alice.client(other_room) as there, bob.client(room) as other:
        code, printed, errors = command(site, "whisper", alice.handle.upper(), "Psst, Alice")
        assert (code, errors) == (0, "") and printed.startswith(f"Announced to {alice.handle} alone (id ")
        await here.until(lambda: announced_texts(here) and announced_texts(there))
        await here.post("Heard it")
        await other.until(lambda: "Heard it" in other.bodies())
        assert announced_texts(here) == announced_texts(there) == ["Psst, Alice"] and announced_texts(other) == []
        assert here.heard("announcement")[0]["private"] is True
    async with bob.client(room) as other:
        assert announced_texts(other) == []


async def test_a_whisper_waits_for_a_disconnected_person(alice, bob, room, operator):
    operator.call("POST", "/api/whispers/", handle=alice.handle, text="When you come", expected=201)
    async with bob.client(room) as other, alice.client(room) as here:
        assert (announced_texts(here), announced_texts(other)) == (["When you come"], [])


async def test_an_announcement_to_all_is_delivered_until_it_is_withdrawn(alice, bob, person, room, owner, operator):
    other_room = owner.make_room()
    async with alice.client(room) as here, bob.client(other_room) as there:
        announcement = operator.call("POST", "/api/announcements/", text="To all", level="warning", expected=201).json()
        try:
            await here.until(lambda: "To all" in announced_texts(here) and "To all" in announced_texts(there))
            # A person who joins later, in a new room, gets the announcement too.
            async with person("Late").client(owner.make_room()) as late:
                assert announced_texts(late) == ["To all"]
        finally:
            operator.call("DELETE", f"/api/announcements/{announcement['id']}/", expected=204)
    async with person("Later").client(room) as later:
        assert announced_texts(later) == []


async def test_a_person_can_be_disconnected_from_one_room_and_from_all(site, alice, room, owner):
    other_room = owner.make_room()
    async with alice.socket(f"/chat/{room}/") as here, alice.socket(f"/chat/{other_room}/") as there:
        for socket in (here, there):
            await read_until(socket, lambda event: event["type"] == "synced")
        assert command(site, "disconnect", alice.handle, "--room", room)[0] == 0
        assert await close_code(here) == 4403
        await there.send(json.dumps({"type": "sync", "cursor": 0}))
        await read_until(there, lambda event: event["type"] == "synced")
        code, printed, errors = command(site, "disconnect", alice.handle)
        assert (code, errors) == (0, "") and printed == f"Told the connections of {alice.handle} to close.\n"
        assert await close_code(there) == 4403
    async with alice.client(room) as back:
        assert back.is_joined, "a disconnected person is not banned"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["announce", "Hello", "--room", "no-such-room"], "There is no such room."),
        (["whisper", "No such person", "Hello"], "There is nobody with this handle."),
        (["disconnect", "No such person"], "There is nobody with this handle."),
    ],
)
def test_a_command_that_fails_prints_a_sentence_and_exits_with_1(site, arguments, sentence):
    code, printed, errors = command(site, *arguments)
    assert (code, printed) == (1, "")
    assert errors.strip() == f"CommandError: {sentence}"


def test_only_operators_can_announce_whisper_and_disconnect(site, alice):
    for person, status in ((Person(site), 401), (alice, 403)):
        for path in ("announcements", "whispers", "disconnections"):
            person.call("POST", f"/api/{path}/", text="Hello", handle=alice.handle, expected=status)
