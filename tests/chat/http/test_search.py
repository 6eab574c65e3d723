"""The API of the search."""

import pytest

from channels_transport import OUTAGES
from chat.protocol import Post
from chat.services import rooms, search
from chat.store import store

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def indexed(room, alice):
    """Store a message in `garden`, and index it."""
    rooms.post_message(rooms.join_room(alice, "garden"), Post("r1", "Red roses"))
    search.index_changes()


def test_a_search_returns_the_room_the_message_and_a_snippet(as_bob, indexed):
    status, body = as_bob("GET", "/api/search/?q=ros")
    assert status == 200 and body["more"] is False
    [result] = body["results"]
    assert result["room"] == {"slug": "garden", "name": "The garden"}
    assert (result["message"]["type"], result["message"]["body"]) == ("message", "Red roses")
    assert result["snippet"] == "Red <mark>roses</mark>"


def test_without_a_monitor_a_search_finds_a_new_message(as_bob, room, alice):
    rooms.post_message(rooms.join_room(alice, "garden"), Post("r1", "Red roses"))
    assert len(as_bob("GET", "/api/search/?q=roses")[1]["results"]) == 1


def test_with_a_monitor_a_search_indexes_nothing(as_bob, room, alice):
    store.acquire_lease(search.MONITOR_LEASE, "a monitor", 10, limit=1)
    rooms.post_message(rooms.join_room(alice, "garden"), Post("r1", "Red roses"))
    assert as_bob("GET", "/api/search/?q=roses")[1] == {"results": [], "more": False}


def test_a_search_works_during_an_outage_of_redis(as_bob, indexed, monkeypatch):
    def fail(name):
        raise OUTAGES[0]("The server is gone")

    monkeypatch.setattr(store, "count_leases", fail)
    assert len(as_bob("GET", "/api/search/?q=roses")[1]["results"]) == 1


def test_the_parameters_mean_the_same_as_the_operators(as_bob, indexed):
    path = "/api/search/?q=red&author=alice&room=garden&after=2020-01-01&before=2200-01-01&zone=Asia/Tokyo&page=0"
    assert len(as_bob("GET", path)[1]["results"]) == 1
    assert as_bob("GET", "/api/search/?q=red&has=link")[1] == {"results": [], "more": False}
    assert as_bob("GET", "/api/search/?q=red&page=1")[1] == {"results": [], "more": False}


@pytest.mark.parametrize(
    "query, answer",
    [
        ("", (400, "empty")),
        ("q=before:x", (400, "invalid_field")),
        ("q=x&zone=Mars", (400, "invalid_field")),
        ("q=x&page=-1", (400, "invalid_field")),
        ("q=x&room=attic", (404, "not_found")),
        ("author=nobody", (404, "not_found")),
    ],
)
def test_a_wrong_search_gets_one_error(as_bob, indexed, query, answer):
    assert as_bob("GET", f"/api/search/?{query}") == answer


def test_strangers_cannot_search(stranger, indexed):
    assert stranger("GET", "/api/search/?q=red") == (401, "not_signed_in")


def test_searches_are_rate_limited(as_bob, indexed, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "searches": (2, 0.01)}
    assert [as_bob("GET", "/api/search/?q=red")[0] for _ in range(3)] == [200, 200, 429]
