"""Snippets: safe HTML with the hits marked."""

import pytest

from chat.services.search.queries import read_query
from chat.services.search.snippets import LENGTH, make_snippet

pytestmark = pytest.mark.no_database


def snippet(body, text):
    return make_snippet(body, read_query(text, {}).phrases)


@pytest.mark.parametrize(
    "body, text, expected",
    [
        ("Red Roses and weeds", "red rose", "<mark>Red</mark> <mark>Roses</mark> and weeds"),
        ("A <b>crème</b> & tea", "creme", "A &lt;b&gt;<mark>crème</mark>&lt;/b&gt; &amp; tea"),
        ("one\n\n two", "two", "one <mark>two</mark>"),
        ("新しい東京都庁です", "東京都", "新しい<mark>東京都</mark>庁です"),
        ("新しい東京都庁です", "都", "新しい東京<mark>都</mark>庁です"),
        ('say "well done" now', '"well done"', "say &quot;<mark>well done</mark>&quot; now"),
        ("<script>", "script", "&lt;<mark>script</mark>&gt;"),
        ("red weeds", "roses", None),
        ("red and roses", '"red roses"', None),
    ],
)
def test_a_snippet_is_escaped_and_marks_the_hits(body, text, expected):
    assert snippet(body, text) == expected


def test_a_snippet_of_a_long_body_shows_the_words_around_the_first_hit():
    found = snippet("word " * 200 + "Needle " + "word " * 200, "needle")
    assert found.startswith("…word ") and found.endswith(" word…")
    assert "<mark>Needle</mark>" in found and len(found) <= LENGTH + len("…<mark></mark>…")


def test_a_body_without_spaces_is_cut_anywhere():
    found = snippet("天" * 500 + "地" + "天" * 500, "地")
    assert found.startswith("…天") and "<mark>地</mark>" in found and found.endswith("天…")


def test_a_search_with_only_a_filter_shows_the_beginning_of_the_body():
    assert snippet("x " * 500, "from:alice").startswith("x x x")
