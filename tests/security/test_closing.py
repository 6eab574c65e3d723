"""
The table of ends: what happens to each open connection of a person when a right, a login, a token or a room ends.

To add a row, add a function to ENDS and the codes of the connections that it closes. To add a way in, add it to `WAYS`
and, if its frames are checked, to FRAMES. The test prints the longest time of each row: `pytest -rP` shows it.
"""

import asyncio
import contextlib
import json
import time

import pytest
from websockets.exceptions import ConnectionClosed

from tests.live.client import Person, close_code, new_ref, read_until
from tests.live.polling import Polls

pytestmark = [pytest.mark.live, pytest.mark.process, pytest.mark.no_database]

# A quiet machine needs less than 0.2 s.
PROMPT_SECONDS = 2
PASSWORD = "correct horse"
# How long a poll waits if nothing happens.
POLL_SECONDS = 20
# The ways in of a person, and the path of each.
WAYS = {
    "room": "/chat/{room}/",
    "private room": "/chat/{private}/",
    "own stream": "/me/",
    "operators": "/operators/rooms/",
    "health": "/operators/health/",
    "waiting room": "/auth/{board}/{session}/",
    "board": "/write/{board}/{session}/",
    "lobby": "/lobby/",
    "echo": "/echo/",
}
POLLS = {"poll of the room": "room", "poll of the private room": "private"}
TOKEN_WAYS = {"room with a token": "/chat/{room}/", "own stream with a token": "/me/"}
ROOM = {"room", "poll of the room", "room with a token"}
PRIVATE = {"private room", "poll of the private room"}
# Nobody signs in to these.
OPEN = {"lobby", "echo"}
TOKEN = set(TOKEN_WAYS)
LOGIN = {*WAYS, *POLLS} - OPEN


class Victim(Person):
    """An operator with an account, two rooms, a board and a token, whose connections are all open."""

    wait_seconds = POLL_SECONDS

    def __init__(self, site, handle, owner):
        super().__init__(site, handle, PASSWORD)
        set_flag(self, "is_staff", True)
        self.owner = owner
        self.room = owner.make_room()
        private = owner.call("POST", "/api/rooms/", slug="cellar", name="The cellar", private=True, expected=201).json()
        self.private = private["slug"]
        made = owner.call("POST", f"/api/rooms/{self.private}/invitations/", expected=201).json()
        self.call("POST", "/api/invitations/", key=made["url"].split("/")[-2], expected=200)
        headers = {"X-CSRFToken": self.http.cookies["csrftoken"], "Accept": "application/json"}
        made = self.http.post(f"{site.url}/new_board", headers=headers, timeout=60).json()
        self.board, self.session = made["board"], made["session"]
        self.token = self.call("POST", "/api/tokens/", name="a bot", expected=201).json()

    def elsewhere(self):
        """Return the same person in another browser."""
        other = Person(self.site)
        other.call("POST", "/api/session/", handle=self.handle, password=PASSWORD, expected=200)
        return other

    @contextlib.asynccontextmanager
    async def connections(self):
        """Open all connections of the person, and yield {way in: connection}."""
        bearer = {"Authorization": f"Bearer {self.token['token']}"}
        async with contextlib.AsyncExitStack() as stack:
            opened = {}
            for ways, headers in ((WAYS, None), (TOKEN_WAYS, bearer)):
                for name, path in ways.items():
                    opened[name] = await stack.enter_async_context(self.socket(path.format(**vars(self)), headers))
            for name, slug in POLLS.items():
                opened[name] = await stack.enter_async_context(Polls(self, getattr(self, slug)))
            for name in [*WAYS, *TOKEN_WAYS]:
                if name in FRAMES:
                    await ask(opened[name], name)
            for name in POLLS:
                # The second poll waits as soon as the first one is answered.
                await read_polls_until(opened[name], "synced")
            yield opened


def set_flag(person, name, value):
    sql = f"UPDATE chat_person SET {name} = %s WHERE handle = %s RETURNING 1"
    assert person.site.database.query(sql, value, person.handle)


