"""The tokens of texts: folding, words, and scripts without spaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.services.search.words import MAX_TOKEN, list_tokens, split_phrases, split_words

pytestmark = pytest.mark.no_database


def stream(text):
    return [token.text for token in split_words(text).stream]


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("Hello, World!", ["hello", "world"]),
        ("don't snake_case e-mail", ["don", "t", "snake", "case", "e", "mail"]),
        ("Crème BRÛLÉE", ["creme", "brulee"]),
        ("Cre\u0300me", ["creme"]),
        ("Straße Łódź Ærø", ["strasse", "lodz", "aero"]),
        ("Ёлка", ["елка"]),
        ("ΌΔΟΣ", ["οδοσ"]),
        ("Ｈｅｌｌｏ ﬁre ①", ["hello", "fire", "1"]),
        ("كَتَبَ", ["كتب"]),
        ("版本2 iPhone手机", ["版本", "2", "iphone", "手机"]),
        ("東京都庁", ["東京", "京都", "都庁"]),
        ("茶", ["茶"]),
        ("ｶﾞﾗｽ がラス か\u3099す", ["ガラ", "ラス", "がラ", "ラス", "がす"]),
        ("학교에서", ["학교", "교에", "에서"]),
        ("\u1112\u1161\u11a8\u1100\u116d", ["학교"]),
        ("สวัสดี", ["สว", "วั", "ัส", "สด", "ดี"]),
        ("Nice 👍🏽 ❤️", ["nice", "👍", "❤"]),
        ("hi\u200dgh\ufe0f soft\u00adly zero\u200bwidth", ["high", "softly", "zero", "width"]),
        ("... \n\t", []),
    ],
)
def test_a_text_becomes_folded_tokens(text, tokens):
    assert stream(text) == tokens


def test_each_character_of_a_script_without_spaces_can_be_found_alone():
    words = split_words("東京 a 茶")
    assert [token.text for token in words.singles] == ["東", "京"]
    assert "茶" in stream("東京 a 茶")


def test_a_long_word_is_cut():
    assert stream("x" * 5000) == ["x" * MAX_TOKEN]


def test_a_query_separates_a_single_character_from_the_tokens_beside_it():
    assert split_phrases("foo-bar") == [(["foo", "bar"], True)]
    assert split_phrases("東京都") == [(["東京", "京都"], False)]
    assert split_phrases("A社の") == [(["a", "社の"], False)]
    assert split_phrases("A社") == [(["a"], True), (["社"], False)]
    assert split_phrases("!") == []


@given(st.text())
def test_tokens_are_safe_for_both_databases_and_have_their_places(text):
    words = split_words(text)
    for token in [*words.stream, *words.singles]:
        assert token.text and not set(token.text) & set("'\"\\§ \0*:&|!()")
        assert token.text.isprintable() or not token.text.isascii()
        assert 0 <= token.start < token.end <= len(text)


@given(st.text(st.characters(max_codepoint=127)))
def test_the_shorter_way_for_ascii_makes_the_same_tokens(text):
    assert list_tokens(text) == stream(text)


@given(st.text(min_size=1))
def test_every_part_of_a_query_is_in_a_text_that_contains_the_query(text):
    words = split_words(f"before {text} after")
    texts = [token.text for token in words.stream]
    for tokens, _ in split_phrases(text):
        found = any(texts[at : at + len(tokens)] == tokens for at in range(len(texts)))
        assert found or tokens[0] in [token.text for token in words.singles] or len(tokens) == 1
