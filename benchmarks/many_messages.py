"""
Fill a database with many messages of realistic words, for the measurement of searches, of the disk and of large rooms.

Django must be set up before these functions are called.
"""

import hashlib
import itertools
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

BATCH = 5000
PEOPLE = 400
PUBLIC_ROOMS, PRIVATE_ROOMS = 60, 240
ARCHIVE = "archive"  # a private room that only has old messages
ARCHIVE_SHARE = 0.05
VOCABULARY = 60000
# fmt: off
COMMON_ENGLISH = [
    "the", "to", "and", "a", "of", "you", "is", "it", "in", "that", "for", "on", "with", "this", "have", "can", "not",
    "be", "we", "are", "i", "do",
]
# fmt: on
KANJI = [chr(0x4E00 + 7 * number) for number in range(2000)]
KANA = [chr(0x3042 + number) for number in range(70)]
BEGIN, DAYS = datetime(2024, 1, 1, tzinfo=UTC), 700


class Texts:
    """Bodies of realistic lengths. The words have the frequencies of a natural language (Zipf's law)."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.words = make_vocabulary()
        self.weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(self.words))))
        self.kanji_weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(KANJI))))

    def make_body(self) -> str:
        """Return a body. Nine of ten bodies consist of words with spaces; the others are Japanese."""
        if self.random.random() < 0.1:
            return "".join(self._make_japanese_word() for _ in range(self.random.randrange(3, 12)))
        count = min(1 + int(self.random.expovariate(1 / 11)), 120)
        body = " ".join(self.random.choices(self.words, cum_weights=self.weights, k=count))
        return f"{body} https://example.com/{count}" if self.random.random() < 0.03 else body

    def _make_japanese_word(self):
        kanji = self.random.choices(KANJI, cum_weights=self.kanji_weights, k=self.random.randrange(1, 4))
        return "".join(kanji) + "".join(self.random.choices(KANA, k=self.random.randrange(0, 3)))


def make_vocabulary() -> list[str]:
    """Return different words, the most frequent and shortest first."""
    source = random.Random(1)
    found = dict.fromkeys(COMMON_ENGLISH)
    while len(found) < VOCABULARY:
        syllables = 1 + len(found).bit_length() // 6 + source.randrange(2)
        word = "".join(source.choice("bcdfghklmnprstvw") + source.choice("aeiou") for _ in range(syllables))
        found[word + source.choice(["", "", "n", "r", "s", "t"])] = None
    return list(found)


def make_people_and_rooms() -> None:
    """Create the people, the rooms and the members, if there are none."""
    from django.db import transaction

    from chat.models import Member, Person, Room, make_handle_keys

    if Person.objects.exists():
        return
    source = random.Random(2)
    with transaction.atomic():
        for number in range(PEOPLE):
            handle = f"person{number}"
            Person.objects.create(handle=handle, **make_handle_keys(handle))
        slugs = [(f"public{number}", Room.PUBLIC) for number in range(PUBLIC_ROOMS)]
        slugs += [(f"private{number}", Room.PRIVATE) for number in range(PRIVATE_ROOMS)] + [(ARCHIVE, Room.PRIVATE)]
        people = list(Person.objects.order_by("id"))
        for slug, access in slugs:
            room = Room.objects.create(slug=slug, name=slug, access=access)
            inside = people[:1] + source.sample(people[4:], 30)  # person0 is in every room
            inside += people[1:2] if slug == ARCHIVE else []  # person1 is in the archive
            for person in inside:
                Member.objects.create(room=room, person=person)


def choose_room(source: random.Random, position: float, rooms: list) -> object:
    """Return the room of a message. A fifth of the rooms have most of the messages."""
    if position < 0.2 and source.random() < 5 * ARCHIVE_SHARE:
        return rooms[-1]
    return rooms[min(int(source.paretovariate(0.9)) * 7 % (len(rooms) - 1), len(rooms) - 2)]


def fill(total: int, deadline: float) -> bool:
    """
    Store messages until there are `total`, and index them. Return False if the deadline came first.

    The next run continues.
    """
    from django.db import transaction

    from chat.models import Message, Person, Room

    people, rooms = list(Person.objects.order_by("id")), list(Room.objects.order_by("id"))
    offsets = {room.id: room.offset for room in rooms}
    stored = Message.objects.count()
    while stored < total:
        texts = Texts(seed=stored)
        rows = []
        for number in range(stored, min(stored + BATCH, total)):
            room = choose_room(texts.random, number / total, rooms)
            offsets[room.id] += 1
            author = people[min(int(texts.random.paretovariate(0.7)), len(people) - 1)]
            at = BEGIN + timedelta(days=DAYS) * (number / total)
            rows.append((room.id, offsets[room.id], author.id, f"r{number}", texts.make_body(), at))
        with transaction.atomic():
            insert_messages(rows)
            for room in rooms:
                Room.objects.filter(id=room.id).update(offset=offsets[room.id], last_at=rows[-1][-1])
        stored += len(rows)
        if time.monotonic() > deadline:
            print(f"{stored:,} of {total:,} messages are stored. Run this again to continue.")
            return False
    return index(deadline)


def fill_room(slug: str, total: int) -> None:
    """Store the messages of the last DAYS in a room, `total` of them, with their refs as posts do, and index them."""
    from django.db import transaction

    from chat.models import Person, Room

    make_people_and_rooms()
    people, room = list(Person.objects.order_by("id")), Room.objects.get(slug=slug)
    texts, begin = Texts(seed=0), datetime.now(UTC) - timedelta(days=DAYS)
    for first in range(1, total + 1, BATCH):
        rows = []
        for number in range(first, min(first + BATCH, total + 1)):
            author = people[min(int(texts.random.paretovariate(0.7)), len(people) - 1)]
            at = begin + timedelta(days=DAYS) * (number / total)
            # Clients make refs of 22 characters.
            rows.append((room.id, number, author.id, f"r{number:021}", texts.make_body(), at))
        with transaction.atomic():
            insert_messages(rows)
            insert_refs(rows)
            Room.objects.filter(id=room.id).update(offset=rows[-1][1], posts=rows[-1][1], last_at=rows[-1][-1])
    index(float("inf"))


def insert_messages(rows: list[tuple]) -> None:
    """Store messages of (room, number, author, ref, body, time)."""
    columns = ("room_id", "number", "offset", "author_id", "ref", "body", "created_at")
    _insert("chat_message", columns, [(room, number, number, *rest) for room, number, *rest in rows])


def insert_refs(rows: list[tuple]) -> None:
    """Store the refs of messages of (room, number, author, ref, body, time)."""
    columns = ("person_id", "ref", "room_id", "digest", "number", "offset", "created_at")
    values = []
    for room, number, author, ref, body, at in rows:
        values.append((author, ref, room, hashlib.sha256(body.encode()).hexdigest(), number, number, at))
    _insert("chat_change", columns, values)


def _insert(table: str, columns: Sequence[str], rows: list[tuple]) -> None:
    """Insert rows whose last column is a time."""
    from django.db import connection

    adapt = connection.ops.adapt_datetimefield_value
    values = [(*row, adapt(at)) for *row, at in rows]
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            from psycopg2.extras import execute_values

            execute_values(cursor, f"INSERT INTO {table} ({names}) VALUES %s", values, page_size=1000)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)


def index(deadline: float) -> bool:
    """Index what is not indexed yet. Return False if the deadline came first."""
    from chat.services import search

    documents, started_at, is_complete = 0, time.monotonic(), True
    for step in search.index_rooms():
        documents += step.documents
        if time.monotonic() > deadline:
            is_complete = False
            break
    if documents:
        seconds = time.monotonic() - started_at
        print(f"Indexed {documents:,} messages in {seconds:.0f} s: {seconds / documents * 1e6:.0f} us each.")
    if not is_complete:
        print("Run this again to continue.")
    return is_complete
