"""Handshakes that are accepted or refused, and connections that are closed later."""

import asyncio
import json
import re
import secrets
import time

import pytest
import requests
from websockets.exceptions import InvalidStatus

from tests.live.client import Person, close_code, new_ref, read_until


async def visit(person, path, **options):
    """Open a socket that the server closes at once. Return the close code, or the status of a failed handshake."""
    try:
        async with person.socket(path, **options) as socket:
            return await close_code(socket)
    except InvalidStatus as refusal:
        return refusal.response.status_code


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/chat/",
        "/chat",
        "/chat/a/b/",
        "/rooms/welcome/",
        "/lobby",
        "/nowhere/",
        "/%00/",
        "/chat/%F0%9F%99%82",
        "//",
        "/chat/../lobby/",
        "/lobby/%0A",
        "/echo/x/",
    ],
)
async def test_an_unknown_path_closes_with_4404_at_once(alice, path):
    # Four seconds are less than each timeout: 20 s for a handshake, and 5 s for a gap in the order.
    started = time.monotonic()
    assert await visit(alice, path) == 4404
    assert time.monotonic() - started < 4


BAD_SLUGS = {
    "capitals": "Garden",
    "leading -": "-a",
    "underscore": "a_b",
    "51 characters": "a" * 51,
    "emoji": "%F0%9F%99%82",
    "line end": "garden%0A",
    "NUL": "%00",
    "slash": "a%2Fb",
    "blank": "a%20b",
    "not UTF-8": "%FF",
    "half": "%",
    "empty": "",
    "Arabic digit": "%D9%A1",
    "dots": "..",
}


@pytest.mark.parametrize("slug", BAD_SLUGS.values(), ids=BAD_SLUGS)
async def test_a_bad_slug_and_an_unknown_room_close_with_4404(alice, slug):
    assert await visit(alice, f"/chat/{slug}/") == 4404
    assert await visit(alice, "/chat/there-is-no-such-room/") == 4404


async def test_anonymous_clients_get_4401_for_existing_and_unknown_rooms(site, room):
    stranger = Person(site)
    for slug in (room, "there-is-no-such-room", "Bad_Slug"):
        assert await visit(stranger, f"/chat/{slug}/") == 4401
    stranger.http.cookies.set("sessionid", "made-up-" + "x" * 24)
    assert await visit(stranger, f"/chat/{room}/") == 4401


async def test_anonymous_clients_may_watch_the_lobby(site):
    async with Person(site).socket("/lobby/") as lobby:
        await lobby.send("anything")
        await asyncio.wait_for(await lobby.ping(), 60)


@pytest.mark.parametrize("query", ["session_key=x", "cursor=1&session_key=", "session%5Fkey=x"])
async def test_a_session_key_in_the_url_is_refused_with_400(room, alice, query):
    assert await visit(alice, f"/chat/{room}/?{query}") == 400


async def test_eighty_parameters_pass_and_two_thousand_are_refused_with_400(alice, room):
    many = "&".join(f"p{number}=" for number in range(2000))
    assert await visit(alice, f"/chat/{room}/?{many}") == 400
    async with alice.socket(f"/chat/{room}/?{many[:400]}&cursor=0") as socket:
        assert "reset" not in await read_until(socket, lambda event: event["type"] == "joined")


# The next tests are about bots.


@pytest.fixture
def bot(owner):
    """Return (token, headers) of a bot."""
    token = owner.call("POST", "/api/tokens/", name="a bot", expected=201).json()
    return token, {"Authorization": f"Bearer {token['token']}"}


async def test_a_bot_needs_no_origin_on_the_socket_and_no_csrf_by_http(site, owner, room, bot):
    _, headers = bot
    async with owner.socket(f"/chat/{room}/", headers=headers) as socket:
        joined = await read_until(socket, lambda event: event["type"] == "joined")
        assert joined["you"]["handle"] == owner.handle
        await socket.send(json.dumps({"type": "post", "ref": new_ref(), "body": "beep"}))
        await read_until(socket, lambda event: event["type"] == "ack")
    body = {"ref": new_ref(), "body": "boop"}
    url = f"{site.url}/api/rooms/{room}/messages/"
    assert requests.post(url, json=body, headers=headers, timeout=60).status_code == 201


async def test_an_unknown_token_gets_4401(owner, room):
    for header in ("Bearer made-up", "bearer x y", "Bearer \xe4\xff"):
        assert await visit(owner, f"/chat/{room}/", headers={"Authorization": header}) == 4401
        # A valid cookie does not replace a valid token.
        assert await visit(owner, f"/chat/{room}/", headers={**owner.headers, "Authorization": header}) == 4401


# The next tests are about connections that are closed later.


async def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(site, room, person):
    dora = person("Dora", password="correct horse")
    thief = Person(site)
    thief.call("POST", "/api/session/", handle=dora.handle, password="correct horse", expected=200)
    thief.handle = dora.handle
    async with dora.client(room) as at_dora, thief.client(room) as at_thief:
        form = {
            "old_password": "correct horse",
            "new_password": "battery staple",
            "csrfmiddlewaretoken": dora.http.cookies["csrftoken"],
        }
        response = dora.http.post(f"{site.url}/password/", data=form, allow_redirects=False, timeout=60)
        assert response.status_code == 302, response.text
        await at_thief.until(lambda: at_thief.close_codes[-1:] == [4401])
        # The code 4408 makes the browser's own tabs reconnect, with the new cookie.
        await at_dora.until(lambda: at_dora.close_codes == [4408] and at_dora.is_joined)
        await at_dora.post("still here")


async def test_a_channel_session_cannot_be_used_to_log_in(site, room, alice):
    # A receiver of a reply channel can compute the session's key. As a cookie, this key must not log in.
    async with alice.client(room):
        for _ in range(3):
            stranger = Person(site)
            stranger.http.cookies.set("sessionid", "chn" + secrets.token_hex(15)[:29])
            assert stranger.http.get(f"{site.url}/api/session/").json()["handle"] is None
        keys = [key for (key,) in site.database.query("SELECT session_key FROM django_session")]
        # The key of a login has any letters and digits, so it may begin with chn by chance.
        assert keys and not [key for key in keys if re.fullmatch("chn[0-9a-f]{29}", key)]