# A frame of each way in, and what its answer contains.
SYNC = {"type": "sync", "cursor": 0}
FRAMES = {
    "room": SYNC,
    "private room": SYNC,
    "board": SYNC,
    "own stream": {"type": "sync"},
    "waiting room": {"type": "admit", "ref": "r", "visitor": "x"},
    "operators": {"stream": "rooms", "payload": {"action": "list"}},
    "health": {"stream": "health", "payload": {}},
    "room with a token": SYNC,
    "own stream with a token": {"type": "sync"},
}


async def ask(connection, name):
    """Send a frame that has an answer, and read until the answer."""
    await connection.send(json.dumps(FRAMES[name]))
    await read_until(connection, lambda event: event.get("type") in ("synced", "rejected") or "stream" in event)


async def read_polls_until(polls, type):
    async with asyncio.timeout(60):
        while json.loads(await polls.events.get())["type"] != type:
            pass


async def find_code(connection):
    """Wait for the end of a connection, and return (close code, when it came)."""
    if isinstance(connection, Polls):
        async with asyncio.timeout(60):
            async for _ in connection:
                pass
        # If the response contained an earlier event, the next poll gets the close code, and its status too.
        assert connection.status in (200, connection.close_code - 4000)
        return connection.close_code, time.monotonic()
    return await close_code(connection), time.monotonic()


def ban(victim, slug):
    victim.owner.call("PUT", f"/api/rooms/{slug}/members/{victim.handle}/", role="banned", expected=200)


def change_password(victim):
    other = victim.elsewhere()
    form = {
        "old_password": PASSWORD,
        "new_password": "battery staple",
        "csrfmiddlewaretoken": other.http.cookies["csrftoken"],
    }
    assert (
        other.http.post(f"{victim.site.url}/password/", data=form, allow_redirects=False, timeout=60).status_code == 302
    )


def save_in_admin(victim, **fields):
    """Save a person's form in the admin as the superuser."""
    [(number,)] = victim.site.database.query("SELECT id FROM chat_person WHERE handle = %s", victim.handle)
    form = {"handle": victim.handle, "csrfmiddlewaretoken": victim.owner.http.cookies["csrftoken"], **fields}
    url = f"{victim.site.url}/admin/chat/person/{number}/change/"
    response = victim.owner.http.post(url, data=form, allow_redirects=False, timeout=60)
    assert response.status_code == 302, response.text


def end_other_logins(victim):
    victim.elsewhere().call("DELETE", "/api/logins/", expected=200)


# name: (function, {way in: close code}). The other connections stay open.
ENDS = {
    "a ban": (lambda victim: ban(victim, victim.room), dict.fromkeys(ROOM, 4403)),
    "a ban in a private room": (lambda victim: ban(victim, victim.private), dict.fromkeys(PRIVATE, 4403)),
    "leaving a room": (
        lambda victim: victim.call("DELETE", f"/api/rooms/{victim.private}/membership/", expected=204),
        dict.fromkeys(PRIVATE, 4403),
    ),
    "a deleted room": (
        lambda victim: victim.owner.call("DELETE", f"/api/rooms/{victim.room}/", expected=204),
        dict.fromkeys(ROOM, 4404),
    ),
    "signing out": (lambda victim: victim.call("DELETE", "/api/session/", expected=200), dict.fromkeys(LOGIN, 4401)),
    "signing out elsewhere": (end_other_logins, dict.fromkeys(LOGIN, 4401)),
    "a new password": (change_password, dict.fromkeys(LOGIN | TOKEN, 4401)),
    "a revoked token": (
        lambda victim: victim.call("DELETE", f"/api/tokens/{victim.token['id']}/", expected=204),
        dict.fromkeys(TOKEN, 4401),
    ),
    "a deactivated account": (lambda victim: save_in_admin(victim, is_staff="on"), dict.fromkeys(LOGIN | TOKEN, 4401)),
    "a former operator": (lambda victim: save_in_admin(victim, is_active="on"), {"operators": 4404, "health": 4404}),
    "a deleted account": (
        lambda victim: victim.call("DELETE", "/api/profile/", password=PASSWORD, expected=204),
        dict.fromkeys(LOGIN | TOKEN, 4401),
    ),
    "an operator's disconnection": (
        lambda victim: victim.owner.call("POST", "/api/disconnections/", handle=victim.handle, expected=201),
        # In all rooms, and the own streams.
        dict.fromkeys((LOGIN | TOKEN) - {"operators", "health", "waiting room"}, 4403),
    ),
}


