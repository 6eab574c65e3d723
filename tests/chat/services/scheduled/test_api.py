"""The API of scheduled messages: schedule, list and cancel."""

import pytest

from chat.models import Member, ScheduledMessage
from chat.services import rooms, scheduled
from tests.chat.services.scheduled.helpers import get_time, read_bodies, run_job
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/rooms/garden/scheduled/"


def test_a_message_can_be_scheduled_listed_and_cancelled(bob, charlie, room):
    call, at = Caller(bob), get_time()
    status, body = call("POST", PATH, {"ref": "s1", "body": "Later", "at": at})
    number = ScheduledMessage.objects.get().id
    assert (status, body) == (201, {"ref": "s1", "scheduled_id": number})
    assert call("POST", PATH, {"ref": "s1", "body": "Later", "at": at}) == (200, body)
    row = {"id": number, "body": "Later", "at": at, "reply_to": None, "state": "waiting", "why": None}
    assert call("GET", PATH) == (200, {"scheduled": [row]})
    assert Caller(charlie)("GET", PATH) == (200, {"scheduled": []})
    assert Caller(charlie)("DELETE", f"{PATH}{number}/")[0] == 404
    assert call.browser.delete(f"{PATH}{number}/").status_code == 204
    assert call("GET", PATH) == (200, {"scheduled": []})
    assert scheduled.post_scheduled(number) is False and read_bodies() == []


def test_the_list_says_in_which_thread_a_message_is_posted(alice, bob, enter):
    enter(alice).post("r1", "A question")
    enter(alice).post("r2", "An answer", thread=1)
    call, at = Caller(bob), get_time()
    # The id of a reply leads to the thread too.
    request = {"ref": "s1", "body": "Later", "at": at, "thread": 2}
    assert call("POST", PATH, request)[0] == 201
    assert call("POST", PATH, request)[0] == 200
    assert call("POST", PATH, {**request, "thread": 1}) == (409, "ref_conflict")
    assert [row["thread"] for row in call("GET", PATH)[1]["scheduled"]] == [1]
    assert call("POST", PATH, {**request, "ref": "s2", "thread": 9}) == (404, "not_found")


def test_a_posted_message_cannot_be_cancelled(bob, make_scheduled):
    row = run_job(make_scheduled(bob))
    assert Caller(bob)("DELETE", f"{PATH}{row.id}/") == (404, "not_found")


def test_a_refused_message_is_listed_with_its_reason_and_can_be_deleted(bob, make_scheduled):
    row = make_scheduled(bob, state="refused", why="You are muted in this room.")
    call = Caller(bob)
    [shown] = call("GET", PATH)[1]["scheduled"]
    assert (shown["state"], shown["why"]) == ("refused", "You are muted in this room.")
    assert call.browser.delete(f"{PATH}{row.id}/").status_code == 204


@pytest.mark.parametrize("method, path", [("GET", PATH), ("POST", PATH), ("DELETE", f"{PATH}1/")])
def test_people_who_are_not_logged_in_cannot_schedule(room, method, path):
    assert Caller()(method, path, {"ref": "s1", "body": "Later", "at": get_time()}) == (401, "not_signed_in")


@pytest.mark.parametrize("method, path", [("GET", PATH), ("POST", PATH)])
def test_a_banned_person_cannot_schedule(bob, room, method, path):
    rooms.apply_role(rooms.join_room(bob, "garden"), Member.BANNED)
    assert Caller(bob)(method, path, {"ref": "s1", "body": "Later", "at": get_time()})[0] == 403


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/api/rooms/attic/scheduled/"),
        ("DELETE", "/api/rooms/attic/scheduled/1/"),
        ("DELETE", f"{PATH}99999999999999999999/"),
    ],
)
def test_unknown_rooms_and_messages_are_not_found(bob, room, method, path):
    assert Caller(bob)(method, path)[0] == 404


def test_the_error_of_a_rejected_schedule_has_its_ref(bob, room):
    call = Caller(bob)
    assert call("POST", PATH, {"ref": "s1", "body": "Later", "at": "2001-01-01T00:00:00Z"}) == (400, "invalid_field")
    assert call.response.json()["ref"] == "s1"


def test_cancelling_does_not_reveal_which_rooms_exist(alice, bob, room):
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    as_bob = Caller(bob)
    found = [as_bob("DELETE", f"/api/rooms/{slug}/scheduled/1/") for slug in ("cellar", "nowhere", "%00")]
    details = {as_bob.browser.delete(f"/api/rooms/{slug}/scheduled/1/").json()["detail"] for slug in ("cellar", "no")}
    assert found == [(404, "not_found")] * 3 and len(details) == 1
