"""
A separate program: the time of searches among 1,000,000 messages, on SQLite or PostgreSQL.

    .venv/bin/python -m benchmarks.search --folder /var/tmp/search --database sqlite
    .venv/bin/python -m benchmarks.search --folder /var/tmp/search --database postgresql --seconds 400

The database is in the folder, and stays there. With `--seconds`, the program stops filling it after this time, and the
next run continues. When the database is full, the program prints the figures as a table. Each figure is a whole search
by the product's own service: the rights, the index, the rows, the snippets.
"""

import argparse
import itertools
import os
import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

from benchmarks.scratch_database import scratch_database

BATCH = 5000
PEOPLE = 400
PUBLIC_ROOMS, PRIVATE_ROOMS = 60, 240
ARCHIVE = "archive"  # a private room that only has old messages
ARCHIVE_SHARE = 0.05
VOCABULARY = 60000
COMMON_ENGLISH = [
    "the",
    "to",
    "and",
    "a",
    "of",
    "you",
    "is",
    "it",
    "in",
    "that",
    "for",
    "on",
    "with",
    "this",
    "have",
    "can",
    "not",
    "be",
    "we",
    "are",
    "i",
    "do",
]
KANJI = [chr(0x4E00 + 7 * number) for number in range(2000)]
KANA = [chr(0x3042 + number) for number in range(70)]
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
REPETITIONS = 7


