"""
A large room costs the database as much as a small one: pages, backlogs, counts of unread messages, and searches.

The tests compare the work of the same request in a room of 20,000 messages and in one of 500. They use no clock, so
they mean the same on a slow machine.
"""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from chat.models import Change, Member, Mention, Message, Person, Reaction, Room, count_news, find_places, find_present
from chat.models.full_text import NEWEST_READ
from chat.services import people, rooms, search
from chat.services.retention import removal
from chat.services.rooms import old_refs
from tests.chat.query_plans import FULL_TEXT, measure

pytestmark = [pytest.mark.django_db, pytest.mark.large]

SMALL, LARGE = 500, 20_000
# The height of an index and the statistics of PostgreSQL differ a little. A scan would cost 40 times as much.
MOST_GROWTH = 1.5
FREE = 60  # rows or steps: a plan may read some more in either room


@pytest.fixture(scope="module", autouse=True)
def large_rooms(django_db_setup, django_db_blocker):
    """Fill the rooms once for all tests of this module, in a transaction that is rolled back at its end."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            for slug, count in (("small", SMALL), ("large", LARGE)):
                fill(slug, count)
            for _ in search.index_rooms():
                pass
            # PostgreSQL would otherwise check the foreign keys of all these rows at the end of each test.
            connection.check_constraints()
            if connection.vendor == "postgresql":
                connection.cursor().execute("ANALYZE")
            yield
            transaction.set_rollback(True)


def fill(slug, count):
    """Create a room with its own owner and reader, and its messages. Every hundredth message mentions the reader."""
    owner, reader = (people.sign_up(f"{who} of {slug}", "correct horse") for who in ("Owner", "Reader"))
    room = rooms.create_room(owner, slug, slug)
    rooms.join_room(reader, slug)
    began = timezone.now() - timedelta(days=40)
    numbers = range(1, count + 1)
    Message.objects.bulk_create(
        Message(
            **{"room": room, "author": owner, "number": number, "offset": number, "ref": f"r{number}"},
            body=f"common {slug}rare" if number == count // 2 else f"common word{number}",
            created_at=began + timedelta(minutes=number),
            mentioned=int(number % 5 == 0),
        )
        for number in numbers
    )
    Mention.objects.bulk_create(
        Mention(room=room, number=number, person=owner if number % 100 else reader) for number in numbers[4::5]
    )
    ids = Message.objects.filter(room=room).values_list("id", flat=True)
    Reaction.objects.bulk_create(Reaction(message_id=id, person=reader, emoji="👍") for id in ids[::5])
    Change.objects.bulk_create(
        Change(person=owner, room=room, ref=f"{slug}{number}", digest="", number=number, offset=number)
        for number in numbers
    )
    Room.objects.filter(id=room.id).update(offset=count, posts=count, last_at=timezone.now())


class InRoom:
    """One of the rooms, with the member who reads it."""

    def __init__(self, slug):
        self.room = Room.objects.get(slug=slug)
        self.member = Member.objects.select_related("person", "room").get(
            room=self.room, person__handle__startswith="R"
        )
        self.person = self.member.person

    def read(self, offset):
        Member.objects.filter(id=self.member.id).update(read_offset=offset)


def search_for(text):
    return lambda at: search.search(at.person, search.read_query(text.format(slug=at.room.slug), {}))


def count_unread(distance):
    def request(at):
        at.read(max(0, at.room.offset - distance))
        return [find_places(at.person), count_news(at.member)]

    return request


# {what a person does: the request}
REQUESTS = {
    "the newest page": lambda at: rooms.get_page(at.room, None, 50),
    "a page in the middle": lambda at: rooms.get_page(at.room, at.room.offset // 2, 50),
    "the oldest page": lambda at: rooms.get_page(at.room, 51, 50),
    "a page around a message": lambda at: rooms.get_page_around(at.room, at.room.offset // 2, 50),
    "a page at a day": lambda at: rooms.get_page_at(at.room, timezone.now() - timedelta(days=39.9), 50),
    "a backlog of 100 changes": lambda at: rooms.get_backlog(at.room, at.room.offset - 100),
    "a full backlog": lambda at: rooms.get_backlog(at.room, 100),
    "no change since": lambda at: rooms.get_backlog(at.room, at.room.offset),
    "nothing unread": count_unread(0),
    "20 unread": count_unread(20),
    "a search for a rare word": search_for("{slug}rare"),
    "a search in a room": search_for("{slug}rare in:{slug}"),
    "a search without hits": search_for("nothinglikethis"),
    "the oldest batch of retention": lambda at: removal._delete_batch(at.room, 20, "test"),
}
# A binary search over the numbers: a room of 40 times the size takes five more steps.
# PostgreSQL first reads the newest 3,000 documents of a room, because most searches for common words end there.
# It reads the 4,100 mentions without an index if a backlog needs those of 200 messages.
MAY_GROW = {"a page at a day": 6 * 150, "a search in a room": NEWEST_READ, "a full backlog": 4100}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_in_a_large_room_costs_as_much_as_in_a_small_one(name):
    small, large = (measure(lambda slug=slug: REQUESTS[name](InRoom(slug))) for slug in ("small", "large"))
    assert large.scanned == frozenset(), large
    assert large.work <= MOST_GROWTH * small.work + MAY_GROW.get(name, FREE), (small, large)


@pytest.mark.parametrize(
    "request_name, expected",
    [
        ("a page in the middle", "chat_message(room_id, number)"),
        ("a page around a message", "chat_message(room_id, number)"),
        ("a backlog of 100 changes", "chat_message(room_id, offset)"),
        ("20 unread", "chat_message(room_id, number)"),
        ("20 unread", "chat_mention(person_id, room_id, number)"),
        ("a search for a rare word", FULL_TEXT),
    ],
)
def test_a_request_uses_the_index_that_was_made_for_it(request_name, expected):
    assert expected in measure(lambda: REQUESTS[request_name](InRoom("large"))).indexes


def test_counting_everything_in_a_large_room_stops_at_the_limit():
    """The person has read nothing. The count ends at MAX_UNREAD, so it does not read the whole room."""
    near, far = (
        measure(lambda distance=distance: count_unread(distance)(InRoom("large"))) for distance in (2000, LARGE)
    )
    assert far.work <= MOST_GROWTH * near.work + FREE, (near, far)


def test_a_search_for_a_common_word_does_not_read_the_whole_room():
    rare, common = (measure(lambda text=text: search_for(text)(InRoom("large"))) for text in ("{slug}rare", "common"))
    # 20 results of a page and one more, each with its room and its author, instead of one result.
    assert common.work <= 40 * rare.work + NEWEST_READ and common.scanned == frozenset(), (rare, common)


def test_the_list_of_present_people_does_not_read_absent_members():
    costs = []
    for slug, absent in (("small", 10), ("large", 2000)):
        room, keys = Room.objects.get(slug=slug), [f"{slug} {number}" for number in range(20 + absent)]
        Person.objects.bulk_create(Person(handle=key, handle_key=key) for key in keys)
        people_there = Person.objects.filter(handle_key__startswith=f"{slug} ")
        Member.objects.bulk_create(Member(room=room, person=person) for person in people_there)
        costs.append(measure(lambda room_id=room.id, present=keys[:20]: find_present(room_id, present)).work)
    assert costs[1] <= MOST_GROWTH * costs[0] + FREE, costs


def test_the_sweep_of_old_refs_reads_one_batch():
    # SQLite calls this a scan, but reads the table in the order of its primary key, and stops at the limit.
    cost = measure(lambda: old_refs._delete_batch(timezone.now() - timedelta(days=90)))
    assert cost.work <= (3 if connection.vendor == "postgresql" else 120) * old_refs.BATCH, cost


def test_a_ref_that_is_sent_again_is_found_by_its_index():
    owner = InRoom("large").room.members.get(person__handle__startswith="O").person
    cost = measure(lambda: Change.objects.filter(person=owner, ref="large77").first())
    assert cost.scanned == frozenset() and cost.work < 100, cost


def test_a_statement_that_reads_a_whole_table_is_noticed():
    """The measurement finds a statement that reads all rows, because it can use no index."""
    cost = measure(lambda: list(Message.objects.filter(body__contains="nothing like this")))
    assert cost.scanned == {"chat_message"} and cost.work > LARGE
    assert measure(lambda: Message.objects.filter(body__contains="common", room__slug="large").count()).work > LARGE
