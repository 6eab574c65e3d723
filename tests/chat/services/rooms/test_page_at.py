"""The page at a time: the first message at or after it, also if messages are not in the order of their times."""

from datetime import UTC, datetime, timedelta

import pytest

from chat.models import Message
from chat.services import rooms

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def add(room, alice):
    """Return a function that stores a message with an id, some minutes after noon."""

    def add(number, minutes):
        fields = {"number": number, "offset": number, "ref": f"r{number}", "body": "x"}
        Message.objects.create(room=room, author=alice, created_at=NOON + timedelta(minutes=minutes), **fields)

    return add


def find(room, minutes, limit=3):
    number, page = rooms.get_page_at(room, NOON + timedelta(minutes=minutes), limit)
    return number, [message["id"] for message in page.messages], page.more_before, page.more_after


def test_the_first_message_at_or_after_a_time_is_found(add, room):
    for number in (1, 2, 4, 7, 8, 9, 20):
        add(number, number * 10)
    assert find(room, 0) == (1, [1, 2, 4], False, True)
    assert find(room, 40) == (4, [2, 4, 7], True, True)
    assert find(room, 41) == (7, [4, 7, 8], True, True)
    assert find(room, 200) == (20, [8, 9, 20], True, False)
    assert find(room, 201) == (None, [8, 9, 20], True, False)


def test_a_time_finds_its_message_in_rooms_of_1_to_17_messages(add, room):
    for number in range(1, 18):
        add(number, number)
        for minutes in range(number + 2):
            assert find(room, minutes)[0] == (max(minutes, 1) if minutes <= number else None)


def test_messages_that_swapped_their_times_are_found(add, room):
    for number, minutes in ((1, 1), (2, 5), (3, 4), (4, 3), (5, 6)):
        add(number, minutes)
    assert find(room, 5)[0] == 2


def test_an_empty_room_has_no_message_at_any_time(room):
    assert find(room, 0) == (None, [], False, False)
