"""Boards on a real site: the waiting room, and the room behind it."""

import json
import secrets
import signal

import redis

from tests.live.client import Person, close_code, new_ref, read_until

NOWHERE = "00000000-0000-4000-8000-000000000000"


class Guest(Person):
    """A person with a browser and without an account, and the ids of one board."""

    def make_board(self, **fields):
        headers = {"Accept": "application/json", "X-CSRFToken": self.call("GET", "/api/session/").json()["csrf"]}
        response = self.http.post(f"{self.site.url}/new_board", json=fields, headers=headers, timeout=60)
        assert response.status_code == 201, response.text
        return self._know(response.json())

    def follow(self, other):
        return self._know(self.call("GET", f"/api/boards/{other.board}/", expected=200).json())

    def _know(self, body):
        self.board, self.session, self.owner = body["board"], body["session"], body["owner"]
        return self

    @property
    def board_login(self):
        return self.http.cookies["sessionid"].encode()

    def open_waiting_room(self, **known):
        return self.socket(self._path("auth", **known))

    def open_room(self, **known):
        return self.socket(self._path("write", **known))

    def _path(self, kind, board=None, session=None):
        return f"/{kind}/{board or self.board}/{session or self.session}/"


async def ask(socket, type, **fields):
    """Send an event, and return its answer."""
    ref = fields.setdefault("ref", new_ref())
    await socket.send(json.dumps({"type": type, **fields}))
    return await read_until(socket, lambda event: event["type"] in ("ack", "rejected") and event["ref"] == ref)


async def hear(socket, type):
    return await read_until(socket, lambda event: event["type"] == type)


async def ask_for_ack(socket, type, **fields):
    answer = await ask(socket, type, **fields)
    assert answer["type"] == "ack", answer


async def test_a_guessed_board_and_a_foreign_session_id_are_closed_with_4404(site):
    owner = Guest(site).make_board()
    visitor = Guest(site).follow(owner)
    for connection, case in (
        (visitor.open_waiting_room(board=NOWHERE), "a guessed board"),
        (visitor.open_room(board=NOWHERE), "a guessed board"),
        (visitor.open_waiting_room(session=owner.session), "the owner's session id"),
        (visitor.open_room(session=owner.session), "the owner's session id"),
        (Guest(site).socket(owner._path("auth")), "no cookie"),
        (visitor.open_room(), "no admission"),
    ):
        async with connection as socket:
            assert await close_code(socket) == 4404, case


async def test_an_admitted_person_can_post_and_a_removal_closes_all_tabs(site):
    owner = Guest(site).make_board(handle="Olga")
    bob = Guest(site).follow(owner)
    async with owner.open_waiting_room() as at_owner, bob.open_waiting_room() as at_bob:
        await ask_for_ack(at_bob, "knock", handle="Bob")
        knocked = await hear(at_owner, "knocked")
        assert knocked["handle"] == "Bob"
        await ask_for_ack(at_owner, "admit", visitor=knocked["visitor"])
        assert await hear(at_bob, "admitted") == {"type": "admitted", "handle": "Bob"}
        async with owner.open_room() as olga, bob.open_room() as inside, bob.open_room() as second_tab:
            await hear(inside, "synced")
            await hear(second_tab, "synced")
            await ask_for_ack(inside, "post", body="Hello")
            assert (await hear(olga, "message"))["author"] == {"handle": "Bob", "guest": True}
            await ask_for_ack(at_owner, "remove", visitor=knocked["visitor"])
            assert await hear(at_bob, "removed")
            assert [await close_code(socket) for socket in (inside, second_tab)] == [4403, 4403]
            await ask_for_ack(olga, "post", body="Bye")
        async with bob.open_room() as again:
            assert await close_code(again) == 4403
        assert (await ask(at_bob, "knock", handle="Bob"))["code"] == "forbidden"


async def test_an_owner_who_connects_later_sees_the_waiting_people_and_closes_the_board(site):
    owner = Guest(site).make_board()
    bob, carol = Guest(site).follow(owner), Guest(site).follow(owner)
    async with bob.open_waiting_room() as at_bob, carol.open_waiting_room() as at_carol:
        await ask_for_ack(at_bob, "knock", handle="Bob")
        await ask_for_ack(at_carol, "knock", handle="Carol")
        assert (await ask(at_carol, "knock", handle="BOB"))["code"] == "taken"
        async with owner.open_waiting_room() as at_owner:
            knocks = [await hear(at_owner, "knocked") for _ in range(2)]
            visitors = {event["handle"]: event["visitor"] for event in knocks}
            assert set(visitors) == {"Bob", "Carol"}
            await ask_for_ack(at_owner, "admit", visitor=visitors["Bob"])
            await ask_for_ack(at_owner, "refuse", visitor=visitors["Carol"])
            await hear(at_carol, "refused")
            await hear(at_bob, "admitted")
            async with bob.open_room() as inside, owner.open_room() as own:
                await hear(inside, "synced")
                await hear(own, "synced")
                await ask_for_ack(at_owner, "shut")
                assert [await close_code(socket) for socket in (inside, own)] == [4403, 4403]
            for socket in (at_bob, at_carol, at_owner):
                await hear(socket, "shut")
                assert await close_code(socket) == 4403
    async with owner.open_waiting_room() as socket:
        assert await close_code(socket) == 4404
    assert bob.call("GET", f"/api/boards/{owner.board}/").status_code == 404


