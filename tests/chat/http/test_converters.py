"""Addresses: an id that cannot exist gets the same answer, byte for byte, as an id that does not exist."""

import uuid
from urllib.parse import quote

import pytest

from chat.http.converters import NO_UUID, BoardUuidConverter, RowIdConverter
from chat.models import Person
from chat.protocol import MAX_INTEGER
from chat.services import rooms
from tests import wire
from tests.wire import Caller

pytestmark = pytest.mark.django_db(transaction=True)

ID_CALLS = [
    ("DELETE", "/api/tokens/{}/", None),
    ("POST", "/api/rooms/garden/messages/{}/reports/", {"reason": "Rude"}),
    ("PUT", "/api/rooms/garden/reports/{}/", {"action": "dismiss"}),
    ("GET", "/api/tasks/{}/", None),
    ("DELETE", "/api/tasks/{}/", None),
    ("GET", "/api/tasks/{}/result/", None),
    ("DELETE", "/api/rooms/garden/scheduled/{}/", None),
    ("DELETE", "/api/announcements/{}/", None),
    ("DELETE", "/api/rooms/cellar/invitations/{}/", None),
]
SLUG_CALLS = [
    ("GET", "/api/rooms/{}/messages/", None),
    ("POST", "/api/rooms/{}/messages/", {"ref": "r1", "body": "Hello"}),
    ("GET", "/api/rooms/{}/members/", None),
    ("GET", "/api/rooms/{}/members/Alice/", None),
    ("GET", "/api/rooms/{}/reports/", None),
    ("GET", "/api/rooms/{}/audit/", None),
    ("GET", "/api/rooms/{}/tasks/", None),
    ("GET", "/api/rooms/{}/poll/", None),
    ("GET", "/api/rooms/{}/scheduled/", None),
    ("GET", "/api/rooms/{}/invitations/", None),
    ("DELETE", "/api/rooms/{}/membership/", None),
]
LARGE_IDS = [2**31, 2**53, 2**63, 10**20, "9" * 400]
NO_SLUGS = ["A", "-x", "x" * 51, "\0", "a\n", "ä", "a b"]
NO_UUIDS = ["x", "\0", "0" * 32, f"{{{uuid.uuid4()}}}", f"{uuid.uuid4()}\n", "１" * 8 + "-1111-1111-1111-" + "1" * 12]


@pytest.fixture
def callers(alice, charlie, room, as_alice):
    """Return three callers: the owner of the rooms, who is also an operator; a guest; and a stranger."""
    rooms.create_room(alice, "cellar", "The cellar", is_private=True)
    Person.objects.filter(id=alice.id).update(is_staff=True)
    return [as_alice, Caller(charlie), Caller()]


def responses(callers, method, path, body):
    """Return the response that each caller gets, as (status, bytes)."""
    found = []
    for caller in callers:
        response = getattr(caller.browser, method.lower())(path, body, content_type="application/json")
        found.append((response.status_code, response.content))
    return found


@pytest.mark.parametrize("method, path, body", ID_CALLS)
def test_an_id_that_is_too_large_is_answered_like_an_unknown_id(callers, method, path, body):
    expected = responses(callers, method, path.format(999999), body)
    assert (expected[0][0], expected[2][0]) == (404, 401)
    for number in LARGE_IDS:
        assert responses(callers, method, path.format(number), body) == expected


@pytest.mark.parametrize("method, path, body", SLUG_CALLS)
def test_an_invalid_slug_is_answered_like_a_room_that_does_not_exist(callers, method, path, body):
    expected = responses(callers, method, path.format("nowhere"), body)
    assert [status for status, _ in expected] == [404, 404, 401]
    for slug in NO_SLUGS:
        assert responses(callers, method, path.format(quote(slug)), body) == expected


def test_an_invalid_slug_is_answered_on_a_page_like_a_room_that_does_not_exist(callers):
    expected = responses(callers[:2], "GET", "/rooms/nowhere/", None)
    assert expected[0][0] == 404
    for slug in NO_SLUGS:
        assert responses(callers[:2], "GET", f"/rooms/{quote(slug)}/", None) == expected


@pytest.mark.parametrize("path", ["/api/boards/{}/", "/api/boards/{}/visitors/", "/board/{}/"])
def test_a_text_that_is_no_uuid_is_answered_like_a_board_that_does_not_exist(callers, path):
    expected = responses(callers, "GET", path.format(uuid.uuid4()), None)
    assert {status for status, _ in expected} == {404}
    for text in NO_UUIDS:
        assert responses(callers, "GET", path.format(quote(text)), None) == expected


def test_the_uuid_of_a_board_may_have_capital_letters(alice):
    browser = wire.browser_of(alice)
    board = browser.post("/new_board", HTTP_ACCEPT="application/json").json()["board"]
    assert browser.get(f"/api/boards/{board.upper()}/").json()["board"] == board


def test_other_methods_are_refused_for_possible_and_impossible_ids(as_alice):
    for path in ("/api/tokens/{}/", "/api/tasks/{}/"):
        for number in (1, 10**20):
            assert as_alice("PATCH", path.format(number)) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "text, number", [("1", 1), ("007", 7), (str(MAX_INTEGER), MAX_INTEGER), (str(2**53), 0), ("0" * 30 + "5", 5)]
)
def test_an_id_is_read_without_its_leading_zeros_and_as_0_above_the_largest_integer(text, number):
    assert RowIdConverter().to_python(text) == number and RowIdConverter().to_url(number) == str(number)


def test_a_board_is_read_as_a_uuid():
    known = uuid.uuid4()
    assert BoardUuidConverter().to_python(str(known)) == known and BoardUuidConverter().to_url(known) == str(known)
    assert BoardUuidConverter().to_python("x") == NO_UUID
