"""Moderation on the real server: a ban takes effect at once and in all tabs, and a mute expires."""

import asyncio
import subprocess
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from tests.live import rooms
from tests.live.client import close_code

UNMUTE = "from chat import broadcast; broadcast.start_job('chat.unmute', {{'member': {}}})"


def set_role(owner, room, handle, role, **fields):
    path = f"/api/rooms/{room}/members/{quote(handle, safe='')}/"
    return owner.call("PUT", path, role=role, expected=200, **fields).json()


async def test_a_ban_closes_all_tabs_of_one_person_only(room, owner, alice, bob):
    async with bob.client(room) as first, bob.client(room) as second, alice.client(room) as at_alice:
        await first.post("mine")
        set_role(owner, room, bob.handle, "banned")
        for tab in (first, second):
            await tab.until(lambda tab=tab: tab.close_codes == [4403])
        await at_alice.until(lambda: at_alice.heard("member"))
        assert at_alice.heard("member") == [{"type": "member", "handle": bob.handle, "role": "banned", "guest": True}]
        await at_alice.until(lambda: bob.handle in at_alice.went())
        assert at_alice.close_codes == []
    async with bob.socket(f"/chat/{room}/") as socket:
        assert await close_code(socket) == 4403
    for response in (bob.post(room, "Hi"), bob.call("GET", f"/api/rooms/{room}/messages/")):
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert bob.http.get(f"{bob.site.url}/rooms/{room}/").status_code == 403


@pytest.mark.parametrize("name", ["a/b", "🙂 50%", "Zoë?"])
def test_every_handle_works_in_a_url(room, owner, person, name):
    member = person(name)
    assert set_role(owner, room, member.handle, "muted")["handle"] == member.handle


async def test_an_expired_mute_ends_with_the_next_message_of_the_person(room, owner, alice, bob):
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        set_role(owner, room, bob.handle, "muted", seconds=1)
        await at_bob.until(lambda: at_bob.heard("member"))
        answer = {}
        while answer.get("type") != "ack":
            answer = await at_bob.ask("post", body="Hello")
            assert answer["type"] == "ack" or answer["code"] == "muted"
        await at_alice.until(lambda: [event["role"] for event in at_alice.heard("member")] == ["muted", "guest"])


async def test_a_delayed_message_ends_a_mute_of_a_silent_person(site, room, owner, bob):
    async with bob.client(room) as at_bob:
        set_role(owner, room, bob.handle, "muted", seconds=1)
        await at_bob.until(lambda: at_bob.heard("member"))
        # This is the message that the delay server sends. Before the mute's end the message has no effect.
        while at_bob.heard("member")[-1]["role"] != "guest":
            site.manage("shell", "-c", UNMUTE.format(rooms.find_member_id(site, room, bob)))
            await asyncio.sleep(0.5)
        assert [event["role"] for event in at_bob.heard("member")] == ["muted", "guest"]


def test_one_of_two_owners_remains_if_both_step_down_at_once(room, owner, alice):
    def step_down(person):
        return person.call("PUT", f"/api/rooms/{room}/members/{quote(person.handle)}/", role="member").status_code

    with ThreadPoolExecutor(2) as pool:
        for _ in range(8):
            status = owner.call("PUT", f"/api/rooms/{room}/members/{quote(alice.handle)}/", role="owner").status_code
            if status == 403:  # Alice is the only owner after the last round
                set_role(alice, room, owner.handle, "owner")
            assert sorted(pool.map(step_down, [owner, alice])) == [200, 403]


async def test_the_command_acts_on_open_sockets_and_explains_errors_in_a_sentence(site, room, bob):
    async with bob.client(room) as at_bob:
        assert site.manage("moderate", room, bob.handle, "mute", "--for", "1h").startswith(f"{bob.handle}: muted until")
        await at_bob.until(lambda: at_bob.heard("member"))
        assert at_bob.heard("member")[0]["role"] == "muted" and at_bob.heard("member")[0]["until"]
    with pytest.raises(subprocess.CalledProcessError) as caught:
        site.manage("moderate", room, "Nobody at all", "ban")
    assert caught.value.returncode == 1
    assert caught.value.stderr == "CommandError: There is nobody with this handle.\n"
