"""Pages around a message: their messages, the fields `more_before` and `more_after`, and their cost."""

import random

import pytest

from chat.models import Message
from chat.protocol import Edit, Remove
from chat.services import rooms
from tests.chat.helpers import assert_refused
from tests.chat.services.rooms.actions import fill, ids, post

pytestmark = pytest.mark.django_db


def add_messages(room, author, numbers):
    """Store messages with these ids without the service, which would take a second for a thousand of them."""
    rows = [Message(room=room, number=n, offset=n, author=author, ref=f"r{n}", body=f"line {n}") for n in numbers]
    Message.objects.bulk_create(rows)
    room.offset = max(numbers)
    room.save()


@pytest.mark.parametrize(
    "number, limit, expected",
    [
        (5, 1, ([5], True, True)),
        (5, 2, ([5, 6], True, True)),
        (5, 3, ([4, 5, 6], True, True)),
        (5, 4, ([4, 5, 6, 7], True, True)),
        (1, 1, ([1], False, True)),
        (1, 4, ([1, 2, 3, 4], False, True)),
        (2, 5, ([1, 2, 3, 4, 5], False, True)),
        (9, 1, ([9], True, False)),
        (9, 4, ([6, 7, 8, 9], True, False)),
        (8, 5, ([5, 6, 7, 8, 9], True, False)),
        (5, 8, ([2, 3, 4, 5, 6, 7, 8, 9], True, False)),
        (5, 9, ([1, 2, 3, 4, 5, 6, 7, 8, 9], False, False)),
        (5, 100, ([1, 2, 3, 4, 5, 6, 7, 8, 9], False, False)),
    ],
)
def test_a_page_has_half_of_its_messages_before_and_half_after_if_there_are_enough(
    alice, member_of, room, number, limit, expected
):
    fill(member_of(alice), 9)
    page = rooms.get_page_around(room, number, limit)
    assert (ids(page.messages), page.more_before, page.more_after) == expected


@pytest.mark.parametrize("seed", range(20))
def test_a_page_is_a_part_of_the_history_without_gaps_and_says_whether_there_is_more(alice, member_of, room, seed):
    generator = random.Random(seed)
    numbers = sorted(generator.sample(range(1, 400), generator.choice([1, 2, 3, 50, 200])))
    add_messages(room, alice, numbers)
    for number in {numbers[0], numbers[-1], generator.choice(numbers)}:
        for limit in {1, 2, generator.randrange(3, 99), 99, 100}:
            page = rooms.get_page_around(room, number, limit)
            shown = ids(page.messages)
            first, last = numbers.index(shown[0]), numbers.index(shown[-1])
            assert shown == numbers[first : last + 1] and number in shown
            assert len(shown) == min(limit, len(numbers))
            assert (page.more_before, page.more_after) == (first > 0, last < len(numbers) - 1)
            before, after = shown.index(number), len(shown) - shown.index(number) - 1
            if page.more_before and page.more_after:
                assert after - before in (0, 1)


def test_a_removed_message_is_on_the_page_and_can_be_in_its_middle(alice, member_of, room):
    member = member_of(alice)
    fill(member, 5)
    for number in (2, 3):
        rooms.remove_message(member, Remove(f"x{number}", number))
    page = rooms.get_page_around(room, 3, 3)
    assert [(message["id"], message["removed"]) for message in page.messages] == [(2, True), (3, True), (4, False)]


def test_only_the_id_of_a_message_of_this_room_has_a_page(alice, member_of, room):
    member = member_of(alice)
    fill(member, 2)
    rooms.edit_message(member, Edit("e1", 1, "Hi"))  # takes the offset 3
    assert post(member, "p4") == {"type": "ack", "ref": "p4", "id": 4, "offset": 4}
    for wrong in (0, 3, 5, 2**53 - 1):
        assert_refused("not_found", rooms.get_page_around, room, wrong, 10)
    attic = rooms.create_room(alice, "attic", "Attic")
    assert_refused("not_found", rooms.get_page_around, attic, 4, 10)
    assert ids(rooms.get_page_around(room, 4, 2).messages) == [2, 4]


@pytest.mark.parametrize("limit", [1, 50, 100])
def test_a_page_of_any_length_takes_four_queries(alice, room, django_assert_num_queries, limit):
    add_messages(room, alice, range(1, 301))
    # The queries read the ids on both sides (from the index), the messages with authors, and the reactions.
    with django_assert_num_queries(4):
        rooms.get_page_around(room, 150, limit)


def test_a_page_is_read_in_one_snapshot(alice, member_of, room, monkeypatch):
    fill(member_of(alice), 1)
    snapshots = []
    real = rooms.reading.snapshot
    monkeypatch.setattr(rooms.reading, "snapshot", lambda: snapshots.append(1) or real())
    rooms.get_page_around(room, 1, 1)
    assert len(snapshots) == 1
