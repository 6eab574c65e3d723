"""People in a room: all members receive a message, and it is in the database before its ack."""

import asyncio
import json
import random
from contextlib import AsyncExitStack

from tests.live.client import new_ref, read_until


async def test_two_people_chat_and_the_rows_are_in_the_database(site, room, alice, bob):
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        hello = await at_alice.post("Hello **Bob**")
        await at_bob.post("Hello Alice", reply_to=hello["id"])
        for client in (at_alice, at_bob):
            await client.until(lambda client=client: len(client.messages) == 2)
            assert client.bodies() == ["Hello **Bob**", "Hello Alice"]
            assert client.messages[1]["author"] == {"handle": alice.handle, "guest": True}
            assert client.messages[1]["html"] == "<p>Hello <strong>Bob</strong></p>"
            assert client.messages[2]["reply_to"] == hello["id"]
    rows = site.database.query(
        'SELECT m.number, m."offset", p.handle, m.body, m.ref FROM chat_message m'
        " JOIN chat_room r ON r.id = m.room_id JOIN chat_person p ON p.id = m.author_id"
        " WHERE r.slug = %s ORDER BY m.number",
        room,
    )
    assert rows[0] == (1, 1, alice.handle, "Hello **Bob**", hello["ref"])
    assert [row[:4] for row in rows] == [(1, 1, alice.handle, "Hello **Bob**"), (2, 2, bob.handle, "Hello Alice")]


async def test_every_message_is_the_same_live_in_a_backlog_in_a_page_and_by_http(room, alice, bob):
    async with alice.client(room) as live:
        await live.post("first")
        await live.ask("edit", id=1, body="edited")
        await live.ask("react", id=1, emoji="👍", on=True)
        await live.until(lambda: live.cursor == 3)
        async with bob.client(room) as later:
            page = await later.ask("fetch", limit=10)
            assert live.messages[1] == later.messages[1] == page["messages"][0] == alice.history(room)[1]
            assert live.messages[1]["reactions"] == {"👍": [alice.handle]}


async def test_a_post_by_http_shows_in_every_socket(room, alice, bob, charlie):
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        response = charlie.post(room, "from a terminal")
        assert response.status_code == 201
        for client in (at_alice, at_bob):
            await client.until(lambda client=client: client.bodies() == ["from a terminal"])
            assert client.messages[1]["ref"] == response.json()["ref"]


async def test_an_ack_is_sent_after_the_commit(site, room, alice, bob):
    # The test reads the row right after the ack: if the ack were sent before the commit, the row could be missing.
    query = 'SELECT m."offset" FROM chat_message m WHERE m.ref = %s'
    connection = site.database.connect()
    cursor = connection.cursor()
    async with alice.client(room) as at_alice:
        for number in range(100):
            ack = await at_alice.post(f"number {number}")
            cursor.execute(query if site.database.server else query.replace("%s", "?"), [ack["ref"]])
            assert cursor.fetchall() == [(ack["offset"],)]
            if number % 10 == 0:
                newest = bob.call("GET", f"/api/rooms/{room}/messages/?limit=1").json()
                assert newest["messages"][0]["ref"] == ack["ref"]
                assert newest["offset"] == ack["offset"]
    connection.close()


async def test_no_ack_is_sent_while_the_database_cannot_commit(site, room, alice):
    async with alice.client(room) as at_alice:
        await at_alice.post("before")
        with site.database.locked():
            ref = await at_alice.send("post", body="meanwhile")
            await asyncio.sleep(1)
            assert ref not in at_alice.answers
            assert "meanwhile" not in at_alice.bodies()
        await at_alice.until(lambda: ref in at_alice.answers)
        await at_alice.until(lambda: at_alice.bodies() == ["before", "meanwhile"])


async def test_three_hundred_posts_without_waiting_are_answered_in_order_and_reach_others_complete(room, alice, bob):
    async with bob.client(room) as at_bob, alice.socket(f"/chat/{room}/") as socket:
        bodies = [f"number {number}" for number in range(300)]
        for number, body in enumerate(bodies):
            await socket.send(json.dumps({"type": "post", "ref": f"{room}-{number}", "body": body}))
        acks = [await read_until(socket, lambda event: event["type"] in ("ack", "rejected")) for _ in range(300)]
        assert [ack["ref"] for ack in acks] == [f"{room}-{number}" for number in range(300)]
        assert [ack["offset"] for ack in acks] == list(range(1, 301))
        await at_bob.until(lambda: at_bob.cursor == 300)
        assert at_bob.bodies() == bodies


