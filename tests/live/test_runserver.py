"""`runserver` with everything in one process, and `runserver --noworker` with separate workers."""

import pytest

from tests.live.client import Person
from tests.live.polling import PollingPerson
from tests.live.processes import Site

RUNSERVER = "runserver 127.0.0.1:{port} --noreload"


@pytest.fixture(params=["one process", "with workers beside it"])
def runserver_site(request):
    if request.param == "one process":
        site = Site(web=RUNSERVER, redis=False, workers=0)
    else:
        site = Site(web=f"{RUNSERVER} --noworker", workers=1)
    yield site.start()
    site.stop()


async def test_websockets_and_polling_deliver_messages_and_presence(runserver_site):
    alice = Person(runserver_site, "Alice", "correct horse")
    bob = Person(runserver_site, "Bob")
    room = alice.make_room()
    async with alice.client(room) as at_alice, bob.client(room) as at_bob:
        for number in range(20):
            await at_alice.post(f"question {number}")
            await at_bob.post(f"answer {number}")
        for client in (at_alice, at_bob):
            await client.until(lambda client=client: client.cursor == 40)
            assert client.bodies()[:2] == ["question 0", "answer 0"]
        assert [one["handle"] for one in at_bob.heard("joined")[0]["present"]] == ["Alice", "Bob"]
        # If Bob left before the members received an event about his joining, no event would report him.
        await at_alice.until(lambda: "Bob" in at_alice.came())
        at_bob.cut(stay_away=True)
        await at_alice.until(lambda: "Bob" in at_alice.went())
        await at_alice.ask("edit", id=1, body="edited")
        at_bob.allow_reconnect()
        await at_bob.until(lambda: at_bob.cursor == 41)
        assert at_bob.bodies()[0] == "edited"
        async with PollingPerson(runserver_site, "Carol").client(room) as polls:
            await polls.post("I can only poll")
            await at_alice.post("So what")
            for client in (at_alice, polls):
                await client.until(lambda client=client: client.bodies()[-2:] == ["I can only poll", "So what"])
            await at_alice.until(lambda: "Carol" in at_alice.came())
        await at_alice.until(lambda: "Carol" in at_alice.went())
        bob.call("DELETE", "/api/session/", expected=200)
        await at_bob.until(lambda: at_bob.close_codes[-1:] == [4401])
