"""The names that a body may mention: whole handles, but not in code, links or mail addresses."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.markup.mentions import MAX_NAMES, find_names
from chat.models import make_handle_key
from chat.protocol import ChatError, check_handle
from tests.random_examples import examples

pytestmark = pytest.mark.no_database


def mentions(body, *handles):
    """Return the handles that a body mentions: the longest handle after each @."""
    keys = {make_handle_key(handle): handle for handle in handles}
    chosen = (
        next((keys[make_handle_key(name)] for name in candidates if make_handle_key(name) in keys), None)
        for candidates in names(body)
    )
    return [handle for handle in chosen if handle is not None]


def names(body):
    """Return the names that each @ of a body may mention, as one tuple for each @."""
    return find_names.__wrapped__(body)


@pytest.mark.parametrize(
    "body",
    [
        "@al",
        "@AL",
        "＠ａｌ",
        "@al.",
        "(@al)",
        "@al, look",
        "@al: look",
        "@al's idea",
        "**@al**",
        "> @al",
        "- @al",
        "look,@al!",
        "“@al”",
        "@al\nice",
        "@al…",
        "@al 😀",
        "😀@al",
        "見て@alさん",
        "@al한테",
        "`code` @al",
        "@al `code`",
        "| @al |\n|---|\n| b |",
        "¿@al?",
        "@al\u200f",
    ],
)
def test_a_whole_handle_after_an_at_sign_is_a_mention(body):
    assert mentions(body, "al") == ["al"]


@pytest.mark.parametrize(
    "body",
    [
        "al",
        "@alice hello",
        "mail x@al.example",
        "mail x@al",
        "@al.example",
        "@al-beta",
        "@al_beta",
        "@al@example.org",
        "@@al",
        "example.org/@al",
        "`@al`",
        "```\n@al\n```",
        "    @al",
        "https://example.org/@al",
        "[@al](https://example.org)",
        "<mailto:x@al.example>",
        "@ al",
        "@ал",
        "@ále",
        "@ale\u0301",
        "@alا",
        "@al2",
        "@2al",
        "@al\u200dice",
    ],
)
def test_other_text_is_no_mention(body):
    assert mentions(body, "al") == []


def test_the_longest_handle_is_mentioned():
    people = ["Max", "Max B", "Max B Junior", "al", "al."]
    assert mentions("@max b junior and @Max  B and @Max, @al.", *people) == ["Max B Junior", "Max B", "Max", "al."]
    assert mentions("@Max Brown", *people) == ["Max"]
    assert mentions("@Max\nB", *people) == ["Max"]
    assert mentions("@Max `x` B", *people) == ["Max"]
    assert mentions("@Max/@al and node_modules/@al", *people) == ["Max", "al"]


@pytest.mark.parametrize(
    ("body", "handle"),
    [
        ("@太郎さん、見て", "太郎"),
        ("@太郎、見て", "太郎"),
        ("@नेहा जी", "नेहा"),
        ("שלום @דנה!", "דנה"),
        ("مرحبا @ليلى؟", "ليلى"),
        ("@STRASSE", "Straße"),
        ("@_max_, look", "_max_"),
        ("@🦊🦊", "🦊"),
        ("@Zoe\u0308", "Zoë"),
    ],
)
def test_handles_of_several_scripts_are_mentioned(body, handle):
    assert mentions(body, handle) == [handle]


@pytest.mark.parametrize(
    ("body", "handle"),
    [("@太郎丸", "太郎"), ("@ダーク", "ダ"), ("@नेहा", "ने"), ("@👩🏽", "👩"), ("@한국어", "한국"), ("@สวัสดี", "สวัส")],
)
def test_the_beginning_of_a_longer_name_is_not_mentioned(body, handle):
    assert mentions(body, handle) == []


def is_handle(text):
    try:
        return check_handle(text) == text
    except ChatError:
        return False


HANDLES = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), min_size=1, max_size=32).filter(
    is_handle
)
LETTERS = st.text("abzéßñдשлا中あ한ก019", min_size=1, max_size=12)


@examples(300)
@given(
    LETTERS,
    st.sampled_from(["", "(", "“", "- ", "x ", "\n"]),
    st.sampled_from(["", ".", ")", "!", " y", "\n", "’s", "…"]),
)
def test_a_handle_of_letters_is_found_between_spaces_and_punctuation(handle, before, after):
    if is_handle(handle):
        assert mentions(f"{before}@{handle}{after}", handle) == [handle]


@examples(300)
@given(HANDLES, st.text(max_size=40))
@example("al", "@alice")
def test_the_names_after_an_at_sign_begin_with_the_longest_and_have_no_space_at_their_ends(handle, body):
    for candidates in names(f"{body}@{handle} {body}"):
        assert list(candidates) == sorted(candidates, key=len, reverse=True)
        assert all(name and name == name.strip() and "\n" not in name for name in candidates)


@examples(300)
@given(LETTERS, LETTERS)
@example("al", "ice")
def test_a_letter_of_the_same_script_after_a_handle_makes_another_name(handle, more):
    if handle[-1].isascii() and more[0].isascii():
        assert mentions(f"@{handle}{more}", handle) == []


def test_a_body_full_of_names_costs_a_limited_number_of_look_ups():
    assert sum(len(candidates) for candidates in names("@a b c d e f g " * 250)) <= MAX_NAMES
    assert sum(len(candidates) for candidates in names("@" + "a " * 1999)) <= 64