@pytest.fixture(scope="module")
def superuser(live_site, make_person):
    root = make_person("Superuser", PASSWORD)
    set_flag(root, "is_staff", True)
    set_flag(root, "is_superuser", True)
    return root


@pytest.fixture
def victim(live_site, make_person, superuser):
    return Victim(live_site, f"Victim {new_ref()[:6]}", superuser)


@pytest.mark.parametrize("end, codes", ENDS.values(), ids=ENDS)
async def test_connections_close_at_once_when_their_right_ends_and_the_others_stay_open(victim, end, codes):
    async with victim.connections() as opened:
        waiting = {name: asyncio.create_task(find_code(connection)) for name, connection in opened.items()}
        started = time.monotonic()
        await asyncio.to_thread(end, victim)
        ended, _ = await asyncio.wait([waiting[name] for name in codes], timeout=60)
        await asyncio.sleep(0.1)  # for a close frame that must not come
        found = {name: task.result()[0] for name, task in waiting.items() if task.done()}
        seconds = max(task.result()[1] for task in ended) - started
        print(f"the last of {len(codes)} connections was closed after {seconds:.3f} s")
        assert found == codes and seconds < PROMPT_SECONDS


# The next test is about rights that end without a service, so that nothing closes the connections: a close message may
# be lost, and somebody may change rows with SQL. Then the next frame of a connection closes it.


def delete_login(victim):
    key = victim.http.cookies["sessionid"]
    victim.site.database.query("DELETE FROM django_session WHERE session_key = %s RETURNING 1", key)


def ban_by_sql(victim):
    person = "(SELECT id FROM chat_person WHERE handle = %s)"
    sql = f"UPDATE chat_member SET role = 'banned' WHERE person_id = {person} RETURNING 1"
    victim.site.database.query(sql, victim.handle)


def delete_token(victim):
    victim.site.database.query("DELETE FROM chat_token WHERE id = %s RETURNING 1", victim.token["id"])


# The session of a visitor of a board is bound to the login. So the client reconnects and learns who its person is now.
# A former operator, and the owner of a board who was deactivated, get the codes of people without these rights.
LOST = {
    "a lost ban": (ban_by_sql, dict.fromkeys(ROOM | PRIVATE | {"board"}, 4403)),
    "a lost end of a login": (delete_login, {**dict.fromkeys(LOGIN, 4401), "waiting room": 4408}),
    "a lost end of a token": (delete_token, dict.fromkeys(TOKEN, 4401)),
    "a lost deactivation": (
        lambda victim: set_flag(victim, "is_active", False),
        {**dict.fromkeys(LOGIN | TOKEN, 4401), "waiting room": 4403, "operators": 4404, "health": 4404},
    ),
    "a lost right of an operator": (
        lambda victim: set_flag(victim, "is_staff", False),
        {"operators": 4404, "health": 4404},
    ),
}


@pytest.mark.parametrize("end, codes", LOST.values(), ids=LOST)
async def test_the_next_frame_closes_a_connection_whose_close_was_lost(victim, end, codes):
    async with victim.connections() as opened:
        await asyncio.to_thread(end, victim)
        found = {}
        for name in codes:
            waiting = asyncio.create_task(find_code(opened[name]))
            if name in POLLS:
                await opened[name].send(json.dumps({"type": "typing", "on": False}))
            else:
                # A frame of one connection may have closed the others.
                with contextlib.suppress(ConnectionClosed):
                    await opened[name].send(json.dumps(FRAMES[name]))
            found[name], _ = await waiting
        assert found == codes
        for name in set(FRAMES) - set(codes):
            await ask(opened[name], name)
