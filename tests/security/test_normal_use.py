"""
With the default limits, normal use is never refused, and abuse is refused. What a client reads is counted in messages.
"""

import json

import pytest

from chat.models import Message, Room
from chat.services import budgets, rooms
from chat.store import store
from tests.security import limit_ways as ways
from tests.security.limit_ways import Actor, frame

pytestmark = pytest.mark.django_db(transaction=True)

TABS, MISSED = 20, 1000


@pytest.fixture
def time(clock, monkeypatch):
    """Return the clock of the limits."""
    monkeypatch.setattr(budgets, "time", clock)
    return clock


@pytest.fixture
def long_room(room, alice, bob):
    """Return the room with 1,000 messages of Bob."""
    for person in (alice, bob):
        rooms.join_room(person, "garden")
    Message.objects.bulk_create(
        [
            Message(room=room, author=bob, number=number, offset=number, ref=f"r{number}", body="Hello")
            for number in range(1, MISSED + 1)
        ]
    )
    Room.objects.filter(id=room.id).update(offset=MISSED, posts=MISSED)
    return room


def read_level(person):
    """Return how many more messages a person may read at once."""
    levels = []
    store.take_tokens_deferred(budgets.find_buckets("reads", person.id), 0, levels.extend)
    return levels[0]


class Cost:
    """What a block of code costs a person, in messages read."""

    def __init__(self, person):
        self.person = person

    def __enter__(self):
        self.before = read_level(self.person)
        return self

    def __exit__(self, *exc_info):
        self.messages = self.before - read_level(self.person)


def reconnect(actor):
    """Resume one tab at cursor 0, as the page does: its stream, the room, and a sync until nothing is missing."""
    assert actor.socket("/me/").code is None
    socket = actor.socket("/chat/garden/", query="cursor=0")
    [synced] = socket.seen("synced")
    while synced["more"]:
        socket.say("sync", cursor=synced["offset"])
        synced = socket.seen("synced")[-1]
    assert not socket.seen("rejected")
    assert len(socket.seen("message")) == MISSED


def test_twenty_tabs_resume_after_an_outage(long_room, alice, time, settings):
    burst, _ = settings.CHAT_LIMITS["reads"]
    with Cost(alice) as cost:
        reconnect(Actor(alice, "192.0.2.1"))
    assert MISSED < cost.messages <= MISSED + 100
    assert TABS * cost.messages <= burst / 2, "half of the budget is left for the rest"


def test_a_heartbeat_that_finds_nothing_new_is_free_and_is_answered_even_in_debt(long_room, alice, time):
    actor = Actor(alice, "192.0.2.1")
    socket, own = actor.socket("/chat/garden/"), actor.socket("/me/")
    with Cost(alice) as cost:
        socket.say("sync", cursor=MISSED)
        own.say("sync", posts=MISSED)
    assert cost.messages == 0
    budgets.count_reads(alice.id, None, 10**6)
    assert socket.say("sync", cursor=MISSED)[-1]["type"] == "synced"
    assert own.say("sync", posts=MISSED)[-1]["type"] == "synced"
    assert socket.say("sync", cursor=0)[-1]["code"] == "rate_limited"
    assert own.say("sync", posts=0)[-1]["code"] == "rate_limited"
    assert socket.code is own.code is None


def test_a_person_opens_a_hundred_rooms_and_scrolls_back_ten_thousand_messages(long_room, alice, time, settings):
    burst, _ = settings.CHAT_LIMITS["reads"]
    actor = Actor(alice, "192.0.2.1")
    with Cost(alice) as opened:
        view = actor.browser.get("/rooms/garden/?pane=1")
        assert view.status_code == 200
        socket = actor.socket("/chat/garden/", query=f"cursor={MISSED}")
    with Cost(alice) as scrolled:
        assert len(socket.ask("fetch", ref="f1", before=500, limit=100)["messages"]) == 100
    assert scrolled.messages == 100
    assert 100 * opened.messages + 100 * scrolled.messages <= burst


def test_a_bot_that_reads_five_pages_a_second_is_not_refused(long_room, alice, time, settings):
    _, per_second = settings.CHAT_LIMITS["reads"]
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "reads": (200, per_second)}
    actor = Actor(alice, "192.0.2.1")
    for number in range(20):
        response = actor.browser.get(f"/api/rooms/garden/messages/?before={MISSED - 20 * number}&limit=100")
        assert len(json.loads(response.content)["messages"]) == 100
        time.pass_by(0.2)


def test_a_bot_that_waits_as_it_is_told_reads_everything(long_room, alice, time, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "reads": (200, 500)}
    actor, after, waits, found = Actor(alice, "192.0.2.1"), 0, 0, []
    while after < MISSED:
        response = actor.browser.get(f"/api/rooms/garden/messages/?after={after}&limit=100")
        body = json.loads(response.content)
        if response.status_code == 429:
            waits += 1
            time.pass_by(body["retry_after"])
            continue
        found += [message["id"] for message in body["messages"]]
        after = found[-1]
    assert found == list(range(1, MISSED + 1))
    assert 1 <= waits < 10, "the time to wait is right, so no request is refused twice"


def test_a_loop_of_syncs_from_the_beginning_is_refused(long_room, alice, time, settings):
    burst, per_second = settings.CHAT_LIMITS["reads"]
    actor = Actor(alice, "192.0.2.1")
    ask = frame("/chat/garden/", type="sync", cursor=0)(actor)
    with Cost(alice) as cost:
        assert not ask().refused
    assert cost.messages == 200
    budgets.count_reads(alice.id, actor.address, read_level(alice) - 250)
    assert [ask().refused for _ in range(3)] == [False, False, True]
    # The debt is at most what one answer contains, so nobody waits for long.
    assert 0 < ask().retry_after <= 200 / per_second


def test_readers_at_one_address_may_resume_together(settings):
    burst, _ = settings.CHAT_LIMITS["reads_per_address"]
    assert burst >= settings.CHAT_MAX_SOCKETS_PER_ADDRESS * 200


def test_load_balancers_and_monitoring_are_not_counted(client, db, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "requests_per_address": (1, 0.001)}
    assert [client.get("/readyz").status_code for _ in range(4)] == [200] * 4
    assert ways.read_response(client.get("/sign-in/")).refused is False
    assert client.get("/sign-in/").status_code == 429
    assert client.get("/readyz").status_code == 200
