"""
The limits of the whole site: they bound what many accounts and addresses do together, and nobody can lock out the
others by using the site's budget up.
"""

import json

import pytest

from chat.protocol import ChatError
from chat.services import budgets, limits, people
from tests import wire
from tests.security import limit_ways as ways
from tests.security.limit_ways import Actor

pytestmark = pytest.mark.django_db(transaction=True)

SIGN_IN = {"handle": "Nobody", "password": "wrong"}
NEW_USER = {"handle": "New {n}", "password": "correct horse battery"}
# (the limit of the site, the limit of one owner, the function that sends requests, whether the owner is an address)
CASES = [
    ("searches_per_site", "searches", ways.search, False),
    ("tasks_per_site", "tasks", ways.start_by_api, False),
    ("guests_per_site", "guests", ways.new_browser("post", "/api/guests/", {"handle": "Guest {n}"}), True),
    (
        "sign_ups_per_site",
        "sign_ups",
        ways.new_browser_form("/sign-up/", **NEW_USER),
        True,
    ),
    ("sign_ins_per_site", "sign_ins", ways.new_browser("post", "/api/session/", SIGN_IN), True),
    ("rooms_per_site", "rooms", ways.send("post", "/api/rooms/", {"slug": "room-{n}", "name": "Room"}), True),
]


@pytest.fixture
def time(clock, monkeypatch):
    """Return the clock of the limits."""
    monkeypatch.setattr(budgets, "time", clock)
    return clock


def set_limits(settings, **limits):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, **limits}


@pytest.mark.parametrize("limit, own, way, by_address", CASES, ids=[case[0] for case in CASES])
def test_heavy_users_wait_for_the_site_and_light_users_do_not(
    limit, own, way, by_address, room, alice, bob, time, settings
):
    set_limits(settings, **{limit: (3, 0.01), own: (5, 0.01)})
    first, second = Actor(alice, "192.0.2.1"), Actor(bob, "192.0.2.2" if by_address else "192.0.2.1")
    ask, ask_second = way(first), way(second)
    # Alice has used more than half of her own budget when the site's budget is used up.
    assert [ask().refused for _ in range(4)] == [False, False, False, True]
    assert budgets.count_refusals() == {limit: 1}
    assert [ask_second().refused for _ in range(3)] == [False] * 3, "the reserve is for people who have used little"
    assert ask_second().refused and ask().refused
    time.pass_by(ask().retry_after + 0.001)
    assert not ask().refused


@pytest.mark.parametrize("limit, own, way", [case[:3] for case in CASES if case[3]])
def test_a_client_with_many_networks_cannot_lock_the_others_out(limit, own, way, room, alice, bob, time, settings):
    set_limits(settings, **{limit: (10, 0.01), own: (4, 0.01)})
    asks = [way(Actor(alice, f"2001:db8:1:{number:x}::1")) for number in range(20)]
    # The /48 has used half of its 16 tokens: from now on, it does not get the reserve of the site.
    assert sum(not ask().refused for ask in asks) == 10
    other = way(Actor(bob, "2001:db8:2::1"))
    assert [other().refused for _ in range(3)] == [False] * 3


def test_the_reserve_of_a_site_is_limited_too(room, time, settings):
    set_limits(settings, guests_per_site=(3, 0.01), guests=(100, 1))
    create = ways.new_browser("post", "/api/guests/", {"handle": "Guest {n}"})
    asks = [create(Actor(None, f"192.0.2.{number}")) for number in range(20)]
    assert [ask().refused for ask in asks] == [False] * 6 + [True] * 14


def test_a_known_browser_signs_in_while_strangers_use_up_the_budget_of_the_site(alice, time, settings):
    set_limits(settings, sign_ins_per_site=(2, 0.001))
    known = Actor(None, "192.0.2.1").browser
    right = json.dumps({"handle": "Alice", "password": "correct horse"})
    assert known.post("/api/session/", right, "application/json").status_code == 200
    known.delete("/api/session/")
    guess = ways.new_browser("post", "/api/session/", {"handle": "Nobody {n}", "password": "wrong"})
    guesses = [guess(Actor(None, f"198.51.100.{number}"))().refused for number in range(8)]
    assert guesses == [False] * 3 + [True] * 5
    stranger = wire.Client(REMOTE_ADDR="203.0.113.9")
    assert stranger.post("/api/session/", right, "application/json").status_code == 429
    assert known.post("/api/session/", right, "application/json").status_code == 200


def test_invalid_tokens_do_not_use_up_the_budget_of_password_checks(alice, time, settings):
    set_limits(settings, sign_ins_per_site=(1, 0.001))
    ask = ways.invalid_token(Actor(None, "192.0.2.1"))
    for _ in range(5):
        assert not ask().refused
    browser = wire.Client(REMOTE_ADDR="192.0.2.2")
    right = json.dumps({"handle": "Alice", "password": "correct horse"})
    assert browser.post("/api/session/", right, "application/json").status_code == 200


def test_searches_of_one_address_use_at_most_half_of_the_budget_of_the_site(settings):
    limits = settings.CHAT_LIMITS
    for here, site in zip(limits["searches_per_address"], limits["searches_per_site"], strict=True):
        assert here * 2 <= site


def test_results_cost_their_bytes_when_they_are_written(room, alice, time, settings):
    set_limits(settings, task_bytes=(1, 1))
    ask = ways.start_by_api(Actor(alice, "192.0.2.1"))
    assert not ask().refused
    refused = ask()
    assert refused.refused and refused.retry_after > 10, "one second for each byte"
    time.pass_by(refused.retry_after + 0.001)
    assert not ask().refused


def test_results_cost_their_bytes_when_they_are_downloaded(room, alice, time, settings):
    ask = ways.download(Actor(alice, "192.0.2.1"))
    set_limits(settings, download_bytes=(1, 1))
    assert not ask().refused
    refused = ask()
    assert refused.refused and refused.retry_after > 10, "one second for each byte"
    time.pass_by(refused.retry_after + 0.001)
    assert not ask().refused


def test_a_site_without_an_entry_has_no_such_limit(room, alice, settings):
    limits = dict(settings.CHAT_LIMITS)
    for name in [name for name in limits if name.startswith("searches")]:
        del limits[name]
    settings.CHAT_LIMITS = limits
    ask = ways.search(Actor(alice, "192.0.2.1"))
    assert not any(ask().refused for _ in range(40))


def test_conversations_that_exist_are_not_counted(room, alice, bob, settings):
    set_limits(settings, directs=(1, 0.001))
    ask = ways.send("post", "/api/directs/", {"handles": ["Bob"]})(Actor(alice, "192.0.2.1"))
    assert not any(ask().refused for _ in range(4))
    people.sign_up("Dora", "correct horse")
    assert ways.send("post", "/api/directs/", {"handles": ["Dora"]})(Actor(alice, "192.0.2.1"))().refused


def test_one_address_with_many_accounts_cannot_use_up_the_reserve_of_known_browsers(time, settings):
    set_limits(settings, sign_ins_per_site=(10, 0.001), sign_ins=(4, 0.001))
    refused = 0
    for number in range(150):
        try:
            limits.start_sign_in(f"account {number}", "192.0.2.1", f"browser {number}", True)
        except ChatError:
            refused += 1
    assert 150 - refused < 10 + 10 * 10 / 2, "less than half of the reserve is used"
    assert limits.start_sign_in("Alice", "192.0.2.2", "the browser of Alice", True)