async def test_decisions_resent_on_another_connection_are_applied_once(site):
    owner = Guest(site).make_board()
    bob = Guest(site).follow(owner)
    async with owner.open_waiting_room() as at_owner:
        for _ in range(2):
            async with bob.open_waiting_room() as at_bob:
                await ask_for_ack(at_bob, "knock", ref=f"k-{bob.session[:8]}", handle="Bob")
                visitor = (await hear(at_owner, "knocked"))["visitor"]
            # A person who reconnects before the owner gets `left` counts as never having left.
            await hear(at_owner, "left")
        async with bob.open_waiting_room() as at_bob:
            await ask_for_ack(at_owner, "admit", ref=f"a-{visitor}", visitor=visitor)
            await hear(at_bob, "admitted")
            await ask_for_ack(at_owner, "remove", visitor=visitor)
            await hear(at_bob, "removed")
            await ask_for_ack(at_owner, "admit", ref=f"a-{visitor}", visitor=visitor)
            async with bob.open_room() as inside:
                assert await close_code(inside) == 4403


async def test_the_session_of_a_waiting_connection_lasts_almost_a_day_without_frames(site):
    bob = Guest(site).follow(Guest(site).make_board())
    store = redis.StrictRedis.from_url(site.redis_url)
    async with bob.open_waiting_room() as at_bob:
        for _ in range(2):  # a frame renews the session, and never shortens its lease
            await ask_for_ack(at_bob, "knock", handle="Bob")
            kept = [key for key in store.scan_iter("*session:chn*") if bob.board_login in store.get(key)]
            assert [store.ttl(key) > 23 * 3600 for key in kept] == [True]


async def test_the_owner_gets_an_event_when_a_waiting_person_disconnects(site):
    owner = Guest(site).make_board()
    bob = Guest(site).follow(owner)
    async with owner.open_waiting_room() as at_owner:
        async with bob.open_waiting_room() as at_bob:
            await ask_for_ack(at_bob, "knock", handle="Bob")
            knocked = await hear(at_owner, "knocked")
            at_bob.transport.abort()
        assert await hear(at_owner, "left") == {"type": "left", "visitor": knocked["visitor"]}
        async with bob.open_waiting_room() as at_bob:
            assert (await hear(at_bob, "waiting"))["handle"] == "Bob"
            assert await hear(at_owner, "knocked") == knocked


async def test_waiting_people_of_a_killed_interface_count_as_disconnected(frail_site):
    owner = Guest(frail_site).make_board()
    bob = Guest(frail_site).follow(owner)
    async with bob.open_waiting_room() as at_bob:
        await ask_for_ack(at_bob, "knock", handle="Bob")
        frail_site.web.end(signal.SIGKILL)
        assert await close_code(at_bob) == 1006
    frail_site.start()
    async with owner.open_waiting_room() as at_owner:
        # Bob is listed until the workers have run his disconnect, which may have happened already.
        await at_owner.send(json.dumps({"type": "admit", "ref": "x", "visitor": "nobody"}))
        first = await read_until(at_owner, lambda event: event["type"] in ("knocked", "rejected"))
        if first["type"] == "knocked":
            await hear(at_owner, "left")
    async with owner.open_waiting_room() as at_owner:
        assert (await ask(at_owner, "admit", visitor="nobody"))["code"] == "not_found"
        async with bob.open_waiting_room() as at_bob:
            assert await hear(at_bob, "waiting")
            assert (await hear(at_owner, "knocked"))["handle"] == "Bob"


async def test_an_invitation_link_makes_a_person_a_member_of_a_private_room(owner, person):
    slug = f"private-{secrets.token_hex(6)}"
    room = owner.call("POST", "/api/rooms/", slug=slug, name="Private", private=True, expected=201).json()
    slug = room["slug"]  # with a random end
    link = owner.call("POST", f"/api/rooms/{slug}/invitations/", uses=1, expected=201).json()
    alice, bob = person("Alice"), person("Bob")
    async with alice.socket(f"/chat/{slug}/") as socket:
        assert await close_code(socket) == 4404
    key = link["url"].split("/")[-2]
    alice.call("POST", "/api/invitations/", key=key, expected=200)
    async with alice.client(slug) as inside:
        await inside.post("I am in")
    bob.call("POST", "/api/invitations/", key=key, expected=404)
    async with bob.socket(f"/chat/{slug}/") as socket:
        assert await close_code(socket) == 4404
