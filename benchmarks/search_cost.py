"""
Measure what the index of the search costs for each post, in a database of 1,000,000 messages, on SQLite or PostgreSQL.

    .venv/bin/python -m benchmarks.search_cost --folder /var/tmp/search --database sqlite
    .venv/bin/python -m benchmarks.search_cost --folder /var/tmp/search --database postgresql

The database is the one of benchmarks.search, and this program fills it in the same way. Then it posts through the
chat's own service, in one process, in rounds of two kinds, which alternate:

- "without search": only the posts, as on a site without a search. They are indexed after the round, outside the
  measured time.
- "with search": after each `--turn` posts, they are indexed, as the monitor of a site does every three seconds. The
  times of both count.

A post writes nothing for the index, so the index costs time beside the posts. Here, one process spends this time. On a
site, the process of the monitor spends it. The posts stay in the database.
"""

import itertools
import secrets
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.many_messages import Texts, choose_room
from benchmarks.search_database import filled_database, make_parser


@dataclass(frozen=True)
class Round:
    """The time of one round, in microseconds for each post."""

    post: float
    index: float


class Poster:
    """Posts messages of realistic lengths. The members and the rooms are chosen as in the filled database."""

    def __init__(self) -> None:
        from chat.models import Member, Room

        self._texts = Texts(seed=secrets.randbits(32))
        self._rooms = list(Room.objects.filter(access__in=[Room.PUBLIC, Room.PRIVATE]).order_by("id"))
        self._members: dict[int, list] = {}
        for member in Member.objects.select_related("room", "person").order_by("id"):
            self._members.setdefault(member.room_id, []).append(member)
        self._refs = (f"cost-{secrets.token_hex(6)}-{number}" for number in itertools.count())

    def prepare(self, count: int) -> Iterator[tuple]:
        """Yield the arguments of `count` calls of `post_message`."""
        from chat import protocol

        for _ in range(count):
            room = choose_room(self._texts.random, 1, self._rooms)
            member = self._texts.random.choice(self._members[room.id])
            yield member, protocol.Post(next(self._refs), self._texts.make_body())


def post(prepared: list[tuple]) -> float:
    """Post messages. Return the seconds that this took."""
    from chat.services import rooms

    started_at = time.perf_counter()
    for member, event in prepared:
        rooms.post_message(member, event)
    return time.perf_counter() - started_at


def index() -> float:
    """Index everything that is not indexed yet. Return the seconds that this took."""
    from chat.services import search

    started_at = time.perf_counter()
    for _ in search.index_rooms():
        pass
    return time.perf_counter() - started_at


def run_round(poster: Poster, posts: int, turn: int, has_search: bool) -> Round:
    """Post messages, and index them within the measured time if `has_search` is true."""
    post_seconds = index_seconds = 0.0
    for done in range(0, posts, turn):
        post_seconds += post(list(poster.prepare(min(turn, posts - done))))
        if has_search:
            index_seconds += index()
    if not has_search:
        index()
    return Round(post_seconds / posts * 1e6, index_seconds / posts * 1e6)


def measure(rounds: int, posts: int, turn: int) -> None:
    """Run the rounds, and print the table of their medians."""
    poster = Poster()
    for has_search in (False, True):
        run_round(poster, turn, turn, has_search)  # the caches of the database and of this process fill up
    found: dict[bool, list[Round]] = {False: [], True: []}
    for number in range(rounds):
        # Which kind is first alternates too, because a machine may become slower or faster.
        for has_search in (number % 2 == 1, number % 2 == 0):
            found[has_search].append(run_round(poster, posts, turn, has_search))
    report(found[False], found[True])


def report(without: list[Round], with_search: list[Round]) -> None:
    """Print the median, the lowest and the highest time of each kind of round, and the ratios of the medians."""
    kinds = {
        "without search": [each.post for each in without],
        "with search, only the posts": [each.post for each in with_search],
        "with search, only the index": [each.index for each in with_search],
        "with search, both": [each.post + each.index for each in with_search],
    }
    base = statistics.median(kinds["without search"])
    print("| time of one post | median us | lowest us | highest us | ratio to the median without search |")
    print("|---|---|---|---|---|")
    for title, times in kinds.items():
        median = statistics.median(times)
        print(f"| {title} | {median:.0f} | {min(times):.0f} | {max(times):.0f} | {median / base:.2f} |")


def main() -> None:
    """Fill the database. If it is full, measure the posts."""
    parser = make_parser("Measure what the index of the search costs for each post.")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each kind (default: %(default)s)")
    parser.add_argument("--posts", type=int, default=1000, help="posts of each round (default: %(default)s)")
    parser.add_argument(
        "--turn", type=int, default=100, help="posts between two turns of the index (default: %(default)s)"
    )
    options = parser.parse_args()
    with filled_database(options) as is_full:
        if is_full:
            measure(options.rounds, options.posts, options.turn)


if __name__ == "__main__":
    main()