async def test_sixty_sockets_receive_a_hundred_posts_without_loss(room, alice, bob):
    # Bare sockets cannot ask again for lost messages.
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(bob.socket(f"/chat/{room}/")) for _ in range(60)]
        for socket in sockets:
            await read_until(socket, lambda event: event["type"] == "synced")
        at_alice = await stack.enter_async_context(alice.client(room))
        for number in range(100):
            await at_alice.send("post", body=f"number {number}")
        for socket in sockets:
            heard = []
            while len(heard) < 100:
                heard.append(await read_until(socket, lambda event: event["type"] == "message"))
            assert sorted(event["offset"] for event in heard) == list(range(1, 101))
        await at_alice.until(lambda: at_alice.cursor == 100)


async def test_two_tabs_are_one_person_who_leaves_with_the_last_tab(room, alice, bob):
    async with alice.client(room) as at_alice:
        async with bob.client(room):
            await at_alice.until(lambda: bob.handle in at_alice.came())
            async with bob.client(room) as second:
                joined = second.heard("joined")[0]
                assert joined["count"] == 2
                assert sorted(person["handle"] for person in joined["present"]) == sorted([alice.handle, bob.handle])
            # No event reports the second tab or its end.
            await at_alice.post("still here?")
            assert at_alice.went() == []
        await at_alice.until(lambda: bob.handle in at_alice.went())
        assert at_alice.heard("presence")[-1]["count"] == 1


async def test_typing_is_sent_only_to_the_others(room, alice, bob):
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        await at_alice._send_event({"type": "typing", "on": True})
        await at_bob.until(lambda: at_bob.heard("typing"))
        assert at_bob.heard("typing") == [{"type": "typing", "handle": alice.handle, "on": True, "guest": True}]
        await at_alice.post("done")
        assert not at_alice.heard("typing")


async def test_a_read_marker_moves_only_in_the_persons_other_tabs(room, alice, bob):
    async with alice.client(room) as here, alice.client(room) as there, bob.client(room) as at_bob:
        await at_bob.post("news")
        await here._send_event({"type": "read", "offset": 1})
        await there.until(lambda: there.heard("read"))
        assert there.heard("read") == [{"type": "read", "offset": 1}]
        assert not at_bob.heard("read")


async def test_the_lobby_gets_an_event_for_a_new_room(owner, charlie):
    async with charlie.socket("/lobby/") as lobby:
        # The handshake ends before the socket joins the group, so one new room may not be enough.
        async with asyncio.timeout(60):
            while True:
                owner.make_room()
                try:
                    event = json.loads(await asyncio.wait_for(lobby.recv(), 0.5))
                    break
                except TimeoutError:
                    continue
    assert event == {"type": "updated"}


async def test_the_echo_returns_each_frame(alice):
    async with alice.socket("/echo/") as echo:
        for text in ("a", "äöü 🙂", '{"type": "post"}', "x" * 65536):
            await echo.send(text)
            assert await asyncio.wait_for(echo.recv(), 60) == text


async def test_history_can_be_fetched_page_by_page_back_to_the_first_message(room, alice, bob):
    async with alice.client(room) as at_alice:
        for number in range(1, 121):
            await at_alice.send("post", body=f"number {number}")
        await at_alice.until(lambda: at_alice.cursor == 120)
        async with bob.client(room) as at_bob:
            assert min(at_bob.messages) == 71 and len(at_bob.messages) == 50
            found, more = [], True
            while more:
                page = await at_bob.ask("fetch", ref=new_ref(), before=min([71, *found]), limit=30)
                found, more = [message["id"] for message in page["messages"]] + found, page["more"]
            assert found == list(range(1, 71))


async def test_the_counts_of_a_poll_equal_the_votes_after_votes_that_race(site, room, alice, bob, charlie):
    chooser = random.Random(7)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(person.client(room)) for person in (alice, bob, charlie)]
        poll = await clients[0].ask("command", name="poll", text='"Lunch?" "Pizza" "Sushi" "Soup" --multiple')

        async def vote_often(client):
            for _ in range(10):
                options = [position for position in range(3) if chooser.random() < 0.5]
                assert (await client.ask("vote", id=poll["id"], options=options))["type"] == "ack"

        await asyncio.gather(*map(vote_often, clients))
        rows = site.database.query(
            "SELECT o.position, p.handle FROM chat_pollvote v JOIN chat_polloption o ON o.id = v.option_id"
            " JOIN chat_person p ON p.id = v.person_id JOIN chat_poll c ON c.id = o.poll_id"
            " JOIN chat_room r ON r.id = c.room_id WHERE r.slug = %s",
            room,
        )
        newest = alice.history(room)[poll["id"]]
        for client in clients:
            await client.until(lambda client=client: client.messages[poll["id"]] == newest)
    counted = {(number, name) for number, option in enumerate(newest["poll"]["options"]) for name in option["voters"]}
    assert counted == set(rows) and [option["votes"] for option in newest["poll"]["options"]] == [
        sum(position == number for position, _ in rows) for number in range(3)
    ]