class Texts:
    """Bodies of realistic lengths. The words have the frequencies of a natural language (Zipf's law)."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.words = make_vocabulary()
        self.weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(self.words))))
        self.kanji_weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(KANJI))))

    def make_body(self) -> str:
        """Return a body: nine of ten are in words, the others in Japanese."""
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


# Filling.


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
    """Store messages until there are `total`, and index them. Return False if the deadline came first."""
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
            at = BEGIN + timedelta(days=700) * (number / total)
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


def insert_messages(rows: list[tuple]) -> None:
    """Store messages of (room, number, author, ref, body, time)."""
    from django.db import connection

    adapt = connection.ops.adapt_datetimefield_value
    values = [(room, number, number, author, ref, body, adapt(at)) for room, number, author, ref, body, at in rows]
    columns = '(room_id, number, "offset", author_id, ref, body, created_at)'
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            from psycopg2.extras import execute_values

            execute_values(cursor, f"INSERT INTO chat_message {columns} VALUES %s", values, page_size=1000)
        else:
            cursor.executemany(f"INSERT INTO chat_message {columns} VALUES (%s, %s, %s, %s, %s, %s, %s)", values)


def index(deadline: float) -> bool:
    """Index what is not indexed yet. Return False if the deadline came first."""
    from chat.services import search

    documents, started_at = 0, time.monotonic()
    for step in search.index_rooms():
        documents += step.documents
        if time.monotonic() > deadline:
            break
    else:
        deadline = float("inf")
    if documents:
        seconds = time.monotonic() - started_at
        print(f"Indexed {documents:,} messages in {seconds:.0f} s: {seconds / documents * 1e6:.0f} us each.")
    if deadline < time.monotonic():
        print("Run this again to continue.")
        return False
    return True


# Measuring.


def make_cases(texts: Texts) -> list[tuple[str, str, list[str]]]:
    """Return (what is measured, the handle of the person who searches, the queries) of each row of the table."""
    words = texts.words
    middle, rare = words[900:904], words[50000:50004]
    common = ["the", "and", "you", "that"]
    last = [f'{word} "{other}"' for word, other in zip(common, common[1:], strict=False)]
    return [
        ("a common word", "person2", [f'"{word}"' for word in common]),
        ("a word of 1 in 1,500 messages", "person2", [f'"{word}"' for word in middle]),
        ("a rare word", "person2", [f'"{word}"' for word in rare]),
        ("no hits", "person2", ['"qqqqqqq"', '"qqqq" the', "zzzzzz"]),
        ("two common words", "person2", last),
        ("a common and a rare word", "person2", [f'the "{word}"' for word in rare]),
        ("two words that never meet", "person2", [f'"{a}" "{b}"' for a, b in zip(middle, rare, strict=True)]),
        ("a phrase of common words", "person2", ['"the to and"', '"you is it"']),
        ("a phrase that does not exist", "person2", [f'"the {word} the"' for word in middle]),
        ("the beginning of a word: 2 letters", "person2", ["th", "ba", "ko"]),
        ("the beginning of a word: 3 letters", "person2", ["the", "bak", "kor"]),
        ("the beginning of a word: 5 letters", "person2", [word[:5] for word in words[3000:3004]]),
        ("one Japanese character", "person2", [KANJI[0], KANJI[1900], KANA[3]]),
        ("two Japanese characters", "person2", [KANJI[0] + KANJI[1], KANJI[1900] + KANJI[1]]),
        ("four Japanese characters", "person2", [KANJI[0] + KANJI[1] + KANJI[2] + KANJI[3]]),
        ("a common word, in a large room", "person0", ["the in:public7", "and in:public7"]),
        ("a common word, in a small room", "person0", ["the in:private200", "and in:private150"]),
        ("a common word, in a room of old messages", "person0", [f"the in:{ARCHIVE}", f"and in:{ARCHIVE}"]),
        ("a rare word, in a room", "person0", [f'"{word}" in:public7' for word in rare]),
        ("a common word, by a frequent author", "person2", ["the from:person1", "and from:person2"]),
        ("a common word, by a rare author", "person2", ["the from:person390", "and from:person350"]),
        ("only an author", "person2", ["from:person1", "from:person390"]),
        ("a common word with a link", "person2", ["the has:link"]),
        ("a common word, before an old date", "person2", ["the before:2024-02-01", "and before:2024-03-10"]),
        ("a common word, on one day", "person2", ["the after:2025-01-05 before:2025-01-06"]),
        ("a common word, by a member of all 301 rooms", "person0", [f'"{word}"' for word in common]),
        ("a common word, by a guest who may read one room", "guest", [f'"{word}"' for word in common]),
        ("a rare word, by a guest who may read one room", "guest", [f'"{word}"' for word in rare]),
        ("no hits, by a guest who may read one room", "guest", ['"qqqqqqq"']),
        ("a common word, page 10", "person2", ["the"]),
    ]


def make_guest() -> None:
    """Create the guest who may read one room only. All public rooms but the smallest are closed to guests."""
    from chat.models import Person, Room, make_handle_keys

    Person.objects.get_or_create(handle="guest", is_guest=True, defaults=make_handle_keys("guest"))
    smallest = Room.objects.filter(access=Room.PUBLIC).order_by("offset")[0]
    Room.objects.filter(access=Room.PUBLIC).exclude(id=smallest.id).update(closed_to_guests=True)


def measure(texts: Texts) -> None:
    """Print the table of all cases."""
    from chat.models import Person
    from chat.services import search

    make_guest()
    print("| search | hits on the first page | median ms | slowest ms |\n|---|---|---|---|")
    for title, handle, queries in make_cases(texts):
        person = Person.objects.get(handle=handle)
        page = 9 if title.endswith("page 10") else 0
        times, hits = [], []
        for text in queries:
            query = search.read_query(text, {})
            hits.append(len(search.search(person, query, page)[0]))
            for _ in range(REPETITIONS):
                started_at = time.perf_counter()
                search.search(person, query, page)
                times.append((time.perf_counter() - started_at) * 1000)
        shown = ", ".join(map(str, hits))
        print(f"| {title} | {shown} | {statistics.median(times):.1f} | {max(times):.1f} |", flush=True)


def main() -> None:
    """Fill the database, and measure when it is full."""
    parser = argparse.ArgumentParser(description="Measure searches among many messages.")
    parser.add_argument("--folder", type=Path, required=True, help="the folder of the database")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop filling after this time")
    options = parser.parse_args()
    with scratch_database(options.folder, options.database) as url:
        os.environ.update(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="chatproj.settings")
        os.environ.setdefault("SECRET_KEY", "for measurements only")
        django.setup()
        from django.core.management import call_command
        from django.db import connection

        call_command("migrate", interactive=False, verbosity=0)
        make_people_and_rooms()
        if fill(options.messages, time.monotonic() + options.seconds):
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE")
            measure(Texts(seed=0))
        connection.close()


if __name__ == "__main__":
    main()
