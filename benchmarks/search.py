"""
Measure the time of searches among 1,000,000 messages, on SQLite or PostgreSQL.

    .venv/bin/python -m benchmarks.search --folder /var/tmp/search --database sqlite
    .venv/bin/python -m benchmarks.search --folder /var/tmp/search --database postgresql --seconds 400

The database is in the folder, and stays there. With `--seconds`, the program stops filling it after this time, and the
next run continues. When the database is full, the program prints the times of searches as a table. Each time includes
all steps of the chat's own service: the rights, the index, the rows, the snippets.
"""

import statistics
import time

from benchmarks.many_messages import ARCHIVE, KANA, KANJI, Texts
from benchmarks.search_database import filled_database, make_parser

REPETITIONS = 7


def make_cases(texts: Texts) -> list[tuple[str, str, list[str]]]:
    """Return (what is measured, the handle of the person who searches, the queries) of each row of the table."""
    words = texts.words
    middle, rare = words[900:904], words[50000:50004]
    common = ["the", "and", "you", "that"]
    pairs = [f'{word} "{other}"' for word, other in zip(common, common[1:], strict=False)]
    return [
        ("a common word", "person2", [f'"{word}"' for word in common]),
        ("a word of 1 in 1,500 messages", "person2", [f'"{word}"' for word in middle]),
        ("a rare word", "person2", [f'"{word}"' for word in rare]),
        ("no hits", "person2", ['"qqqqqqq"', '"qqqq" the', "zzzzzz"]),
        ("two common words", "person2", pairs),
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
    """Create a guest who may read only the smallest public room. Close all other public rooms to guests."""
    from chat.models import Person, Room, make_handle_keys

    Person.objects.get_or_create(handle="guest", is_guest=True, defaults=make_handle_keys("guest"))
    smallest = Room.objects.filter(access=Room.PUBLIC).order_by("offset")[0]
    Room.objects.filter(access=Room.PUBLIC).exclude(id=smallest.id).update(closed_to_guests=True)


def measure(texts: Texts) -> None:
    """Run the searches of all cases, and print the table of their times."""
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
        hit_counts = ", ".join(map(str, hits))
        print(f"| {title} | {hit_counts} | {statistics.median(times):.1f} | {max(times):.1f} |", flush=True)


def main() -> None:
    """Fill the database. If it is full, measure the searches."""
    with filled_database(make_parser("Measure searches among many messages.").parse_args()) as is_full:
        if is_full:
            measure(Texts(seed=0))


if __name__ == "__main__":
    main()
