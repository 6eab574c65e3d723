"""Processes that are killed or stopped: acknowledged messages are stored, and clients receive everything once."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.live.client import Person, new_ref, read_until
from tests.live.processes import Site, end_together, wait_until

# Workers wait for messages, and interfaces for replies, for five seconds at a time. A signal must end this wait.
STOP_SECONDS = 4.5
# The limit for events that must arrive. The server does not promise this time.
LONG_SECONDS = 150

ECHO_BOT = Path(__file__).resolve().parent.parent.parent / "clients" / "python" / "examples" / "echo_bot.py"

_numbers = itertools.count(1)


@pytest.fixture
def whole_site(frail_site):
    """Yield the frail site. All of its parts run before the test and after it."""
    yield frail_site.start()
    frail_site.start()


@pytest.fixture
def alice(whole_site):
    return Person(whole_site, f"Alice of the faults {next(_numbers)}", "correct horse")


@pytest.fixture
def bob(whole_site):
    return Person(whole_site, f"Bob of the faults {next(_numbers)}")


def check_stored_once(site, room, client, count):
    """Check that each acknowledged ref is in the database once, with the id of its ack."""
    rows = site.database.query(
        "SELECT m.ref, m.number FROM chat_message m JOIN chat_room r ON r.id = m.room_id WHERE r.slug = %s", room
    )
    assert len(rows) == count
    assert dict(rows) == {ref: ack["id"] for ref, ack in client.answers.items()}
    assert sorted(number for _, number in rows) == list(range(1, count + 1))


async def chat_through(fault, site, alice, bob, count=120):
    """
    Let Alice post during `fault()`, and return the clients of both people.

    Check that Alice has an ack of each message, that Bob has each message, and that each message is stored once.
    """
    room = alice.make_room()
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        for number in range(count):
            await at_alice.send("post", body=f"number {number}")
            if number == count // 3:
                await at_alice.until(lambda: len(at_alice.answers) > 5)
                fault()
            await asyncio.sleep(0.005)
        await at_alice.until(lambda: len(at_alice.answers) == count, LONG_SECONDS)
        await at_bob.until(lambda: at_bob.cursor == count, LONG_SECONDS)
        assert not [answer for answer in at_alice.answers.values() if answer["type"] != "ack"]
        assert sorted(at_bob.messages) == list(range(1, count + 1))
        check_stored_once(site, room, at_alice, count)
        return at_alice, at_bob


async def test_a_killed_worker_causes_no_loss_and_no_duplicate(whole_site, alice, bob):
    def fault():
        whole_site.workers[0].kill()
        whole_site.workers[0].start()

    for _ in range(2):
        await chat_through(fault, whole_site, alice, bob)


async def test_killing_all_workers_at_once_causes_no_loss_and_no_duplicate(whole_site, alice, bob):
    def fault():
        for worker in whole_site.workers:
            worker.kill()
        for worker in whole_site.workers:
            worker.start()

    await chat_through(fault, whole_site, alice, bob)


async def test_a_killed_interface_causes_no_loss_and_no_duplicate(whole_site, alice, bob):
    def fault():
        whole_site.web.kill()
        whole_site.web.start()

    at_alice, at_bob = await chat_through(fault, whole_site, alice, bob)
    assert at_alice.close_codes and at_bob.close_codes


async def test_workers_that_stop_under_load_exit_with_zero_and_lose_nothing(whole_site, alice, bob):
    codes = []

    def fault():
        for worker in whole_site.workers:
            codes.append(worker.end(signal.SIGTERM))
            worker.start()

    await chat_through(fault, whole_site, alice, bob)
    assert codes == [0, 0]


def test_an_idle_worker_stops_at_once_with_exit_code_zero(whole_site):
    for worker, number in zip(whole_site.workers, (signal.SIGTERM, signal.SIGINT), strict=True):
        codes, seconds = end_together([worker], number)
        assert codes == [0] and seconds < STOP_SECONDS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_interface_that_stops_closes_its_sockets_as_going_away_and_exits_with_zero(whole_site, alice, number):
    room = alice.make_room()
    async with alice.socket(f"/chat/{room}/") as socket, alice.socket("/lobby/") as lobby:
        await read_until(socket, lambda event: event["type"] == "synced")
        codes, seconds = await asyncio.to_thread(end_together, [whole_site.web], number)
        assert codes == [0] and seconds < STOP_SECONDS
        await asyncio.wait_for(asyncio.gather(socket.wait_closed(), lobby.wait_closed()), 60)
        assert {socket.close_code, lobby.close_code} <= {1001, 1012}


def test_processes_stop_on_sigint_even_if_it_was_ignored_at_start(whole_site):
    # A shell without job control starts background processes in this way.
    parts = [whole_site.web, whole_site.workers[0]]
    commands = [part.command for part in parts]
    try:
        for part in parts:
            part.end()
            size = part.log.stat().st_size
            part.command = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *part.command]
            part.start().wait_until_logged("Listening on", size)
        whole_site.start()
        codes, _ = end_together(parts, signal.SIGINT)
    finally:
        for part, command in zip(parts, commands, strict=True):
            part.command = command
    assert codes == [0, 0]


async def test_a_restart_of_all_processes_keeps_history_people_and_sessions(whole_site, alice, bob):
    room = alice.make_room()
    async with alice.client(room) as at_alice:
        await at_alice.post("before")
        before = alice.history(room)
        for part in whole_site.parts:
            part.kill()
        # The client writes this while no process runs, and sends it later.
        ref = await at_alice.send("post", body="meanwhile")
        await asyncio.to_thread(wait_until, lambda: not at_alice.is_joined)
        whole_site.start()
        await at_alice.until(lambda: ref in at_alice.answers, LONG_SECONDS)
        await at_alice.until(lambda: at_alice.bodies() == ["before", "meanwhile"])
        assert alice.history(room)[1] == before[1]
        assert alice.http.get(f"{whole_site.url}/api/session/").json()["handle"] == alice.handle


@contextlib.contextmanager
def running_bot(site, token, room, folder):
    """Run the example bot of the Python library in a process of its own. The bot keeps its state in `folder`."""
    chosen = {"CHAT_URL": site.url, "CHAT_TOKEN": token, "CHAT_STATE": str(folder / "bot.json")}
    with (folder / "bot.log").open("ab") as log:
        command = [sys.executable, str(ECHO_BOT), room]
        bot = subprocess.Popen(command, env={**os.environ, **chosen}, stdout=log, stderr=log)
    try:
        yield bot
    finally:
        bot.kill()
        bot.wait()


async def test_a_bot_answers_each_message_once_through_all_kills(whole_site, alice, tmp_path):
    robot = Person(whole_site, f"Robot {next(_numbers)}", "correct horse")
    token = robot.call("POST", "/api/tokens/", name="bot", expected=201).json()["token"]
    room, count = alice.make_room(), 30
    async with alice.client(room) as at_alice, contextlib.AsyncExitStack() as stack:
        first = stack.enter_context(running_bot(whole_site, token, room, tmp_path))
        await asyncio.to_thread(wait_until, (tmp_path / "bot.json").exists, what="the bot")
        for number in range(count):
            await at_alice.send("post", body=f"!echo {number}")
            if number == 8:
                whole_site.web.kill()
                whole_site.web.start()
            elif number == 16:
                whole_site.workers[0].kill()
                whole_site.workers[0].start()
            elif number == 22:
                first.kill()
            elif number == 25:
                stack.enter_context(running_bot(whole_site, token, room, tmp_path))
            await asyncio.sleep(0.01)

        def read_answers():
            return [body for body in at_alice.bodies() if not body.startswith("!")]

        await at_alice.until(lambda: len(read_answers()) >= count, LONG_SECONDS)
        assert sorted(read_answers(), key=int) == [str(number) for number in range(count)]
    assert "Traceback" not in (tmp_path / "bot.log").read_text()


async def test_without_redis_requests_get_503_and_the_site_recovers_with_redis(whole_site, alice, bob):
    room = alice.make_room()
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        await at_alice.post("before")
        whole_site.valkey.kill()
        response = await asyncio.to_thread(alice.http.get, f"{whole_site.url}/api/rooms/", timeout=60)
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        page = await asyncio.to_thread(alice.http.get, whole_site.url, timeout=60)
        assert page.status_code == 503 and page.headers["Content-Type"].startswith("text/html")
        for text in (response.text, page.text):
            assert "redis" not in text.lower() and "127.0.0.1" not in text
        ref = await at_alice.send("post", body="meanwhile")
        await asyncio.sleep(0.5)
        assert whole_site.web.is_running
        # This starts all ended processes again, as a supervisor does.
        whole_site.start()
        await at_alice.until(lambda: ref in at_alice.answers, LONG_SECONDS)
        # Bob only listens. His next heartbeat would detect the loss too late for this test, so he reconnects.
        at_bob.cut()
        for client in (at_alice, at_bob):
            await client.until(lambda client=client: client.bodies() == ["before", "meanwhile"], LONG_SECONDS)


async def test_a_client_that_answers_no_ping_leaves_the_room():
    # A client that answers pings meets this timeout even on a busy machine.
    site = Site(web=f"{Site.WEB} --ping-interval 1 --ping-timeout 4", workers=1).start()
    try:
        owner = Person(site, "Owner", "correct horse")
        room = owner.make_room()
        async with owner.client(room) as at_owner, Person(site, "Silent").socket(f"/chat/{room}/") as socket:
            await at_owner.until(lambda: "Silent" in at_owner.came())
            # From now on the client neither reads nor writes, like a telephone in a tunnel.
            socket.transport.pause_reading()
            await at_owner.until(lambda: "Silent" in at_owner.went())
            await at_owner.post("the others do not wait")
    finally:
        site.stop()


async def test_a_locked_database_delays_the_ack_and_does_not_block_the_connection(whole_site, alice):
    room = alice.make_room()
    async with alice.client(room) as client, alice.client(room) as other:
        await client.post("before")
        with whole_site.database.locked():
            refs = [await client.send("post", body=f"late {number}") for number in range(3)]
            await asyncio.sleep(3)
            assert not set(refs) & set(client.answers)
        await client.until(lambda: set(refs) <= set(client.answers))
        assert [client.answers[ref]["offset"] for ref in refs] == [2, 3, 4]
        await other.until(lambda: other.cursor == 4)
        assert other.bodies() == ["before", "late 0", "late 1", "late 2"]
        assert client.close_codes == []


async def test_a_frame_whose_consumer_fails_is_answered_and_does_not_block_the_connection(whole_site, alice, bob):
    room = alice.make_room()
    async with alice.socket(f"/chat/{room}/") as socket, bob.client(room) as at_bob:
        await read_until(socket, lambda event: event["type"] == "synced")
        post = {"type": "post", "ref": new_ref(), "body": "x"}
        whole_site.database.query("ALTER TABLE chat_change RENAME TO chat_change_away")
        try:
            for _ in range(3):
                await socket.send(json.dumps(post))
                answer = await read_until(socket, lambda event: event["type"] in ("ack", "rejected"))
                assert (answer["type"], answer["ref"]) == ("rejected", post["ref"])
                assert answer["code"] in ("unavailable", "internal")
        finally:
            whole_site.database.query("ALTER TABLE chat_change_away RENAME TO chat_change")
        await socket.send(json.dumps(post))
        answer = await read_until(socket, lambda event: event["type"] in ("ack", "rejected"))
        assert (answer["type"], answer["offset"]) == ("ack", 1)
        await at_bob.until(lambda: at_bob.cursor == 1)
        assert len(at_bob.heard("message")) == 1


async def test_a_change_whose_commit_fails_is_not_published(whole_site, doomed_body, alice, bob):
    # Every statement succeeds and only the commit fails, so an ack or a broadcast before the commit would arrive.
    room = alice.make_room()
    async with alice.socket(f"/chat/{room}/") as socket, bob.client(room) as at_bob:
        await read_until(socket, lambda event: event["type"] == "synced")
        ref = new_ref()
        await socket.send(json.dumps({"type": "post", "ref": ref, "body": doomed_body}))
        answer = await read_until(socket, lambda event: event["type"] in ("ack", "rejected", "message"))
        assert (answer["type"], answer["ref"]) == ("rejected", ref)
        await socket.send(json.dumps({"type": "post", "ref": ref, "body": "fine"}))
        answer = await read_until(socket, lambda event: event["type"] in ("ack", "rejected"))
        assert (answer["type"], answer["offset"]) == ("ack", 1)
        await at_bob.until(lambda: at_bob.cursor == 1)
        assert [event["body"] for event in at_bob.heard("message")] == ["fine"]


@pytest.fixture
def doomed_body(whole_site):
    """Yield a body whose row breaks a foreign key. The database detects this only at the commit."""
    database, body = whole_site.database, "doomed"
    violation = "INSERT INTO chat_reaction (message_id, person_id, emoji) VALUES (-1, NEW.author_id, 'x');"
    trigger = f"CREATE TRIGGER spoiler AFTER INSERT ON chat_message FOR EACH ROW WHEN (NEW.body = '{body}')"
    if database.server:
        database.query(
            f"CREATE FUNCTION spoil() RETURNS trigger AS $$ BEGIN {violation} RETURN NEW; END $$"
            f" LANGUAGE plpgsql; {trigger} EXECUTE FUNCTION spoil()"
        )
    else:
        database.query(f"{trigger} BEGIN {violation} END")
    yield body
    database.query("DROP TRIGGER spoiler" + " ON chat_message" * bool(database.server))


async def test_a_client_that_disconnects_at_once_leaves_no_state(whole_site, bob):
    # The disconnect may overtake the connect or the heartbeat, which run in the other worker. Their state must not
    # stay: the person would be shown in the room, and would soon reach the limit of open connections.
    room = Person(whole_site, f"Owner of the faults {next(_numbers)}", "correct horse").make_room()
    valkey = redis.StrictRedis.from_url(whole_site.redis_url)

    def connection_keys():
        return [key for pattern in ("*:group:*", "chat:lease:*", "*:entries") for key in valkey.keys(pattern)]

    await asyncio.to_thread(wait_until, lambda: not connection_keys(), 40)
    for number in range(150):
        async with bob.socket(f"/chat/{room}/") as socket:
            event = await read_until(socket, lambda event: event["type"] in ("joined", "rejected"))
            assert event["type"] == "joined"
            if number % 3 == 0:
                await read_until(socket, lambda event: event["type"] == "synced")
                await socket.send(json.dumps({"type": "sync", "cursor": 0}))
            if number % 2:
                socket.transport.abort()
        async with bob.socket("/lobby/"):
            pass
    await asyncio.to_thread(wait_until, lambda: not connection_keys(), 40)


# While two other tests ran, the flood once ended with a TCP reset, and the client never read the close code.
@pytest.mark.alone
@pytest.mark.no_database
async def test_a_flood_is_refused_with_a_wait_time_and_closed_if_it_continues(whole_site, bob):
    owner = Person(whole_site, f"Owner of the faults {next(_numbers)}", "correct horse")
    room = owner.make_room()
    async with bob.socket(f"/chat/{room}/") as socket, owner.client(room) as bystander:
        codes, frame = [], json.dumps({"type": "typing", "on": True})

        async def flood():
            # The loop ends when the connection is closed. The number of frames until then depends on the machine.
            while True:
                await socket.send(frame)

        flooding = asyncio.create_task(flood())
        with pytest.raises(Exception, match="4429"):
            async with asyncio.timeout(LONG_SECONDS):
                while True:
                    event = json.loads(await socket.recv())
                    if event["type"] == "rejected":
                        codes.append(event["code"])
                        assert event["retry_after"] > 0 and event["ref"] is None
        await asyncio.gather(flooding, return_exceptions=True)
        assert set(codes) == {"rate_limited"} and len(codes) >= 1000
        assert (await bystander.post("the others can post"))["offset"] == 1


async def test_a_client_that_obeys_the_wait_time_delivers_everything(whole_site, alice):
    room = alice.make_room()
    async with alice.client(room) as client:
        for number in range(620):
            await client.send("post", body=f"number {number}")
        await client.until(lambda: len(client.answers) == 620, LONG_SECONDS)
        assert {event["code"] for event in client.heard("rejected")} <= {"rate_limited"}
        check_stored_once(whole_site, room, client, 620)
