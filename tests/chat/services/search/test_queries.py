"""Queries: words, phrases and operators, and what is refused."""

import pytest

from chat.models import Phrase
from chat.protocol import format_time
from chat.services.search.queries import MAX_PARTS, MAX_QUERY, read_query
from tests.chat.helpers import assert_refused

pytestmark = pytest.mark.no_database


def read(text, zone=None, **fields):
    return read_query(text, fields, zone)


def phrases(text):
    return [(" ".join(phrase.tokens), phrase.is_prefix) for phrase in read(text).phrases]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("red roses", [("red", False), ("roses", True)]),
        ('"red roses"', [("red roses", False)]),
        ('"red roses" wee', [("red roses", False), ("wee", True)]),
        ('wee "red roses', [("wee", False), ("red roses", False)]),
        ("foo-bar", [("foo bar", True)]),
        ("a", [("a", False)]),
        ("wee from:alice", [("wee", True)]),
        ("http://example.com:80/x", [("http example com 80 x", False)]),
        ("xfrom:bob", [("xfrom bob", True)]),
        ("東京", [("東京", False)]),
    ],
)
def test_a_text_becomes_phrases(text, expected):
    assert phrases(text) == expected


def test_operators_and_fields_mean_the_same():
    by_operators = read('hi From:@Alice in:#garden has:LINK after:2026-01-01 before:"2026-02-01T12:00:00Z"')
    fields = {"author": "Alice", "room": "garden", "has": "link"}
    by_fields = read("hi", **fields, after="2026-01-01", before="2026-02-01T12:00:00Z")
    assert by_operators == by_fields
    assert by_fields.phrases == [Phrase(("hi",), True)]
    assert (by_fields.author, by_fields.room, by_fields.has) == ("Alice", "garden", "link")
    assert read('from:"Max B"').author == "Max B"


def test_a_day_begins_in_the_time_zone_of_the_person():
    query = read("after:2026-03-01 before:2026-07-01", zone="Europe/Berlin")
    assert format_time(query.after) == "2026-02-28T23:00:00.000Z"
    assert format_time(query.before) == "2026-06-30T22:00:00.000Z"


@pytest.mark.parametrize(
    "code, text, fields",
    [
        ("empty", "", {}),
        ("empty", " !? ", {}),
        ("too_long", "x" * (MAX_QUERY + 1), {}),
        ("too_long", "x " * (MAX_PARTS + 1), {}),
        ("invalid_field", "x\0", {}),
        ("invalid_field", "before:yesterday", {}),
        ("invalid_field", "after:2026-02-30", {}),
        ("invalid_field", "has:wings", {}),
        ("invalid_field", "in:A!", {}),
        ("invalid_field", "from:", {}),
        ("invalid_field", "from:a from:b", {}),
        ("invalid_field", "from:a", {"author": "a"}),
        ("invalid_field", "x", {"after": ""}),
    ],
)
def test_a_wrong_query_is_refused(code, text, fields):
    assert_refused(code, read, text, **fields)
