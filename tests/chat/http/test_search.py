"""The API of the search."""

from datetime import UTC, datetime, timedelta

import pytest

from channels_transport import OUTAGES
from chat.models import Message, Profile
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


@pytest.fixture
def around_midnight(room, alice):
    """
    Return a function that stores messages around a day, and indexes them.

    It takes the first moment of the day. The bodies name the moments: the last one before the day, the first one and
    the last one of the day, and the first one after it.
    """

    def post(start):
        member, instant = rooms.join_room(alice, "garden"), timedelta(milliseconds=1)
        end = start + timedelta(days=1)
        for name, at in (("before", start - instant), ("first", start), ("last", end - instant), ("after", end)):
            rooms.post_message(member, Post(name, f"Roses {name}"))
            Message.objects.filter(ref=name).update(created_at=at)
        search.index_changes()

    return post


def _find_roses(call, more=""):
    status, body = call("GET", f"/api/search/?q=roses+after:2026-03-10+before:2026-03-11{more}")
    assert status == 200
    return [result["message"]["body"].split()[1] for result in body["results"]]


@pytest.mark.parametrize(
    "zone, start",
    [
        ("Pacific/Kiritimati", datetime(2026, 3, 9, 10, tzinfo=UTC)),  # 14 hours ahead of UTC
        ("Pacific/Pago_Pago", datetime(2026, 3, 10, 11, tzinfo=UTC)),  # 11 hours behind UTC
    ],
)
def test_the_days_of_a_search_begin_in_the_time_zone_of_the_profile(as_bob, bob, around_midnight, zone, start):
    around_midnight(start)
    Profile.objects.create(person=bob, time_zone=zone)
    assert _find_roses(as_bob) == ["last", "first"]
    assert _find_roses(as_bob, "&device_zone=Europe/Berlin") == ["last", "first"]
    assert _find_roses(as_bob, "&zone=UTC") != ["last", "first"]


@pytest.mark.parametrize("has_profile", [True, False])
def test_without_a_zone_in_the_profile_the_days_of_a_search_are_those_of_the_device(
    as_bob, bob, around_midnight, has_profile
):
    around_midnight(datetime(2026, 3, 9, 10, tzinfo=UTC))
    if has_profile:
        Profile.objects.create(person=bob, name="Robert")
    assert _find_roses(as_bob, "&device_zone=Pacific/Kiritimati") == ["last", "first"]
    assert _find_roses(as_bob) == ["after", "last"]


def test_the_zone_that_a_search_names_overrides_the_zone_of_the_profile(as_bob, bob, around_midnight):
    around_midnight(datetime(2026, 3, 9, 10, tzinfo=UTC))
    Profile.objects.create(person=bob, time_zone="Pacific/Pago_Pago")
    assert _find_roses(as_bob, "&zone=Pacific/Kiritimati&device_zone=Europe/Berlin") == ["last", "first"]


@pytest.mark.parametrize(
    "query, answer",
    [
        ("", (400, "empty")),
        ("q=before:x", (400, "invalid_field")),
        ("q=x&zone=Mars", (400, "invalid_field")),
        ("q=x&device_zone=Mars", (400, "invalid_field")),
        ("q=x&page=-1", (400, "invalid_field")),
        ("q=x&room=attic", (404, "not_found")),
        ("author=nobody", (404, "not_found")),
    ],
)
def test_an_invalid_search_is_refused_with_its_error(as_bob, indexed, query, answer):
    assert as_bob("GET", f"/api/search/?{query}") == answer


def test_strangers_cannot_search(stranger, indexed):
    assert stranger("GET", "/api/search/?q=red") == (401, "not_signed_in")


def test_searches_are_rate_limited(as_bob, indexed, settings):
    settings.CHAT_LIMITS = {**settings.CHAT_LIMITS, "searches": (2, 0.01)}
    assert [as_bob("GET", "/api/search/?q=red")[0] for _ in range(3)] == [200, 200, 429]
